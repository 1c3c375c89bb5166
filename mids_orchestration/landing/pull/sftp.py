"""SFTP: fetch the files of a folder that have not been fetched in this size and time of change.

Belongs here: the connection (host key always checked), the listing, which files still seem to be uploading.
Does not belong here: what becomes of a fetched file.

Why paramiko and not fsspec's SFTP file system: that one accepts any host key unless told otherwise (0016).
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
from paramiko.hostkeys import HostKeyEntry

from mids_orchestration.landing.inbox import UNFINISHED
from mids_orchestration.landing.pull.errors import PullError, SourcesError
from mids_orchestration.landing.pull.fetched import Errand, Fetched, again, keep, spool
from mids_orchestration.landing.pull.state import PendingFile

_CHUNK = 1 << 18
# One pull takes at most this many files, so that a first pull of years moves ahead receipt by receipt.
_MOST = 500
_LOST = (paramiko.SSHException, EOFError, OSError)


def fetch_sftp(errand: Errand) -> Fetched:
    """Fetch new and changed files of the source's folder that fit the contract's file pattern.

    A file is left for the next pull while its name is that of an unfinished upload, or its size or time of change
    moves between two looks ``settle_seconds`` apart or while it is fetched. Links and folders are not followed.
    """
    work = _Folder(errand)
    again(errand, work.fetch, _LOST, f"SFTP {errand.source.options['host']}")
    return work.fetched()


class _Folder:
    def __init__(self, errand: Errand) -> None:
        self.errand = errand
        self.seen: dict[str, list[int]] = dict(errand.progress.get("seen", {}))
        self.got: dict[str, PendingFile] = {}
        self.waiting: set[str] = set()
        self.strangers: set[str] = set()

    def fetched(self) -> Fetched:
        files = [self.got[name] for name in sorted(self.got)]
        notes = [f"{len(self.strangers)} other file(s) ignored: {', '.join(sorted(self.strangers)[:3])}"]
        return Fetched({"seen": self.seen}, files, sorted(self.waiting), notes if self.strangers else [])

    def fetch(self) -> None:
        """One connection's work; run again after a lost one it goes on with what is left."""
        options, contract = self.errand.source.options, self.errand.source.contract
        settle = float(options.get("settle_seconds", contract.settle_seconds or 10))
        with _connected(self.errand) as client:
            first = self._look(client)
            if not first:
                return
            self.errand.patience.wait(settle, f"{self.errand.source.key}: files may still be uploading")
            second = self._look(client)
            for name in sorted(first)[:_MOST]:
                if second.get(name) == first[name]:
                    self._take(client, name, first[name])
                else:
                    self.waiting.add(name)

    def _look(self, client: paramiko.SFTPClient) -> dict[str, list[int]]:
        """New or changed files: name -> size and time of change."""
        path = str(self.errand.source.options["path"])
        found: dict[str, list[int]] = {}
        try:
            entries = client.listdir_attr(path)
        except FileNotFoundError:
            raise PullError(f"{self.errand.source.key}: there is no folder {path} on the server") from None
        except PermissionError:
            raise PullError(f"{self.errand.source.key}: the account may not read the folder {path}") from None
        for entry in entries:
            name = entry.filename
            if not stat.S_ISREG(entry.st_mode or 0) or "/" in name or "\0" in name:
                continue
            if name.startswith(".") or name.lower().endswith(UNFINISHED):
                self.waiting.add(name)
            elif not self.errand.source.contract.matches(name):
                self.strangers.add(name)
            elif (self.errand.source.contract.sent_on(name) or self.errand.as_of) > self.errand.as_of:
                self.waiting.add(name)  # its day has not come: landing would let it wait too
            else:
                mark = [int(entry.st_size or 0), int(entry.st_mtime or 0)]
                if self.seen.get(name) != mark:
                    found[name] = mark
        return found

    def _take(self, client: paramiko.SFTPClient, name: str, mark: list[int]) -> None:
        remote = f"{str(self.errand.source.options['path']).rstrip('/')}/{name}"
        try:
            with spool(self.errand.folder) as one, client.open(remote, "rb") as stream:
                stream.prefetch(mark[0])
                while data := stream.read(_CHUNK):
                    one.write(data)
            after = client.stat(remote)
        except (FileNotFoundError, PermissionError):
            self.waiting.add(name)
            return
        if [one.size, one.size] != [mark[0], after.st_size] or int(after.st_mtime or 0) != mark[1]:
            one.drop()
            self.waiting.add(name)
            return
        self.got[name] = keep(one, self.errand.folder, name)
        self.seen[name] = mark
        self.waiting.discard(name)


@contextmanager
def _connected(errand: Errand) -> Iterator[paramiko.SFTPClient]:
    source, options = errand.source, errand.source.options
    host, port = str(options["host"]), int(options.get("port", 22))
    timeout = float(options.get("timeout_seconds", 30))
    with paramiko.SSHClient() as ssh:
        _trust(ssh, errand, host, port)
        key_file = options.get("key_file")
        if key_file and not Path(key_file).is_file():
            raise SourcesError(f"{source.key}: there is no key file {key_file}")
        try:
            ssh.connect(
                host, port, username=str(options["username"]), password=source.secret("password_env"),
                key_filename=key_file, passphrase=source.secret("passphrase_env"), timeout=timeout,
                banner_timeout=timeout, auth_timeout=timeout, allow_agent=False, look_for_keys=False,
            )  # fmt: skip
        except paramiko.AuthenticationException:
            raise PullError(
                f"{source.key}: {host} refuses the account {options['username']}: renew its secret"
            ) from None
        except paramiko.BadHostKeyException:
            raise PullError(
                f"{source.key}: {host} shows another host key than the one we trust; ask its owner before changing it"
            ) from None
        except paramiko.SSHException as error:
            if "not found in known_hosts" in str(error):
                raise PullError(
                    f"{source.key}: no host key of {host}:{port} is trusted: add it to known_hosts"
                ) from None
            raise
        with ssh.open_sftp() as client:
            channel = client.get_channel()
            if channel is not None:
                channel.settimeout(timeout)
            yield client


def _trust(ssh: paramiko.SSHClient, errand: Errand, host: str, port: int) -> None:
    options = errand.source.options
    ssh.set_missing_host_key_policy(paramiko.RejectPolicy())
    if options.get("known_hosts"):
        try:
            ssh.load_host_keys(str(options["known_hosts"]))
        except OSError as error:
            raise SourcesError(f"{errand.source.key}: known_hosts: {error}") from None
    if options.get("host_key"):
        name = host if port == 22 else f"[{host}]:{port}"
        entry = HostKeyEntry.from_line(f"{name} {options['host_key']}")
        if entry is None or entry.key is None:
            raise SourcesError(f"{errand.source.key}: host_key is not a public key in OpenSSH form")
        ssh.get_host_keys().add(name, entry.key.get_name(), entry.key)

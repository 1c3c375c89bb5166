"""Real servers on loopback: PostgreSQL, SFTP (asyncssh), an HTTP API; and a proxy that cuts connections half way.

Belongs here: starting and stopping them, and what they hold. Does not belong here: what a pull should make of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pwd
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncssh
import psycopg

SECRET = "a-password-of-the-tests"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class CuttingProxy:
    """Passes a TCP connection on, and resets it after so many bytes from the server.

    ``cuts`` holds one number of bytes per connection to come; connections beyond it pass whole.
    """

    def __init__(self, target: int) -> None:
        self.target, self.cuts, self.made = target, list[int](), 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.made += 1
                far = socket.create_connection(("127.0.0.1", self.target))
                limit = self.cuts.pop(0) if self.cuts else None
                for source, sink, bound in ((near, far, None), (far, near, limit)):
                    threading.Thread(target=self._pump, args=(source, sink, bound), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                passed += len(data)
                if limit is not None and passed > limit:
                    sink.sendall(data[: max(limit - passed + len(data), 0)])
                    for one in (sink, source):
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        with contextlib.suppress(OSError):
                            one.shutdown(socket.SHUT_RDWR)  # wakes the other direction's thread
                        one.close()
                    return
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def postgres_programs() -> Path | None:
    """Folder of Debian's PostgreSQL programs; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass
class Postgres:
    """A PostgreSQL server with a data folder of its own."""

    port: int
    folder: Path
    programs: Path
    user: list[str]

    def connect(self) -> psycopg.Connection:
        """A connection as the owner of the tables."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname="postgres",
            user="postgres",
            password=SECRET,
            autocommit=True,
        )


@contextlib.contextmanager
def postgres(programs: Path) -> Iterator[Postgres]:
    """Start a server on a free port. It refuses to run as root: then the account postgres runs it."""
    folder = Path(tempfile.mkdtemp(prefix="mids-pg-"))
    user: list[str] = []
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        user = ["runuser", "-u", "postgres", "--"]
    password = folder / "password"
    password.write_text(SECRET)
    password.chmod(0o644)
    one = Postgres(free_port(), folder, programs, user)
    data = folder / "data"

    def run(program: str, *words: str) -> None:
        done = subprocess.run(
            [*user, str(programs / program), *words], cwd=folder, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    run("initdb", "-D", str(data), "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync",
        "-E", "UTF8", "--locale=C")  # fmt: skip
    settings = f"-p {one.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        # The log goes to a file: a server that kept our pipe open would keep us waiting.
        run("pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-w", "-o", settings, "start")
        yield one
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


class _Account(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("mids", SECRET)


class Sftp:
    """An SFTP server over a folder, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(self._start(), self.loop).result(20)
        self.port: int = self.server.get_port()

    @property
    def host_key(self) -> str:
        """The public key, as sources.yml wants it."""
        return " ".join(self.key.export_public_key().decode().split()[:2])

    async def _start(self) -> Any:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=_Account, server_host_keys=[self.key],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(self.folder)),
        )  # fmt: skip

    def close(self) -> None:
        if not self.loop.is_running():
            return

        async def stop() -> None:
            self.server.close()
            await self.server.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), self.loop).result(20)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)


@dataclass
class Api:
    """An HTTP API with pages, tokens that end, and bad days.

    ``records`` are served in order of ``updated_at``, those after ``updated_since`` (or at it, if ``inclusive``).
    ``trouble`` holds one answer per request to come: a status, or ``"cut"`` for half a body.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    trouble: list[int | str] = field(default_factory=list)
    page_size: int = 3
    paging: str = "next"
    inclusive: bool = True
    retry_after: str = "0.05"
    token_uses: int = 1000
    elsewhere: str = ""
    asked: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    tokens: dict[str, int] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/things"

    def page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """One page as a document."""
        since = query.get("updated_since", [""])[0]
        found = [
            r
            for r in self.records
            if r["updated_at"] > since or (self.inclusive and r["updated_at"] == since)
        ]
        found.sort(key=lambda r: (r["updated_at"], r["ref"]))
        start = int(query.get("cursor", ["0"])[0]) or (int(query.get("page", ["1"])[0]) - 1) * self.page_size
        document: dict[str, Any] = {"data": found[start : start + self.page_size]}
        after = start + self.page_size
        more = after < len(found)
        if self.paging == "next":
            link = f"{self.elsewhere}/v1/things?cursor={after}&updated_since={since.replace('+', '%2B')}"
            document["next"] = link if more else None
        elif self.paging == "cursor":
            document["next_cursor"] = str(after) if more else ""
        return document


@contextlib.contextmanager
def serving(api: Api) -> Iterator[Api]:
    """Serve *api* on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def answer(self, status: int, document: Any, *, cut: bool = False) -> None:
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status in (429, 503):
                self.send_header("Retry-After", api.retry_after)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            if cut:
                self.close_connection = True

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            if form.get("client_secret") != [SECRET]:
                return self.answer(401, {"error": "invalid_client"})
            token = f"token-{len(api.tokens)}"
            api.tokens[token] = api.token_uses
            return self.answer(200, {"access_token": token, "expires_in": 3600})

        def do_GET(self) -> None:
            api.asked.append(self.path)
            api.times.append(time.monotonic())
            trouble = api.trouble.pop(0) if api.trouble else None
            if isinstance(trouble, int):
                return self.answer(trouble, {"error": trouble})
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            if token != SECRET:
                if api.tokens.get(token, 0) <= 0:
                    return self.answer(401, {"error": "token expired"})
                api.tokens[token] -= 1
            page: Any = api.page(parse_qs(urlsplit(self.path).query))
            return self.answer(200, b"<html>" if trouble == "html" else page, cut=trouble == "cut")

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a client that was killed

    server = Server(("127.0.0.1", 0), Handler)
    api.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()

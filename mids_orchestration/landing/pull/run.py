"""The steps from a server to a receipt, each safe to repeat.

Belongs here: fetch aside, note what is on its way, move it into the inbox, and move the watermark once there are
receipts.
Does not belong here: any transport, and any reading of a delivery.

1. What an earlier pull noted as pending is finished first: its files go into the inbox (again), and if each has a
   receipt the progress they stand for becomes the feed's.
2. New files are fetched whole into ``<home>/pull/<feed>/incoming``. A crash here leaves
   nothing but files that are thrown away.
3. Their names and checksums are written to the state as pending, in one atomic step.
4. They are moved into the inbox, where landing takes them as it takes any file.

So a crash at any point loses nothing and doubles nothing: before step 3 the server is asked again for the same; after
it the same bytes go on their way.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from mids_orchestration.files import sync
from mids_orchestration.landing.land import land
from mids_orchestration.landing.pull.errors import Patience, PullError, SourcesError
from mids_orchestration.landing.pull.fetched import Errand, Fetched
from mids_orchestration.landing.pull.sources import Source
from mids_orchestration.landing.pull.state import PendingFile, PullState, pull_dir, read_state, write_state
from mids_orchestration.landing.receipts import Receipt, read_receipt

#: Transport → module and function that fetches by it, loaded with the first pull: clients of servers load slowly.
FETCHERS = {
    "sftp": ("sftp", "fetch_sftp"),
    "http": ("http_api", "fetch_http"),
    "postgres": ("postgres", "fetch_postgres"),
}


def _fetcher(transport: str) -> Callable[[Errand], Fetched]:
    module, name = FETCHERS[transport]
    found: Callable[[Errand], Fetched] = getattr(
        importlib.import_module(f"mids_orchestration.landing.pull.{module}"), name
    )
    return found


@dataclass
class FeedPull:
    """What one pull of one feed came to.

    Attributes:
        files: names of the files that this pull put into the inbox.
        size_bytes: their size.
        unreceipted: files pulled now or earlier that have no receipt yet.
        waiting: files on the server that may still be uploading.
        notes: what a person should know.
        receipts: of the files of this pull, where they were landed.
        watermark: how far the feed has been pulled and receipted; None for SFTP, or before the first receipt.
        error: why the feed could not be pulled; None where it could.
    """

    feed: str
    transport: str
    files: list[str] = field(default_factory=list)
    size_bytes: int = 0
    unreceipted: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    watermark: str | None = None
    error: str | None = None


def fetch(source: Source, *, home: Path, inbox: Path, as_of: date, patience: Patience) -> FeedPull:
    """Bring what the source holds beyond the last receipt into the inbox; land nothing.

    While files of an earlier pull have no receipt the server is not asked again. Raises ``PullError`` or
    ``SourcesError``; the state on disk is then as if nothing had been fetched.
    """
    done = FeedPull(source.key, source.transport)
    folder = pull_dir(home, source.key)
    with _locked(folder):
        state = read_state(home, source.key)
        if not _settle(source, state, home, inbox):
            done.unreceipted = [file.name for file in state.pending]
            done.watermark = state.progress.get("watermark")
            return done
        incoming = folder / "incoming"
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir()
        fetched = _fetch(Errand(source, dict(state.progress), incoming, as_of, patience))
        done.waiting, done.notes = fetched.waiting, fetched.notes
        done.watermark = state.progress.get("watermark")
        if fetched.files:
            state.pending, state.pending_progress = fetched.files, fetched.progress
            sync(incoming)
            write_state(home, source.key, state)
            _move(source, state.pending, incoming, home, inbox)
            done.files = [file.name for file in fetched.files]
            done.size_bytes = sum(file.size for file in fetched.files)
            done.unreceipted = list(done.files)
    return done


def pull(
    sources: Sequence[Source],
    *,
    home: Path,
    inbox: Path,
    as_of: date,
    known_after: date | None = None,
    patience: Callable[[], Patience] = lambda: Patience(900.0),
) -> list[FeedPull]:
    """Fetch, land and settle each source; one that cannot be pulled says so in ``error`` and stops no other."""
    results = []
    for source in sources:
        done = FeedPull(source.key, source.transport)
        try:
            done = fetch(source, home=home, inbox=inbox, as_of=as_of, patience=patience())
            if done.unreceipted:
                names = set(done.unreceipted)
                landed = land(
                    inbox, home, as_of=as_of, contracts={source.key: source.contract}, feeds={source.key},
                    known_after=known_after,
                )  # fmt: skip
                done.receipts = [receipt for receipt in landed if receipt.original_name in names]
                with _locked(pull_dir(home, source.key)):
                    state = read_state(home, source.key)
                    settled = _settle(source, state, home, inbox)
                    done.watermark = state.progress.get("watermark")
                    done.unreceipted = [] if settled else [file.name for file in state.pending]
        except (PullError, SourcesError) as error:
            done.error = str(error)
        except OSError as error:
            done.error = (
                f"{source.key}: {error}: nothing was taken in half; make room or mend it and pull again"
            )
        results.append(done)
    return results


def awaiting(home: Path, inbox: Path) -> set[Path]:
    """Files in the inbox that a pull brought and whose receipts it waits for."""
    found: set[Path] = set()
    for state_file in sorted((home / "pull").glob("*/state.json")):
        key = state_file.parent.name
        agency, _, feed = key.partition(".")
        found |= {inbox / agency / feed / file.name for file in read_state(home, key).pending}
    return found


def _fetch(errand: Errand) -> Fetched:
    return _fetcher(errand.source.transport)(errand)


def _settle(source: Source, state: PullState, home: Path, inbox: Path) -> bool:
    """Finish what is pending; True when nothing is. The progress moves only here."""
    if not state.pending:
        return True
    incoming = pull_dir(home, source.key) / "incoming"
    if not _move(source, state.pending, incoming, home, inbox):
        # Files that never landed are gone from the inbox: ask the server again for the same.
        state.pending, state.pending_progress = [], {}
        write_state(home, source.key, state)
        return True
    if not all(_received(source, file, home) for file in state.pending):
        return False
    state.progress, state.pending, state.pending_progress = state.pending_progress, [], {}
    write_state(home, source.key, state)
    return True


def _received(source: Source, file: PendingFile, home: Path) -> bool:
    contract = source.contract
    return read_receipt(home, f"{contract.agency}-{contract.feed}-{file.sha256[:16]}") is not None


def _move(source: Source, files: Sequence[PendingFile], incoming: Path, home: Path, inbox: Path) -> bool:
    """Put fetched files into the inbox, or find them there or receipted; False when one is nowhere to be found.

    A file of that name with other bytes, which has landed, is replaced (its bytes are in the archive). One that has not
    landed stays, and ours waits beside for the next time.
    """
    folder = inbox / source.contract.agency / source.contract.feed
    folder.mkdir(parents=True, exist_ok=True)
    whole = True
    for file in files:
        ours, target = incoming / file.name, folder / file.name
        if ours.exists():
            if target.exists() and not _landed_before(source, target, file, home):
                continue
            aside = folder / f".{file.name}.part"
            shutil.copyfile(ours, aside)
            with aside.open("rb+") as stream:
                os.fsync(stream.fileno())
            aside.replace(target)
            sync(folder)
            ours.unlink()
        elif not (target.exists() and _sha256(target) == file.sha256) and not _received(source, file, home):
            whole = False
    return whole


def _landed_before(source: Source, target: Path, file: PendingFile, home: Path) -> bool:
    there = _sha256(target)
    return there == file.sha256 or _received(source, PendingFile(target.name, there, 0), home)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One pull of a feed at a time; a second waits. A crash releases it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


def chosen(sources: Mapping[str, Source], feeds: Sequence[str]) -> list[Source]:
    """The sources of *feeds*, all of them when none is named. Raises ``SourcesError`` for one that has no source."""
    missing = [feed for feed in feeds if feed not in sources]
    if missing:
        raise SourcesError(f"no source for {', '.join(missing)}: write it into sources.yml in the data home")
    return [sources[feed] for feed in (feeds or sources)]

"""The data home on disk: archive, staging, and the order in which a delivery becomes visible.

Belongs here: paths, content-addressed copies, the commit of a delivery, clearing what a crash left behind.
Does not belong here: what is in the files.

A delivery is written to ``staging/``, made durable, renamed into place table by table, and then its receipt is
written: the receipt is the commit. What has no receipt was never received; the next run removes it and lands the
delivery again from the inbox. One run at a time holds the lock of the home.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.contract import Contract
from mids_orchestration.files import sync, write_atomically
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.reasons import DeliveryRefused
from mids_orchestration.landing.receipts import Receipt, receipt_bytes, receipts_dir
from mids_orchestration.landing.settling import still_coming

LINEAGE = (("_receipt_id", pa.string()), ("_line_no", pa.int64()), ("_known_on", pa.string()))
CONTRACT_FILE = "_contract.parquet"
_PIECE = 1 << 20


class FileChanged(Exception):
    """The file changed while it was being copied: it is still being written. Look again next time."""


@dataclass(frozen=True)
class Archived:
    """Bytes kept in the archive."""

    path: Path
    sha256: str
    size: int


def landed_schema(contract: Contract, record: str) -> pa.Schema:
    """Columns of the landing table of *record*: every layout's columns as text, then the lineage."""
    return pa.schema([*((name, pa.string()) for name in contract.all_landed_names(record)), *LINEAGE])


def table_dir(home: Path, agency: str, record: str) -> Path:
    """Where accepted records of one type are."""
    return home / "landing" / agency / record


def changes_path(home: Path, agency: str, record: str) -> Path:
    """Where the change rows of one record type are: what deliveries say of records they do not hold."""
    return home / "landing" / "_changes" / agency / f"{record}.parquet"


def quarantine_dir(home: Path, agency: str, record: str) -> Path:
    """Where quarantined records of one type are."""
    return home / "quarantine" / agency / record


def archive_path(home: Path, sha256: str) -> Path:
    """Where the bytes with this sha256 are."""
    return home / "archive" / sha256[:2] / sha256


def erasure_path(home: Path, sha256: str) -> Path:
    """Where the record of the erasure of these bytes is, if they were erased."""
    return home / "archive" / "erased" / f"{sha256}.json"


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the home's landing lock; waits for another run to end. A crash releases it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".landing.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


def prepare(home: Path, contracts: Collection[Contract]) -> None:
    """Make the folders, clear what a crash left behind, and write each table's ``_contract.parquet``."""
    for part in ("staging", "archive", "receipts", "landing", "quarantine"):
        (home / part).mkdir(parents=True, exist_ok=True)
    for left in (home / "staging").iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    changes = home / "landing" / "_changes"
    for left in (
        *receipts_dir(home).glob(".*.tmp"),
        *(home / "landing").glob(".*.tmp"),
        *changes.glob("*/.*.tmp"),
    ):
        left.unlink()
    received = {entry.stem for entry in receipts_dir(home).iterdir() if entry.suffix == ".json"}
    for contract in contracts:
        for record in dict.fromkeys(r.name for c in (contract, *contract.earlier) for r in c.records):
            table = table_dir(home, contract.agency, record)
            for folder in (table, quarantine_dir(home, contract.agency, record)):
                folder.mkdir(parents=True, exist_ok=True)
                for entry in folder.iterdir():
                    kept = entry.name == CONTRACT_FILE or (
                        entry.suffix == ".parquet" and entry.stem in received
                    )
                    if not kept:
                        entry.unlink()
            _write_contract_file(table / CONTRACT_FILE, landed_schema(contract, record))


def _write_contract_file(path: Path, schema: pa.Schema) -> None:
    if path.exists() and pq.read_schema(path).equals(schema):
        return
    sink = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), sink)
    write_atomically(path, sink.getvalue().to_pybytes())


def archive(source: Path, home: Path, limits: Limits, now_ns: int | None = None) -> Archived:
    """Copy *source* into the archive under its sha256, hashing on the way.

    ``now_ns``: the time, for disks that cannot say whether a file is still written; None takes it as it is.

    Raises ``FileChanged`` when it changed meanwhile or may still be coming, ``DeliveryRefused`` when it is not a
    plain file or too large.
    """
    try:
        handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise DeliveryRefused("NOT_A_FILE", error.strerror or "?") from None
    aside = home / "staging" / f"archive.{os.getpid()}"
    with os.fdopen(handle, "rb", buffering=0) as stream:
        before = os.fstat(stream.fileno())
        if still_coming(stream.fileno(), now_ns):
            raise FileChanged(str(source))
        if before.st_size > limits.delivery_bytes:
            raise DeliveryRefused("TOO_LARGE", f"{before.st_size} bytes")
        with aside.open("wb") as target:
            sha256, size = _copied(stream, target)
        after = os.fstat(stream.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
        aside.unlink()
        raise FileChanged(str(source))
    final = archive_path(home, sha256)
    if (final.exists() and final.stat().st_size == size) or erasure_path(home, sha256).exists():
        aside.unlink()  # known already; or erased, and not to be kept again
    else:
        final.parent.mkdir(exist_ok=True)
        aside.chmod(0o444)
        aside.replace(final)
    return Archived(final, sha256, size)


def _copied(source: IO[bytes], target: IO[bytes]) -> tuple[str, int]:
    """Copy *source* and return the sha256 and the number of the very bytes written.

    Each piece is hashed in a second thread while it is written and the next is read.
    """
    digest, size = hashlib.sha256(), 0
    hashing: Future[None] | None = None
    with ThreadPoolExecutor(1) as pool:
        while data := source.read(_PIECE):
            if hashing is not None:
                hashing.result()
            if len(data) < _PIECE:  # the last or only one: a thread would cost more than it spares
                digest.update(data)
            else:
                hashing = pool.submit(digest.update, data)
            target.write(data)
            size += len(data)
    return digest.hexdigest(), size


@dataclass
class Staged:
    """Files of one delivery before it is visible: accepted and quarantined records by record type."""

    accepted: dict[str, Path]
    quarantined: dict[str, Path]


def staging(home: Path) -> Path:
    """Where a delivery in hand is written; cleared when a run begins."""
    return home / "staging"


def discard(home: Path, receipt_id: str) -> None:
    """Remove what was staged for a delivery."""
    for left in staging(home).glob(f"{receipt_id}.*"):
        left.unlink()


@dataclass
class Outcome:
    """A delivery that has been judged and is not visible yet."""

    receipt: Receipt
    contract: Contract | None = None
    staged: Staged | None = None
    archived: Path | None = None


def commit(home: Path, outcomes: Sequence[Outcome]) -> None:
    """Make deliveries visible, one after the other: the tables of each, then its receipt.

    Everything is made durable first, all files at once: a journal then writes them together, where one after
    the other each would wait for a journal of its own (5 ms on a busy disk, four times a delivery).
    """
    files = [outcome.archived for outcome in outcomes if outcome.archived is not None]
    for outcome in outcomes:
        if outcome.staged is not None:
            files += [*outcome.staged.quarantined.values(), *outcome.staged.accepted.values()]
    notes = []
    for outcome in outcomes:
        note = staging(home) / f"{outcome.receipt.receipt_id}.receipt"
        note.write_bytes(receipt_bytes(outcome.receipt))
        notes.append(note)
    sync_files([*files, *notes])
    for outcome, note in zip(outcomes, notes, strict=True):
        receipt = outcome.receipt
        if outcome.contract is not None and outcome.staged is not None:
            for place, paths in (
                (quarantine_dir, outcome.staged.quarantined),
                (table_dir, outcome.staged.accepted),
            ):
                for record, path in paths.items():
                    path.replace(
                        place(home, outcome.contract.agency, record) / f"{receipt.receipt_id}.parquet"
                    )
        note.replace(receipts_dir(home) / f"{receipt.receipt_id}.json")


def sync_files(paths: Sequence[Path]) -> None:
    """Make the contents of *paths* durable, several at a time."""
    if len(paths) < 3:
        for path in paths:
            sync(path)
        return
    with ThreadPoolExecutor(min(16, len(paths))) as pool:
        list(pool.map(sync, paths))


def make_durable(home: Path, contracts: Collection[Contract]) -> None:
    """Make the names of everything a run moved durable.

    Once a run, not once a delivery: journalling file systems keep renames in order, so a receipt that survived a
    power cut has its tables, and what did not survive is landed again from the inbox.
    """
    folders = [receipts_dir(home), *(home / "archive").iterdir()]
    for contract in contracts:
        for record in contract.records:
            folders += [
                table_dir(home, contract.agency, record.name),
                quarantine_dir(home, contract.agency, record.name),
            ]
    for folder in folders:
        sync(folder)

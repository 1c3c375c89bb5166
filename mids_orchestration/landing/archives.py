"""The archive: bytes as they were sent, had back, checked, erased on record, and landed anew.

Belongs here: what is done with kept bytes. Does not belong here: keeping them (``store``).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq

from expectations.contract import Contract
from mids_orchestration.files import sync, write_atomically
from mids_orchestration.landing.delivery import Receiver
from mids_orchestration.landing.land import refresh
from mids_orchestration.landing.limits import DEFAULT_LIMITS, Limits
from mids_orchestration.landing.quarantine import judged_again, replay_of
from mids_orchestration.landing.reasons import DeliveryRefused
from mids_orchestration.landing.receipts import Receipt, TableCount, read_receipts
from mids_orchestration.landing.store import (
    Staged,
    archive_path,
    discard,
    erasure_path,
    locked,
    make_durable,
    prepare,
    quarantine_dir,
    staging,
    sync_files,
    table_dir,
)


class ArchiveError(ValueError):
    """The archive does not have what was asked for. The message says why."""


@dataclass(frozen=True)
class Erasure:
    """The record of an erasure: what was erased, when, on whose word and why. Nothing of the contents."""

    sha256: str
    size_bytes: int
    receipts: tuple[str, ...]
    erased_on: str
    by: str
    reason: str


def get(home: Path, receipt: Receipt, out: Path) -> str:
    """Write the bytes of a delivery to *out* as they were sent; returns their sha256.

    Raises ``ArchiveError`` when they were erased, never kept, or are no longer what was sent; *out* is then not made.
    """
    source = _kept(home, receipt)
    aside = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    digest = hashlib.sha256()
    try:
        with source.open("rb") as stream, aside.open("wb") as target:
            while data := stream.read(1 << 20):
                digest.update(data)
                target.write(data)
        if digest.hexdigest() != receipt.sha256:
            raise ArchiveError(f"{receipt.receipt_id}: the archive holds other bytes than were sent")
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
    return digest.hexdigest()


def _kept(home: Path, receipt: Receipt) -> Path:
    if receipt.sha256 and erasure_path(home, receipt.sha256).exists():
        record = json.loads(erasure_path(home, receipt.sha256).read_text(encoding="utf-8"))
        raise ArchiveError(
            f"{receipt.receipt_id}: erased on {record['erased_on']} by {record['by']}: {record['reason']}"
        )
    if not receipt.sha256 or not archive_path(home, receipt.sha256).exists():
        raise ArchiveError(f"{receipt.receipt_id}: its bytes were never kept ({receipt.status})")
    return archive_path(home, receipt.sha256)


def verify(home: Path) -> list[str]:
    """Recompute the sha256 of everything kept; returns one line per delivery that is missing or not as it was sent."""
    problems = []
    for sha256, names in sorted(_by_hash(home).items()):
        path = archive_path(home, sha256)
        if erasure_path(home, sha256).exists():
            if path.exists():
                problems.append(f"{', '.join(names)}: erased, and still there")
        elif not path.exists():
            problems.append(f"{', '.join(names)}: missing")
        else:
            with path.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                    problems.append(f"{', '.join(names)}: not as it was sent")
    return problems


def _by_hash(home: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for receipt in read_receipts(home):
        if receipt.sha256:
            found.setdefault(receipt.sha256, []).append(receipt.receipt_id)
    return found


def erase(home: Path, receipt: Receipt, *, erased_on: date, by: str, reason: str) -> Erasure:
    """Erase the bytes of a delivery and the records landed from them; what remains is its receipt and this record.

    The same bytes, sent again, are known by their hash and not kept again. Raises ``ArchiveError`` when they are not
    there to erase. What was published stays published: withdraw the release apart.
    """
    with locked(home):
        path = _kept(home, receipt)
        same = [one for one in read_receipts(home) if one.sha256 == receipt.sha256]
        names = tuple(one.receipt_id for one in same)
        size = path.stat().st_size
        erasure = Erasure(receipt.sha256, size, names, erased_on.isoformat(), by, reason)
        # The record first: after a crash in between, erasing again finishes it.
        target = erasure_path(home, receipt.sha256)
        target.parent.mkdir(exist_ok=True)
        write_atomically(target, json.dumps(asdict(erasure), ensure_ascii=False, indent=1).encode())
        for one in same:
            for record in one.tables:
                for folder in (table_dir, quarantine_dir):
                    (folder(home, one.agency, record) / f"{one.receipt_id}.parquet").unlink(missing_ok=True)
            (home / "reports" / f"{one.receipt_id}.xlsx").unlink(missing_ok=True)
        path.unlink()
        sync(path.parent)
    return erasure


@dataclass(frozen=True)
class Relanded:
    """Deliveries landed anew from the archive; ``different`` names those that came out otherwise than their receipt."""

    same: int
    erased: int
    different: tuple[str, ...]


def reland(
    home: Path, contracts: Mapping[str, Contract], *, feeds: Collection[str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Relanded:  # fmt: skip
    """Write ``landing/`` and ``quarantine/`` anew from the archive, delivery by delivery.

    What a looser contract would now accept stays held as its receipt says, where the quarantine still names it
    (replays, which let such records in, are landed anew too). A delivery that comes out otherwise all the same is
    left as it is and named: replay it, so that the change has a receipt.
    """
    same = erased = 0
    different: list[str] = []
    with locked(home), duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        prepare(home, contracts.values())
        receivers: dict[tuple[str, int], Receiver] = {}
        receipts = read_receipts(home)
        by_id = {receipt.receipt_id: receipt for receipt in receipts}
        # Replays after their deliveries, in the order they were made.
        receipts.sort(key=lambda receipt: replay_of(receipt.receipt_id) or ("", 0))
        for receipt in receipts:
            contract = contracts.get(f"{receipt.agency}.{receipt.feed}")
            wanted = feeds is None or f"{receipt.agency}.{receipt.feed}" in feeds
            if not wanted or not receipt.sha256 or contract is None:
                continue
            if not archive_path(home, receipt.sha256).exists():
                erased += 1
                continue
            layout = contract.for_day(receipt.sent_on or receipt.landed_as_of)
            receiver = receivers.setdefault(
                (contract.key, layout.version), Receiver(layout, connection, limits)
            )
            if _landed_again(home, receipt, by_id, contract, receiver):
                same += 1
            else:
                different.append(receipt.receipt_id)
        make_durable(home, contracts.values())
        refresh(home, contracts)
    return Relanded(same, erased, tuple(different))


def _landed_again(
    home: Path, receipt: Receipt, by_id: Mapping[str, Receipt], contract: Contract, receiver: Receiver
) -> bool:  # fmt: skip
    path = archive_path(home, receipt.sha256)
    known_on = receipt.known_on or receipt.landed_as_of
    replay = replay_of(receipt.receipt_id)
    try:
        if receipt.size_bytes == 0:
            raise DeliveryRefused("EMPTY_FILE")
        if replay is not None:
            staged, tables = judged_again(home, by_id[replay[0]], contract, receiver, replay[1], known_on)
        else:
            result = receiver.receive(path, staging(home), receipt.receipt_id, known_on, shape=contract)
            staged, tables = result.staged, result.tables
    except DeliveryRefused as refused:
        discard(home, receipt.receipt_id)
        return receipt.refusal is not None and receipt.refusal.code == refused.code
    if receipt.status == "accepted" and replay is None and tables != receipt.tables:
        staged, tables = _as_it_was(home, receipt, staged, tables)
    if receipt.status != "accepted" or tables != receipt.tables:
        discard(home, receipt.receipt_id)
        return False
    sync_files([*staged.accepted.values(), *staged.quarantined.values()])
    for folder, files in ((table_dir, staged.accepted), (quarantine_dir, staged.quarantined)):
        for record, file in files.items():
            file.replace(folder(home, contract.agency, record) / f"{receipt.receipt_id}.parquet")
    discard(home, receipt.receipt_id)
    return True


def _as_it_was(
    home: Path, receipt: Receipt, staged: Staged, tables: dict[str, TableCount]
) -> tuple[Staged, dict[str, TableCount]]:
    """Take out of what is accepted today the records that were held when the delivery came."""
    accepted: dict[str, Path] = {}
    counts = dict(tables)
    for record, file in staged.accepted.items():
        path = quarantine_dir(home, receipt.agency, record) / f"{receipt.receipt_id}.parquet"
        table = pq.read_table(file)
        if path.exists():
            lines = pc.unique(pq.read_table(path, columns=["_line_no"])["_line_no"])
            table = table.filter(pc.invert(pc.is_in(table["_line_no"], value_set=lines)))
        then = receipt.tables.get(record)
        if then is not None and (then.received, then.accepted) == (tables[record].received, table.num_rows):
            counts[record] = then
        if table.num_rows:
            pq.write_table(table, file, compression="zstd", store_schema=False)
            accepted[record] = file
    return Staged(accepted, {}), counts

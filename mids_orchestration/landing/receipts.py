"""Receipts: what MIDS says of each delivery, and the ledgers made of them.

Belongs here: ``Receipt`` and its JSON file (the commit point of a delivery), reading them back, the derived
``landing/receipts.parquet``, and the sightings (which path held which bytes).
Does not belong here: deciding anything about a delivery.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mids_orchestration.files import write_atomically

LEDGER_SCHEMA = pa.schema(
    [
        ("receipt_id", pa.string()), ("agency", pa.string()), ("feed", pa.string()), ("record", pa.string()),
        ("contract_version", pa.int64()), ("sha256", pa.string()), ("size_bytes", pa.int64()),
        ("original_name", pa.string()), ("sent_on", pa.date32()), ("known_on", pa.date32()),
        ("landed_as_of", pa.date32()), ("status", pa.string()), ("reason_code", pa.string()),
        ("received", pa.int64()), ("accepted", pa.int64()), ("quarantined", pa.int64()),
        ("independent_count", pa.int64()), ("first_sent_on", pa.date32()), ("first_known_on", pa.date32()),
        ("let_in", pa.int64()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class TableCount:
    """Row balance of one record type in one delivery. ``independent_count`` is None where it was not assessed.

    ``empty_rows`` counts rows in which nothing is written (an empty row of a sheet, ``,,,`` at the end of a text);
    they are no records.
    """

    received: int
    accepted: int
    quarantined: int
    independent_count: int | None = None
    watched: dict[str, int] = field(default_factory=dict)
    empty_rows: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every record read is accounted for, and a second way of counting agrees where there is one."""
        whole = self.received == self.accepted + self.quarantined
        return whole and self.independent_count in (None, self.received)


@dataclass(frozen=True)
class Refusal:
    """Why a delivery was refused, in the words its sender reads. ``details`` has one entry per column at fault."""

    code: str
    message_en: str
    message_ms: str
    remedy: str
    details: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True)
class Receipt:
    """What became of one delivery. Days are dates; counts are records."""

    receipt_id: str
    agency: str
    feed: str
    contract_version: int
    sha256: str
    size_bytes: int
    original_name: str
    sent_on: date | None
    known_on: date | None
    landed_as_of: date
    status: str  # accepted | refused | duplicate
    refusal: Refusal | None = None
    tables: dict[str, TableCount] = field(default_factory=dict)
    independent_count: int | None = None
    tolerance_exceeded: bool = False

    @property
    def received(self) -> int:
        """Records read, over all record types."""
        return sum(table.received for table in self.tables.values())

    def as_dict(self) -> dict[str, Any]:
        """Return the receipt as plain JSON values."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return plain


def receipt_from_dict(raw: dict[str, Any]) -> Receipt:
    """Build a receipt from what ``as_dict`` gave."""
    fields = dict(raw)
    for day in ("sent_on", "known_on", "landed_as_of"):
        fields[day] = date.fromisoformat(fields[day]) if fields[day] else None
    if fields["refusal"]:
        fields["refusal"] = Refusal(**{**fields["refusal"], "details": tuple(fields["refusal"]["details"])})
    fields["tables"] = {name: TableCount(**table) for name, table in fields["tables"].items()}
    return Receipt(**fields)


def receipts_dir(home: Path) -> Path:
    """Where the receipts of *home* are."""
    return home / "receipts"


def receipt_bytes(receipt: Receipt) -> bytes:
    """Return the receipt as the JSON file it is kept in."""
    return json.dumps(receipt.as_dict(), ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")


_CACHE: dict[Path, tuple[int, Receipt]] = {}


def read_receipts(home: Path) -> list[Receipt]:
    """Return the receipts of *home*, ordered by day known, agency, feed and id; empty before the first.

    Duplicates are not among them (they are sightings of an earlier receipt): see ``read_sightings``.
    """
    folder = receipts_dir(home)
    if not folder.is_dir():
        return []
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".json") and not entry.name.startswith("."):
                found.append(_read(Path(entry.path), entry.stat().st_mtime_ns))
    return sorted(found, key=lambda r: (r.known_on or date.min, r.agency, r.feed, r.receipt_id))


def read_receipt(home: Path, receipt_id: str) -> Receipt | None:
    """Return one receipt, or None when there is none of that id."""
    path = receipts_dir(home) / f"{receipt_id}.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


def _read(path: Path, mtime_ns: int) -> Receipt:
    # Receipts never change except by replacement, so one parse per version is enough.
    held = _CACHE.get(path)
    if held is None or held[0] != mtime_ns:
        held = (mtime_ns, receipt_from_dict(json.loads(path.read_text(encoding="utf-8"))))
        _CACHE[path] = held
    return held[1]


@dataclass(frozen=True)
class Sighting:
    """One path in the inbox and the bytes it held when it was looked at."""

    path: str  # relative to the inbox
    size: int
    mtime_ns: int
    sha256: str
    receipt_id: str
    duplicate: bool
    seen_as_of: str
    sent_on: str | None = None
    known_on: str | None = None  # the day these bytes would count as known, had they not come before


def _sightings_path(home: Path) -> Path:
    return receipts_dir(home) / "sightings.jsonl"


def read_sightings(home: Path) -> dict[str, Sighting]:
    """Return the latest sighting of each path; a torn line, or one whose receipt is lost, is passed over."""
    sightings: dict[str, Sighting] = {}
    try:
        text = _sightings_path(home).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    present = {entry.stem for entry in receipts_dir(home).iterdir() if entry.suffix == ".json"}
    for line in text.split("\n"):
        try:
            sighting = Sighting(**json.loads(line))
        except (ValueError, TypeError):
            continue
        sightings[sighting.path] = sighting
    return {path: sighting for path, sighting in sightings.items() if sighting.receipt_id in present}


def append_sightings(home: Path, sightings: Iterable[Sighting]) -> None:
    """Add sightings to the ledger. A line lost to a power cut costs one more hashing of that file."""
    lines = "".join(json.dumps(asdict(sighting), ensure_ascii=True) + "\n" for sighting in sightings)
    if not lines:
        return
    with _sightings_path(home).open("ab") as stream:
        # A crash may have left half a line: begin on a line of our own.
        stream.write((b"\n" if stream.tell() else b"") + lines.encode())


def duplicate_receipt(original: Receipt, sighting: Sighting) -> Receipt:
    """Return the receipt of a delivery whose bytes had come before under another name."""
    mark = f"{abs(hash_path(sighting.path)):08x}"
    return Receipt(
        receipt_id=f"{original.receipt_id}-dup-{mark}", agency=original.agency, feed=original.feed,
        contract_version=original.contract_version, sha256=original.sha256, size_bytes=sighting.size,
        original_name=Path(sighting.path).name,
        sent_on=date.fromisoformat(sighting.sent_on) if sighting.sent_on else None,
        known_on=date.fromisoformat(sighting.known_on) if sighting.known_on else original.known_on,
        landed_as_of=date.fromisoformat(sighting.seen_as_of), status="duplicate",
    )  # fmt: skip


def hash_path(path: str) -> int:
    """Return a 32-bit number for *path*, the same in every process."""
    value = 2166136261
    for byte in path.encode("utf-8", "surrogateescape"):
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def ledger_is_current(home: Path) -> bool:
    """Whether the ledger is there, in the form of this release, and no receipt is newer than it."""
    ledger = home / "landing" / "receipts.parquet"
    if not ledger.exists() or not pq.read_schema(ledger).equals(LEDGER_SCHEMA):
        return False
    return receipts_dir(home).stat().st_mtime_ns <= ledger.stat().st_mtime_ns


def write_ledger(home: Path, receipts: Iterable[Receipt], duplicates: Iterable[Receipt]) -> None:
    """Replace ``landing/receipts.parquet``: one row per receipt and record type.

    A refused or repeated delivery has one row with a null record and zero counts. ``first_sent_on`` and
    ``first_known_on`` are the earliest over all sendings of the same bytes; what a replay let in keeps its own day, and
    a repetition both of its own. A replay that let records in from quarantine has received none: its row moves
    ``let_in`` records from quarantined to accepted, so that sums count every record once.
    """
    rows = []
    receipts, duplicates = list(receipts), list(duplicates)
    accepted = {receipt.receipt_id for receipt in receipts if receipt.status == "accepted"}
    again: dict[tuple[str, str, str], list[Receipt]] = {}
    for receipt in duplicates:
        again.setdefault((receipt.agency, receipt.feed, receipt.sha256), []).append(receipt)
    for receipt in (*receipts, *duplicates):
        own = receipt.status == "duplicate" or "-replay-" in receipt.receipt_id
        sendings = [receipt, *again.get((receipt.agency, receipt.feed, receipt.sha256), ())]
        code = receipt.refusal.code if receipt.refusal else None
        code = "DUPLICATE_DELIVERY" if receipt.status == "duplicate" else code
        base = {
            name: getattr(receipt, name)
            for name in ("receipt_id", "agency", "feed", "contract_version", "sha256", "size_bytes", "original_name",
                         "sent_on", "known_on", "landed_as_of", "status")
        }  # fmt: skip
        base["reason_code"] = code
        base["first_sent_on"] = receipt.sent_on
        base["first_known_on"] = receipt.known_on
        if receipt.status != "duplicate":
            base["first_sent_on"] = min((s.sent_on for s in sendings if s.sent_on), default=None)
        if not own:
            base["first_known_on"] = min((s.known_on for s in sendings if s.known_on), default=None)
        base["original_name"] = receipt.original_name.encode("utf-8", "backslashreplace").decode()
        moved = receipt.receipt_id.rpartition("-replay-")[0] in accepted
        for record, table in receipt.tables.items() or [(None, TableCount(0, 0, 0))]:
            rows.append(
                base
                | {"record": record, "received": 0 if moved else table.received, "accepted": table.accepted}
                | {"quarantined": -table.accepted if moved else table.quarantined}
                | {"let_in": table.accepted if moved else 0, "independent_count": table.independent_count}
            )
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=LEDGER_SCHEMA), sink, compression="zstd")
    (home / "landing").mkdir(parents=True, exist_ok=True)
    write_atomically(home / "landing" / "receipts.parquet", sink.getvalue().to_pybytes())

"""Quarantine as a place to come back from: what is held, why, and letting it in once the cause is gone.

Belongs here: open reasons as one table, and replaying deliveries under the contract of today.
Does not belong here: judging (``verdict``), and the report a sender opens (``reports``).

A receipt is never rewritten. A replay gives a receipt of its own, ``<receipt>-replay-<n>``, that holds what is now
accepted of what was held; it counts as known on the day of the replay.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from expectations.contract import Contract
from mids_orchestration.landing.delivery import Receiver
from mids_orchestration.landing.land import known_day, refresh
from mids_orchestration.landing.limits import DEFAULT_LIMITS, Limits
from mids_orchestration.landing.reasons import DeliveryRefused
from mids_orchestration.landing.receipts import Receipt, TableCount, read_receipts
from mids_orchestration.landing.store import (
    Outcome,
    Staged,
    archive_path,
    commit,
    discard,
    locked,
    make_durable,
    prepare,
    quarantine_dir,
    staging,
    table_dir,
)
from mids_orchestration.landing.verdict import QUARANTINE_SCHEMA

_REPLAY = re.compile(r"^(.*)-replay-(\d+)$")


class NothingToReplay(ValueError):
    """The delivery cannot be replayed. The message says why."""


@dataclass(frozen=True)
class Replayed:
    """What a replay of one delivery let in. Counts are records; ``still_refused`` is a reason code."""

    receipt_id: str
    held: int
    let_in: int
    new_receipt_id: str | None = None
    still_refused: str | None = None


def is_replay(receipt_id: str) -> bool:
    """Say whether *receipt_id* is that of a replay."""
    return _REPLAY.match(receipt_id) is not None


def replay_of(receipt_id: str) -> tuple[str, int] | None:
    """Return the delivery a replay is of and its number; None for any other receipt."""
    found = _REPLAY.match(receipt_id)
    return (found[1], int(found[2])) if found else None


def held(home: Path, receipt: Receipt, before: int | None = None) -> pa.Table:
    """Return the open reasons of one delivery: its quarantine, without the records replays have let in.

    One row per record and reason, with the columns of the quarantine table, ordered by record type and line.
    ``before``: as it stood before the replay of this number.
    """
    parts = []
    for record, count in receipt.tables.items():
        path = quarantine_dir(home, receipt.agency, record) / f"{receipt.receipt_id}.parquet"
        if not count.quarantined or not path.exists():
            continue
        table = pq.read_table(path, schema=QUARANTINE_SCHEMA)
        gone = _let_in(home, receipt, record, before)
        if len(gone):
            table = table.filter(pc.invert(pc.is_in(table["_line_no"], value_set=gone)))
        parts.append(table.sort_by([("_line_no", "ascending"), ("column_name", "ascending")]))
    return pa.concat_tables(parts) if parts else QUARANTINE_SCHEMA.empty_table()


def _let_in(home: Path, receipt: Receipt, record: str, before: int | None) -> pa.Array:
    """Lines that replays (those numbered below *before*) have let in."""
    chunks: list[pa.Array] = []
    for path in table_dir(home, receipt.agency, record).glob(f"{receipt.receipt_id}-replay-*.parquet"):
        found = _REPLAY.match(path.stem)
        if found and (before is None or int(found[2]) < before):
            chunks += pq.read_table(path, columns=["_line_no"]).column(0).chunks
    return pa.concat_arrays(chunks) if chunks else pa.array([], pa.int64())


def open_receipts(home: Path, feed: str | None = None) -> list[Receipt]:
    """Return the deliveries with something held or refused, in the order they were known; replays are not among them.

    ``feed`` is ``agency.feed``. A refused delivery that a replay has let in is no longer open.
    """
    receipts = read_receipts(home)
    replayed = {found[0] for r in receipts if (found := replay_of(r.receipt_id))}
    return [
        receipt
        for receipt in receipts
        if (feed is None or f"{receipt.agency}.{receipt.feed}" == feed) and not is_replay(receipt.receipt_id)
        and (
            (receipt.status == "refused" and receipt.receipt_id not in replayed)
            or any(table.quarantined for table in receipt.tables.values())
        )
    ]  # fmt: skip


def summary(home: Path, feed: str | None = None) -> list[dict[str, object]]:
    """Return one row per open delivery: receipt, feed, file, day known, refusal code or records held by reason."""
    rows: list[dict[str, object]] = []
    for receipt in open_receipts(home, feed):
        table = held(home, receipt)
        if receipt.status != "refused" and not table.num_rows:
            continue
        counted = (
            table.group_by(["reason_code"]).aggregate([([], "count_all")]).sort_by("reason_code").to_pylist()
        )
        lines = table.group_by(["record", "_line_no"]).aggregate([])
        rows.append(
            {
                "receipt": receipt.receipt_id, "feed": f"{receipt.agency}.{receipt.feed}",
                "file": receipt.original_name, "known_on": str(receipt.known_on),
                "refused": receipt.refusal.code if receipt.refusal else None, "records": lines.num_rows,
                "reasons": {row["reason_code"]: row["count_all"] for row in counted},
            }
        )  # fmt: skip
    return rows


def replay(
    home: Path,
    receipts: Collection[Receipt],
    contracts: Mapping[str, Contract],
    *,
    as_of: date,
    known_after: date | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list[Replayed]:
    """Judge the archived deliveries of *receipts* again by the contracts of today, and let in what now passes.

    Args:
        home: the data home.
        receipts: open deliveries (``open_receipts``).
        contracts: by ``agency.feed``; the layout in effect on the day of sending is used.
        as_of: the day what is let in counts as known.
        known_after: ``as_of`` of the newest published release; nothing becomes known before the day after it.
        limits: bounds on what one delivery may ask for.

    Returns:
        One outcome per receipt. Raises ``NothingToReplay`` when the bytes were erased or the feed has no contract.
    """
    known_on = known_day(as_of, as_of, known_after)
    done: list[Replayed] = []
    with locked(home), duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        prepare(home, contracts.values())
        for receipt in receipts:
            done.append(_replay_one(home, receipt, contracts, connection, known_on, as_of, limits))
        make_durable(home, contracts.values())
        refresh(home, contracts)
    return done


def _replay_one(
    home: Path, receipt: Receipt, contracts: Mapping[str, Contract], connection: duckdb.DuckDBPyConnection,
    known_on: date, as_of: date, limits: Limits,
) -> Replayed:  # fmt: skip
    contract = contracts.get(f"{receipt.agency}.{receipt.feed}")
    if contract is None:
        raise NothingToReplay(f"{receipt.receipt_id}: no contract for {receipt.agency}.{receipt.feed}")
    path = archive_path(home, receipt.sha256)
    if not receipt.sha256 or not path.exists():
        raise NothingToReplay(
            f"{receipt.receipt_id}: its bytes are not in the archive (never read, or erased)"
        )
    layout = contract.for_day(receipt.sent_on or receipt.landed_as_of)
    number = _next(home, receipt)
    new_id = f"{receipt.receipt_id}-replay-{number}"
    open_now = held(home, receipt)
    count = open_now.group_by(["record", "_line_no"]).aggregate([]).num_rows
    receiver = Receiver(layout, connection, limits)
    try:
        staged, tables = judged_again(home, receipt, contract, receiver, number, known_on)
    except DeliveryRefused as refused:
        discard(home, new_id)
        return Replayed(receipt.receipt_id, count, 0, still_refused=refused.code)
    let_in = sum(table.accepted for table in tables.values())
    if not let_in:
        discard(home, new_id)
        return Replayed(receipt.receipt_id, count, 0)
    whole = receipt.status == "refused"
    fresh = replace(
        receipt, receipt_id=new_id, contract_version=layout.version, known_on=known_on, landed_as_of=as_of,
        status="accepted", refusal=None, tables=tables, tolerance_exceeded=False,
        independent_count=None if not whole else sum(t.independent_count or 0 for t in tables.values()),
    )  # fmt: skip
    commit(home, [Outcome(fresh, contract, staged)])
    discard(home, new_id)
    return Replayed(receipt.receipt_id, count or let_in, let_in, new_id)


def _next(home: Path, receipt: Receipt) -> int:
    return 1 + len(list((home / "receipts").glob(f"{receipt.receipt_id}-replay-*.json")))


def judged_again(
    home: Path, receipt: Receipt, contract: Contract, receiver: Receiver, number: int, known_on: date
) -> tuple[Staged, dict[str, TableCount]]:
    """Stage what the replay *number* of a delivery lets in: of a refused one everything, else what was held before.

    Raises ``DeliveryRefused`` when the delivery is refused (still, or now).
    """
    new_id = f"{receipt.receipt_id}-replay-{number}"
    path = archive_path(home, receipt.sha256)
    result = receiver.receive(path, staging(home), new_id, known_on, shape=contract)
    if receipt.status == "refused":
        return result.staged, result.tables
    open_before = held(home, receipt, number)
    staged, tables = Staged({}, {}), {}
    for record, file in result.staged.accepted.items():
        lines = open_before.filter(pc.equal(open_before["record"], record))["_line_no"]
        table = pq.read_table(file)
        table = table.filter(pc.is_in(table["_line_no"], value_set=pc.unique(lines)))
        if table.num_rows:
            pq.write_table(table, file, compression="zstd", store_schema=False)
            staged.accepted[record] = file
            tables[record] = TableCount(table.num_rows, table.num_rows, 0)
    return staged, tables

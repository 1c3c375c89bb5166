"""One delivery from archived bytes to staged tables: read, judge, weed out duplicates, count a second way.

Belongs here: the order of these steps and the buffers between them. Does not belong here: what is visible when
(``store``), which file is which delivery (``inbox``), and reading any format (``readers``).

Memory is flat: a block is read while the last one is judged and the one before is written; the hashes of the keys,
eight bytes each, go to a file when they are many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contract import Contract, RecordType
from mids_orchestration.landing.buffers import Ahead, Hashes, Heap
from mids_orchestration.landing.containers import Member, open_members, refuse_web_page
from mids_orchestration.landing.counting import count_records
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.readers.base import Batch
from mids_orchestration.landing.readers.columnar import read_parquet
from mids_orchestration.landing.readers.delimited import read_delimited
from mids_orchestration.landing.readers.markup import read_xml
from mids_orchestration.landing.readers.trees import read_json, read_ndjson
from mids_orchestration.landing.readers.workbook import WORKBOOKS, read_workbook
from mids_orchestration.landing.reasons import DeliveryRefused
from mids_orchestration.landing.receipts import TableCount
from mids_orchestration.landing.sheets import check_workbook
from mids_orchestration.landing.store import Staged, landed_schema
from mids_orchestration.landing.verdict import QUARANTINE_SCHEMA, Examination, Judge, reason_table

_READERS = {
    "csv": read_delimited, "json": read_json, "ndjson": read_ndjson, "xml": read_xml, "parquet": read_parquet,
}  # fmt: skip
_THREADED_BYTES = 32 * 1024 * 1024


@dataclass
class Processed:
    """What came of one delivery."""

    staged: Staged
    tables: dict[str, TableCount]


class _Table:
    """One record type of one delivery while it is being received."""

    def __init__(
        self, judge: Judge, contract: Contract, folder: Path, receipt_id: str, known_on: date
    ) -> None:
        self.judge, self.contract, self.record = judge, contract, judge.record
        self.receipt_id, self.known_on = receipt_id, known_on.isoformat()
        self.schema = landed_schema(contract, self.record.name)
        self.accepted = Heap(folder / f"{receipt_id}.{self.record.name}.accepted", self.schema)
        self.quarantine = Heap(folder / f"{receipt_id}.{self.record.name}.quarantine", QUARANTINE_SCHEMA)
        self.hashes = Hashes(folder / f"{receipt_id}.{self.record.name}.hashes")
        self.received = self.quarantined = self.empty_rows = 0
        judge.begin()

    def take(
        self, batch: Batch, pool: ThreadPoolExecutor | None, examination: Examination | None = None
    ) -> Future[None] | None:
        verdict = self.judge.judge(batch, examination)
        self.received += batch.columns.num_rows + len(batch.faults)
        self.empty_rows += batch.empty_rows
        self.quarantined += verdict.quarantined
        if verdict.hashes is not None:
            self.hashes.add(verdict.hashes)
        if verdict.quarantine is not None:
            self.quarantine.add(self._marked(verdict.quarantine))
        if verdict.accepted.num_rows == 0:
            return None
        return self.accepted.add(self._landed(verdict.accepted, verdict.accepted_lines), pool)

    def _landed(self, columns: pa.RecordBatch, lines: np.ndarray) -> pa.Table:
        count = columns.num_rows
        own = dict(zip(columns.schema.names, columns.columns, strict=True))
        own["_receipt_id"] = pa.repeat(pa.scalar(self.receipt_id), count)
        own["_line_no"] = pa.array(lines, pa.int64())
        own["_known_on"] = pa.repeat(pa.scalar(self.known_on), count)
        arrays = [own[n] if n in own else pa.nulls(count, pa.string()) for n in self.schema.names]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _marked(self, table: pa.Table) -> pa.Table:
        return table.set_column(0, "_receipt_id", pa.repeat(pa.scalar(self.receipt_id), table.num_rows))

    # -- duplicates -----------------------------------------------------------------------------------------

    def doubled_hashes(self) -> np.ndarray:
        return self.hashes.repeated() if self.hashes.count > 1 else np.empty(0, np.uint64)

    def weed(self, suspects: list[tuple[pa.RecordBatch, np.ndarray]]) -> None:
        """Quarantine repeated records and conflicting ones among *suspects* (records whose key hash repeats)."""
        columns = pa.Table.from_batches([columns for columns, _ in suspects]).combine_chunks().to_batches()[0]
        lines = np.concatenate([lines for _, lines in suspects])
        raw = self.judge.raw_records(columns)
        table = (
            pa.Table.from_batches([columns])
            .append_column("_raw", raw)
            .append_column("_line", pa.array(lines))
        )
        keys = self.judge.identity_sql
        sql = f"""
            WITH s AS (SELECT *, count(DISTINCT _raw) OVER (PARTITION BY {keys}) AS _versions,
                              row_number() OVER (PARTITION BY {keys}, _raw ORDER BY _line) AS _nth FROM _suspects)
            SELECT _line, _raw, CASE WHEN _nth > 1 THEN 'DUPLICATE_RECORD' ELSE 'KEY_CONFLICT' END AS code
            FROM s WHERE _nth > 1 OR _versions > 1 ORDER BY _line"""
        connection = self.judge.connection
        connection.register("_suspects", table)
        try:
            found = connection.execute(sql).to_arrow_table()
        finally:
            connection.unregister("_suspects")
        if not found.num_rows:
            return
        for code in ("DUPLICATE_RECORD", "KEY_CONFLICT"):
            some = found.filter(pc.equal(found["code"], code)).combine_chunks()
            if some.num_rows:
                numbers = some["_line"].to_numpy()
                texts = some["_raw"].combine_chunks()
                values = pa.nulls(len(numbers), pa.string())
                reasons = reason_table(self.contract, self.record, code, None, numbers, values, texts, "")
                self.quarantine.add(self._marked(reasons))
        self.quarantined += self.accepted.drop_lines(found["_line"].to_numpy())

    def count(self, independent: int | None) -> TableCount:
        return TableCount(
            self.received, self.accepted.rows, self.quarantined, independent, dict(self.judge.watched),
            self.empty_rows,
        )  # fmt: skip


@dataclass
class ReadAhead:
    """A small delivery read whole, and what the rules say of each of its batches."""

    members: list[Member]
    batches: list[Batch]
    refused: DeliveryRefused | None = None
    examined: list[Examination] = field(default_factory=list)


@dataclass
class Receiver:
    """Receives deliveries of one contract: rules compiled once, one DuckDB connection for all of them."""

    contract: Contract
    connection: duckdb.DuckDBPyConnection
    limits: Limits

    def __post_init__(self) -> None:
        # Small queries gain nothing from threads; of a large delivery the reader and the writer take the other core.
        self.connection.execute("SET threads = 1")
        self.judges = {
            record.name: Judge(self.contract, record, self.connection) for record in self.contract.records
        }

    def read_ahead(self, paths: Sequence[Path]) -> list[ReadAhead]:
        """Read small deliveries whole and run the rules over all of them at once.

        A query costs milliseconds whatever its size; a hundred weekly files share one.
        """
        reads = []
        for path in paths:
            read = ReadAhead([], [])
            try:
                read.members = self._members(path)
                read.batches = list(self._batches(read.members))
            except DeliveryRefused as refused:
                read.refused = refused
            reads.append(read)
        examined: dict[int, Examination] = {}
        for record, judge in self.judges.items():
            batches = [b for read in reads if not read.refused for b in read.batches if b.record == record]
            if not batches:
                continue
            whole = pa.Table.from_batches([batch.columns for batch in batches]).combine_chunks().to_batches()
            seen = judge.examine(whole[0] if whole else batches[0].columns)
            start = 0
            for batch in batches:
                examined[id(batch)] = seen.part(start, start + batch.columns.num_rows)
                start += batch.columns.num_rows
        for read in reads:
            read.examined = [examined[id(batch)] for batch in read.batches if id(batch) in examined]
        return reads

    def receive(
        self, path: Path, folder: Path, receipt_id: str, known_on: date, *,
        shape: Contract | None = None, ahead: ReadAhead | None = None,
    ) -> Processed:  # fmt: skip
        """Read and judge the delivery at *path* into *folder*.

        ``shape`` is the feed's newest contract, whose columns every landing file has; ``ahead`` is what
        ``read_ahead`` gave for this delivery. Raises ``DeliveryRefused``; then nothing in *folder* counts.
        """
        shape = shape or self.contract
        if ahead is not None and ahead.refused is not None:
            raise ahead.refused
        members = ahead.members if ahead is not None else self._members(path)
        tables = {
            record.name: _Table(self.judges[record.name], shape, folder, receipt_id, known_on)
            for record in self.contract.records
        }
        with ThreadPoolExecutor(1) as pool:
            counting = None
            if ahead is not None:
                for batch, examination in zip(ahead.batches, ahead.examined, strict=True):
                    tables[batch.record].take(batch, None, examination)
            else:
                big = path.stat().st_size > _THREADED_BYTES
                if big and self.contract.format.type == "csv":  # others are counted by the connection in use
                    counting = pool.submit(self._independent, members)
                self._fill(members, tables, big)
            for table in tables.values():
                doubled = table.doubled_hashes()
                if len(doubled):
                    table.weed(list(self._suspects(members, table.record, doubled)))
            self._check_count(sum(table.received for table in tables.values()))
            independent = counting.result() if counting is not None else self._independent(members)
        staged = Staged({}, {})
        for record, table in tables.items():
            for heap, files in ((table.accepted, staged.accepted), (table.quarantine, staged.quarantined)):
                written = heap.close()
                if written:
                    files[record] = written
        return Processed(
            staged, {record: table.count(independent[record]) for record, table in tables.items()}
        )

    def read(self, path: Path) -> Iterator[Batch]:
        """Yield the records of the delivery at *path* unjudged. Raises ``DeliveryRefused``."""
        yield from self._batches(self._members(path))

    def _members(self, path: Path) -> list[Member]:
        members = open_members(path, self.contract, self.limits)
        for member in members:
            self._guard(member)
        return members

    def _fill(self, members: list[Member], tables: dict[str, _Table], big: bool) -> None:
        batches = self._batches(members)
        if not big:  # starting threads costs a small delivery more than they save it
            for batch in batches:
                tables[batch.record].take(batch, None)
            return
        with ThreadPoolExecutor(1) as pool, Ahead(batches) as ahead:
            writing: Future[None] | None = None
            for batch in ahead:
                started = tables[batch.record].take(batch, pool)
                if started is not None:
                    if writing is not None:
                        writing.result()
                    writing = started
            if writing is not None:
                writing.result()

    def _batches(self, members: list[Member]) -> Iterator[Batch]:
        offset = dict.fromkeys((record.name for record in self.contract.records), 0)
        for member in members:
            last = dict(offset)
            for batch in self._read(member, offset):
                yield batch
                numbers = [fault.line_no for fault in batch.faults]
                if len(batch.line_no):
                    numbers.append(int(batch.line_no[-1]))
                last[batch.record] = max([last[batch.record], *numbers])
            # Lines of a second member go on counting where the first ended, so that a line is one line.
            offset = last

    def _read(self, member: Member, offset: dict[str, int]) -> Iterator[Batch]:
        kind = self.contract.format.type
        try:
            if kind not in ("xml", "parquet"):
                refuse_web_page(member)
            if kind in WORKBOOKS:
                yield from read_workbook(member, self.contract, self.limits)
                return
            for record in self.contract.records:
                yield from _READERS[kind](member, self.contract, record, self.limits, offset[record.name])
        except (DeliveryRefused, OSError, MemoryError):
            raise
        except Exception as error:
            # Whatever a parser trips over is this delivery's trouble, and must not stop the others.
            raise DeliveryRefused("UNREADABLE", f"{type(error).__name__}: {error}"[:200], kind) from error

    def _suspects(
        self, members: list[Member], record: RecordType, doubled: np.ndarray
    ) -> Iterator[tuple[pa.RecordBatch, np.ndarray]]:
        """Read the delivery again and give the records whose key hash repeats."""
        judge = self.judges[record.name]
        for batch in self._batches(members):
            if batch.record == record.name and batch.columns.num_rows:
                chosen = np.isin(judge.hashes(batch.columns), doubled)
                if chosen.any():
                    yield batch.columns.filter(pa.array(chosen)), batch.line_no[chosen]

    def _guard(self, member: Member) -> None:
        if self.contract.format.type in WORKBOOKS:
            check_workbook(member.read(self.limits), self.limits)

    def _check_count(self, received: int) -> None:
        low, high = self.contract.min_records, self.contract.max_records
        if (low is not None and received < low) or (high is not None and received > high):
            raise DeliveryRefused(
                "RECORD_COUNT", str(received), f"{low or 0} – {'…' if high is None else high}"
            )

    def _independent(self, members: list[Member]) -> dict[str, int | None]:
        totals: dict[str, int | None] = dict.fromkeys((r.name for r in self.contract.records), 0)
        for member in members:
            for record, count in count_records(member, self.contract, self.connection, self.limits).items():
                held = totals[record]
                totals[record] = None if count is None or held is None else held + count
        return totals

"""The buffers between the steps of one delivery: rows on their way to a file, batches read ahead.

Belongs here: holding and handing on. Does not belong here: reading, judging, and what is visible when (``store``).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mids_orchestration.landing.readers.base import Batch

_SPILL_ROWS = 200_000
# Hashes of eight bytes: held up to this many, and looked through at most about four times as many at once.
_SPILL_HASHES = 1 << 20


@dataclass
class Heap:
    """Rows on their way to one Parquet file: held while they are few, written as they come when they are many."""

    path: Path
    schema: pa.Schema
    tables: list[pa.Table] = field(default_factory=list)
    rows: int = 0
    _writer: pq.ParquetWriter | None = None
    _held: int = 0

    def add(self, table: pa.Table, pool: ThreadPoolExecutor | None = None) -> Future[None] | None:
        """Take *table*; returns the write in progress when there is one."""
        self.rows += table.num_rows
        self._held += table.num_rows
        self.tables.append(table)
        if self._held < _SPILL_ROWS:
            return None
        held, self.tables, self._held = self.tables, [], 0
        if pool is None:
            self._write(held)
            return None
        return pool.submit(self._write, held)

    def _write(self, tables: list[pa.Table]) -> None:
        if self._writer is None:
            # Least and greatest of columns of text as sent help no query, and finding them is a fifth of the writing.
            ours = [name for name in self.schema.names if name.startswith("_")]
            self._writer = pq.ParquetWriter(
                self.path, self.schema, compression="zstd", store_schema=False, write_statistics=ours
            )
        for table in tables:
            self._writer.write_table(table, row_group_size=131_072)

    def drop_lines(self, lines: np.ndarray) -> int:
        """Take the rows with these line numbers out again; returns how many there were."""
        unwanted = pa.array(lines, pa.int64())
        before = self.rows
        kept = [
            table.filter(pc.invert(pc.is_in(table["_line_no"], value_set=unwanted))) for table in self.tables
        ]
        self.tables = kept
        if self._writer is not None:
            self._writer.close()
            aside = self.path.with_name(self.path.name + ".all")
            self.path.rename(aside)
            self._writer = None
            written = 0
            for batch in pq.ParquetFile(aside).iter_batches(batch_size=131_072):
                table = pa.Table.from_batches([batch]).cast(self.schema)
                table = table.filter(pc.invert(pc.is_in(table["_line_no"], value_set=unwanted)))
                written += table.num_rows
                self._write([table])
            aside.unlink()
            self.rows = written + sum(table.num_rows for table in kept)
        else:
            self.rows = sum(table.num_rows for table in kept)
        return before - self.rows

    def close(self) -> Path | None:
        """Write what is left; returns the file, or None when there was no row."""
        if self._writer is None:
            if not self.rows:
                return None
            table = pa.concat_tables(self.tables)
            pq.write_table(table, self.path, compression="zstd", store_schema=False)
        else:
            self._write(self.tables)
            self._writer.close()
        self.tables = []
        return self.path


@dataclass
class Hashes:
    """Hashes of the keys of one delivery (uint64): held while they are few, in a file when they are many."""

    path: Path
    count: int = 0
    _held: list[np.ndarray] = field(default_factory=list)
    _waiting: int = 0

    def add(self, hashes: np.ndarray) -> None:
        """Take the hashes of one batch."""
        self.count += len(hashes)
        self._held.append(hashes)
        self._waiting += len(hashes)
        if self._waiting >= _SPILL_HASHES:
            with self.path.open("ab") as file:
                for some in self._held:
                    some.tofile(file)
            self._held, self._waiting = [], 0

    def repeated(self) -> np.ndarray:
        """Return the values that occur more than once; afterwards nothing is held and the file is gone.

        Many are looked through by their leading bits, one share of the values after the other.
        """
        bits = (self.count // (4 * _SPILL_HASHES)).bit_length()
        found = [self._repeated_in(share, bits) for share in range(1 << bits)]
        self._held, self._waiting = [], 0
        self.path.unlink(missing_ok=True)
        return np.concatenate(found)

    def _repeated_in(self, share: int, bits: int) -> np.ndarray:
        shift = np.uint64(64 - bits)
        some = [part[(part >> shift) == share] if bits else part for part in self._parts()]
        hashes = np.concatenate([np.empty(0, np.uint64), *some])
        hashes.sort()
        return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])

    def _parts(self) -> Iterator[np.ndarray]:
        if self.path.exists():
            with self.path.open("rb") as file:
                while len(part := np.fromfile(file, np.uint64, _SPILL_HASHES)):
                    yield part
        yield from self._held


class Ahead:
    """Reads one batch ahead in a thread; closes the reader when the taker stops early."""

    def __init__(self, batches: Iterator[Batch]) -> None:
        self._batches = batches
        self._queue: queue.Queue[Batch | BaseException | None] = queue.Queue(maxsize=1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            for batch in self._batches:
                if not self._put(batch):
                    return
            self._put(None)
        except BaseException as error:  # handed to the taker, who raises it
            self._put(error)

    def _put(self, item: Batch | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def __enter__(self) -> Ahead:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def __iter__(self) -> Iterator[Batch]:
        while True:
            item = self._queue.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

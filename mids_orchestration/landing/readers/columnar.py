"""Parquet: typed columns written as text, the way the contract would have it written.

Belongs here: flattening of structs, text of numbers and moments, bounds on what a small file may unfold to.
Does not belong here: what values mean.

``_line_no`` is the number of the record.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from expectations.contract import Column, Contract, RecordType
from mids_orchestration.landing.containers import Member
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.readers.base import (
    Batch,
    blank_to_null,
    match_header,
    text_batch,
    texts_to_null,
)
from mids_orchestration.landing.readers.workbook import day_text
from mids_orchestration.landing.reasons import DeliveryRefused, Fault

_ROWS = 20_000
_BROKEN = (pa.ArrowException, OSError, ValueError, NotImplementedError)


def read_parquet(
    member: Member, contract: Contract, record: RecordType, limits: Limits, first: int = 0
) -> Iterator[Batch]:
    """Yield the records of a Parquet file.

    Raises ``DeliveryRefused`` when it is not Parquet, unfolds beyond the limits, or its columns are not as agreed.
    """
    try:
        source: Any = member.path if member.path is not None else io.BytesIO(member.read(limits))
        with pq.ParquetFile(source) as file:
            yield from _batches(file, contract, record, limits, first)
    except _BROKEN as error:
        raise DeliveryRefused("UNREADABLE", str(error)[:200], "Parquet") from None


def _batches(
    file: pq.ParquetFile, contract: Contract, record: RecordType, limits: Limits, first: int
) -> Iterator[Batch]:
    meta = file.metadata
    groups = [meta.row_group(number) for number in range(meta.num_row_groups)]
    unpacked = sum(group.total_byte_size for group in groups)
    if unpacked > limits.unpacked_bytes:
        raise DeliveryRefused("UNPACKS_TOO_LARGE", f"{unpacked} bytes")
    if len(file.schema_arrow.names) > limits.columns:
        raise DeliveryRefused("TOO_MANY_COLUMNS", str(len(file.schema_arrow.names)), str(limits.columns))
    positions = match_header(_flat(file.schema_arrow.empty_table()).column_names, record, limits.columns)
    packed = max(sum(_packed(group) for group in groups), 1)
    spent = number = 0
    for batch in file.iter_batches(batch_size=_ROWS):
        table = _flat(pa.Table.from_batches([batch]))
        rows = table.num_rows
        spent += batch.nbytes + rows * table.num_columns
        if spent > limits.ratio_ignored_below and spent > limits.unpacked_ratio * packed:
            raise DeliveryRefused("UNPACKS_TOO_LARGE", f"> {limits.unpacked_ratio} : 1")
        yield _batch(table, positions, contract, record, limits, first + number)
        number += rows
    if number == 0:
        yield Batch(record.name, text_batch(record, _no_rows(record)), np.empty(0, np.int64))


def column_names(member: Member, limits: Limits) -> list[str]:
    """Return the names of the columns of a Parquet file, structs laid out as ``a.b``."""
    try:
        source: Any = member.path if member.path is not None else io.BytesIO(member.read(limits))
        return list(_flat(pq.read_schema(source).empty_table()).column_names)
    except _BROKEN as error:
        raise DeliveryRefused("UNREADABLE", str(error)[:200], "Parquet") from None


def _packed(group: pq.RowGroupMetaData) -> int:
    return sum(group.column(index).total_compressed_size for index in range(group.num_columns))


def _no_rows(record: RecordType) -> list[pa.Array]:
    return [pa.array([], pa.string()) for _ in record.columns]


def _flat(table: pa.Table) -> pa.Table:
    """Lay structs out as columns ``a.b``."""
    while any(pa.types.is_struct(field.type) and field.type.num_fields for field in table.schema):
        table = table.flatten()
    return table


def _batch(
    table: pa.Table, positions: list[int | None], contract: Contract, record: RecordType, limits: Limits, first: int
) -> Batch:  # fmt: skip
    rows = table.num_rows
    numbers = np.arange(first + 1, first + 1 + rows, dtype=np.int64)
    faulty = np.zeros(rows, dtype=bool)
    faults: list[Fault] = []
    columns = []
    for position, column in zip(positions, record.columns, strict=True):
        if position is None:
            columns.append(pa.nulls(rows, pa.string()))
            continue
        cells, unreadable = _text(table.column(position).combine_chunks(), column)
        long = pc.fill_null(pc.greater(pc.utf8_length(cells), limits.cell_chars), False)
        nul = pc.fill_null(pc.match_substring(cells, "\0"), False)
        for code, mask in (
            ("INVALID_ENCODING", unreadable),
            ("CELL_TOO_LARGE", long.to_numpy(zero_copy_only=False)),
            ("NUL_BYTE", nul.to_numpy(zero_copy_only=False)),
        ):
            for row in np.flatnonzero(mask & ~faulty):
                raw = str(cells[int(row)].as_py())[:10_000].replace("\0", "\\x00")
                want = str(limits.cell_chars) if code == "CELL_TOO_LARGE" else "utf-8"
                faults.append(Fault(record.name, int(numbers[row]), code, raw, "", want, column.landed_as))
            faulty |= mask
        words = [*contract.null_values, *column.null_values]
        if words:
            cells = texts_to_null(cells, words)
        columns.append(blank_to_null(cells) if "" in words else cells)
    batch = text_batch(record, columns)
    if faulty.any():
        batch, numbers = batch.filter(pa.array(~faulty)), numbers[~faulty]
    return Batch(record.name, batch, numbers, faults)


def _text(cells: pa.Array, column: Column) -> tuple[pa.Array, np.ndarray]:
    """Return *cells* as text, and which of them hold bytes that are no text."""
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    kind = cells.type
    fine = np.zeros(len(cells), dtype=bool)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return cells.cast(pa.string()), fine
    # Of more than six places Arrow writes small values as 1E-9.
    plain = pa.types.is_decimal(kind) and 0 <= kind.scale <= 6
    if plain or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return cells.cast(pa.string()), fine
    values = cells.cast(pa.timestamp("us", kind.tz), safe=False) if pa.types.is_timestamp(kind) else cells
    texts = []
    for row, value in enumerate(values.to_pylist()):
        text, bad = _value_text(value, column)
        texts.append(text)
        fine[row] = bad
    return pa.array(texts, pa.string()), fine


def _value_text(value: Any, column: Column) -> tuple[str | None, bool]:
    if value is None or value != value:
        return None, False
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8"), False
        except UnicodeDecodeError:
            return value.decode("utf-8", "backslashreplace"), True
    if isinstance(value, float):
        return (str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)), False
    if isinstance(value, Decimal):
        return format(value, "f"), False
    if isinstance(value, (datetime, date)):
        return day_text(value, column), False
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str), False
    return str(value), False

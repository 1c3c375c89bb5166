"""What every reader hands on: batches of text columns with line numbers, and the faults beside them.

Belongs here: the shape of a batch, and the comparison of a found header with the contract.
Does not belong here: any one file format.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contract import Column, RecordType
from mids_orchestration.landing.reasons import DeliveryRefused, Fault

# A file without a header is known by so many of its first rows.
FIRST_ROWS = 100


@dataclass
class Batch:
    """Some records of one type.

    ``columns`` holds one text column per contract column, under its landed name, absent values as null;
    ``line_no`` (int64) says where each record begins: line of a text file, row of a sheet, number of an object.
    ``empty_rows`` counts rows in which nothing is written; they are no records.
    """

    record: str
    columns: pa.RecordBatch
    line_no: np.ndarray
    faults: list[Fault] = field(default_factory=list)
    empty_rows: int = 0


def text_batch(record: RecordType, columns: Sequence[pa.Array]) -> pa.RecordBatch:
    """Build a record batch of text from *columns* in contract order."""
    return pa.RecordBatch.from_arrays(list(columns), schema=text_schema(record))


def text_schema(record: RecordType) -> pa.Schema:
    """Landed names of *record*, every one text."""
    return pa.schema([(name, pa.string()) for name in record.landed_names])


def batch_of_rows(
    record: RecordType,
    rows: Sequence[Sequence[str | None]],
    line_no: Sequence[int],
    null_values: Sequence[str],
    faults: list[Fault],
    empty_rows: int = 0,
) -> Batch:
    """Build a batch from rows of texts in contract order; texts in *null_values* become null."""
    width = len(record.columns)
    absent: list[set[str]] = [{*null_values, *column.null_values} for column in record.columns]
    blank = [bool(words) and "" in words for words in absent]
    columns = []
    for position in range(width):
        words, blanks = absent[position], blank[position]
        columns.append(
            pa.array(
                [
                    None
                    if text is None or text in words or (blanks and text.isspace())
                    else text
                    for text in (row[position] for row in rows)
                ],
                type=pa.string(),
            )
        )  # fmt: skip
    lines = np.asarray(line_no, dtype=np.int64)
    return Batch(record.name, text_batch(record, columns), lines, faults, empty_rows)


def blank_edges(cells: pa.Array) -> bool:
    """Whether some text may begin or end with a space or tab: cheap, and nearly always no."""
    held = cells.buffers()[2]
    if held is None or not held.size:
        return False
    offsets = np.frombuffer(cells.buffers()[1], dtype=np.int32)[cells.offset : cells.offset + len(cells) + 1]
    data = np.frombuffer(held, dtype=np.uint8)
    # At an empty text this looks at its neighbours, which costs less than leaving it out.
    edges = (data.take(offsets[:-1], mode="clip"), data.take(offsets[1:] - 1, mode="clip"))
    return any(bool(((edge == 0x20) | (edge == 0x09)).any()) for edge in edges)


def blank_to_null(column: pa.Array) -> pa.Array:
    """Turn cells of white space alone into nulls."""
    trimmed = pc.equal(pc.utf8_trim_whitespace(column), "")
    return pc.if_else(trimmed, pa.scalar(None, pa.string()), column)


def texts_to_null(column: pa.Array, words: Sequence[str]) -> pa.Array:
    """Turn cells that equal one of *words* into nulls."""
    found = pc.is_in(column, value_set=pa.array(words, type=pa.string()))
    return pc.if_else(found, pa.scalar(None, pa.string()), column)


def joined_header(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one name per column of a header of several rows, from top to bottom, joined with `` / ``.

    A name of an upper row holds for the columns it is merged across: the empty cells after it, as far as the
    row below has names there.
    """
    if len(rows) == 1:
        return [" ".join(cell.split()) for cell in rows[0]]
    width = max(len(row) for row in rows)
    parts: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(rows):
        held = ""
        for index in range(width):
            text = " ".join(row[index].split()) if index < len(row) else ""
            below = any(index < len(lower) and lower[index].strip() for lower in rows[depth + 1 :])
            held = text or (held if below else "")
            if held and held not in parts[index][-1:]:
                parts[index].append(held)
    return [" / ".join(names) for names in parts]


def match_header(found: Sequence[str], record: RecordType, columns_limit: int) -> list[int | None]:
    """Return, for each contract column, its position in the *found* header (None: optional and not there).

    Names are compared as they are, without white space around them; a second column of one name is called
    ``NAME (2)`` where the contract calls it so; their order does not matter; an empty name
    is passed over (the reader has made sure that nothing stands below it). Raises
    ``DeliveryRefused`` with one detail per missing, new, renamed or repeated column.
    """
    if len(found) > columns_limit:
        raise DeliveryRefused("TOO_MANY_COLUMNS", f"{len(found)}", f"{columns_limit}")
    names = [" ".join(name.split()) for name in found]
    wanted = {" ".join(column.name.split()): column for column in record.columns}
    names = _numbered(names, wanted)
    doubled = sorted({name for name in names if name and names.count(name) > 1}) if len(names) < 5000 else []
    if doubled:
        details = [{"kind": "duplicate", "column": name} for name in doubled]
        raise DeliveryRefused("DUPLICATE_COLUMN", ", ".join(map(_short, doubled)), details=details)
    position = {name: index for index, name in enumerate(names)}
    missing = [name for name, column in wanted.items() if name not in position and not column.optional]
    new = [name for name in names if name and name not in wanted]
    if missing or new:
        raise header_changed(record, missing, new)
    return [position.get(name) for name in wanted]


def match_order(widths: Sequence[int], record: RecordType, exact: bool = False) -> list[int | None]:
    """Return the position of each contract column where the file has no header: columns come in contract order.

    ``widths`` are the numbers of fields of the first rows. Raises ``DeliveryRefused`` when none of them is as agreed:
    then it is not one bad record but another layout. ``exact``: a shorter row is not as agreed either.
    """
    agreed = len(record.columns)
    if widths and not any(width == agreed or (width < agreed and not exact) for width in widths):
        found = Counter(widths).most_common(1)[0][0]
        raise DeliveryRefused(
            "HEADER_CHANGED", f"{record.name}: no header is agreed, and rows have {found} fields, not {agreed}",
            details=[{"kind": "width", "record": record.name, "agreed": str(agreed), "found": str(found)}],
        )  # fmt: skip
    return list(range(agreed))


def _numbered(names: list[str], wanted: Mapping[str, Column]) -> list[str]:
    """Call a repeated column ``NAME (2)``, ``NAME (3)`` where the contract does."""
    count: Counter[str] = Counter()
    out = []
    for name in names:
        count[name] += 1
        numbered = f"{name} ({count[name]})"
        out.append(numbered if name and count[name] > 1 and numbered in wanted else name)
    return out


def header_changed(record: RecordType, missing: Sequence[str], new: Sequence[str]) -> DeliveryRefused:
    """Build the refusal for columns that are *missing* or *new*, pairing likely renamings."""
    details, said, left = [], [], list(new)
    for name in missing:
        folded = {candidate.casefold(): candidate for candidate in left}
        close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
        if close:
            other = folded[close[0]]
            left.remove(other)
            details.append({"kind": "renamed", "column": name, "found": other})
            said.append(f"{_short(name)} → {_short(other)}?")
        else:
            details.append({"kind": "missing", "column": name})
            said.append(f"− {_short(name)}")
    for name in left:
        details.append({"kind": "new", "column": name})
        said.append(f"+ {_short(name)}")
    for detail in details:
        detail["record"] = record.name
    shown = ", ".join(said[:20]) + (f" … ({len(said)})" if len(said) > 20 else "")
    return DeliveryRefused("HEADER_CHANGED", f"{record.name}: {shown}", details=details[:200])


def _short(name: str) -> str:
    return repr(name if len(name) <= 60 else name[:57] + "...")

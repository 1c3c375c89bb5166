"""Workbooks (XLSX, XLS, ODS): sheets laid out as rows of text.

Belongs here: title rows, several sheets, spreadsheet dates and numbers as text. Does not belong here: the meaning
of values, and the count of rows by another way (``counting``, which also refuses sheets that would not fit).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from expectations.contract import Column, Contract, RecordType
from mids_orchestration.landing.containers import Member
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.readers.base import (
    FIRST_ROWS,
    Batch,
    batch_of_rows,
    joined_header,
    match_header,
    match_order,
)
from mids_orchestration.landing.reasons import DeliveryRefused, Fault

WORKBOOKS = ("xlsx", "xls", "ods")
_ROWS = 20_000
_EPOCH = datetime(1899, 12, 30)
# A moment without an offset is Malaysian time.
_LOCAL = timezone(timedelta(hours=8))


def read_workbook(member: Member, contract: Contract, limits: Limits) -> Iterator[Batch]:
    """Yield the records of each contracted sheet; ``_line_no`` is the row number in the sheet.

    Raises ``DeliveryRefused`` when it is not a workbook, or a sheet or its header is not as agreed.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    data = member.read(limits)
    if not data:
        raise DeliveryRefused("EMPTY_FILE")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = list(book.sheet_names)
        for record in contract.records:
            sheet_name = _sheet(record, names)
            rows = book.get_sheet_by_name(sheet_name).to_python(skip_empty_area=False)
            yield from _sheet_batches(rows, record, contract, limits)
    except (CalamineError, OSError, ValueError) as error:
        raise DeliveryRefused("UNREADABLE", str(error)[:200], contract.format.type) from None


def _sheet(record: RecordType, names: list[str]) -> str:
    if record.sheet is None:
        if not names:
            raise DeliveryRefused("MISSING_SHEET", "-", "1")
        return names[0]
    folded = {name.strip().casefold(): name for name in names}
    found = folded.get(record.sheet.strip().casefold())
    if found is None:
        shown = ", ".join(name[:40] for name in names[:20])
        raise DeliveryRefused("MISSING_SHEET", shown, record.sheet)
    return found


def _sheet_batches(
    rows: list[list[Any]], record: RecordType, contract: Contract, limits: Limits
) -> Iterator[Batch]:
    first = record.header_row + record.header_rows
    top = [[label(cell) for cell in row] for row in rows[record.header_row - 1 : first - 1]]
    header = joined_header(top) if top else []
    while header and not header[-1]:
        header.pop()
    body = rows[first - 1 :]
    if record.header_rows == 0:
        positions = match_order([_filled_width(row) for row in body[:FIRST_ROWS]], record)
        width = len(positions)
    elif not header:
        raise DeliveryRefused("MISSING_HEADER", want=f"{record.sheet or ''} {record.header_row}".strip())
    else:
        width = len(header)
        named = [name or _unnamed(index, body) for index, name in enumerate(header)]
        positions = match_header(named, record, limits.columns)
    empty = between = 0
    laid: list[list[str | None]] = []
    numbers: list[int] = []
    faults: list[Fault] = []
    for number, row in enumerate(body, start=first):
        if all(cell == "" or cell is None for cell in row):
            between += 1
            continue
        empty, between = empty + between, 0
        beyond = [cell for cell in row[width:] if cell not in ("", None)]
        texts = [
            _text(row[p], column) if p is not None and p < len(row) else None
            for p, column in zip(positions, record.columns, strict=True)
        ]
        code = "TOO_MANY_FIELDS" if beyond else _problem(texts, limits)
        if code:
            raw = "\t".join(str(cell) for cell in row)[:10_000].replace("\0", "\\x00")
            faults.append(Fault(record.name, number, code, raw, str(width + len(beyond)), str(width)))
        else:
            laid.append(texts)
            numbers.append(number)
        if len(laid) + len(faults) >= _ROWS:
            yield batch_of_rows(record, laid, numbers, contract.null_values, faults)
            laid, numbers, faults = [], [], []
    yield batch_of_rows(record, laid, numbers, contract.null_values, faults, empty)


def _filled_width(row: list[Any]) -> int:
    return max((index for index, cell in enumerate(row, start=1) if cell not in ("", None)), default=0)


def _unnamed(index: int, body: list[list[Any]]) -> str:
    """Name a gap in the header: nothing where the column is empty too, else a column nobody agreed on."""
    filled = any(index < len(row) and row[index] not in ("", None) for row in body)
    return f"(column {index + 1} has no name)" if filled else ""


def label(cell: Any) -> str:
    """Return the text of a cell of the header."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())


def _text(cell: Any, column: Column) -> str | None:
    """Write a cell as text, the way the contract would have it written."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        # A date the sheet shows as a bare number: days since 30 December 1899 (1927 to 2173).
        if column.type in ("date", "timestamp") and 10_000 <= cell <= 100_000:
            return day_text(_EPOCH + timedelta(seconds=round(cell * 86_400)), column)
        cell = float(cell)
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, (datetime, date)):
        return day_text(cell, column)
    if isinstance(cell, time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def day_text(cell: datetime | date, column: Column) -> str:
    """Write a day or a moment in the first form of *column*, else in ISO 8601."""
    moment = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
    whole_day = moment.time() == time()
    if column.type == "timestamp" or (column.type == "date" and whole_day):
        form = column.format or "%Y-%m-%d"
        if moment.tzinfo is not None and "%z" not in form:
            moment = moment.astimezone(_LOCAL)
        elif moment.tzinfo is None:
            form = form.replace("%z", "+08:00")
        return moment.strftime(form.replace("%Y", f"{moment.year:04d}"))
    return moment.date().isoformat() if whole_day else moment.isoformat(sep=" ")


def _problem(texts: list[str | None], limits: Limits) -> str | None:
    for text in texts:
        if text is not None:
            if "\0" in text:
                return "NUL_BYTE"
            if len(text) > limits.cell_chars:
                return "CELL_TOO_LARGE"
    return None

"""How a workbook nobody has described is laid out: which sheets hold records, and where the header of each is.

Belongs here: XLSX, XLS and ODS. Does not belong here: what the columns hold (``columns``).
"""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any

from expectations.contract import landed_name
from mids_orchestration.landing.containers import Member
from mids_orchestration.landing.drafting.headless import is_record
from mids_orchestration.landing.drafting.shape import NO_HEADER, Shape, named_columns, record_name
from mids_orchestration.landing.drafting.text import header_continues, made_names
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.readers.base import joined_header
from mids_orchestration.landing.readers.workbook import label
from mids_orchestration.landing.reasons import DeliveryRefused
from mids_orchestration.landing.sheets import check_workbook


def workbook_shape(member: Member, limits: Limits, path: Path) -> Shape:
    """Guess the layout of every sheet with records. Raises ``DeliveryRefused`` where there is none."""
    from python_calamine import CalamineError, CalamineWorkbook

    data = member.read(limits)
    check_workbook(data, limits)
    kind = "xls" if data.startswith(b"\xd0\xcf") else "ods" if b"opendocument" in data[:200] else "xlsx"
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets: list[dict[str, Any]] = []
        for name in book.sheet_names:
            try:
                cells = book.get_sheet_by_name(name)
                rows = cells.to_python(skip_empty_area=False)
            except CalamineError:
                continue  # a chart sheet has no cells
            found = _sheet_record(rows, name, _spans(cells))
            if found:
                sheets.append(found)
    except (CalamineError, OSError, ValueError) as error:
        raise DeliveryRefused("UNREADABLE", str(error)[:200], kind) from None
    wide = [sheet for sheet in sheets if len(sheet["columns"]) > 1]
    sheets = wide or sheets
    if not sheets:
        raise DeliveryRefused("MISSING_HEADER", want="1")
    names: Counter[str] = Counter()
    for sheet in sheets:
        base = landed_name(sheet["sheet"])[:36] or "sheet"
        names[base] += 1
        name = record_name(path) if len(sheets) == 1 else base
        sheet["name"] = name if names[base] == 1 else f"{name}_{names[base]}"
    notes = [
        NO_HEADER.format(f"{s['header_row']} of {s['sheet']!r}") for s in sheets if s.get("header_rows") == 0
    ]
    return Shape({"type": kind}, [{"name": sheet.pop("name"), **sheet} for sheet in sheets], notes=notes)


def _spans(sheet: Any) -> list[tuple[int, int, int]]:
    """Return (row, first column, last column) of cells merged across columns, counted from 0."""
    ranges = getattr(sheet, "merged_cell_ranges", None) or []
    return [(top[0], top[1], end[1]) for top, end in ranges if end[1] > top[1]]


def _sheet_record(
    rows: list[list[Any]], name: str, spans: list[tuple[int, int, int]]
) -> dict[str, Any] | None:
    texts = [[label(cell) for cell in row] for row in rows[:60]]
    filled = [sum(bool(cell) for cell in row) for row in texts]
    everywhere = [sum(cell not in ("", None) for cell in row) for row in rows[:2000]]
    if not any(everywhere):
        return None
    width = Counter(count for count in everywhere if count).most_common(1)[0][0]
    widest = max(width, min(max(filled), 2 * width))
    wanted = 0.6 * (width if width > 1 else widest)
    top = next(
        (at for at, row in enumerate(texts)
         if filled[at] >= wanted and sum(isinstance(c, str) and bool(c.strip()) for c in rows[at]) >= 0.5 * filled[at]
         and not (filled[at] < width and _title(at, filled, width))),
        next((at for at, count in enumerate(filled) if count), None),
    )  # fmt: skip
    if top is None:
        return None
    first = next(at for at, count in enumerate(filled) if count >= wanted or at == top)
    if is_record(texts[first], texts[first + 1 :]):
        reach = max(len(_trimmed(row)) for row in texts[first:])
        columns = named_columns(made_names(reach))
        return {"sheet": name, "header_row": first + 1, "header_rows": 0, "columns": columns}
    several = 1
    above = [first for row, first, _ in spans if row == top - 1]
    if above and filled[top - 1] > 1 and all(_at(texts[top], first) for first in above):
        top, several = top - 1, 2
    elif top + 1 < len(texts) and any(row == top for row, _, _ in spans):
        several = 2
    elif top + 2 < len(texts):
        reach = max((at for at, cell in enumerate(texts[top + 1]) if cell), default=-1) + 1
        gaps = [at for at in range(reach) if at >= len(texts[top]) or not texts[top][at]]
        several = 2 if header_continues(texts[top], texts[top + 1], texts[top + 2], gaps) else 1
    header = joined_header(texts[top : top + several])
    header = _trimmed(header)
    body = rows[top + several :]
    names = [text or ("" if not _filled(index, body) else f"(column {index + 1} has no name)")
             for index, text in enumerate(header)]  # fmt: skip
    record: dict[str, Any] = {"sheet": name, "header_row": top + 1}
    if several > 1:
        record["header_rows"] = several
    record["columns"] = named_columns([text for text in names if text])
    return record if record["columns"] else None


def _title(at: int, filled: list[int], width: int) -> bool:
    """Whether an empty row parts this one, which has gaps, from a full one: then it is a title with remarks."""
    below = filled[at + 1 : at + 6]
    return 0 in below and any(count >= width for count in below[below.index(0) :])


def _trimmed(row: list[str]) -> list[str]:
    """Return *row* without the empty cells at its end."""
    return row[: max((at for at, cell in enumerate(row, start=1) if cell), default=0)]


def _at(row: list[str], index: int) -> str:
    return row[index] if index < len(row) else ""


def _filled(index: int, body: list[list[Any]]) -> bool:
    return any(index < len(row) and row[index] not in ("", None) for row in body)

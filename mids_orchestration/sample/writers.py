"""Bytes of deliveries: delimited text, NDJSON, JSON, XLSX. The same rows always give the same bytes.

Belongs here: file formats as the agencies use them. Not: which rows go into which delivery (deliver).
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

Row = dict[str, Any]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can carry
_CORE_TIME = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms)")


def csv_bytes(
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    delimiter: str,
    encoding: str,
    newline: str,
    title: str = "",
) -> bytes:
    """A CSV with header, below a title line if there is one.

    Raises UnicodeEncodeError if a text has letters outside the encoding: views fold names before they come here.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=newline)
    if title:
        writer.writerow([title])
    writer.writerow(columns)
    writer.writerows([row[c] for c in columns] for row in rows)
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""  # what a spreadsheet's "Unicode text" begins with
    return mark + buffer.getvalue().encode(encoding)


def _nested(columns: Sequence[str], row: Row) -> Row:
    """Dotted columns (`position.lat`) as nested objects."""
    out: Row = {}
    for column in columns:
        target = out
        *path, leaf = column.split(".")
        for step in path:
            target = target.setdefault(step, {})
        target[leaf] = row[column]
    return out


def ndjson_bytes(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """One JSON object per line, UTF-8."""
    lines = (json.dumps(_nested(columns, r), ensure_ascii=False, separators=(",", ":")) for r in rows)
    return "".join(line + "\n" for line in lines).encode()


def json_bytes(columns: Sequence[str], rows: Sequence[Row], *, generated_on: date, records: str) -> bytes:
    """A document: day of writing, then the list of records under the name `records`."""
    document = {"generated_on": generated_on.isoformat(), records: [{c: r[c] for c in columns} for r in rows]}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def xlsx_bytes(sheets: Sequence[tuple[str, str, Sequence[str], Sequence[Row]]], *, sent_on: date) -> bytes:
    """A workbook of (sheet name, title, columns, rows): title in row 1, day in row 2, header in row 3.

    openpyxl stamps the present time into the file; it is taken out so that equal rows give equal bytes.
    """
    book = Workbook(write_only=True)
    for name, title, columns, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.append([title])
        sheet.append([f"Tarikh laporan: {sent_on:%d-%m-%Y}"])
        sheet.append(list(columns))
        for row in rows:
            sheet.append([_cell(sheet, row[c]) for c in columns])
    raw = io.BytesIO()
    book.save(raw)
    fixed = io.BytesIO()
    stamp = f"{sent_on.isoformat()}T08:00:00Z".encode()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in sorted(source.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            content = source.read(entry)
            if entry == "docProps/core.xml":
                content = _CORE_TIME.sub(rb"\g<1>" + stamp + rb"\g<3>", content)
            target.writestr(zipfile.ZipInfo(entry, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, date):
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = "dd-mm-yyyy"
        return cell
    return None if value == "" else value

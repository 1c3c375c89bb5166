"""Workbooks and Parquet files of the battery."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

COLUMNS: list[dict[str, Any]] = [
    {"name": "ref", "type": "text", "nullable": False, "key": True},
    {"name": "seen on", "type": "date", "format": ["%d/%m/%Y", "%Y-%m-%d"]},
    {"name": "persons", "type": "integer"},
]
PARQUET_COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "type": "integer", "key": True, "nullable": False},
    {"name": "place.town", "type": "text"},
    {"name": "seen_on", "type": "date"},
    {"name": "at", "type": "timestamp"},
    {"name": "share", "type": "decimal"},
    {"name": "tags", "type": "text"},
]


def _book(*rows: list[Any], merge: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for area in merge:
        sheet.merge_cells(area)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


HEAD = ["ref", "seen on", "persons"]


def titled() -> bytes:
    return _book(
        ["Laporan mingguan"], ["Dicetak 1/2/2024"], [], HEAD, ["A1", date(2024, 2, 1), 1], ["A2", 45_323, 2.0],
        [None, None, None], ["A3", "03/02/2024", None], ["A4", "2024-02-04", "4"], merge=("A1:C1",),
    )  # fmt: skip


def merged() -> bytes:
    return _book(
        ["Bil", "Mangsa", None, "Negeri"], [None, "Nama", "Umur", None], [1, "Ali", 20, "Johor"],
        [2, "Abu", 21, "Kedah"], merge=("B1:C1", "A1:A2", "D1:D2"),
    )  # fmt: skip


def beyond() -> bytes:
    return _book(HEAD, ["A1", None, 1], ["A2", None, 1, None, "stray"])


def word_for_day() -> bytes:
    return _book(HEAD, ["A1", date(2024, 1, 1), 1], ["A2", "semalam", 1])


def old() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    sheet.write(0, 0, "Laporan")
    for column, name in enumerate(HEAD):
        sheet.write(1, column, name)
    for number in range(3):
        sheet.write(2 + number, 0, f"A{number}")
        sheet.write(2 + number, 1, date(2024, 2, 1 + number), day)
        sheet.write(2 + number, 2, number)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods_row(values: Iterable[object]) -> TableRow:
    """A row of an OpenDocument sheet; days and whole numbers typed as such, the rest as text."""
    row = TableRow()
    for value in values:
        if isinstance(value, date):
            cell = TableCell(valuetype="date", datevalue=value.isoformat())
        elif isinstance(value, int):
            cell = TableCell(valuetype="float", value=value)
        else:
            cell = TableCell(valuetype="string")
        cell.addElement(P(text=str(value)))
        row.addElement(cell)
    return row


def _ods(cells: int, rows: int, filled: bool) -> bytes:
    document = OpenDocumentSpreadsheet()
    table = Table(name="Data")
    for values in (HEAD, *([f"A{n}", date(2024, 2, 1 + n), n] for n in range(3))):
        table.addElement(ods_row(values))
    last = TableRow(numberrowsrepeated=rows)
    cell = TableCell(numbercolumnsrepeated=cells)
    if filled:
        cell.addElement(P(text="x"))
    last.addElement(cell)
    table.addElement(last)
    document.spreadsheet.addElement(table)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def open_document() -> bytes:
    return _ods(16_384, 1_048_000, filled=False)


def repeated_cells() -> bytes:
    return _ods(16_384, 1_048_000, filled=True)


def _rewritten(find: bytes, put: bytes) -> bytes:
    """A workbook whose sheet was edited by hand."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_book(HEAD, ["A1", None, 1]))) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert find in data
                data = data.replace(find, put)
            target.writestr(name, data)
    return out.getvalue()


def far_cell() -> bytes:
    return _rewritten(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')


def entity_sheet() -> bytes:
    return _rewritten(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet')


def _table(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def parquet() -> bytes:
    return _table(
        pa.table({
            "id": [1, 2],
            "place": [{"town": "Klang"}, None],
            "seen_on": [date(2024, 2, 1), None],
            "at": [datetime(2024, 2, 1, 10, 30), None],
            "share": [0.5, float("nan")],
            "tags": [["a", "b"], []],
        })
    )  # fmt: skip


def parquet_bytes() -> bytes:
    return _table(pa.table({"id": [1, 2], "b": [b"text", b"\xff\xfe"]}))


def parquet_bomb() -> bytes:
    """Forty million texts in a few kilobytes."""
    dictionary = pa.DictionaryArray.from_arrays(
        pa.repeat(pa.scalar(0, pa.int32()), 4_000_000), pa.array(["x" * 50])
    )
    return _table(pa.table({"id": dictionary}), compression="zstd")

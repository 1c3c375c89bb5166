"""Strange workbooks: XLSX, XLS and ODS that people make by hand."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from openpyxl.cell.cell import Cell
from openpyxl.styles import Font

from tests.unit.landing.battery.books import ods_row

N = 12
DAYS = [date(2024, 2, 1) + timedelta(days=n) for n in range(N)]
HEAD = ["No Kes", "Tarikh", "Umur"]
ROWS: list[list[Any]] = [[f"K{n:03d}", day, n] for n, day in enumerate(DAYS)]


def _saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _book(*rows: Sequence[Any], merge: Sequence[str] = (), first: int = 0) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for _ in range(first):
        sheet.append([])
    for row in rows:
        sheet.append(list(row))
    for area in merge:
        sheet.merge_cells(area)
    return _saved(book)


def plain() -> bytes:
    return _book(HEAD, *ROWS)


def titled() -> bytes:
    return _book(["JABATAN"], ["Minggu 5, 2024", None, "SULIT"], [], HEAD, *ROWS, [], ["Disediakan oleh: Ali"],
                 merge=["A1:C1"])  # fmt: skip


def serials() -> bytes:
    return _book(HEAD, *([key, 45_323 + n if n % 2 else day, n] for n, (key, day, _) in enumerate(ROWS)))


def text_dates() -> bytes:
    return _book(HEAD, *([key, f"{day:%d/%m/%Y}", str(n)] for n, (key, day, _) in enumerate(ROWS)))


def two_header_rows() -> bytes:
    return _book(["Bil", "Mangsa", None, "Negeri"], [None, "Nama", "Umur", None],
                 *([n, f"Ali {n}", 20 + n, "Johor"] for n in range(N)), merge=["B1:C1", "A1:A2", "D1:D2"])  # fmt: skip


def several_sheets() -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Nota"
    book.active.append(["Sila baca"])
    for name in ("Kes", "Mangsa"):
        sheet = book.create_sheet(name)
        for row in [HEAD, *ROWS]:
            sheet.append(row)
    book.create_sheet("Kosong")
    return _saved(book)


def no_header() -> bytes:
    return _book(*ROWS)


def empty_rows_and_columns() -> bytes:
    rows = [[None, *row] for row in [HEAD, *ROWS]]
    return _book(rows[0], *(line for row in rows[1:] for line in (row, [])), first=3)


def kinds() -> bytes:
    return _book(["teks", "kod", "ya", "bila", "jam", "peratus", "besar"],
                 *([f"0{n}", f"{n:04d}", n % 2 == 0, datetime(2024, 1, 1, 8, n), time(8, n), n / 100, 123456789012 + n]
                   for n in range(N)))  # fmt: skip


def formulas_and_bold() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEAD)
    for cell in sheet[1]:
        if isinstance(cell, Cell):
            cell.font = Font(bold=True)
    for row in ROWS:
        sheet.append(row)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = "A1:C5"
    return _saved(book)


def years() -> bytes:
    return _book(["Negeri", 2021, 2022, 2023], ["Johor", 1, 2, 3], ["Kedah", 4, 5, 6])


def header_only() -> bytes:
    return _book(HEAD)


def one_record() -> bytes:
    return _book(HEAD, ROWS[0])


def old() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for number, row in enumerate([["Laporan"], HEAD, *ROWS]):
        for column, value in enumerate(row):
            sheet.write(number, column, value, *([day] if isinstance(value, date) else []))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def open_document() -> bytes:
    book = OpenDocumentSpreadsheet()
    for name in ("Kes", "Lain"):
        sheet = Table(name=name)
        for row in [HEAD, *ROWS]:
            sheet.addElement(ods_row(row))
        empty = TableRow(numberrowsrepeated=1_000_000)
        empty.addElement(TableCell(numbercolumnsrepeated=1000))
        sheet.addElement(empty)
        book.spreadsheet.addElement(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


PLAIN: dict[str, Any] = {"No Kes": "text", "Tarikh": "date", "Umur": "integer"}
BOOKS: list[tuple[str, Callable[[], bytes], int, dict[str, Any], dict[str, Sequence[str | None]]]] = [
    ("plain.xlsx", plain, N, PLAIN, {}),
    ("titled.xlsx", titled, N + 1, {"Umur": "integer"}, {}),
    ("serials.xlsx", serials, N, PLAIN, {}),
    ("text_dates.xlsx", text_dates, N, PLAIN | {"Tarikh": {"type": "date", "format": "%d/%m/%Y"}}, {}),
    ("two_header_rows.xlsx", two_header_rows, N, {"Mangsa / Umur": "integer", "Negeri": "text"}, {}),
    ("several_sheets.xlsx", several_sheets, 2 * N, PLAIN, {}),
    ("no_header.xlsx", no_header, N, {"field 2": "date", "field 3": "integer"}, {"field 1": [r[0] for r in ROWS]}),
    ("empty_rows_and_columns.xlsx", empty_rows_and_columns, N, PLAIN, {}),
    ("kinds.xlsx", kinds, N, {"ya": "boolean", "bila": "timestamp", "peratus": "decimal", "besar": "integer"},
     {"teks": [f"0{n}" for n in range(N)], "kod": [f"{n:04d}" for n in range(N)],
      "jam": [f"08:{n:02d}:00" for n in range(N)]}),
    ("formulas_and_bold.xlsx", formulas_and_bold, N, PLAIN, {}),
    ("years.xlsx", years, 2, {"2021": "integer"}, {}),
    ("header_only.xlsx", header_only, 0, {}, {}),
    ("one_record.xlsx", one_record, 1, {"Tarikh": "date"}, {}),
    ("old.xls", old, N, PLAIN, {}),
    ("open_document.ods", open_document, 2 * N, PLAIN, {}),
]  # fmt: skip

"""Files a sender or an engineer opens: the report of one delivery in Excel, and quarantine as CSV, Excel or Parquet.

Belongs here: laying reasons out in Malay and English, and making every cell safe to open. Does not belong here:
which reasons are open (``quarantine``).

A cell that begins like a formula is written as text behind an apostrophe: what an agency was sent by others must
not run on its officers' machines.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font

from mids_orchestration.landing.quarantine import held
from mids_orchestration.landing.receipts import Receipt

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_CELL = 32_000
_ROWS = 1_000_000
_COLUMNS = (
    ("Jenis rekod / Record type", "record", 20), ("Baris / Line", "_line_no", 10),
    ("Lajur / Column", "column_name", 24), ("Kod / Code", "reason_code", 22),
    ("Masalah (Bahasa Melayu)", "message_ms", 60), ("Problem (English)", "message_en", 60),
    ("Tindakan / What to do", "remedy", 60),
)  # fmt: skip


def safe_text(value: Any) -> str:
    """Return *value* as text no spreadsheet takes for a formula, without characters it cannot hold."""
    text = "" if value is None else ILLEGAL_CHARACTERS_RE.sub("\ufffd", str(value))[:_CELL]
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA[:4]) else text


def write_report(home: Path, receipt: Receipt, folder: Path) -> Path:
    """Write the report of one delivery as XLSX into *folder*; returns the file.

    Two sheets: a summary, and one row per reason with line, column, code, message in both languages and remedy. It
    says where a value stands, never the value of a personal column.
    """
    table = held(home, receipt)
    book = Workbook(write_only=True)
    _summary(book, receipt, table)
    sheet = book.create_sheet("Rekod - Records")
    sheet.freeze_panes = "A2"
    for letter, (_, _, width) in zip("ABCDEFG", _COLUMNS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append([_cell(sheet, label, bold=True) for label, _, _ in _COLUMNS])
    for row in _rows(table, [name for _, name, _ in _COLUMNS]):
        sheet.append([value if isinstance(value, int) else _cell(sheet, value) for value in row])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{receipt.receipt_id}.xlsx"
    book.save(path)
    return path


def _summary(book: Workbook, receipt: Receipt, table: pa.Table) -> None:
    sheet = book.create_sheet("Ringkasan - Summary")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 44, 100
    received = receipt.received
    lines = table.group_by(["record", "_line_no"]).aggregate([]).num_rows
    facts: list[tuple[str, Any]] = [
        ("Resit / Receipt", receipt.receipt_id),
        ("Suapan / Feed", f"{receipt.agency}/{receipt.feed}"),
        ("Fail / File", receipt.original_name),
        ("SHA-256", receipt.sha256),
        ("Tarikh hantar / Sent on", receipt.sent_on),
        ("Rekod diterima / Records received", received),
        ("Rekod sah / Accepted", sum(t.accepted for t in receipt.tables.values())),
        ("Rekod ditahan / Held in quarantine", lines),
    ]
    if receipt.refusal:
        facts += [
            ("Ditolak / Refused", receipt.refusal.code),
            ("Sebab (Bahasa Melayu)", receipt.refusal.message_ms),
            ("Reason (English)", receipt.refusal.message_en),
            ("Tindakan / What to do", receipt.refusal.remedy),
        ]
        facts += [
            ("Lajur / Column", ", ".join(f"{k}: {v}" for k, v in d.items())) for d in receipt.refusal.details
        ]
    if table.num_rows > _ROWS:
        facts.append(("Nota / Note", f"{table.num_rows:,} sebab / reasons; {_ROWS:,} di sini / here"))
    for label, value in facts:
        sheet.append(
            [_cell(sheet, label, bold=True), value if isinstance(value, int) else _cell(sheet, value)]
        )


def _cell(sheet: Any, value: Any, bold: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=safe_text(value))
    cell.data_type = "s"
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)
    return cell


def _rows(table: pa.Table, names: Sequence[str]) -> Iterable[list[Any]]:
    for batch in table.select(list(names)).slice(0, _ROWS).to_batches(max_chunksize=10_000):
        yield from (list(row) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True))


def export(table: pa.Table, path: Path) -> None:
    """Write quarantine rows to *path*, by its ending: ``.csv`` (UTF-8 with mark), ``.xlsx`` or ``.parquet``.

    Raises ``ValueError`` for another ending. Parquet holds the texts as they are; the others make each cell safe.
    """
    names = table.schema.names
    ending = path.suffix.lower()
    if ending == ".parquet":
        pq.write_table(table, path, compression="zstd")
    elif ending == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(names)
            writer.writerows([safe_text(value) for value in row] for row in _rows(table, names))
    elif ending == ".xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet("quarantine")
        sheet.append([_cell(sheet, name, bold=True) for name in names])
        for row in _rows(table, names):
            sheet.append([value if isinstance(value, int) else _cell(sheet, value) for value in row])
        book.save(path)
    else:
        raise ValueError(f"{path.name}: write .csv, .xlsx or .parquet")

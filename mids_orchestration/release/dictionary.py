"""The data dictionary of the marts, as Markdown with an ER diagram per fact, and as a workbook.

Belongs here: turning exports into text and sheets. Does not belong here: what is exported (manifest), the
machine-readable description (datapackage), or which file goes where in a release (build).

Nothing here is written twice: names, meanings, labels, keys and classes come from the marts' contracts.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from mids_orchestration.release.model import Export, ExportColumn

PII_TOLD = {
    "none": "none / tiada",
    "indirect": "indirect / tidak langsung",
    "direct": "direct / langsung",
    None: "not said / tidak dinyatakan",
}
ZONES = {"public": "public / awam", "restricted": "restricted / terhad"}
_TABLE_HEAD = (
    "table", "zone", "grain", "primary key", "unit", "calendar", "title", "tajuk", "description",
)  # fmt: skip
_COLUMN_HEAD = (
    "table",
    "column",
    "type",
    "key",
    "refers to",
    "label (English)",
    "label (Malay)",
    "description",
    "PII",
)
# A workbook carries the time it was made; the same dictionary must give the same bytes.
_NO_TIME = datetime(1980, 1, 1)


def write_dictionary(folder: Path, exports: Sequence[Export], zone: str) -> None:
    """Write ``DICTIONARY.md`` and ``dictionary.xlsx`` of one zone; diagrams show what a fact refers to in any zone."""
    mine = [export for export in exports if export.zone == zone]
    title = f"MIDS data dictionary, {zone} tables / Kamus data MIDS, jadual {ZONES[zone].split(' / ')[1]}"
    (folder / "DICTIONARY.md").write_text(dictionary_markdown(mine, title, exports), "utf-8")
    write_dictionary_workbook(mine, folder / "dictionary.xlsx")


def dictionary_markdown(exports: Sequence[Export], title: str, others: Sequence[Export] = ()) -> str:
    """Every table of ``exports`` with its columns, in the order given; facts with a mermaid ER diagram.

    A diagram shows the tables of ``others`` too, where the fact refers to them.
    """
    known = {export.name: export for export in (*others, *exports)}
    parts = [
        f"# {title}",
        "Made from the contracts of the marts; do not edit. Labels: English / Malay. PK: part of the primary key. PII: "
        "whether a value can point to a person (none, indirect, direct).",
        "| table | zone | one row per |\n|---|---|---|\n"
        + "\n".join(f"| [`{e.name}`](#{e.name}) | {e.zone} | {_cell(_grain(e))} |" for e in exports),
    ]
    for export in exports:
        parts.append(_section(export, known))
    return "\n\n".join(parts) + "\n"


def write_dictionary_workbook(exports: Sequence[Export], path: Path) -> None:
    """Write two sheets, Tables and Columns, to ``path`` (XLSX); the same exports give the same bytes."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    tables = book.active
    assert tables is not None
    tables.title = "Tables - Jadual"
    columns = book.create_sheet("Columns - Lajur")
    tables.append(list(_TABLE_HEAD))
    columns.append(list(_COLUMN_HEAD))
    for export in exports:
        tables.append(
            [export.name, ZONES[export.zone], _grain(export), ", ".join(export.primary_key), export.unit,
             export.calendar, export.title.en, export.title.ms, export.description]
        )  # fmt: skip
        for column in export.columns:
            columns.append([export.name, *_described(export, column)])
    for sheet, widths in (
        (tables, (30, 18, 60, 34, 14, 18, 30, 30, 90)),
        (columns, (30, 30, 12, 6, 32, 30, 34, 90, 26)),
    ):
        sheet.freeze_panes = "B2"
        sheet.auto_filter.ref = sheet.dimensions
        for cell, width in zip(sheet[1], widths, strict=True):
            cell.font = Font(bold=True)
            cell.alignment = Alignment(vertical="top")
            sheet.column_dimensions[cell.column_letter].width = width
    book.properties.created = _NO_TIME
    book.properties.creator = "MIDS"
    book.save(path)
    _without_times(path)


def _section(export: Export, known: dict[str, Export]) -> str:
    facts = [
        f"Zone: {ZONES[export.zone]}",
        f"Primary key: {', '.join(f'`{c}`' for c in export.primary_key) or '-'}",
    ]
    if export.unit:
        facts += [f"Unit: {export.unit}", f"Calendar: {export.calendar}"]
    if export.disclosure:
        facts.append(f"Numbers of: {export.disclosure}")
    rows = [
        "| column | type | key | refers to | label (English) | label (Malay) | meaning | PII |\n"
        + "|---" * 8
        + "|",
        *(f"| {' | '.join(_cell(value) for value in _described(export, c))} |" for c in export.columns),
    ]
    parts = [f"## {export.name}", _cell(export.description), " · ".join(facts), "\n".join(rows)]
    if export.name.startswith(("fct_", "bridge_")) and any(k.reference in known for k in export.foreign_keys):
        parts.append(er_diagram(export, known))
    return "\n\n".join(parts)


def er_diagram(fact: Export, known: dict[str, Export]) -> str:
    """A mermaid ER diagram of ``fact`` and the tables of ``known`` that it refers to."""
    keys = [key for key in fact.foreign_keys if key.reference in known]
    lines = ["```mermaid", "erDiagram"]
    for key in keys:
        lines.append(f'  {key.reference} ||--o{{ {fact.name} : "{", ".join(key.columns)}"')
    referring = {column for key in keys for column in key.columns}
    lines.append(f"  {fact.name} {{")
    for column in fact.columns:
        marks = [
            m for m, on in (("PK", column.name in fact.primary_key), ("FK", column.name in referring)) if on
        ]
        lines.append(f"    {_type(column)} {column.name} {','.join(marks)}".rstrip())
    lines += ["  }", "```"]
    return "\n".join(lines)


def _described(export: Export, column: ExportColumn) -> tuple[str, ...]:
    """Column, type, key, refers to, English label, Malay label, description, PII."""
    refers = [
        f"{key.reference}.{key.reference_columns[0]}"
        for key in export.foreign_keys
        if key.columns == (column.name,)
    ]
    labels = (column.label.en, column.label.ms) if column.label else ("", "")
    mark = "PK" if column.name in export.primary_key else ""
    return (
        column.name, _type(column), mark, ", ".join(refers), *labels, column.description, PII_TOLD[column.pii],
    )  # fmt: skip


def _type(column: ExportColumn) -> str:
    return (column.data_type or "unknown").lower()


def _grain(export: Export) -> str:
    return export.grain.rstrip(".;")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _without_times(path: Path) -> None:
    """Write the archive anew with one fixed time in every entry, and for the day it says it was saved."""
    with zipfile.ZipFile(path) as archive:
        entries = [(name, archive.read(name)) for name in _ordered(archive.namelist())]
    saved = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
    entries = [(name, saved.sub(rb"\g<1>1980-01-01T00:00:00Z", content)) for name, content in entries]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)


def _ordered(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (name != "[Content_Types].xml", name))

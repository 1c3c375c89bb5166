"""How a file nobody has described is laid out: container, format, where its records are, what its columns are called.

Belongs here: one function per family of formats, each giving the ``format`` and the ``records`` of a contract
with every column as text. Does not belong here: what the columns hold (``columns``).
"""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from expectations.contract import Column, Contract, FileFormat, RecordType, landed_name
from mids_orchestration.landing.containers import Member, open_members
from mids_orchestration.landing.drafting.elements import element_shape
from mids_orchestration.landing.drafting.text import SAMPLE, guess_dialect, guess_encoding, header_continues
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.readers.base import joined_header
from mids_orchestration.landing.readers.columnar import column_names
from mids_orchestration.landing.readers.delimited import TextStream
from mids_orchestration.landing.readers.trees import parse_json
from mids_orchestration.landing.readers.workbook import label
from mids_orchestration.landing.reasons import DeliveryRefused
from mids_orchestration.landing.sheets import check_workbook

_MANY_KEYS = 200


@dataclass
class Shape:
    """The ``format`` and ``records`` of a contract whose columns are all text; ``optional`` names per record."""

    format: dict[str, Any]
    records: list[dict[str, Any]]
    compression: str | None = None
    notes: list[str] = field(default_factory=list)


def bare_contract(form: dict[str, Any], records: list[dict[str, Any]] | None = None) -> Contract:
    """Return a contract in memory that says nothing but how to read."""
    known = {key: form[key] for key in ("type", "delimiter", "quote", "encoding", "members") if key in form}
    known["quote"] = known.get("quote", '"') or None
    kinds = tuple(
        RecordType(
            name=record["name"],
            columns=tuple(
                Column(c["name"], c["landed_as"], optional=c.get("optional", False)) for c in record["columns"]
            ),
            **{key: record[key] for key in ("sheet", "header_row", "header_rows", "records_path") if key in record},
        )
        for record in records or [{"name": "records", "columns": [{"name": "x", "landed_as": "x"}]}]
    )  # fmt: skip
    return Contract(
        "draft", "draft", 1, date(2000, 1, 1), "draft", "draft", "", "", "agency", "adhoc", "delta", ".*",
        FileFormat(**known), ("",), kinds,
    )  # fmt: skip


def layout_of(path: Path, limits: Limits) -> Shape:
    """Guess the layout of the file at *path*.

    Raises ``DeliveryRefused`` where no records can be found in it.
    """
    if path.stat().st_size == 0:
        raise DeliveryRefused("EMPTY_FILE")
    with path.open("rb") as stream:
        magic = stream.read(8)
    if magic.startswith(b"PK"):
        contract = bare_contract({"type": "xlsx"})
        if len(members := open_members(path, contract, limits)) == 1 and members[0].path == path:
            return _workbook(members[0], limits, path)
    members = open_members(path, bare_contract({"type": "csv"}), limits)
    packed = members[0].path is None
    endings = Counter(Path(member.name).suffix.lower() for member in members)
    chosen = members
    if len(endings) > 1:
        known = {
            e: n for e, n in endings.items() if e not in ("", ".md", ".pdf", ".docx", ".html", ".log", ".xsd")
        }
        most = max(known or endings, key=lambda ending: (ending != ".txt", endings[ending]))
        chosen = [member for member in members if Path(member.name).suffix.lower() == most]
    shape = _member_shape(chosen[0], limits, path)
    if len(chosen) < len(members):
        shape.format["members"] = rf".*{re.escape(Path(chosen[0].name).suffix)}"
        shape.notes.append(f"the archive holds other files; only {shape.format['members']} is read")
    if packed:
        shape.compression = {b"PK": "zip", b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd"}.get(magic[:2])
    return shape


def _member_shape(member: Member, limits: Limits, path: Path) -> Shape:
    with member.open() as stream:
        head = stream.read(SAMPLE)
        whole = not stream.read(1)
    if not head.strip():
        raise DeliveryRefused("EMPTY_FILE")
    if head.startswith(b"PAR1"):
        names = column_names(member, limits)
        return Shape({"type": "parquet"}, [{"name": _record_name(path), "columns": _columns(names)}])
    if head.startswith((b"\xd0\xcf\x11\xe0", b"PK\x03\x04")):
        return _workbook(member, limits, path)
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\x7fELF", b"Rar!", b"7z\xbc\xaf")):
        raise DeliveryRefused("UNREADABLE", "not a table", "a format MIDS reads")
    encoding = guess_encoding(head, whole)
    text = head.decode(encoding, errors="replace").lstrip("\ufeff")
    start = text.lstrip()[:200]
    if start.startswith("<") and re.match(r"<(\?xml|!--|!DOCTYPE|[A-Za-z_:])", start):
        return _xml(member, limits, encoding, path)
    if start.startswith(("{", "[")):
        shape = _json(member, limits, encoding, path)
        if shape is not None:
            return shape
    return _delimited(member, limits, encoding, path)


def _delimited(member: Member, limits: Limits, encoding: str, path: Path) -> Shape:
    with member.open() as raw:
        stream = TextStream(raw, encoding, limits)
        data = b""
        while len(data) < SAMPLE // 2 and not stream.ended:
            data += stream.read(SAMPLE // 4)
        text = data.decode(stream.encoding, errors="replace").lstrip("\ufeff")
        if not stream.ended:
            text = text[: text.rfind("\n") + 1] or text
    dialect = guess_dialect(text)
    if not any(name.strip() for name in dialect.names):
        raise DeliveryRefused("MISSING_HEADER", want="1")
    form: dict[str, Any] = {"type": "csv", "delimiter": dialect.delimiter, "quote": dialect.quote or ""}
    form["encoding"] = encoding
    record: dict[str, Any] = {"name": _record_name(path)}
    if dialect.header_row > 1:
        record["header_row"] = dialect.header_row
    if dialect.header_rows > 1:
        record["header_rows"] = dialect.header_rows
    record["columns"] = _columns([name.lstrip("\ufeff") for name in dialect.names], unnamed=True)
    return Shape(form, [record])


def _json(member: Member, limits: Limits, encoding: str, path: Path) -> Shape | None:
    data = member.read(limits).decode(encoding, errors="replace").lstrip("\ufeff")
    form: dict[str, Any] = {"type": "json"} | ({} if encoding.startswith("utf-8") else {"encoding": encoding})
    record: dict[str, Any] = {"name": _record_name(path)}
    try:
        document = parse_json(data)
    except ValueError as error:
        objects = []
        for line in data.split("\n"):
            try:
                found = parse_json(line)
            except ValueError:
                continue
            objects += [found] if isinstance(found, dict) else []
        lines = sum(bool(line.strip()) for line in data.split("\n"))
        if not objects or len(objects) < 0.5 * lines:
            if data.lstrip()[:1] == "{" or re.match(r"\[\s*[\[{]", data.lstrip()):
                raise DeliveryRefused("UNREADABLE", str(error)[:200], "JSON") from None
            return None
        form["type"] = "ndjson"
        return Shape(form, [record | {"columns": object_columns(objects, limits)}])
    if isinstance(document, dict):
        where, listed = _record_list(document)
        if where is None:
            if data.strip().count("\n") == 0:
                form["type"] = "ndjson"
                return Shape(form, [record | {"columns": object_columns([document], limits)}])
            raise DeliveryRefused("MISSING_RECORDS", want="any list")
        record["records_path"] = where
    else:
        listed = document
    objects = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    if not objects:
        raise DeliveryRefused("MISSING_RECORDS", want=record.get("records_path", "(top)"))
    return Shape(form, [record | {"columns": object_columns(objects, limits)}])


def _record_list(document: dict[str, Any]) -> tuple[str | None, Any]:
    """Find the longest list of objects nearest to the top."""
    level: list[tuple[str, Any]] = [("", document)]
    for _ in range(6):
        lists, deeper = [], []
        for where, item in level:
            for name, value in item.items():
                path = f"{where}.{name}" if where else name
                if isinstance(value, list) and any(isinstance(one, dict) for one in value):
                    lists.append((len(value), path, value))
                elif isinstance(value, dict):
                    deeper.append((path, value))
        if lists:
            _, path, value = max(lists, key=lambda one: one[0])
            return path, value
        level = deeper
    return None, None


class _Names:
    """Which dotted names occur in objects: with a value, empty (null or ``{}``), or with names below them."""

    def __init__(self, whole: set[str], limits: Limits) -> None:
        self.whole, self.depth = whole, limits.nesting - 1
        self.leaves: Counter[str] = Counter()
        self.empty: Counter[str] = Counter()
        self.branches: Counter[str] = Counter()
        self.order: dict[str, None] = {}

    def walk(self, item: dict[str, Any], prefix: str = "", depth: int = 0) -> None:
        for name, value in item.items():
            path = f"{prefix}{name}"
            if isinstance(value, dict) and value and path not in self.whole and depth < self.depth:
                self.branches[path] += 1
                self.walk(value, f"{path}.", depth + 1)
                continue
            self.order[path] = None
            (self.empty if value is None or value == {} else self.leaves)[path] += 1


def object_columns(objects: list[dict[str, Any]], limits: Limits) -> list[dict[str, Any]]:
    """Return the columns of nested objects; a name that not every object has is optional.

    What is now an object and now a single value, or has hundreds of names in it, stays one column of JSON text.
    """
    whole: set[str] = set()
    while True:
        names = _Names(whole, limits)
        for item in objects:
            names.walk(item)
        inside = Counter(path.rpartition(".")[0] for path in names.order)
        mixed = {path for path in names.branches if names.leaves[path] or inside[path] > _MANY_KEYS}
        if not mixed:
            break
        whole |= mixed
    kept = [path for path in names.order if path not in names.branches]
    columns = _columns(kept)
    for column, path in zip(columns, kept, strict=True):
        if names.leaves[path] + names.empty[path] < len(objects):
            column["optional"] = True
    return columns


def _xml(member: Member, limits: Limits, encoding: str, path: Path) -> Shape:
    form: dict[str, Any] = {"type": "xml"} | ({} if encoding.startswith("utf-8") else {"encoding": encoding})
    where, names = element_shape(member, bare_contract(form), limits)
    columns = _columns(list(names))
    for column in columns:
        if not names[column["name"]]:
            column["optional"] = True
    return Shape(form, [{"name": _record_name(path), "records_path": where, "columns": columns}])


def _workbook(member: Member, limits: Limits, path: Path) -> Shape:
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
        name = _record_name(path) if len(sheets) == 1 else base
        sheet["name"] = name if names[base] == 1 else f"{name}_{names[base]}"
    return Shape({"type": kind}, [{"name": sheet.pop("name"), **sheet} for sheet in sheets])


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
         if filled[at] >= wanted and sum(isinstance(c, str) and bool(c.strip()) for c in rows[at]) >= 0.5 * filled[at]),
        next((at for at, count in enumerate(filled) if count), None),
    )  # fmt: skip
    if top is None:
        return None
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
    while header and not header[-1]:
        header.pop()
    body = rows[top + several :]
    names = [text or ("" if not _filled(index, body) else f"(column {index + 1} has no name)")
             for index, text in enumerate(header)]  # fmt: skip
    record: dict[str, Any] = {"sheet": name, "header_row": top + 1}
    if several > 1:
        record["header_rows"] = several
    record["columns"] = _columns([text for text in names if text])
    return record if record["columns"] else None


def _at(row: list[str], index: int) -> str:
    return row[index] if index < len(row) else ""


def _filled(index: int, body: list[list[Any]]) -> bool:
    return any(index < len(row) and row[index] not in ("", None) for row in body)


def _columns(names: list[str] | tuple[str, ...], unnamed: bool = False) -> list[dict[str, Any]]:
    """Return text columns for *names*, each with a landing name of its own; repeated names are numbered."""
    columns: list[dict[str, Any]] = []
    seen: Counter[str] = Counter()
    taken: set[str] = set()
    for index, raw in enumerate(names, start=1):
        name = " ".join(raw.split()) if unnamed else raw
        if unnamed and not name:
            name = f"(column {index} has no name)"
        seen[name] += 1
        if seen[name] > 1:
            name = f"{name} ({seen[name]})"
        base = re.sub(r"_has_no_name$", "", landed_name(name)) or f"column_{index}"
        landed = base
        number = 2
        while landed in taken:
            landed = f"{base[:58]}_{number}"
            number += 1
        taken.add(landed)
        columns.append({"name": name, "landed_as": landed})
    return columns


def _record_name(path: Path) -> str:
    return identifier(path.name.split(".")[0], "records")


def identifier(text: str, otherwise: str) -> str:
    """Return *text* as a name the contract schema takes: lower-case letters, digits, ``_``; no dates in it."""
    name = landed_name(re.sub(r"\d{6,}|\d{4}[-_]\d{2}([-_]\d{2})?", "", text))[:40].strip("_")
    return name if re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) else otherwise


def with_quote(shape: Shape, quote: str) -> Shape:
    """Return the same layout with another quote character ('' for none)."""
    return replace(shape, format={**shape.format, "quote": quote})

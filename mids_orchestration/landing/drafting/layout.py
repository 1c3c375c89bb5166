"""How a file nobody has described is laid out: container, format, where its records are, what its columns are called.

Belongs here: one function per family of formats, each giving the ``format`` and the ``records`` of a contract
with every column as text. Does not belong here: what the columns hold (``columns``).
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from mids_orchestration.landing.containers import Member, open_members, refuse_web_page
from mids_orchestration.landing.drafting.books import workbook_shape
from mids_orchestration.landing.drafting.elements import element_shape
from mids_orchestration.landing.drafting.shape import (
    NO_HEADER,
    Shape,
    bare_contract,
    named_columns,
    record_name,
)
from mids_orchestration.landing.drafting.text import (
    SAMPLE,
    guess_dialect,
    guess_encoding,
)
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.readers.columnar import column_names
from mids_orchestration.landing.readers.delimited import TextStream
from mids_orchestration.landing.readers.trees import WHOLE, parse_json
from mids_orchestration.landing.reasons import DeliveryRefused

_MANY_KEYS = 200
# An empty list under one of these names is where the records would be.
_LIST_NAMES = ("data", "items", "records", "results", "rows", "value", "features", "rekod", "senarai")
_NO_OBJECT = "{}: a draft needs a list with at least one object"


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
            return workbook_shape(members[0], limits, path)
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
        return Shape({"type": "parquet"}, [{"name": record_name(path), "columns": named_columns(names)}])
    if head.startswith((b"\xd0\xcf\x11\xe0", b"PK\x03\x04")):
        return workbook_shape(member, limits, path)
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\x7fELF", b"Rar!", b"7z\xbc\xaf")):
        raise DeliveryRefused("UNREADABLE", "not a table", "a format MIDS reads")
    refuse_web_page(member)
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
    record: dict[str, Any] = {"name": record_name(path)}
    if dialect.header_row > 1:
        record["header_row"] = dialect.header_row
    if dialect.header_rows != 1:
        record["header_rows"] = dialect.header_rows
    record["columns"] = named_columns([name.lstrip("\ufeff") for name in dialect.names], unnamed=True)
    notes = [] if dialect.header_rows else [NO_HEADER.format(dialect.header_row)]
    return Shape(form, [record], notes=notes)


def _json(member: Member, limits: Limits, encoding: str, path: Path) -> Shape | None:
    data = member.read(limits).decode(encoding, errors="replace").lstrip("\ufeff")
    form: dict[str, Any] = {"type": "json"} | ({} if encoding.startswith("utf-8") else {"encoding": encoding})
    record: dict[str, Any] = {"name": record_name(path)}
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
            if data.strip().count("\n") == 0 and not any(document.get(name) == [] for name in _LIST_NAMES):
                form["type"] = "ndjson"
                return Shape(form, [record | {"columns": object_columns([document], limits)}])
            if any(document.get(name) == [] for name in _LIST_NAMES):
                raise DeliveryRefused("MISSING_RECORDS", want=_NO_OBJECT.format("any place"))
            where, listed = WHOLE, [document]
        record["records_path"] = where
    else:
        listed = document
    objects = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    if not objects:
        raise DeliveryRefused("MISSING_RECORDS", want=_NO_OBJECT.format(record.get("records_path", "(top)")))
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
    columns = named_columns(kept)
    for column, path in zip(columns, kept, strict=True):
        if names.leaves[path] + names.empty[path] < len(objects):
            column["optional"] = True
    return columns


def _xml(member: Member, limits: Limits, encoding: str, path: Path) -> Shape:
    form: dict[str, Any] = {"type": "xml"} | ({} if encoding.startswith("utf-8") else {"encoding": encoding})
    where, names = element_shape(member, bare_contract(form), limits)
    columns = named_columns(list(names))
    for column in columns:
        if not names[column["name"]]:
            column["optional"] = True
    return Shape(form, [{"name": record_name(path), "records_path": where, "columns": columns}])

"""JSON documents and NDJSON: nested objects laid out as rows by the dotted paths of the contract.

Belongs here: parsing with numbers kept as written, flattening, exploding one nested list.
Does not belong here: what values mean.

``_line_no`` is the physical line for NDJSON without an exploded list; elsewhere the running number of the row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from expectations.contract import Contract, RecordType
from mids_orchestration.landing.containers import Member
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.readers.base import Batch, batch_of_rows, header_changed
from mids_orchestration.landing.readers.delimited import TextStream
from mids_orchestration.landing.reasons import DeliveryRefused, Fault

_ROWS = 20_000
_MISSING = object()
# The path that says: the document itself is the one record.
WHOLE = "$"


class _RepeatedName(ValueError):
    """An object has the same name twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedName(
            f"the name {next(n for n in names if names.count(n) > 1)[:60]!r} stands in it twice"
        )
    return found


class _Repeated(dict[str, Any]):
    """An object in which, or in whose depth, an object has the same name twice; ``said`` names it."""

    said = ""
    own = False


def _marked_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; mark it where a name stands twice in it or in what it holds."""
    found = dict(pairs)
    said = next((inner.said for inner in _inside(found.values()) if isinstance(inner, _Repeated)), "")
    own = len(found) < len(pairs)
    if own:
        names = [name for name, _ in pairs]
        said = f"the name {next(n for n in names if names.count(n) > 1)[:60]!r} stands in it twice"
    if not said:
        return found
    marked = _Repeated(found)
    marked.said, marked.own = said, own
    return marked


def _inside(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _inside(value)
        else:
            yield value


class Number(str):
    """A number of a JSON text, as it was written there."""

    __slots__ = ()


def parse_json(text: str, *, mark: bool = False) -> Any:
    """Parse JSON with every number kept as its text (``Number``); raises ``ValueError`` for anything else.

    Numbers as text: 12345678901234567890 and 1.10 arrive as they were sent. ``mark``: an object with the same name
    twice is given as ``_Repeated`` instead of raising.
    """
    hook = _marked_object if mark else _object
    try:
        return json.loads(
            text, parse_int=Number, parse_float=Number, parse_constant=Number, object_pairs_hook=hook
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


@dataclass
class Flattener:
    """Lays objects of one record type out as rows, and watches which names occur."""

    record: RecordType
    limits: Limits

    def __post_init__(self) -> None:
        self.explode = self.record.explode
        prefix = f"{self.explode}[]." if self.explode else "\0"
        names = [column.name for column in self.record.columns]
        self.known = set(names)
        self.own = [(place, name) for place, name in enumerate(names) if not name.startswith(prefix)]
        self.inner = [(place, name) for place, name in enumerate(names) if name.startswith(prefix)]
        # Objects to go down into: those that hold a contracted name.
        self.parents = {name[:at] for name in names for at, char in enumerate(name) if char == "."}
        self.seen: set[str] = set()
        self.new: dict[str, None] = {}
        self.objects = 0

    def rows(self, item: dict[str, Any]) -> list[list[str | None]]:
        """Return the rows of one object: one, or one per element of the exploded list (at least one)."""
        self.objects += 1
        found: dict[str, Any] = {}
        children: list[dict[str, Any]] = []
        self._walk(item, "", 0, found, children)
        own: list[str | None] = [None] * len(self.record.columns)
        for place, name in self.own:
            own[place] = _text(found.get(name))
        if not children:
            return [own]
        rows = []
        for child in children:
            row = list(own)
            for place, name in self.inner:
                row[place] = _text(child.get(name))
            rows.append(row)
        return rows

    def check(self) -> None:
        """Raise ``DeliveryRefused`` when names are new, or contracted names never occurred."""
        missing = [
            column.name
            for column in self.record.columns
            if self.objects and not column.optional and not self._occurred(column.name)
        ]
        if missing or self.new:
            raise header_changed(self.record, missing, list(self.new))

    def _occurred(self, name: str) -> bool:
        if name in self.seen:
            return True
        # A null or empty parent stands for all that is inside it.
        parts = name.split(".")
        return any(".".join(parts[:depth]) + "=" in self.seen for depth in range(1, len(parts)))

    def _walk(
        self,
        item: dict[str, Any],
        prefix: str,
        depth: int,
        found: dict[str, Any],
        children: list[dict[str, Any]],
    ) -> None:
        """Take the contracted values of *item*, and note every name that occurs."""
        if depth > self.limits.nesting:
            raise ValueError("nested too deeply")
        for name, value in item.items():
            path = f"{prefix}{name}"
            if path in self.known:
                self.seen.add(path)
                found[path] = value
            elif path == self.explode:
                self.seen.add(f"{path}[]=" if not value else f"{path}[]")
                for child in value if isinstance(value, list) else [value] if value is not None else []:
                    inside: dict[str, Any] = {}
                    if isinstance(child, dict):
                        self._walk(child, f"{path}[].", depth + 1, inside, [])
                    elif child is not None:
                        self.new[f"{path}[]"] = None
                    children.append(inside)
            elif path in self.parents and isinstance(value, dict) and value:
                self._walk(value, f"{path}.", depth + 1, found, children)
            elif path in self.parents and (value is None or value == {}):
                self.seen.add(path + "=")
            elif len(self.new) <= self.limits.columns:
                self.new[path] = None
        if len(self.new) > self.limits.columns:
            raise DeliveryRefused("TOO_MANY_COLUMNS", f"> {self.limits.columns}", str(self.limits.columns))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json_text(value)


def json_text(value: Any) -> str:
    """Write what ``parse_json`` gave as JSON again, numbers as they were."""
    if isinstance(value, Number):
        return value
    if isinstance(value, list):
        return f"[{','.join(map(json_text, value))}]"
    if isinstance(value, dict):
        return (
            f"{{{','.join(f'{json_text(str(name))}:{json_text(inner)}' for name, inner in value.items())}}}"
        )
    return json.dumps(value, ensure_ascii=False)


def read_json(
    member: Member, contract: Contract, record: RecordType, limits: Limits, first: int = 0
) -> Iterator[Batch]:
    """Yield the records of one JSON document.

    Raises ``DeliveryRefused`` when it is not JSON, the list of records is not where the contract says, or the
    names differ from the contract.
    """
    text = _document(member, contract, limits)
    try:
        try:
            listed: Any = parse_json(text)
        except _RepeatedName:
            listed = parse_json(text, mark=True)  # slower; one record costs no more than itself
    except ValueError as error:
        raise DeliveryRefused("UNREADABLE", str(error)[:200], "JSON") from None
    for part in (record.records_path or "").split("."):
        if part != WHOLE and isinstance(listed, _Repeated) and listed.own:
            raise DeliveryRefused("UNREADABLE", listed.said, "JSON")
        if part == WHOLE:
            listed = [listed] if isinstance(listed, dict) else _MISSING
        elif part:
            listed = listed.get(part, _MISSING) if isinstance(listed, dict) else _MISSING
    if not isinstance(listed, list):
        raise DeliveryRefused("MISSING_RECORDS", want=record.records_path or "(top)")
    yield from rows_of(
        ((None, item) for item in listed), Flattener(record, limits), contract, first, count_rows=True
    )


def read_ndjson(
    member: Member, contract: Contract, record: RecordType, limits: Limits, first: int = 0
) -> Iterator[Batch]:
    """Yield the records of a file with one JSON object per line; a bad line is one fault."""
    with member.open() as raw:
        lines = _ndjson_lines(TextStream(raw, contract.format.encoding, limits), record, limits, first)
        yield from rows_of(
            lines, Flattener(record, limits), contract, first, count_rows=record.explode is not None
        )


def _document(member: Member, contract: Contract, limits: Limits) -> str:
    data = member.read(limits)
    if not data.strip():
        raise DeliveryRefused("EMPTY_FILE")
    encoding = (
        "utf-8-sig" if contract.format.encoding.lower() in ("utf-8", "utf8") else contract.format.encoding
    )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise DeliveryRefused("WRONG_ENCODING", want=contract.format.encoding) from None


def _ndjson_lines(
    stream: TextStream, record: RecordType, limits: Limits, first: int
) -> Iterator[tuple[int | None, Any]]:
    number, tail, any_line = first, b"", False
    while True:
        data = stream.read(1 << 20)
        pieces = (tail + data).split(b"\n")
        tail = pieces.pop() if data else b""
        if len(tail) > limits.record_bytes:
            raise DeliveryRefused(
                "TOO_LARGE", f"line {number + len(pieces) + 1}: > {limits.record_bytes} bytes"
            )
        for piece in pieces:
            number += 1
            if piece.strip():
                any_line = True
                yield number, _parse_line(piece, number, stream, record, limits)
        if not data:
            break
    if not any_line and number <= first + 1:
        raise DeliveryRefused("EMPTY_FILE")


def _parse_line(piece: bytes, number: int, stream: TextStream, record: RecordType, limits: Limits) -> Any:
    raw = piece.decode(stream.encoding, errors="backslashreplace").rstrip("\r").replace("\0", "\\x00")
    if len(piece) > limits.cell_chars * 4:
        return Fault(
            record.name, number, "CELL_TOO_LARGE", raw[:10_000], f"{len(piece)}", str(limits.cell_chars)
        )
    try:
        text = piece.decode(stream.encoding)
    except UnicodeDecodeError:
        return Fault(record.name, number, "INVALID_ENCODING", raw, want=stream.source_encoding)
    if stream.transcoded and "\ufffd" in text:
        return Fault(record.name, number, "INVALID_ENCODING", raw, want=stream.source_encoding)
    if "\0" in text:
        return Fault(record.name, number, "NUL_BYTE", raw)
    try:
        return parse_json(text)
    except ValueError as error:
        return Fault(record.name, number, "MALFORMED_RECORD", raw, str(error)[:200])


class Layout(Protocol):
    """What lays the objects of one record type out as rows and then says whether their names were as agreed."""

    record: RecordType
    limits: Limits

    def rows(self, item: dict[str, Any]) -> list[list[str | None]]:
        """Return the rows of one object."""

    def check(self) -> None:
        """Raise ``DeliveryRefused`` when the names were not as agreed."""


def rows_of(
    items: Iterator[tuple[int | None, Any]],
    flat: Layout,
    contract: Contract,
    first: int,
    *,
    count_rows: bool,
) -> Iterator[Batch]:
    """Yield objects as batches of rows; ``count_rows`` numbers rows instead of using the given line numbers."""
    record = flat.record
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    faults: list[Fault] = []
    count = first
    for number, item in items:
        count += 1
        line = count if count_rows or number is None else number
        if not isinstance(item, (dict, Fault)):
            item = Fault(record.name, line, "MALFORMED_RECORD", json_text(item)[:10_000], "not an object")
        if isinstance(item, _Repeated):
            item = Fault(record.name, line, "MALFORMED_RECORD", json_text(item)[:10_000], item.said)
        try:
            laid = flat.rows(item) if isinstance(item, dict) else []
        except (ValueError, RecursionError):
            item = Fault(record.name, line, "MALFORMED_RECORD", str(item)[:10_000], "nested too deeply")
        if isinstance(item, Fault):
            item.line_no = line
            faults.append(item)
            continue
        problem = _cell_problem(laid, record, flat.limits)
        for offset, row in enumerate(laid):
            if count_rows and offset:
                count += 1
            at = line + offset if count_rows else line
            if problem:
                faults.append(Fault(record.name, at, problem, json_text(item)[:10_000]))
            else:
                rows.append(row)
                numbers.append(at)
        if len(rows) + len(faults) >= _ROWS:
            yield batch_of_rows(record, rows, numbers, contract.null_values, faults)
            rows, numbers, faults = [], [], []
    flat.check()
    yield batch_of_rows(record, rows, numbers, contract.null_values, faults)


def _cell_problem(rows: list[list[str | None]], record: RecordType, limits: Limits) -> str | None:
    for row in rows:
        for cell in row:
            if cell is None:
                continue
            if "\0" in cell:
                return "NUL_BYTE"
            if len(cell) > limits.cell_chars:
                return "CELL_TOO_LARGE"
            if any("\ud800" <= char <= "\udfff" for char in cell) if not cell.isascii() else False:
                return "INVALID_ENCODING"
    return None

"""XML: repeated elements laid out as rows by the paths of the contract, read as a stream.

Belongs here: finding the record element, paths of elements and attributes, one repeated element per record
laid out as rows, and refusing what XML can hide (entities, external subsets). Does not belong here: what values mean.

Namespaces do not matter: names are local names. ``_line_no`` is the running number of the row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from expectations.contract import Contract, RecordType
from mids_orchestration.landing.containers import Member
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.readers.base import Batch, header_changed
from mids_orchestration.landing.readers.trees import rows_of
from mids_orchestration.landing.reasons import DeliveryRefused

_XSI = "http://www.w3.org/2001/XMLSchema-instance "
_CHUNK = 1 << 18
#: The text of an element that has attributes or stands for the record itself.
OWN_TEXT = "#text"


def read_xml(
    member: Member, contract: Contract, record: RecordType, limits: Limits, first: int = 0
) -> Iterator[Batch]:
    """Yield the records of one XML document.

    Raises ``DeliveryRefused`` when it is not well formed, uses entities, has no such record element, or its
    names differ from the contract.
    """
    flat = ElementFlattener(record, limits)
    collector = Collector(record, limits)
    items = ((None, item) for item in collect(member, contract, collector))
    yield from rows_of(items, flat, contract, first, count_rows=True)
    # An empty top element says that there is nothing to report.
    if not flat.objects and collector.elements > 1:
        raise DeliveryRefused("MISSING_RECORDS", want=record.records_path or "(children of the top element)")


def collect(member: Member, contract: Contract, collector: Collector) -> Iterator[dict[str, Any]]:
    """Yield each record element as ``{"own": {path: [texts]}, "children": [{path: [texts]}, …]}``."""
    with member.open() as stream:
        data = stream.read(_CHUNK)
        if not data.strip():
            raise DeliveryRefused("EMPTY_FILE")
        parser = expat.ParserCreate(_declared(data, contract.format.encoding), namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = collector.start
        parser.EndElementHandler = collector.end
        parser.CharacterDataHandler = collector.text
        parser.EntityDeclHandler = _unsafe
        parser.SkippedEntityHandler = _unsafe
        parser.ExternalEntityRefHandler = _external
        parser.StartDoctypeDeclHandler = _doctype
        try:
            while data:
                parser.Parse(data, False)
                yield from collector.take()
                data = stream.read(_CHUNK)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise DeliveryRefused("UNREADABLE", str(error)[:200], "XML") from None
    yield from collector.take()


def _declared(head: bytes, encoding: str) -> str | None:
    """Return the contract's encoding where the document itself does not say one."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb", b"<\0", b"\0<") or b"encoding" in head[:200]:
        return None
    return None if encoding.lower().replace("-sig", "") in ("utf-8", "utf8") else encoding


def _unsafe(*_: object) -> None:
    raise DeliveryRefused("UNSAFE_DOCUMENT", "XML entity")


def _external(*_: object) -> int:
    raise DeliveryRefused("UNSAFE_DOCUMENT", "external XML entity")


def _doctype(_name: str, system: str | None, _public: str | None, internal: int) -> None:
    if system or internal:
        raise DeliveryRefused("UNSAFE_DOCUMENT", "DOCTYPE with a subset")


@dataclass
class _Level:
    """One open element inside a record."""

    path: str
    has_attributes: bool
    nil: bool
    has_children: bool = False
    texts: list[str] = field(default_factory=list)


class Collector:
    """Takes expat's events; gathers whole records."""

    def __init__(self, record: RecordType, limits: Limits) -> None:
        self.limits = limits
        self.wanted = (record.records_path or "").split("/") if record.records_path else []
        self.explode = record.explode
        self.stack: list[str] = []
        self.levels: list[_Level] = []
        self.own: dict[str, list[str | None]] = {}
        self.children: list[dict[str, list[str | None]]] = []
        self.size = self.elements = 0
        self.done: list[dict[str, Any]] = []

    def take(self) -> list[dict[str, Any]]:
        """Return the records gathered since the last call."""
        done, self.done = self.done, []
        return done

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""
        local = tag.rpartition(" ")[2]
        self.stack.append(local)
        self.elements += 1
        if len(self.stack) > self.limits.nesting:
            raise DeliveryRefused("UNSAFE_DOCUMENT", f"nested deeper than {self.limits.nesting}")
        if self.levels:
            parent = self.levels[-1]
            parent.has_children = True
            path = f"{parent.path}/{local}" if parent.path else local
            if path == self.explode:
                path += "[]"
                self.children.append({})
        elif self._is_record():
            path, self.own, self.children, self.size = "", {}, [], 0
        else:
            return
        plain = {name: text for name, text in attributes.items() if not name.startswith(_XSI)}
        self.levels.append(_Level(path, bool(plain), attributes.get(f"{_XSI}nil") in ("true", "1")))
        for name, text in plain.items():
            label = "@" + name.rpartition(" ")[2]
            self._put(f"{path}/{label}" if path else label, text)

    def _is_record(self) -> bool:
        if not self.wanted:
            return len(self.stack) == 2
        return self.stack[-len(self.wanted) :] == self.wanted

    def text(self, text: str) -> None:
        """Take a piece of text."""
        if self.levels:
            self.levels[-1].texts.append(text)
            self.size += len(text)
            if self.size > self.limits.record_bytes:
                raise DeliveryRefused("TOO_LARGE", f"a record of > {self.limits.record_bytes} characters")

    def end(self, _tag: str) -> None:
        """Take the end of an element."""
        self.stack.pop()
        if not self.levels:
            return
        level = self.levels.pop()
        text = "".join(level.texts)
        leaf = not level.has_children and not level.has_attributes and level.path
        if leaf or text.strip():
            self._put(level.path or OWN_TEXT, None if level.nil else text)
        if not self.levels:
            self.done.append({"own": self.own, "children": self.children})

    def _put(self, path: str, text: str | None) -> None:
        inside = self.explode is not None and path.startswith(f"{self.explode}[]")
        place = self.children[-1] if inside else self.own
        place.setdefault(path, []).append(text)


@dataclass
class ElementFlattener:
    """Lays gathered elements of one record type out as rows, and watches which paths occur."""

    record: RecordType
    limits: Limits

    def __post_init__(self) -> None:
        names = [column.name for column in self.record.columns]
        prefix = f"{self.record.explode}[]" if self.record.explode else "\0"
        self.known = set(names)
        self.places = [(place, name, name.startswith(prefix)) for place, name in enumerate(names)]
        self.parents = {name[:at] for name in names for at, char in enumerate(name) if char == "/"}
        self.seen: set[str] = set()
        self.new: dict[str, None] = {}
        self.objects = 0

    def rows(self, item: dict[str, Any]) -> list[list[str | None]]:
        """Return the rows of one element: one, or one per exploded element in it (at least one)."""
        self.objects += 1
        own, children = item["own"], item["children"]
        for found in (own, *children):
            self._watch(found)
        if self.record.explode and not children:
            # An empty list stands for all that would be in it.
            self.seen.add(f"{self.record.explode}[]=")
        return [
            [_joined((child if inner else own).get(name)) for _, name, inner in self.places]
            for child in (children or [{}])
        ]

    def check(self) -> None:
        """Raise ``DeliveryRefused`` when paths are new, or contracted paths never occurred."""
        missing = [
            column.name
            for column in self.record.columns
            if self.objects and not column.optional and not self._occurred(column.name)
        ]
        if missing or self.new:
            raise header_changed(self.record, missing, list(self.new))

    def _watch(self, found: dict[str, list[str | None]]) -> None:
        for path, texts in found.items():
            if path in self.known:
                self.seen.add(path)
            elif path in self.parents and not any(text and text.strip() for text in texts):
                self.seen.add(path + "=")
            else:
                self.new[path] = None
                if len(self.new) > self.limits.columns:
                    raise DeliveryRefused(
                        "TOO_MANY_COLUMNS", f"> {self.limits.columns}", str(self.limits.columns)
                    )

    def _occurred(self, name: str) -> bool:
        ends = [at for at, char in enumerate(name) if char == "/"]
        return name in self.seen or any(name[:at] + "=" in self.seen for at in ends)


def _joined(texts: list[str | None] | None) -> str | None:
    """One text as it is; several as a JSON list."""
    if not texts:
        return None
    return texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False)

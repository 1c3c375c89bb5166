"""A look into a workbook's own XML, before and apart from the reader: which rows hold a value, how far cells reach.

Belongs here: XLSX and ODS as zips of XML, read as a stream. Does not belong here: values (``readers.workbook``).
XLS is a binary format of at most 65,536 × 256 cells a sheet: it needs no guard.
"""

from __future__ import annotations

import io
import re
import zipfile
from xml.parsers import expat

from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.reasons import DeliveryRefused


class _SheetCounter:
    """Counts rows with a value in a sheet's XML, and measures how far its cells reach."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.rows: set[int] = set()
        self.row = self.column = self.widest = 0
        self.in_value = False
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._entity
        parser.StartDoctypeDeclHandler = self._entity
        self.parser = parser

    def _entity(self, *_: object) -> None:
        raise DeliveryRefused("UNSAFE_DOCUMENT", "XML entity")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(" ")[2]
        if local == "row":
            self.row = int(attributes.get("r") or self.row + 1)
            self.column = 0
        elif local == "c":
            place = re.fullmatch(r"([A-Z]{1,4})([0-9]{1,8})", attributes.get("r", ""))
            if place:
                self.column = 0
                for letter in place[1]:
                    self.column = self.column * 26 + ord(letter) - 64
                self.row = int(place[2])
            else:
                self.column += 1
            self.widest = max(self.widest, self.column)
        elif local in ("v", "t"):
            self.in_value = True
        if self.row * max(self.widest, 1) > self.limits.sheet_cells:
            raise DeliveryRefused("UNPACKS_TOO_LARGE", f"{self.row} × {self.widest} cells")

    def _end(self, tag: str) -> None:
        if tag.rpartition(" ")[2] in ("v", "t"):
            self.in_value = False

    def _text(self, text: str) -> None:
        if self.in_value and text:
            self.rows.add(self.row)


def check_workbook(data: bytes, limits: Limits) -> dict[str, set[int]] | None:
    """Return the rows with values of each sheet of an XLSX or ODS, by sheet name.

    Reads the XML itself, as a stream, before anything lays the sheet out in memory: a sheet with one cell at
    A1 and one at XFD1048576 would fill 400 GB. Raises ``DeliveryRefused`` for bombs; returns None when it
    is not a zip of XML (the reader says what it is).
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            entries = book.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > limits.unpacked_bytes or (
                unpacked > limits.ratio_ignored_below and unpacked > limits.unpacked_ratio * len(data)
            ):
                raise DeliveryRefused("UNPACKS_TOO_LARGE", f"{unpacked} bytes")
            if len(entries) > limits.members:
                raise DeliveryRefused("UNSAFE_ARCHIVE", f"{len(entries)} members")
            if "content.xml" in book.namelist():
                return _open_document_rows(book, limits)
            sheets = _sheet_files(book)
            return {name: _rows_with_values(book, file, limits) for name, file in sheets.items()}
    except (zipfile.BadZipFile, KeyError, expat.ExpatError, ValueError, OSError, EOFError, RuntimeError):
        return None
    except Exception as error:
        if isinstance(error, DeliveryRefused):
            raise
        return None


def _sheet_files(book: zipfile.ZipFile) -> dict[str, str]:
    relations = dict(
        (match[1], match[0]) if (match := (_attribute(tag, "Target"), _attribute(tag, "Id"))) else ("", "")
        for tag in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", book.read("xl/_rels/workbook.xml.rels"))
    )
    files = {}
    for tag in re.findall(rb"<(?:\w+:)?sheet\b[^>]*>", book.read("xl/workbook.xml")):
        target = relations.get(_attribute(tag, r"\w+:id"), "")
        files[_attribute(tag, "name")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return files


def _attribute(tag: bytes, name: str) -> str:
    found = re.search(rf"\b{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", tag.decode("utf-8"))
    text = (found[1] or found[2] or "") if found else ""
    for escape, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(escape, char)
    return text


def _rows_with_values(book: zipfile.ZipFile, file: str, limits: Limits) -> set[int]:
    counter = _SheetCounter(limits)
    _parse(book, file, counter.parser, limits)
    return counter.rows


def _parse(book: zipfile.ZipFile, file: str, parser: expat.XMLParserType, limits: Limits) -> None:
    spent = 0
    with book.open(file) as stream:
        while data := stream.read(1 << 18):
            spent += len(data)
            if spent > limits.unpacked_bytes:
                raise DeliveryRefused("UNPACKS_TOO_LARGE", f"> {spent} bytes")
            parser.Parse(data, False)
        parser.Parse(b"", True)


class _OpenDocumentCounter:
    """Counts rows with a value in an ODS, where one element may stand for many rows or cells."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.tables: dict[str, set[int]] = {}
        self.rows: set[int] = set()
        self.row = self.repeated = self.column = self.cells = self.widest = 0
        self.filled = False
        self.depth_of_text = 0
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._entity
        self.parser = parser

    def _entity(self, *_: object) -> None:
        raise DeliveryRefused("UNSAFE_DOCUMENT", "XML entity")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(" ")[2]
        plain = {name.rpartition(" ")[2]: text for name, text in attributes.items()}
        if local == "table":
            self.rows = self.tables.setdefault(plain.get("name", ""), set())
            self.row = self.widest = 0
        elif local == "table-row":
            self.repeated = int(plain.get("number-rows-repeated", 1))
            self.column, self.filled = 0, False
        elif local in ("table-cell", "covered-table-cell"):
            self.cells = int(plain.get("number-columns-repeated", 1))
            self.column += self.cells
            if any(plain.get(name) for name in ("value", "date-value", "time-value", "boolean-value")):
                self._value()
        elif local == "p":
            self.depth_of_text += 1

    def _end(self, tag: str) -> None:
        local = tag.rpartition(" ")[2]
        if local == "p":
            self.depth_of_text -= 1
        elif local == "table-row":
            if self.filled:
                self.rows.update(range(self.row + 1, self.row + self.repeated + 1))
            self.row += self.repeated

    def _text(self, text: str) -> None:
        if self.depth_of_text and text:
            self._value()

    def _value(self) -> None:
        self.filled = True
        self.widest = max(self.widest, self.column)
        reach = (self.row + self.repeated) * self.widest
        if reach > self.limits.sheet_cells:
            raise DeliveryRefused("UNPACKS_TOO_LARGE", f"{self.row + self.repeated} × {self.widest} cells")


def _open_document_rows(book: zipfile.ZipFile, limits: Limits) -> dict[str, set[int]]:
    counter = _OpenDocumentCounter(limits)
    _parse(book, "content.xml", counter.parser, limits)
    return counter.tables

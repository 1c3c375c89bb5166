"""Counting the records of a delivery a second way, sharing no code with the readers.

Belongs here: one counter per format. Does not belong here: reading values.

Text is counted by a regular expression over bytes (the readers use Arrow and ``csv``), JSON by DuckDB's parser
(the reader uses Python's), sheets by their XML (the reader uses calamine). Where there is no second way the count
is None: not assessed, which is neither right nor zero.
"""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from collections.abc import Iterator
from xml.parsers import expat

import duckdb

from expectations.contract import Contract, RecordType
from mids_orchestration.landing.containers import Member
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.reasons import DeliveryRefused

_WIDE = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_BLANK_LINE = re.compile(rb"(?m)^[ \t]*\r?(?:\n|\Z)")


def count_records(
    member: Member, contract: Contract, connection: duckdb.DuckDBPyConnection, limits: Limits
) -> dict[str, int | None]:
    """Return the number of records per record type; None where there is no second way to count."""
    kind = contract.format.type
    if kind == "csv":
        return {record.name: _count_delimited(member, contract, record) for record in contract.records}
    if kind == "ndjson":
        return {
            record.name: _count_lines(member, contract, record, connection) for record in contract.records
        }
    if kind == "json":
        return {
            record.name: _count_json(member.read(limits), contract, record, connection)
            for record in contract.records
        }
    if kind == "xlsx":
        return _count_sheets(member.read(limits), contract)
    return {record.name: None for record in contract.records}


def _text_blocks(member: Member, encoding: str) -> Iterator[bytes]:
    """Yield the bytes in a form where line ends are LF, and quotes and delimiters are single bytes."""
    with member.open() as stream:
        head = stream.read(4)
        decoder: codecs.IncrementalDecoder | None = None
        name = next((name for bom, name in _WIDE.items() if head.startswith(bom)), None)
        if name is None and codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
            name = encoding
        if name:
            decoder = codecs.getincrementaldecoder(name)(errors="replace")
        elif head.startswith(codecs.BOM_UTF8):
            head = head[3:]
        data = head + stream.read(1 << 22)
        while data:
            yield decoder.decode(data).encode() if decoder else data
            data = stream.read(1 << 22)


def _record_form(delimiter: bytes, quote: bytes | None) -> re.Pattern[bytes]:
    """Grammar of one record: a line without quotes, a well-quoted record, or (at fault) one line."""
    if quote is None:
        return re.compile(rb"[^\n]*+\n?")
    q, d = re.escape(quote), re.escape(delimiter)
    closed = rb"(?:[^" + q + rb"]|" + q + q + rb")*+" + q + rb"(?=" + d + rb"|\r?\n|\r?\Z)"
    field = rb"(?:" + q + closed + rb"|(?!" + q + rb")[^" + d + rb"\n]*+)"
    plain = rb"[^\n" + q + rb"]*+(?:\n|\Z)"
    return re.compile(plain + rb"|" + field + rb"(?:" + d + field + rb")*+(?:\n|\Z)|[^\n]*+\n?")


def _count_delimited(member: Member, contract: Contract, record: RecordType) -> int:
    """Count records by a grammar of bytes."""
    quote = contract.format.quote.encode() if contract.format.quote else None
    record_form = _record_form(contract.format.delimiter.encode(), quote)
    count, skip = 0, record.header_row - 1
    header_seen = False
    rest = b""
    blocks = _text_blocks(member, contract.format.encoding)
    ended = False
    while not ended:
        block = next(blocks, b"")
        ended = not block
        data = rest + block
        if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
            # Lone CR is a line end too. One at the very end may be half of CR LF.
            keep = data.endswith(b"\r") and not ended
            data = data[: -1 if keep else None].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + (
                b"\r" if keep else b""
            )
        while skip and (b"\n" in data):
            data, skip = data[data.find(b"\n") + 1 :], skip - 1
        if skip:
            rest = data
            continue
        if header_seen and (quote is None or quote not in data):
            end = len(data) if ended else data.rfind(b"\n") + 1
            whole, rest = data[:end], data[end:]
            count += (
                whole.count(b"\n") + (1 if whole and not whole.endswith(b"\n") else 0) - _blank_lines(whole)
            )
            continue
        # Leave the last mebibyte for the next round, so that no record is cut in two.
        safe = len(data) if ended else len(data) - (1 << 20)
        position = 0
        while position < safe:
            match = record_form.match(data, position)
            if match is None or match.end() == position:
                break
            if match.group().strip(b" \t\r\n"):
                count += header_seen
                header_seen = True
            position = match.end()
        rest = data[position:]
    return count


def _blank_lines(data: bytes) -> int:
    suspects = (b"\n\n", b"\n\r\n", b"\n ", b"\n\t")
    if data[:1] not in (b"\n", b"\r", b" ", b"\t") and not any(mark in data for mark in suspects):
        return 0
    return len(_BLANK_LINE.findall(data)) - (1 if data.endswith(b"\n") else 0)


def _count_lines(
    member: Member, contract: Contract, record: RecordType, connection: duckdb.DuckDBPyConnection
) -> int | None:
    count = 0
    rest = b""
    for block in _text_blocks(member, contract.format.encoding):
        *lines, rest = (rest + block).split(b"\n")
        count += sum(1 for line in lines if line.strip())
        if record.explode:
            return _count_exploded_lines(member, contract, record, connection)
    return count + (1 if rest.strip() else 0)


def _count_exploded_lines(
    member: Member, contract: Contract, record: RecordType, connection: duckdb.DuckDBPyConnection
) -> int | None:
    text = b"".join(_text_blocks(member, contract.format.encoding)).decode("utf-8", "replace")
    lines = [line for line in text.split("\n") if line.strip()]
    path = "$." + ".".join(f'"{part}"' for part in (record.explode or "").split("."))
    sql = """SELECT sum(CASE WHEN json_valid(line) THEN greatest(coalesce(json_array_length(line, ?), 0), 1) ELSE 1 END)
             FROM (SELECT unnest(?::VARCHAR[]) AS line)"""
    found = connection.execute(sql, [path, lines]).fetchone()
    return int(found[0] or 0) if found else None


def _count_json(
    data: bytes, contract: Contract, record: RecordType, connection: duckdb.DuckDBPyConnection
) -> int | None:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else contract.format.encoding
    encoding = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    path = "$" + "".join(f'."{part}"' for part in (record.records_path or "").split(".") if part)
    try:
        text = data.decode(encoding)
        if record.explode:
            inside = "$" + "".join(f'."{part}"' for part in record.explode.split("."))
            sql = """SELECT sum(greatest(CASE WHEN json_type(item, $inside) = 'ARRAY'
                                          THEN json_array_length(item, $inside) ELSE 1 END, 1))
                     FROM (SELECT unnest(json_extract($text::JSON, $path || '[*]')) AS item)"""
            found = connection.execute(sql, {"inside": inside, "text": text, "path": path}).fetchone()
        else:
            found = connection.execute("SELECT json_array_length($1::JSON, $2)", [text, path]).fetchone()
    except (duckdb.Error, UnicodeDecodeError):
        return None
    return int(found[0] or 0) if found else None


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
    """Return the rows with values of each sheet of an XLSX, by sheet name.

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
    spent = 0
    with book.open(file) as stream:
        while data := stream.read(1 << 18):
            spent += len(data)
            if spent > limits.unpacked_bytes:
                raise DeliveryRefused("UNPACKS_TOO_LARGE", f"> {spent} bytes")
            counter.parser.Parse(data, False)
        counter.parser.Parse(b"", True)
    return counter.rows


def _count_sheets(data: bytes, contract: Contract) -> dict[str, int | None]:
    rows = check_workbook(data, Limits())
    counts: dict[str, int | None] = {}
    for record in contract.records:
        found = None
        if rows:
            folded = {name.strip().casefold(): numbers for name, numbers in rows.items()}
            sheet = record.sheet.strip().casefold() if record.sheet else next(iter(folded))
            found = folded.get(sheet)
        counts[record.name] = None if found is None else sum(1 for row in found if row > record.header_row)
    return counts

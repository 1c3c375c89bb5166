"""Counting the records of a delivery a second way, sharing no code with the readers.

Belongs here: one counter per format. Does not belong here: reading values.

Text is counted by a regular expression over bytes (the readers use Arrow and ``csv``), JSON by DuckDB's parser
(the reader uses Python's), sheets by their XML (the reader uses calamine), XLS by xlrd, XML by a regular
expression over tags (the reader uses expat), Parquet by DuckDB (the reader uses Arrow). Where there is no second
way the count is None: not assessed, which is neither right nor zero.
"""

from __future__ import annotations

import codecs
import io
import re
import tempfile
from collections.abc import Iterator

import duckdb
import numpy as np

from expectations.contract import Contract, RecordType
from mids_orchestration.landing.containers import Member
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.sheets import check_workbook

_WIDE = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# A record that goes on for longer than the readers allow is taken as cut.
_LONGEST = 1 << 26


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
    if kind == "xml":
        return {record.name: _count_elements(member, contract, record) for record in contract.records}
    if kind == "parquet":
        count = _count_parquet(member, connection, limits)
        return {record.name: count for record in contract.records}
    if kind == "xls":
        return _count_old_sheets(member.read(limits), contract)
    if kind in ("xlsx", "ods"):
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
        if decoder and (left := decoder.decode(b"", final=True)):
            yield left.encode()


def _record_form(delimiter: bytes, quote: bytes | None) -> re.Pattern[bytes]:
    """Grammar of one record: a line without quotes, a well-quoted record, or (at fault) one line."""
    if quote is None:
        return re.compile(rb"[^\n]*+\n?")
    q, d = re.escape(quote), re.escape(delimiter)
    closed = rb"(?:[^" + q + rb"]|" + q + q + rb")*+" + q + rb"(?=" + d + rb"|\r?\n|\r?\Z)"
    field = rb"(?:" + q + closed + rb"|(?!" + q + rb")[^" + d + rb"\n]*+)"
    plain = rb"[^\n" + q + rb"]*+(?:\n|\Z)"
    return re.compile(plain + rb"|" + field + rb"(?:" + d + field + rb")*+(?:\r?\n|\r?\Z)|[^\n]*+\n?")


def _count_delimited(member: Member, contract: Contract, record: RecordType) -> int:
    """Count records by a grammar of bytes; empty rows at the end are none."""
    quote = contract.format.quote.encode() if contract.format.quote else None
    record_form = _record_form(contract.format.delimiter.encode(), quote)
    count, skip, header_left = 0, record.header_row - 1, record.header_rows
    rest, tail = b"", 0
    delimiter = contract.format.delimiter.encode()
    blanks = b" \t".replace(delimiter, b"")  # a tab that parts fields is no blank
    empty_row = _empty_row_form(delimiter, quote)
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
        if not header_left and (found := _regular_records(data, delimiter, quote, blanks, ended)):
            whole, rest = data[: found[1]], data[found[1] :]
            count += found[0]
            filled, empty = _empty_rows_at_end(whole, empty_row, blanks)
            tail = empty if filled else tail + empty
            continue
        # Leave the last mebibyte for the next round, so that no record is cut in two.
        safe = len(data) if ended else len(data) - (1 << 20)
        position = 0
        while position < safe:
            match = record_form.match(data, position)
            if match is None or match.end() == position:
                break
            if match.end() == len(data) and not ended and len(data) - position < _LONGEST:
                break  # it may go on in the next block
            line = match.group().rstrip(b"\r\n")
            if line.strip(blanks):
                tail = tail + 1 if not header_left and empty_row.fullmatch(line) else 0
                count += not header_left
                header_left = max(header_left - 1, 0)
            position = match.end()
        rest = data[position:]
    return count - tail


def _empty_row_form(delimiter: bytes, quote: bytes | None) -> re.Pattern[bytes]:
    """Grammar of a row in which nothing is written."""
    blank = rb"[" + b" \t".replace(delimiter, b"") + rb"]*+"
    cell = blank + (rb"(?:" + re.escape(quote * 2) + rb")?+" + blank if quote else rb"")
    return re.compile(cell + rb"(?:" + re.escape(delimiter) + cell + rb")*+")


def _empty_rows_at_end(data: bytes, form: re.Pattern[bytes], blanks: bytes) -> tuple[bool, int]:
    """Return whether anything is written in *data*, and how many empty rows stand after that."""
    rows, end = 0, len(data)
    while end:
        start = data.rfind(b"\n", 0, end - 1) + 1
        line = data[start:end].strip(b"\r\n")
        if not form.fullmatch(line):
            return True, rows
        rows += bool(line.strip(blanks))
        end = start
    return False, rows


def _regular_records(
    data: bytes, delimiter: bytes, quote: bytes | None, blanks: bytes, ended: bool
) -> tuple[int, int] | None:
    """Count the records that end in *data* and say where the last of them does, without matching one by one.

    None where no record ends, or a quote does not stand at the edge of a field: the grammar says what is what.
    """
    array = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(array == 10) + 1
    marks = np.empty(0, np.int64)
    if quote and quote in data:
        if len(quote) > 1 or len(delimiter) > 1:
            return None
        marks = np.flatnonzero(array == quote[0])
        ends = ends[np.searchsorted(marks, ends) % 2 == 0]
        if ended and len(marks) % 2:
            return None
    if ended and not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    if not len(ends) or not data:
        return None
    end = int(ends[-1])
    marks = marks[: np.searchsorted(marks, end)]
    if len(marks):
        framed = np.frombuffer(b"\n" + data[:end] + b"\n", dtype=np.uint8)
        edges = (*delimiter, *quote, 10) if quote else ()
        before, after = framed[marks[::2]], framed[marks[1::2] + 2]
        if not (np.isin(before, edges).all() and np.isin(after, (*edges, 13)).all()):
            return None
    starts = np.concatenate(([0], ends[:-1]))
    count = len(ends)
    for index in np.flatnonzero(np.isin(array[starts], (10, 13, *blanks))):
        count -= not data[starts[index] : ends[index]].strip(blanks + b"\r\n")
    return count, end


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


_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|.)", re.DOTALL)


def _count_json(
    data: bytes, contract: Contract, record: RecordType, connection: duckdb.DuckDBPyConnection
) -> int | None:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else contract.format.encoding
    encoding = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    path = "$" + "".join(f'."{part}"' for part in (record.records_path or "").split(".") if part)
    try:
        # Escapes do not matter to a count, and half a surrogate pair would stop DuckDB's parser.
        text = _ESCAPE.sub("x", data.decode(encoding))
        if record.explode:
            inside = "$" + "".join(f'."{part}"' for part in record.explode.split("."))
            sql = """SELECT sum(greatest(CASE WHEN json_type(item, $inside) = 'ARRAY'
                                          THEN json_array_length(item, $inside) ELSE 1 END, 1))
                     FROM (SELECT unnest(json_extract($text::JSON, $path || '[*]')) AS item)"""
            found = connection.execute(sql, {"inside": inside, "text": text, "path": path}).fetchone()
        elif record.records_path == "$":  # the document is the record
            found = connection.execute(
                "SELECT count(*) WHERE json_type($1::JSON) = 'OBJECT'", [text]
            ).fetchone()
        else:
            found = connection.execute("SELECT json_array_length($1::JSON, $2)", [text, path]).fetchone()
    except (duckdb.Error, UnicodeDecodeError):
        return None
    return int(found[0] or 0) if found else None


def _count_sheets(data: bytes, contract: Contract) -> dict[str, int | None]:
    rows = check_workbook(data, Limits())
    counts: dict[str, int | None] = {}
    for record in contract.records:
        found = None
        if rows:
            folded = {name.strip().casefold(): numbers for name, numbers in rows.items()}
            sheet = record.sheet.strip().casefold() if record.sheet else next(iter(folded))
            found = folded.get(sheet)
        counts[record.name] = (
            None
            if found is None
            else sum(1 for row in found if row >= record.header_row + record.header_rows)
        )
    return counts


def _count_old_sheets(data: bytes, contract: Contract) -> dict[str, int | None]:
    """Count rows with a value by xlrd."""
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, on_demand=True, logfile=io.StringIO())
        names = {name.strip().casefold(): name for name in book.sheet_names()}
        counts: dict[str, int | None] = {}
        for record in contract.records:
            wanted = names.get(record.sheet.strip().casefold()) if record.sheet else book.sheet_names()[0]
            sheet = book.sheet_by_name(wanted) if wanted is not None else None
            first = record.header_row + record.header_rows - 1
            counts[record.name] = (
                None
                if sheet is None
                else sum(
                    any(cell not in ("", None) for cell in sheet.row_values(row))
                    for row in range(first, sheet.nrows)
                )
            )
    except Exception:  # xlrd raises many kinds on a broken file; the reader says what is wrong
        return {record.name: None for record in contract.records}
    return counts


_TAG = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<[?!][^>]*>"
    rb"|<(/?)(?:[^\s<>/:]+:)?([^\s<>/:]+)((?:\"[^\"]*\"|'[^']*'|[^<>\"'])*?)(/?)>",
    re.DOTALL,
)


def _count_elements(member: Member, contract: Contract, record: RecordType) -> int | None:
    """Count record elements by their tags, and in each the exploded ones (at least one)."""
    exploded = [step.encode() for step in (record.explode or "").split("/") if step]
    children = 0
    wanted = [step.encode() for step in (record.records_path or "").split("/") if step]
    stack: list[bytes] = []
    count, inside = 0, 0
    rest = b""
    for block in _text_blocks(member, contract.format.encoding):
        rest += block
        done = 0
        for match in _TAG.finditer(rest):
            done = match.end()
            closing, name, _, empty = match.groups()
            if name is None:
                continue
            if closing:
                if stack:
                    stack.pop()
                if inside and len(stack) < inside:
                    inside = 0
                continue
            stack.append(name)
            found = stack[-len(wanted) :] == wanted if wanted else len(stack) == 2
            if not inside and found:
                count, inside, children = count + 1, len(stack), 0
            elif inside and exploded and stack[inside:] == exploded:
                children += 1
                count += children > 1
            if empty:
                stack.pop()
                if inside and len(stack) < inside:
                    inside = 0
        rest = rest[done:]
        if len(rest) > 1 << 25:
            return None  # one tag of 32 MiB: the reader says what it is
    return count


def _count_parquet(member: Member, connection: duckdb.DuckDBPyConnection, limits: Limits) -> int | None:
    path = member.path
    with tempfile.NamedTemporaryFile(suffix=".parquet") as copy:
        if path is None:
            copy.write(member.read(limits))
            copy.flush()
        try:
            found = connection.execute(
                "SELECT count(*) FROM read_parquet($1)", [str(path or copy.name)]
            ).fetchone()
        except duckdb.Error:
            return None
    return int(found[0]) if found else None

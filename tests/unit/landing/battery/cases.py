"""The rows of the battery: what is sent, and what must become of it.

Each case is a feed of its own, so that one landing receives them all and a bad one can be seen to stop nothing.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import zstandard

from tests.unit.landing.battery import books

TEXT = [
    {"name": "ref", "type": "text", "nullable": False, "key": True, "pattern": "[A-Z]{1,3}[0-9]{1,6}"},
    {"name": "seen_on", "type": "date", "format": "%d/%m/%Y"},
    {"name": "state", "type": "text", "vocabulary": ["JOHOR", "KEDAH", "NO", "NA"]},
    {"name": "persons", "type": "integer", "minimum": 0, "maximum": 500},
    {"name": "amount", "type": "decimal"},
    {"name": "note", "type": "text"},
]
HEAD = "ref;seen_on;state;persons;amount;note\n"
GOOD = "A1;01/02/2024;JOHOR;3;1.5;x\n"
PAGE = "<html><head><meta charset=utf-8></head><table><tr><th>ref<th>note</tr><tr><td>A1<td>x&nbsp;</tr></table></html>"
BOOK_FORM = {"type": "xlsx"}
GOOD2 = "A2;02/02/2024;NA;;;\n"


@dataclass(frozen=True)
class Case:
    """One delivery. ``outcome``: accepted, quarantined (some of it) or refused; ``records``: received, quarantined."""

    name: str
    data: bytes | Callable[[], bytes]
    outcome: str
    code: str | None = None
    records: tuple[int, int] = (0, 0)
    ext: str = "csv"
    format: dict[str, Any] = field(default_factory=lambda: {"type": "csv", "delimiter": ";"})
    columns: list[dict[str, Any]] = field(default_factory=lambda: TEXT)
    record: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def bytes(self) -> bytes:
        return self.data() if callable(self.data) else self.data


def _case(name: str, data: bytes | str | Callable[[], bytes], outcome: str, code: str | None = None,
          records: tuple[int, int] = (0, 0), **more: Any) -> Case:  # fmt: skip
    return Case(name, data.encode() if isinstance(data, str) else data, outcome, code, records, **more)


def accepted(name: str, data: Any, received: int, **more: Any) -> Case:
    return _case(name, data, "accepted", None, (received, 0), **more)


def quarantined(name: str, data: Any, code: str, received: int = 2, bad: int = 1, **more: Any) -> Case:
    return _case(name, data, "quarantined", code, (received, bad), **more)


def refused(name: str, data: Any, code: str, **more: Any) -> Case:
    return _case(name, data, "refused", code, **more)


def row(line: str) -> str:
    """A delivery of one good record and this one."""
    return HEAD + GOOD + line + "\n"


def zipped(*members: tuple[str, bytes], mode: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if mode:
                info.external_attr = mode << 16
            archive.writestr(info, data)
    return out.getvalue()


def zip_bomb() -> bytes:
    return zipped(("a.csv", (HEAD.encode() + b"A" * 64_000_000)))


def nested_zip() -> bytes:
    return zipped(("inner.zip", zipped(("a.csv", (HEAD + GOOD).encode()))))


def encrypted_zip() -> bytes:
    data = bytearray(zipped(("a.csv", (HEAD + GOOD).encode())))
    central = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[central + 8] |= 1
    return bytes(data)


def torn_zstd() -> bytes:
    """A zstd frame without its end, all of whose records can still be read."""
    return zstandard.compress((HEAD + GOOD + GOOD2).encode())[:-4]


def lying_zip() -> bytes:
    """A zip whose directory says its member is 10 bytes long."""
    data = bytearray(zipped(("a.csv", HEAD.encode() * 1000)))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", 10)
    return bytes(data)


JSON: dict[str, Any] = {"format": {"type": "json"}, "ext": "json"}
LINES: dict[str, Any] = {"format": {"type": "ndjson"}, "ext": "ndjson"}
XML: dict[str, Any] = {"format": {"type": "xml", "records_path": "r"}, "ext": "xml"}
TWO = [
    {"name": "ref", "type": "text", "nullable": False, "key": True},
    {"name": "persons", "type": "integer"},
]
OBJECT = {"ref": "A1", "persons": 3}
PLAIN_XML = "<d><r><ref>A1</ref><persons>3</persons></r>"
LAUGHS = (
    '<!DOCTYPE d [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(8))
    + "]><d><r><ref>&i;</ref><persons>1</persons></r></d>"
)


def deep_json() -> bytes:
    return b'[{"ref":"A1","persons":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}]"


TEXT_CASES = [
    accepted("plain", HEAD + GOOD + GOOD2, 2),
    accepted("CR LF", (HEAD + GOOD + GOOD2).replace("\n", "\r\n"), 2),
    accepted("lone CR", (HEAD + GOOD + GOOD2).replace("\n", "\r"), 2),
    accepted("no line end at the end", (HEAD + GOOD + GOOD2).rstrip("\n"), 2),
    accepted("byte order mark", b"\xef\xbb\xbf" + (HEAD + GOOD).encode(), 1),
    accepted("UTF-16 with mark", (HEAD + GOOD + GOOD2).encode("utf-16"), 2),
    accepted("UTF-16 BE, said by the contract", (HEAD + GOOD).encode("utf-16-be"), 1,
             format={"type": "csv", "delimiter": ";", "encoding": "utf-16-be"}),
    accepted("Windows-1252", HEAD.encode() + "A1;01/02/2024;JOHOR;3;1.5;Renée – “x” €\n".encode("cp1252"), 1,
             format={"type": "csv", "delimiter": ";", "encoding": "windows-1252"}),
    accepted("Latin-1", HEAD.encode() + "A1;01/02/2024;JOHOR;3;1.5;Renée\n".encode("latin-1"), 1,
             format={"type": "csv", "delimiter": ";", "encoding": "latin-1"}),
    accepted("tabs", (HEAD + GOOD).replace(";", "\t"), 1, format={"type": "csv", "delimiter": "\t"}, ext="tsv"),
    accepted("bars and no quoting", (HEAD + GOOD.replace(";x", ';5" pipe')).replace(";", "|"), 1,
             format={"type": "csv", "delimiter": "|", "quote": ""}),
    accepted("quoted line breaks and quotes", HEAD + 'A1;01/02/2024;JOHOR;3;1.5;"a\nb; ""c"""\n' + GOOD2, 2),
    accepted("blank lines", HEAD + "\n" + GOOD + "\n\n" + GOOD2 + "\n", 2),
    accepted("header only", HEAD, 0),
    accepted("empty rows at the end", HEAD + GOOD + ";;;;;\n" * 3 + '"";"";;;;\n', 1),
    accepted("empty rows at the end of UTF-16 with CR LF",
             (HEAD + GOOD + ";;;;;\n" * 3).replace("\n", "\r\n").encode("utf-16"), 1),
    accepted("many empty rows at the end", lambda: (HEAD + GOOD + ";;;;;\n" * 100_000).encode(), 1),
    accepted("empty rows of tabs at the end", "a\tb\n1\t2\n\t\n\t\n", 1, format={"type": "csv", "delimiter": "\t"},
             columns=[{"name": "a", "type": "text"}, {"name": "b", "type": "text"}], ext="tsv"),
    accepted("no header, as agreed", GOOD + GOOD2, 2, record={"header_rows": 0}),
    accepted("columns in another order", "note;ref;seen_on;amount;persons;state\nx;A1;01/02/2024;1;3;JOHOR\n", 1),
    accepted("blanks around names and values", HEAD.replace(";", " ; ") + "A1 ; 01/02/2024;JOHOR ; 3;1.5;x\n", 1),
    accepted("title rows", "Laporan mingguan\nUnit;D3\n" + HEAD + GOOD, 1, record={"header_row": 3}),
    accepted("a header of two rows", "Bil;Mangsa;;Negeri\n;Nama;Umur;\n1;Ali;20;Johor\n", 1,
             record={"header_rows": 2},
             columns=[{"name": n, "type": "text"} for n in ("Bil", "Mangsa / Nama", "Mangsa / Umur", "Negeri")]),
    accepted("decimal comma and grouped thousands", "v\n1.234,50\n-3,5\n7\n", 3,
             columns=[{"name": "v", "type": "decimal", "decimal_mark": ",", "group_mark": "."}]),
    accepted("formula-like text is text", row("A2;02/02/2024;NA;;;=HYPERLINK(1)"), 2),
    accepted("SQL in a column name", 'ref;"x""; DROP TABLE receipts; --"\nA1;1\n', 1,
             columns=[{"name": "ref", "type": "text"}, {"name": 'x"; DROP TABLE receipts; --', "type": "text"}]),
    accepted("names in any script", "编号;الاسم;பெயர்;Имя\n1;2;3;4\n", 1,
             columns=[{"name": n, "type": "text"} for n in ("编号", "الاسم", "பெயர்", "Имя")]),
    accepted("gzip", gzip.compress((HEAD + GOOD).encode()), 1, ext="csv.gz"),
    accepted("zstd", zstandard.compress((HEAD + GOOD).encode()), 1, ext="csv.zst"),
    accepted("zip of two members", zipped(("a.csv", (HEAD + GOOD).encode()), ("b.csv", (HEAD + GOOD2).encode())), 2,
             ext="zip"),
    quarantined("a day that is not in the calendar", row("A2;31/02/2024;NA;;;"), "INVALID_DATE"),
    quarantined("a year of two digits", row("A2;01/02/24;NA;;;"), "INVALID_DATE"),
    quarantined("1e999", row("A2;;NA;;1e999;"), "INVALID_DECIMAL"),
    quarantined("NaN", row("A2;;NA;;NaN;"), "INVALID_DECIMAL"),
    quarantined("a whole number with a fraction", row("A2;;NA;3.5;;"), "INVALID_INTEGER"),
    quarantined("digits of another script", row("A2;;NA;٣;;"), "INVALID_INTEGER"),
    quarantined("out of range", row("A2;;NA;501;;"), "OUT_OF_RANGE"),
    quarantined("not in the code list", row("A2;;SELANGOR;;;"), "NOT_IN_VOCABULARY"),
    quarantined("a key of the wrong form", row("a2;;NA;;;"), "PATTERN_MISMATCH"),
    quarantined("no key", row(";;NA;;;"), "REQUIRED_MISSING"),
    quarantined("an empty record between others", 'a;b\n1;2\n;\n3;4\n', "EMPTY_RECORD", 3,
                columns=[{"name": "a", "type": "text"}, {"name": "b", "type": "text"}]),
    quarantined("the same record twice", row(GOOD.strip()), "DUPLICATE_RECORD"),
    quarantined("one key, two stories", row("A1;;KEDAH;;;"), "KEY_CONFLICT", 2, 2),
    quarantined("an empty record of tabs", "a\tb\n1\t2\n\t\n3\t4\n", "EMPTY_RECORD", 3, ext="tsv",
                format={"type": "csv", "delimiter": "\t"},
                columns=[{"name": "a", "type": "text"}, {"name": "b", "type": "text"}]),
    quarantined("one shifted record without a header", ";" + GOOD + GOOD2, "TOO_MANY_FIELDS",
                record={"header_rows": 0}),
    quarantined("half a character of UTF-16", (HEAD + GOOD).encode("utf-16")[:-1], "INVALID_ENCODING", 1),
    quarantined("too few fields", row("A2;;NA"), "TOO_FEW_FIELDS"),
    quarantined("too many fields", row("A2;;NA;;;x;y"), "TOO_MANY_FIELDS"),
    quarantined("a quote never closed", HEAD + 'A2;;NA;;;"never closed\n' + GOOD, "BAD_QUOTING"),
    quarantined("a quote closed in mid-field", row('A2;;NA;;;"a"b'), "BAD_QUOTING"),
    quarantined("invalid UTF-8", row("A2;;NA;;;").encode()[:-1] + b"\xff\xfe\n", "INVALID_ENCODING"),
    quarantined("a NUL", row("A2;;NA;;;a\0b"), "NUL_BYTE"),
    quarantined("a cell of 10 MB", lambda: row("A2;;NA;;;" + "x" * 10_000_000).encode(), "CELL_TOO_LARGE"),
    refused("nothing", "", "EMPTY_FILE"),
    refused("blank lines alone", "\n\n \n", "EMPTY_FILE"),
    refused("a new column", HEAD.strip() + ";extra\n" + GOOD.strip() + ";1\n", "HEADER_CHANGED"),
    refused("a missing column", "ref;seen_on;state;persons;amount\nA1;;;;\n", "HEADER_CHANGED"),
    refused("a renamed column", HEAD.replace("persons", "person") + GOOD, "HEADER_CHANGED"),
    refused("a retyped column", HEAD + "".join(f"A{i};2024-02-{i};NA;;;\n" for i in range(10, 25)),
            "RETYPED_COLUMN"),
    refused("a column twice", HEAD.replace("note", "state") + GOOD, "DUPLICATE_COLUMN"),
    refused("another delimiter", (HEAD + GOOD).replace(";", ","), "HEADER_CHANGED"),
    refused("a million columns", lambda: ";".join(f"c{i}" for i in range(1_000_000)).encode(), "TOO_MANY_COLUMNS"),
    refused("a header that never ends", lambda: b"x" * 3_000_000, "MISSING_HEADER"),
    refused("another encoding", (HEAD.replace("note", "nóta") + GOOD).encode("latin-1"), "WRONG_ENCODING"),
    refused("a picture", lambda: b"\x89PNG\r\n\x1a\n" + bytes(4000), "UNREADABLE"),
    refused("a web page for a text", PAGE, "WEB_PAGE"),
    refused("a web page in UTF-16 for a text", lambda: ("\ufeff" + PAGE).encode("utf-16-le"), "WEB_PAGE"),
    refused("a web page for a workbook", "\ufeff<!-- x -->\r\n" + PAGE, "WEB_PAGE", ext="xlsx", format=BOOK_FORM),
    refused("fewer records than agreed", HEAD + GOOD, "RECORD_COUNT", extra={"tolerances": {"min_records": 5}}),
    refused("zip bomb", zip_bomb, "UNPACKS_TOO_LARGE", ext="zip"),
    refused("gzip bomb", lambda: gzip.compress(HEAD.encode() + b"A" * 40_000_000), "UNPACKS_TOO_LARGE", ext="csv.gz"),
    refused("zstd bomb", lambda: zstandard.compress(HEAD.encode() + b"A" * 64_000_000), "UNPACKS_TOO_LARGE", ext="zst"),
    refused("path traversal", zipped(("../../etc/cron.d/x", GOOD.encode())), "UNSAFE_ARCHIVE", ext="zip"),
    refused("absolute member name", zipped(("/etc/passwd", GOOD.encode())), "UNSAFE_ARCHIVE", ext="zip"),
    refused("Windows member name", zipped(("C:\\x.csv", GOOD.encode())), "UNSAFE_ARCHIVE", ext="zip"),
    refused("a link in a zip", zipped(("a.csv", b"/etc/passwd"), mode=0o120777), "UNSAFE_ARCHIVE", ext="zip"),
    refused("a locked zip", encrypted_zip, "UNSAFE_ARCHIVE", ext="zip"),
    refused("a zip that lies about a length", lying_zip, "UNREADABLE", ext="zip"),
    refused("a zip in a zip", nested_zip, "UNREADABLE", ext="zip"),
    refused("a zstd that lacks its end", torn_zstd, "UNREADABLE", ext="csv.zst"),
    refused("no header, and other columns", ";" + GOOD + ";" + GOOD2, "HEADER_CHANGED", record={"header_rows": 0}),
    refused("UTF-8 where UTF-16 is agreed", HEAD + GOOD, "WRONG_ENCODING",
            format={"type": "csv", "delimiter": ";", "encoding": "utf-16"}),
    refused("a workbook for a text", books.titled, "UNREADABLE"),
    refused("half a gzip", gzip.compress((HEAD + GOOD).encode() * 50)[:60], "UNREADABLE", ext="csv.gz"),
    refused("two thousand members", lambda: zipped(*((f"{i}.csv", b"") for i in range(2000))), "UNSAFE_ARCHIVE",
            ext="zip"),
]  # fmt: skip

TREE_CASES = [
    accepted("JSON list", json.dumps([OBJECT, {"ref": "A2", "persons": None}]), 2, columns=TWO, **JSON),
    accepted("JSON in a tree, names with dots", json.dumps({"data": {"rows": [{"ref": "A1", "a": {"b.c": 1}}]}}), 1,
             record={"records_path": "data.rows"}, ext="json", format={"type": "json"},
             columns=[{"name": "ref", "type": "text"}, {"name": "a.b.c", "type": "integer"}]),
    accepted("a number no float can hold", '[{"ref":"A1","persons":123456789012345678}]', 1, columns=TWO, **JSON),
    accepted("NDJSON with CR LF", "".join(json.dumps({"ref": f"A{i}", "persons": i}) + "\r\n" for i in range(3)), 3,
             columns=TWO, **LINES),
    accepted("XML with attributes and namespaces",
             '<x:d xmlns:x="urn:a"><x:r ref="A1"><p><n>3</n></p></x:r><x:r ref="A2"><p/></x:r></x:d>', 2,
             columns=[{"name": "@ref", "landed_as": "ref", "type": "text"}, {"name": "p/n", "type": "integer"}], **XML),
    accepted("XML, a repeated element gives rows",
             "<d><r><ref>A1</ref><c><n>1</n></c><c><n>2</n></c></r><r><ref>A2</ref></r></d>", 3,
             columns=[{"name": "ref", "type": "text"}, {"name": "c[]/n", "type": "integer"}],
             format={"type": "xml", "records_path": "r", "explode": "c"}, ext="xml"),
    accepted("an XML that has nothing to report", "<d/>", 0, columns=TWO, **XML),
    quarantined("a broken line of NDJSON", json.dumps(OBJECT) + '\n{"ref": "A2", \n', "MALFORMED_RECORD", columns=TWO,
                **LINES),
    quarantined("a name twice in an object", json.dumps(OBJECT) + '\n{"ref":"A2","ref":"A3","persons":1}\n',
                "MALFORMED_RECORD", columns=TWO, **LINES),
    quarantined("a name twice in one object of a list",
                json.dumps([OBJECT]).replace("}]", '},{"ref":"A2","persons":1,"persons":2}]'), "MALFORMED_RECORD",
                columns=TWO, **JSON),
    accepted("one object as the whole document", json.dumps(OBJECT, indent=1), 1, columns=TWO, ext="json",
             format={"type": "json", "records_path": "$"}),
    quarantined("a list where an object should be", json.dumps([OBJECT, [1, 2]]), "MALFORMED_RECORD", columns=TWO,
                **JSON),
    quarantined("half a surrogate pair", '[{"ref":"A1","persons":1},{"ref":"\\ud800","persons":1}]', "INVALID_ENCODING",
                columns=TWO, **JSON),
    quarantined("a NUL in JSON", '[{"ref":"A1","persons":1},{"ref":"a\\u0000","persons":1}]', "NUL_BYTE", columns=TWO,
                **JSON),
    quarantined("Infinity", '[{"ref":"A1","persons":1},{"ref":"A2","persons":Infinity}]', "INVALID_INTEGER",
                columns=TWO, **JSON),
    quarantined("a word for a number in XML", PLAIN_XML + "<r><ref>A2</ref><persons>ten</persons></r></d>",
                "INVALID_INTEGER", columns=TWO, **XML),
    refused("half a JSON", '[{"ref":"A1"', "UNREADABLE", columns=TWO, **JSON),
    refused("JSON nested a thousandfold", deep_json, "UNREADABLE", columns=TWO, **JSON),
    refused("no list of records", '{"error": "busy"}', "MISSING_RECORDS", columns=TWO, **JSON),
    refused("a new name in JSON", '[{"ref":"A1","persons":1,"extra":2}]', "HEADER_CHANGED", columns=TWO, **JSON),
    refused("a name gone from NDJSON", '{"ref":"A1"}\n', "HEADER_CHANGED", columns=TWO, **LINES),
    refused("half an XML", PLAIN_XML, "UNREADABLE", columns=TWO, **XML),
    refused("a billion laughs", LAUGHS, "UNSAFE_DOCUMENT", columns=TWO, **XML),
    refused("an external entity", '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d><r><ref>&x;</ref></r></d>',
            "UNSAFE_DOCUMENT", columns=TWO, **XML),
    refused("an external subset", '<!DOCTYPE d SYSTEM "http://evil.invalid/x.dtd">' + PLAIN_XML + "</d>",
            "UNSAFE_DOCUMENT", columns=TWO, **XML),
    refused("XML nested a thousandfold", "<d>" + "<a>" * 5000 + "</a>" * 5000 + "</d>", "UNSAFE_DOCUMENT", columns=TWO,
            **XML),
    refused("no such element", "<d><q><ref>A1</ref></q></d>", "MISSING_RECORDS", columns=TWO, **XML),
    refused("a new element", "<d><r><ref>A1</ref><persons>1</persons><x>1</x></r></d>", "HEADER_CHANGED", columns=TWO,
            **XML),
]  # fmt: skip

BOOK: dict[str, Any] = {"format": {"type": "xlsx"}, "ext": "xlsx", "columns": books.COLUMNS}
BOOK_CASES = [
    accepted("titles, dates as serials and as text", books.titled, 4, record={"header_row": 4}, **BOOK),
    accepted("a workbook with a merged header", books.merged, 2, ext="xlsx", format={"type": "xlsx"},
             record={"header_rows": 2},
             columns=[{"name": n, "type": "text"} for n in ("Bil", "Mangsa / Nama", "Mangsa / Umur", "Negeri")]),
    accepted("XLS", books.old, 3, ext="xls", format={"type": "xls"}, columns=books.COLUMNS, record={"header_row": 2}),
    accepted("ODS with a million empty rows", books.open_document, 3, ext="ods", format={"type": "ods"},
             columns=books.COLUMNS),
    accepted("Parquet", books.parquet, 2, ext="parquet", format={"type": "parquet"}, columns=books.PARQUET_COLUMNS),
    quarantined("a cell beyond the header", books.beyond, "TOO_MANY_FIELDS", 2, 1, **BOOK),
    quarantined("a word in a column of days", books.word_for_day, "INVALID_DATE", 2, 1, **BOOK),
    quarantined("bytes that are no text in Parquet", books.parquet_bytes, "INVALID_ENCODING", 2, 1, ext="parquet",
                format={"type": "parquet"}, columns=[{"name": "id", "type": "integer"}, {"name": "b", "type": "text"}]),
    refused("half a workbook", lambda: books.titled()[:3000], "UNREADABLE", **BOOK),
    refused("a text called xlsx", "ref;x\n1;2\n", "UNREADABLE", **BOOK),
    refused("no such sheet", books.titled, "MISSING_SHEET", record={"sheet": "Orang"}, **BOOK),
    refused("no header in that row", books.titled, "MISSING_HEADER", record={"header_row": 40}, **BOOK),
    refused("a sheet of 17 thousand million cells", books.far_cell, "UNPACKS_TOO_LARGE", **BOOK),
    refused("an ODS of 17 thousand million cells", books.repeated_cells, "UNPACKS_TOO_LARGE", ext="ods",
            format={"type": "ods"}, columns=books.COLUMNS),
    refused("an entity in a sheet", books.entity_sheet, "UNSAFE_DOCUMENT", **BOOK),
    refused("half a Parquet", lambda: books.parquet()[:-20], "UNREADABLE", ext="parquet", format={"type": "parquet"},
            columns=books.PARQUET_COLUMNS),
    refused("a Parquet bomb", books.parquet_bomb, "UNPACKS_TOO_LARGE", ext="parquet", format={"type": "parquet"},
            columns=[{"name": "id", "type": "text"}]),
    refused("a new column in Parquet", books.parquet, "HEADER_CHANGED", ext="parquet", format={"type": "parquet"},
            columns=books.PARQUET_COLUMNS[:2]),
]  # fmt: skip

CASES = [*TEXT_CASES, *TREE_CASES, *BOOK_CASES]

"""Looking for people in what is about to be published.

Belongs here: the index of names, document numbers, case numbers and restricted record ids that the warehouse
knows, the shapes of MyKad, passport and telephone numbers, and the search for all of them in text, table cells and
raw bytes: also inside ``data:`` addresses of a page and the parts of a workbook.
Does not belong here: deciding what follows (gates).

The search works on tokens (runs of letters and digits, folded to plain capitals), so that
``900101-14-5567``, ``900101 14 5567`` and ``900101145567`` are one number, and ``Nguyễn Thị Hà`` is found
as ``NGUYEN THI HA``. A name of one word is only looked for as a whole cell: as a word in prose it would
be found everywhere and mean nothing.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from anyascii import anyascii

from mids_orchestration.release.tables import TableFile, literal, quoted

#: YYMMDD-PB-###G with a possible month and day; nothing that is part of a longer number, decimal or id.
_MYKAD = re.compile(
    r"(?<![0-9A-Za-z.\-])\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])([- ]?)(\d{2})\1\d{4}(?![0-9A-Za-z])"
)
#: Place-of-birth codes which no MyKad carries.
_NO_BIRTHPLACE = {"00", "17", "18", "19", "20", "69", "70", "73", "80", "81", "94", "95", "96", "97"}
#: Passports of the countries that persons here come from: capitals and digits, standing alone.
_PASSPORT = re.compile(
    r"(?<![0-9A-Za-z+/=._-])(?:[A-Z]\d{8}|[A-Z]{2}\d{7}|[A-Z]\d{7}[A-Z]?|M[A-Z]\d{6})(?![0-9A-Za-z+/=_-])"
)
#: Malaysian mobile and fixed lines and foreign numbers as people write them.
_PHONE = re.compile(
    r"(?<![0-9A-Za-z.\-/+])(?:(?:\+|00)[1-9]\d{1,2}[- ]?\d{1,3}[- ]?\d{3,4}[- ]?\d{3,4}|\(?01\d\)?[- ]\d{3,4}[- ]?\d{4}"
    r"|6?01[02-9]\d{7,8}|0[3-9]\d?[- ]\d{3,4}[- ]\d{4}|0[3-9]-\d{7,8})(?![0-9A-Za-z])"
)
_DATA_ADDRESS = re.compile(r"data:[a-z/.+-]*(?:;charset=[a-z0-9-]+)?;base64,([A-Za-z0-9+/=]+)")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
#: Dashes and blanks that a typesetter puts into numbers, as a keyboard has them.
_TYPESET = str.maketrans(
    {**dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"), **dict.fromkeys("\u00a0\u2007\u2009\u202f", " ")}
)
_TOKEN = re.compile(r"[0-9A-Z]+")
_PRINTABLE = re.compile(rb"[\x20-\x7e\x80-\xf4]{6,}")
#: Latin letters of any language in UTF-8: any other bytes end a run, as they do where numbers are packed.
_LATIN = re.compile(rb"(?:[\x20-\x7e]|[\xc3-\xc9][\x80-\xbf]|\xe1[\xb8-\xbb][\x80-\xbf]){9,}")
_SEPARATOR = "\n0SEP0\n"
_SHORTEST_PHRASE = 6
_SHORTEST_WORD = 5
_SHORTEST_NUMBER = 7
#: What officers type where they know no name. Not a name, so not a find.
_PLACEHOLDERS = {
    "TIADA", "TIADA NAMA", "TIDAK DIKETAHUI", "NAMA TIDAK DIKETAHUI", "TIDAK DINYATAKAN", "TIADA MAKLUMAT",
    "UNKNOWN", "NAME UNKNOWN", "UNKNOWN NAME", "NOT KNOWN", "NOT STATED", "NO NAME", "UNIDENTIFIED",
}  # fmt: skip


@dataclass(frozen=True)
class Find:
    """Something that must not be published. ``kind`` and ``where`` never hold the value itself."""

    kind: str
    where: str
    hits: int


@dataclass
class IdentityIndex:
    """What to look for. Build it with :func:`index_identities`."""

    phrases: dict[str, dict[int, set[tuple[str, ...]]]] = field(default_factory=dict)
    cells: set[str] = field(default_factory=set)
    size: int = 0

    def add_name(self, name: str) -> None:
        """Look for this person's name."""
        words = tokens(name)
        folded = " ".join(words)
        if folded in _PLACEHOLDERS:
            return
        if len(words) > 1 and len(folded) > _SHORTEST_PHRASE:
            self._add(tuple(words))
        elif len(folded) >= _SHORTEST_WORD:
            self.cells.add(folded)
            self.size += 1

    def add_number(self, number: str) -> None:
        """Look for this document or case number, written with or without its separators."""
        words = tokens(number)
        joined = "".join(words)
        if len(joined) < _SHORTEST_NUMBER or not any(c.isdigit() for c in joined):
            return
        self._add(tuple(words))
        if len(words) > 1:
            self._add((joined,))

    def _add(self, phrase: tuple[str, ...]) -> None:
        known = self.phrases.setdefault(phrase[0], {}).setdefault(len(phrase), set())
        if phrase not in known:
            known.add(phrase)
            self.size += 1

    def hits(self, text: str) -> int:
        """How often a name or number of the index stands in ``text``."""
        words = tokens(text)
        found = 0
        for at, word in enumerate(words):
            lengths = self.phrases.get(word)
            if lengths is not None:
                found += any(tuple(words[at : at + n]) in known for n, known in lengths.items())
        return found

    def cell_hits(self, cells: Iterable[str]) -> int:
        """How many cells hold, or are, a name or number of the index."""
        listed = list(cells)
        whole = sum(" ".join(tokens(cell)) in self.cells for cell in listed) if self.cells else 0
        return whole + self.hits(_SEPARATOR.join(listed))


def tokens(text: str) -> list[str]:
    """Runs of letters and digits of ``text``, in plain capitals."""
    plain = text if text.isascii() else anyascii(text)
    return _TOKEN.findall(plain.upper())


def mykad_like(text: str, *, only_separated: bool = False) -> int:
    """How many numbers in ``text`` have the shape of a MyKad number."""
    return sum(
        match.group(2) not in _NO_BIRTHPLACE and bool(match.group(1) or not only_separated)
        for match in _MYKAD.finditer(text)
    )


def shapes(text: str, *, packed: bool = False) -> list[tuple[str, int]]:
    """What in ``text`` is shaped like a number that names a person, and how often.

    Args:
        packed: the text comes from a compressed file, where digits and capitals stand by chance: only a MyKad
            with its separators counts. The values themselves are searched apart.
    """
    text = text.translate(_TYPESET)
    found = [("a number shaped like a MyKad", mykad_like(text, only_separated=packed))]
    if not packed:
        found.append(("a number shaped like a passport's", sum(1 for _ in _PASSPORT.finditer(text))))
        found.append(("a number shaped like a telephone's", sum(1 for _ in _PHONE.finditer(text))))
    return [(kind, hits) for kind, hits in found if hits]


def index_record_ids(
    connection: duckdb.DuckDBPyConnection, sources: Iterable[tuple[str, str]]
) -> IdentityIndex:
    """Index the values of key columns of the restricted zone: ``sources`` are (relation, column) pairs."""
    index = IdentityIndex()
    for source, column in sources:
        query = f"select distinct cast({quoted(column)} as varchar) from {source} where {quoted(column)} is not null"
        for (value,) in connection.execute(query).fetchall():
            index.add_number(value)
    return index


def record_keys(tables: Sequence[TableFile]) -> list[tuple[str, str]]:
    """Key columns that only restricted tables have, each with the relation to read them from."""
    public = {c for t in tables if t.export.zone == "public" for c in t.types}
    return [
        (f"read_parquet({literal(str(t.path))})", column)
        for t in tables
        if t.export.zone == "restricted"
        for column in t.types
        if column.endswith(("_key", "_id")) and column not in public
    ]


def index_identities(connection: duckdb.DuckDBPyConnection, relation: str) -> IdentityIndex:
    """Index every name, document number and case number of ``relation`` (schema ``cnf_person``)."""
    index = IdentityIndex()
    held = {row[0] for row in connection.execute(f"describe {relation}").fetchall()}
    for column, add in (
        ("full_name", index.add_name),
        ("document_no", index.add_number),
        ("source_case_no", index.add_number),
        ("case_no_norm", index.add_number),
        ("raid_no", index.add_number),
    ):
        if column not in held:
            continue
        query = f"select distinct cast({column} as varchar) from {relation} where {column} is not null"
        for (value,) in connection.execute(query).fetchall():
            add(value)
    return index


_WHOLE = "{0} = floor({0}) and abs({0}) between 1e7 and 1e15"
_KNOWN = "a known name or number of a person or case"
_RECORD = "the id of a restricted record"


def scan_table(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    where: str,
    index: IdentityIndex,
    record_ids: IdentityIndex | None = None,
) -> list[Find]:
    """Search every column of ``source`` (a table, or ``read_parquet('…')``), by its distinct values."""
    finds: list[Find] = []
    for name, kind, *_ in connection.execute(f"describe select * from {source}").fetchall():
        if kind in {"BOOLEAN", "DATE"} or kind.startswith("TIMESTAMP"):
            continue
        column = quoted(name)
        query = f"select distinct cast({column} as varchar) from {source} where {column} is not null"
        if kind in {"FLOAT", "DOUBLE"}:  # measures: only whole ones are long enough to be somebody's number
            whole = _WHOLE.format(column)
            query = f"select distinct cast(cast({column} as hugeint) as varchar) from {source} where {whole}"
        cells = [row[0] for row in connection.execute(query).fetchall()]
        at = f"{where}, column {name}"
        for shape, hits in shapes("\n".join(cells)):
            finds += _found(shape, at, hits)
        finds += _found(_KNOWN, at, index.cell_hits(cells))
        finds += _found(_RECORD, at, record_ids.cell_hits(cells) if record_ids else 0)
    return finds


def scan_file(
    path: Path,
    where: str,
    index: IdentityIndex,
    *,
    record_ids: IdentityIndex | None = None,
    without: Sequence[str] = (),
) -> list[Find]:
    """Search the bytes of a file; ``without`` are texts known to be harmless (bundled libraries).

    Parquet and DuckDB files are packed: values stand compressed, or end to end (the state codes 01 02 03 …
    read as one long number), and by chance packed numbers spell a short name. Their values are searched by
    :func:`scan_table` and :func:`scan_database`; this looks at what else is in the bytes. Of Parquet that is
    everything beside the column chunks. A DuckDB file may keep what was deleted anywhere, so all of it is
    searched, for runs of Latin text too long to arise by chance. A workbook is a zip: each of its parts is
    searched unpacked.
    """
    if zipfile.is_zipfile(path):
        finds: list[Find] = []
        with zipfile.ZipFile(path) as archive:
            for part in archive.namelist():
                text = re.sub(r"<[^>]*>", "\n", archive.read(part).decode("utf-8", "replace"))
                finds += _scan_text(_as_read(text), f"{where}, part {part}", index, record_ids)
        return finds
    raw = path.read_bytes()
    packed = path.suffix in {".parquet", ".duckdb"}
    if packed:
        runs = _LATIN.findall(raw) if path.suffix == ".duckdb" else _PRINTABLE.findall(_beside_columns(raw))
        text = _SEPARATOR.join(run.decode("utf-8", "replace") for run in runs)
    else:
        text = raw.decode("utf-8", "replace")
    for harmless in without:
        text = text.replace(harmless, _SEPARATOR)
    if not packed:
        text = _as_read(_DATA_ADDRESS.sub(lambda match: _unpacked(match.group(1)), text))
    return _scan_text(text, where, index, record_ids, packed=packed)


def _beside_columns(raw: bytes) -> bytes:
    """The bytes of a Parquet file that are in no column chunk: footer, statistics, indexes, and what nobody declared.

    A file that cannot be read as Parquet is returned whole, so that no damaged file escapes the search.
    """
    try:
        held = pq.read_metadata(pa.BufferReader(raw))
    except pa.ArrowInvalid:
        return raw
    chunks = []
    for group in (held.row_group(i) for i in range(held.num_row_groups)):
        for column in (group.column(j) for j in range(group.num_columns)):
            first = column.data_page_offset
            if column.has_dictionary_page and column.dictionary_page_offset:
                first = min(first, column.dictionary_page_offset)
            chunks.append((first, first + column.total_compressed_size))
    kept, at = [], 0
    for first, end in sorted(chunks):
        kept.append(raw[at:first])
        at = max(at, end)
    return _SEPARATOR.encode().join([*kept, raw[at:]])


def _as_read(text: str) -> str:
    """The text as a reader of the file sees it: ``D&#39;Cruz``, ``Th\\u1ecb`` and ``Sari%20Dewi`` written out."""
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), html.unescape(unquote(text)))


def _unpacked(encoded: str) -> str:
    """What a ``data:`` address holds, as text on lines of its own."""
    try:
        return f"\n{base64.b64decode(encoded).decode('utf-8', 'replace')}\n"
    except (binascii.Error, ValueError):
        return encoded


def _scan_text(
    text: str, where: str, index: IdentityIndex, record_ids: IdentityIndex | None, *, packed: bool = False
) -> list[Find]:
    finds = [Find(kind, where, hits) for kind, hits in shapes(text, packed=packed)]
    finds += _found(_KNOWN, where, index.hits(text))
    return finds + _found(_RECORD, where, record_ids.hits(text) if record_ids else 0)


def scan_database(
    path: Path, where: str, index: IdentityIndex, record_ids: IdentityIndex | None = None
) -> list[Find]:
    """Search every table of a DuckDB file, by its distinct values, and its comments."""
    connection = duckdb.connect(config={"threads": 1})
    try:
        connection.execute(f"attach {literal(str(path))} as audited (read_only)")
        finds: list[Find] = []
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'audited'"
        ).fetchall()
        for schema, table in names:
            source = f"audited.{quoted(schema)}.{quoted(table)}"
            finds += scan_table(connection, source, f"{where}, table {table}", index, record_ids)
        comments = connection.execute(
            "select comment from duckdb_tables() where comment is not null "
            "union all select comment from duckdb_columns() where comment is not null"
        ).fetchall()
        return finds + _found(_KNOWN, f"{where}, comments", index.cell_hits(c[0] for c in comments))
    finally:
        connection.close()


def _found(kind: str, where: str, hits: int) -> list[Find]:
    return [Find(kind, where, hits)] if hits else []

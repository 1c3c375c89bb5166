"""Delimited text nobody has described: its encoding, delimiter, quotes and header.

Belongs here: guesses from the beginning of the bytes. Does not belong here: reading records (``readers``).
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections import Counter
from dataclasses import dataclass

from charset_normalizer import from_bytes

from mids_orchestration.landing.drafting.headless import is_record
from mids_orchestration.landing.readers.base import joined_header

SAMPLE = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_USUAL = ",;\t|"
_UNUSUAL = "~^\x1f\x1e\x01\x02#!:$*&@%=/\\ ¦§¬"
_ROWS = 400
_NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,]*")


@dataclass(frozen=True)
class Dialect:
    """How a delimited text is laid out.

    ``header_row`` is a physical line, counted from 1; ``header_rows`` is 0 where records begin there.
    """

    delimiter: str
    quote: str | None
    header_row: int
    header_rows: int
    names: tuple[str, ...]


def guess_encoding(data: bytes, whole: bool) -> str:
    """Name the encoding of *data*; ``whole`` says that nothing follows it."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    if data[:2000].count(b"\0") > len(data[:2000]) // 4:
        return "utf-16-le" if data[1:2000:2].count(0) > data[0:2000:2].count(0) else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=whole)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    # One broken record does not make a UTF-8 file something else.
    good = len(re.findall(rb"[\xc2-\xf4][\x80-\xbf]+", data))
    bad = len(data.decode("utf-8", "replace").split("\ufffd")) - 1
    if good > 4 * bad:
        return "utf-8"
    guess = from_bytes(data[:100_000]).best()
    name = guess.encoding if guess else ""
    if name.startswith(("gb", "big5", "shift", "euc", "iso2022", "cp932", "cp949", "cp874", "tis")):
        return name
    try:
        data.decode("cp1252")
        return "windows-1252"
    except UnicodeDecodeError:
        return "iso-8859-1"


def guess_dialect(text: str) -> Dialect:
    """Guess delimiter, quotes and header from the beginning of a text."""
    quotes: list[str | None] = ['"']
    if '"' not in text and re.search(r"(?m)(^|[,;\t|])'[^'\n]*'([,;\t|]|$)", text):
        quotes.append("'")
    found = []
    for order, (delimiter, quote) in enumerate(itertools.product(_USUAL + _UNUSUAL, quotes)):
        if delimiter not in text:
            continue
        usual = delimiter in _USUAL
        rows = _rows(text, delimiter, quote)
        width, share = _width(rows)
        if width < (2 if usual else 3 if delimiter == " " else 2) or share < (0.5 if usual else 0.95):
            continue
        top = _header(rows, width)
        head = rows[top][1]
        numbers = sum(bool(_NUMBER.fullmatch(cell.strip())) for cell in head)
        firm = share * (0.5 if numbers > len(head) / 2 else 1) * (1 if usual else 0.8)
        # Title rows are rarer than a header in the first row; odd delimiters with both are a guess too far.
        firm *= 0.75 if top else 1
        if top and not usual:
            continue
        quoted = sum(cell.startswith("'") for _, row in rows for cell in row) if quote == '"' else 0
        firm *= 0.9 if quoted > len(rows) else 1
        found.append((round(firm, 2), width if usual else 0, -order, delimiter, quote, top, rows))
    # A weak guess splits decimals or sentences: better one column than two that mean nothing.
    if not found or max(one[0] for one in found) < 0.3:
        alone = next((mark for mark in _USUAL + _UNUSUAL if mark not in text), ",")
        rows = _rows(text, alone, '"')
        top = next((at for at, (_, row) in enumerate(rows) if any(cell.strip() for cell in row)), 0)
        line, names = rows[top] if rows else (1, [])
        if rows and is_record(names, [row for _, row in rows[top + 1 :]]):
            return Dialect(alone, '"', line, 0, made_names(len(names)))
        return Dialect(alone, '"', line, 1, tuple(names))
    _, _, _, delimiter, quote, top, rows = max(found, key=lambda one: one[:3])
    several = _second_row(rows, top)
    if several == 1 and is_record(rows[top][1], [row for _, row in rows[top + 1 :]]):
        return Dialect(delimiter, quote, rows[top][0], 0, made_names(len(rows[top][1])))
    header = joined_header([row for _, row in rows[top : top + several]])
    return Dialect(delimiter, quote, rows[top][0], several, tuple(header))


def made_names(count: int) -> tuple[str, ...]:
    """Names for the columns of a table without a header."""
    return tuple(f"field {number}" for number in range(1, count + 1))


def _rows(text: str, delimiter: str, quote: str | None) -> list[tuple[int, list[str]]]:
    """Return the first records with the physical line each begins on; blank lines are left out."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )  # fmt: skip
    rows = []
    before = 0
    try:
        for row in itertools.islice(reader, _ROWS):
            if any(cell.strip() for cell in row) or len(row) > 1:
                rows.append((before + 1, row))
            before = reader.line_num
    except csv.Error:
        pass
    return rows


def _width(rows: list[tuple[int, list[str]]]) -> tuple[int, float]:
    if not rows:
        return 0, 0.0
    width, count = Counter(len(row) for _, row in rows).most_common(1)[0]
    # Two lines of different width: the header decides.
    if count == 1:
        width = len(rows[0][1])
    return width, count / len(rows)


def _header(rows: list[tuple[int, list[str]]], width: int) -> int:
    """Index of the header: the first row as wide as the others that is mostly filled."""
    for at, (_, row) in enumerate(rows[:40]):
        if len(row) == width and sum(bool(cell.strip()) for cell in row) >= 0.6 * width:
            return at
    return next((at for at, (_, row) in enumerate(rows) if len(row) == width), 0)


def _second_row(rows: list[tuple[int, list[str]]], top: int) -> int:
    """How many rows the header takes: two, where the first has gaps that the second fills with names."""
    head = rows[top][1]
    if top + 2 >= len(rows) or all(cell.strip() for cell in head):
        return 1
    below, body = rows[top + 1][1], rows[top + 2][1]
    gaps = [at for at, cell in enumerate(head) if not cell.strip()]
    return 2 if header_continues(head, below, body, gaps) else 1


def header_continues(head: list[str], below: list[str], body: list[str], gaps: list[int]) -> bool:
    """Whether *below* is a second header row under *head*: names where *head* has gaps, and unlike the body."""

    def named(row: list[str], at: int) -> bool:
        return at < len(row) and bool(row[at].strip()) and not re.search(r"\d", row[at])

    if not gaps or not all(named(below, at) for at in gaps):
        return False
    if any(cell.strip() and re.search(r"\d", cell) for cell in below):
        return False
    return any(re.search(r"\d", cell) for cell in body)

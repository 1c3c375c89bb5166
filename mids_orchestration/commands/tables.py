"""Reading a small CSV that a user names on the command line, every field as text.

What belongs here: encoding, delimiter and shape of one such file, and errors that name file and line. What
does not: agencies' feeds (``landing/``), whose contracts say far more than this can guess.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

_ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")


class TableFileError(ValueError):
    """The file cannot be read as a table; the message names it, the line and the remedy."""


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV (comma, semicolon, tab or bar; UTF-8, UTF-16 with a mark, or Windows) as text.

    Empty fields are empty text, so that the code NA stays Namibia. Raises `TableFileError`.
    """
    text = _text(path)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=lambda mark: (first.count(mark), mark == ","))
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error as error:
        raise TableFileError(f"{path} is not a CSV file: {error}") from error
    if not rows:
        raise TableFileError(f"{path} is empty: it needs a line of column names")
    header = [name.strip() for name in rows[0]]
    twice = sorted({name for name in header if header.count(name) > 1 and name})
    if twice:
        raise TableFileError(f"{path}, line 1: column {twice[0]!r} stands twice; give each its own name")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) > len(header) and not any(field.strip() for field in row[len(header) :]):
            del row[len(header) :]
        elif len(row) > len(header):
            raise TableFileError(
                f"{path}, row {number}: {len(row)} fields under {len(header)} column names; "
                f"quote fields that contain {delimiter!r}"
            )
        row.extend([""] * (len(header) - len(row)))
    return pd.DataFrame(rows[1:], columns=header, dtype="object")


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise TableFileError(f"no file at {path}") from error
    except OSError as error:
        raise TableFileError(f"cannot read {path}: {error.strerror or error}") from error
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace").replace("\x00", "")
    for encoding in _ENCODINGS:
        try:
            return raw.decode(encoding).replace("\x00", "")
        except UnicodeDecodeError:
            continue
    raise TableFileError(f"{path} is in no encoding known here: save it as UTF-8")

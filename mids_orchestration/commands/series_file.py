"""Reading and writing the forecasting tools' files: CSV or Parquet by ending, errors in the user's words.

Belongs here: files to frames and back. Does not belong here: judging series (forecasting.intake), verbs.
"""

from __future__ import annotations

import csv
import gzip
import io
import warnings
from pathlib import Path

import pandas as pd


class FileError(ValueError):
    """The file cannot be read or written as asked; the message says where and what to do."""


def read_table(path: Path, notes: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Return the file's rows, CSV cells as text (line n of the file is row n - 2); odd lines go to ``notes``.

    Raises:
        FileError: when it is not there, not a table or empty.
    """
    if not path.exists():
        raise FileError(f"{path}: no such file")
    if path.is_dir():
        raise FileError(f"{path} is a folder: name one CSV or Parquet file")
    if path.suffix.lower() == ".parquet":
        try:
            return pd.read_parquet(path)
        except Exception as error:  # pyarrow raises many kinds for bytes that are not Parquet
            raise FileError(f"{path}: not a readable Parquet file ({error})") from error
    if path.stat().st_size == 0:
        raise FileError(f"{path}: the file is empty; its first line must name the columns")
    separator = _separator(path)
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            frame = _csv(path, separator, encoding, notes)
        except UnicodeDecodeError:
            continue
        except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error, ValueError) as error:
            raise FileError(f"{path}: not a readable CSV file ({error})") from error
        frame.columns = [str(c).strip() for c in frame.columns]
        return frame
    raise FileError(f"{path}: neither UTF-8 nor Windows-1252 text; save it as UTF-8 CSV")


def _separator(path: Path) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    if path.suffix.lower() == ".gz":
        return ","
    with path.open("rb") as stream:
        head = stream.readline(65536)
    return max((",", ";", "\t"), key=lambda sep: head.count(sep.encode()))


def _csv(path: Path, separator: str, encoding: str, notes: list[tuple[str, str, str]]) -> pd.DataFrame:
    with warnings.catch_warnings():
        # pandas cuts a line that is too long and only warns: that would lose fields without a word.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            # Blank lines are kept so that row numbers stay line numbers; the intake passes over them.
            return pd.read_csv(
                path, sep=separator, encoding=encoding, dtype=str, keep_default_na=False,
                skip_blank_lines=False, index_col=False,
            )  # fmt: skip
        except (pd.errors.ParserError, pd.errors.ParserWarning):
            return _line_by_line(path, separator, encoding, notes)


def _line_by_line(
    path: Path, separator: str, encoding: str, notes: list[tuple[str, str, str]]
) -> pd.DataFrame:
    """Read a CSV file with lines of the wrong length: they are left blank and named."""
    packed = path.suffix.lower() == ".gz"
    raw = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    rows = list(csv.reader(io.StringIO(raw.decode(encoding), newline=""), delimiter=separator))
    header, body = rows[0], rows[1:]
    odd = [n for n, row in enumerate(body, 2) if row and len(row) != len(header)]
    shown = ", ".join(map(str, odd[:3]))
    notes.append(
        (
            "*",
            "note",
            f"{len(odd)} line(s) left out: not {len(header)} fields as in the header (line {shown})",
        )
    )
    blank = [""] * len(header)
    return pd.DataFrame([row if len(row) == len(header) else blank for row in body], columns=header)


def check_output(path: Path) -> None:
    """Raise ``FileError`` unless ``path`` can be written: a known ending, in a folder that exists."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise FileError(f"--out {path}: the name must end in .csv or .parquet")
    if not path.resolve().parent.is_dir():
        raise FileError(f"--out {path}: the folder {path.parent} does not exist; make it first")


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV (dates as 2026-06-29) or Parquet, whole or not at all."""
    aside = path.with_name(f".{path.name}.tmp")
    if path.suffix.lower() == ".parquet":
        frame.to_parquet(aside, index=False)
    else:
        frame.to_csv(aside, index=False, date_format="%Y-%m-%d", float_format="%.10g")
    aside.replace(path)

"""What the columns of an undescribed file hold: types, date forms, words for "absent", keys, personal data.

Belongs here: guesses from texts. Does not belong here: reading them, and judging them (``rules``; the forms tried
here are tried by the same DuckDB function that judges later).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contract import Column
from mids_orchestration.landing.rules import parsed_moment

_ABSENT = ("-", "--", ".", "?", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "none", "nan", "NaN", "NIL",
           "nil", "Nil", "Tiada", "tiada", "TIADA", "T/B", "TBA", "\\N", "…", "–", "—")  # fmt: skip
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d-%b-%Y",
         "%d %B %Y", "%d-%b-%y", "%d/%b/%Y", "%b %d, %Y", "%B %d, %Y", "%d %b %y", "%d/%m/%y", "%d-%m-%y",
         "%d.%m.%y", "%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m.%d.%Y", "%A, %d %B %Y", "%d%b%Y", "%Y-%b-%d",
         "%b %d %Y", "%d, %B %Y")  # fmt: skip
_TIMES = (" %H:%M:%S", " %H:%M", " %H:%M:%S.%f", " %I:%M:%S %p", " %I:%M %p", "T%H:%M:%S", "T%H:%M:%S.%f", "T%H:%M",
          ", %H:%M", ", %H:%M:%S")  # fmt: skip
_ZONED = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%S.%f%z",
          "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%f%z", "%Y-%m-%dT%H:%MZ")  # fmt: skip
_DATE_NAME = re.compile(r"date|tarikh|\bday\b|hari|_on\b|\bon\b|lahir|birth|dob|masa|time", re.IGNORECASE)
_DIRECT = re.compile(
    r"nama\b|name\b|mykad|\bic\b|\bnric\b|\bno ?kp|kad pengenalan|passport|pasport|"
    r"document no|no dokumen|"
    r"lahir|birth|\bdob\b|phone|telefon|\btel\b|e-?mail|emel|alamat|address|identity",
    re.IGNORECASE,
)
_INDIRECT = re.compile(
    r"umur|\bage\b|sex\b|jantina|gender|warganegara|nationality|citizen|bangsa|race|agama|religion|"
    r"case no|no kes|no kertas",
    re.IGNORECASE,
)
_KEY_NAME = re.compile(
    r"(^|_)(id|no|ref|key|kod|code|bil|nombor|number|rujukan|uuid|guid)(_|$)", re.IGNORECASE
)
# A column of which this share reads as a type is of that type, and what does not is watched.
_MOSTLY = 0.98


def describe_column(
    column: dict[str, Any], values: pa.Array, connection: duckdb.DuckDBPyConnection, dated_cells: bool
) -> dict[str, Any]:
    """Return *column* with type and what goes with it, guessed from *values* (texts without the absent ones).

    ``dated_cells``: the file has real dates (a workbook, Parquet), and bare day numbers may stand among them.
    """
    out = {**column, "standard": column["landed_as"]}
    counted = pc.value_counts(pc.utf8_trim_whitespace(values))
    words = [word for word in counted.field("values").to_pylist() if word in _ABSENT]
    counted = counted.filter(
        pc.invert(pc.is_in(counted.field("values"), value_set=pa.array(words, pa.string())))
    )
    guess: dict[str, Any] = {"type": "text"}
    if len(counted):
        texts = _Texts(counted.field("values"), counted.field("counts").to_numpy())
        guess = (
            _boolean(texts.values)
            or _moments(texts, connection, dated_cells, bool(_DATE_NAME.search(column["name"])))
            or _number(texts)
            or guess
        )
    out |= guess
    if guess["type"] != "text" and words:
        out["null_values"] = words
    name = column["landed_as"].replace("_", " ")
    out["pii"] = "direct" if _DIRECT.search(name) else "indirect" if _INDIRECT.search(name) else "none"
    return out


@dataclass(frozen=True)
class _Texts:
    """Different texts of a column and how often each occurs."""

    values: pa.Array
    counts: np.ndarray

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    def share(self, pattern: str) -> float:
        """Share of records whose whole text has this form."""
        hit = pc.match_substring_regex(self.values, rf"\A(?:{pattern})\z").to_numpy(zero_copy_only=False)
        return float(self.counts[hit].sum() / self.rows)

    def slice(self, count: int) -> _Texts:
        return _Texts(self.values.slice(0, count), self.counts[:count])


def _boolean(values: pa.Array) -> dict[str, Any] | None:
    found = {text.lower() for text in values.slice(0, 10).to_pylist()}
    return {"type": "boolean"} if len(values) < 7 and found <= {"true", "false"} else None


def _number(texts: _Texts) -> dict[str, Any] | None:
    # Identity numbers and telephone numbers begin with zeros that mean something, or have more digits than any count;
    # 1E5 is a code: software writes a hundred thousand as 1E+05.
    if texts.share(r"0[0-9]+|[0-9]{19,}|[0-9]+[eE][0-9]+") > 0:
        return None
    for kind, options in (
        ("integer", {}),
        ("decimal", {}),
        ("integer", {"group_mark": ","}),
        ("decimal", {"group_mark": ","}),
        ("decimal", {"decimal_mark": ","}),
        ("decimal", {"decimal_mark": ",", "group_mark": "."}),
        ("integer", {"group_mark": " "}),
        ("integer", {"group_mark": "\u00a0"}),
        ("decimal", {"decimal_mark": ",", "group_mark": " "}),
        ("decimal", {"decimal_mark": ",", "group_mark": "\u00a0"}),
        ("decimal", {"decimal_mark": ",", "group_mark": "\u202f"}),
        ("decimal", {"decimal_mark": ".", "group_mark": " "}),
        ("decimal", {"decimal_mark": ".", "group_mark": "'"}),
    ):  # fmt: skip
        pattern = Column("x", "x", type=kind, **options).number_pattern  # type: ignore[arg-type]
        share = texts.share(pattern or "")
        if share == 1 or (share >= _MOSTLY and texts.rows >= 50):
            watched = {} if share == 1 else {"severity": "watch"}
            return {"type": kind, **options, **watched}
    return None


def _moments(
    texts: _Texts, connection: duckdb.DuckDBPyConnection, dated_cells: bool, named: bool
) -> dict[str, Any] | None:
    digits = texts.share(r"[0-9]{8}")
    compact = digits >= _MOSTLY and (named or len(texts.values) >= 3)
    serial = texts.share(r"[1-9][0-9]{4}(?:\.[0-9]+)?") if dated_cells else 0.0
    likely = texts.share(r"[^0-9]*[0-9]{1,4}[-/. ,]*(?:[0-9]{1,2}|[A-Za-z]{3,9})[-/. ,]+[0-9]{1,4}.*")
    if max(likely, digits if compact else 0) + serial < 0.9 or not max(likely, digits):
        return None
    some = texts.slice(20_000)
    sample = some.values
    day_forms = ("%Y%m%d", "%d%m%Y") if compact else _DAYS
    forms = list(day_forms)
    timed = some.share(r".*[0-9]:[0-9]{2}.*") > 0
    if timed:
        forms += [day + clock for day in _DAYS for clock in _TIMES] + list(_ZONED)
    hits = _readable(sample, forms, connection)
    chosen: list[str] = []
    left = set(range(len(sample)))
    if serial:
        left -= {
            at for at, text in enumerate(sample.to_pylist()) if re.fullmatch(r"[1-9]\d{4}(\.\d+)?", text)
        }
    while left and len(chosen) < 5:
        best = max(hits, key=lambda form: (len(hits[form] & left), -forms.index(form)), default="")
        if not best or not hits[best] & left or _conflict(best, chosen):
            break
        chosen.append(best)
        left -= hits[best]
    unread = int(some.counts[sorted(left)].sum())
    if not chosen or unread > (1 - _MOSTLY) * some.rows or (left and some.rows < 50):
        return None
    if dated_cells and serial and "%Y-%m-%d" not in chosen:
        return None
    kind = "timestamp" if any("%H" in form or "%I" in form for form in chosen) else "date"
    guess: dict[str, Any] = {"type": kind, "format": chosen[0] if len(chosen) == 1 else chosen}
    return guess | ({"severity": "watch"} if left else {})


def _conflict(form: str, chosen: list[str]) -> bool:
    """Whether *form* and one already chosen read the same text as different days."""

    def order(one: str) -> str:
        letters = re.sub(r"[^Ymdby]", "", one.replace("%B", "%b"))[:3]
        return letters.lower() if re.search(r"%m", one) else ""

    return any({order(form), order(other)} in ({"dmy", "mdy"},) for other in chosen)


def _readable(
    values: pa.Array, forms: list[str], connection: duckdb.DuckDBPyConnection
) -> dict[str, set[int]]:
    """Return the positions of *values* each form reads as a day from 1800 to 2200."""
    # Trying every form on every text takes seconds; a few texts from all over show which forms may occur.
    some = values.take(
        pa.array(np.linspace(0, len(values) - 1, min(len(values), 60)).astype(int))
    ).to_pylist()
    forms = [form for form in forms if any(_reads(text, form) for text in some)]
    table = pa.table({"v": values, "n": pa.array(range(len(values)), pa.int64())})
    connection.register("_draft_values", table)
    found: dict[str, set[int]] = {}
    try:
        for form in forms:
            column = Column("v", "v", type="timestamp", formats=(form,))
            moment = parsed_moment(column, "v")
            where = f"{moment} BETWEEN TIMESTAMP '1800-01-01' AND TIMESTAMP '2200-01-01'"
            rows = connection.execute(f"SELECT n FROM _draft_values WHERE {where}").fetchall()
            found[form] = {row[0] for row in rows}
    finally:
        connection.unregister("_draft_values")
    return found


def _reads(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def guess_key(columns: list[dict[str, Any]], table: pa.Table) -> str | None:
    """Return the landing name of a column that names each record of *table* once; None when there is none."""
    if table.num_rows < 2:
        return None
    found = []
    for place, column in enumerate(columns):
        name = column["landed_as"]
        if column["type"] not in ("text", "integer") or column.get("optional") or column.get("null_values"):
            continue
        cells = table.column(name)
        if cells.null_count or len(pc.unique(pc.utf8_trim_whitespace(cells))) < table.num_rows:
            continue
        if (pc.mean(pc.utf8_length(cells)).as_py() or 0) > 60:
            continue
        found.append((not _KEY_NAME.search(name), place, name))
    # Without a telling name only the first column may be it.
    best = min(found, default=None)
    return best[2] if best and (not best[0] or best[1] == 0) else None

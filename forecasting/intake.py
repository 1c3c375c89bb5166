"""From a long frame as somebody wrote it to series that can be forecast: what is odd is said, per series.

Belongs here: reading ``unique_id, ds, y`` given as text or typed, gaps, repeats, refusals.
Does not belong here: files (the caller reads them and knows their line numbers), forecasting.

Nothing stops the lot: a row that cannot be read is left out and named, a series that cannot be used is refused
and named, the rest goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.frames import MONTHS, SEASON, Floats, SeriesError, advance

#: A series with a larger share of unreadable rows is refused rather than patched.
MOST_UNREADABLE = 0.2
#: A series with more empty than filled periods (when they are not plain zeros) is refused.
MOST_MISSING = 0.6
GAPS = ("auto", "zero", "fill")
#: Where a row leaves a hierarchy column empty.
UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Intake:
    """Series on one grid, and what was found.

    ``ids``: names, sorted. ``y`` (series, time): aligned so that the last column is each series' own last
    period (NaN before it begins). ``last``: that period (start of it) by series, as the file labels it.
    ``keys``: per series the values of the hierarchy columns. ``notes``: ``unique_id, kind, note`` with kind
    ``note`` or ``refused``; ``*`` for the whole frame.
    """

    ids: tuple[str, ...]
    y: Floats
    last: np.ndarray
    keys: tuple[tuple[str, ...], ...]
    freq: str
    notes: pd.DataFrame

    @property
    def refused(self) -> list[str]:
        """Names of series that could not be used."""
        return self.notes.loc[self.notes["kind"] == "refused", "unique_id"].tolist()

    def long(self) -> pd.DataFrame:
        """Return the usable series as ``unique_id, ds, y``, each period from its first to its own last."""
        steps = self.y.shape[1]
        if self.freq in MONTHS:
            month = self.last.astype("datetime64[M]")[:, None] + np.arange(1 - steps, 1) * MONTHS[self.freq]
            ds = month.astype("datetime64[D]")
        else:
            ds = self.last[:, None] + np.arange(1 - steps, 1) * (7 if self.freq == "W" else 1)
        out = pd.DataFrame(
            {
                "unique_id": np.repeat(np.asarray(self.ids, dtype=object), steps),
                "ds": ds.astype("datetime64[s]").ravel(),
                "y": self.y.ravel(),
            }
        )
        return out[out["y"].notna()].reset_index(drop=True)


def read_series(
    frame: pd.DataFrame, *, freq: str, hierarchy: Sequence[str] = (), gaps: str = "auto", first_line: int = 2
) -> Intake:
    """Return the usable series of ``frame`` (``unique_id, ds, y`` and ``hierarchy`` columns, in any order).

    ``first_line`` is the line number of the frame's first row in its file, for messages. With ``hierarchy``,
    ``unique_id`` may be absent (the hierarchy's values joined with ``/`` name the series) and all series are
    brought to one common last period. ``gaps``: a period without a row is ``zero``, or ``fill``-ed between its
    neighbours, or ``auto``: zero where small values occur but no zero is ever written, else filled. Raises
    ``SeriesError`` when a column is missing, the frame is empty or no series is left.
    """
    if freq not in SEASON:
        raise SeriesError(f"freq {freq!r} is not one of {sorted(SEASON)} (days, weeks, months, quarters)")
    if gaps not in GAPS:
        raise SeriesError(f"gaps {gaps!r} is not one of {list(GAPS)}")
    needed = ["ds", "y", *hierarchy, *([] if hierarchy else ["unique_id"])]
    missing = [c for c in needed if c not in frame.columns]
    if missing:
        raise SeriesError(
            f"column(s) {missing} are missing; the file has {list(map(str, frame.columns))}. "
            f"It needs {', '.join(needed)}: rename the columns"
        )
    if frame.empty:
        raise SeriesError("there is a header but no row: write one line per series and period")
    notes: list[tuple[str, str, str]] = []
    levels = {}
    for column in hierarchy:
        text = frame[column].astype("string").str.strip().fillna("")
        if blank := int((text == "").sum()):
            notes.append(("*", "note", f"{blank} row(s) without {column} are counted under {UNKNOWN}"))
        levels[column] = text.replace("", UNKNOWN).to_numpy(dtype=object)
    table = _table(frame, levels, first_line)
    table = _readable(table, notes)
    table = _on_grid(table, freq, notes)
    table = _unrepeated(table, notes)
    ids, rows, lasts, keys = [], [], [], []
    newest = int(table["step"].max()) if len(table) else 0
    ragged = 0
    codes, names = pd.factorize(table["unique_id"], sort=True)
    order = np.lexsort((table["step"].to_numpy(), codes))
    step, value = table["step"].to_numpy()[order], table["value"].to_numpy(dtype=float)[order]
    day, row = table["ds"].to_numpy()[order], table["row"].to_numpy()[order]
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
    moved = _keys_that_change(levels, row, edges)
    for k, name in enumerate(names):
        part = slice(edges[k], edges[k + 1])
        y, note, problem = _filled(step[part], value[part], newest if hierarchy else None, gaps, freq)
        if k in moved:
            problem = f"its {moved[k]} differs from row to row; one series has one place in the hierarchy"
        if problem:
            notes.append((str(name), "refused", problem))
            continue
        if note:
            notes.append((str(name), "note", note))
        ragged += int(step[edges[k + 1] - 1] != newest)
        ids.append(str(name))
        rows.append(y)
        lasts.append(day[edges[k + 1] - 1] if not hierarchy else day.max())
        keys.append(tuple(str(level[row[edges[k]]]) for level in levels.values()))
    if ragged and not hierarchy:
        notes.append(
            ("*", "note", f"{ragged} series end before the newest date: each is forecast from its own end")
        )
    found = pd.DataFrame(notes, columns=["unique_id", "kind", "note"])
    if not ids:
        why = "; ".join(
            f"{r.unique_id}: {r.note}" for r in found[found["kind"] == "refused"].head(3).itertuples()
        )
        raise SeriesError(f"no series can be used ({why or 'no row could be read'})")
    length = max(map(len, rows))
    y = np.full((len(ids), length), np.nan)
    for i, row in enumerate(rows):
        y[i, length - len(row) :] = row
    return Intake(tuple(ids), y, np.array(lasts, dtype="datetime64[D]"), tuple(keys), freq, found)


def _keys_that_change(levels: dict[str, np.ndarray], row: np.ndarray, edges: np.ndarray) -> dict[int, str]:
    """Return series (by number) whose value of a hierarchy column is not the same in all rows, and the column."""
    out: dict[int, str] = {}
    series = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    for column, values in levels.items():
        codes = pd.factorize(values)[0][row]
        differ = codes != codes[edges[:-1]][series]
        out |= dict.fromkeys(map(int, np.unique(series[differ])), column)
    return out


def _table(frame: pd.DataFrame, levels: dict[str, np.ndarray], first_line: int) -> pd.DataFrame:
    if "unique_id" in frame.columns:
        raw = frame["unique_id"]
        if pd.api.types.is_float_dtype(raw) and (raw.dropna() % 1 == 0).all():
            raw = raw.astype("Int64")  # a number read from a file with a blank: 7.0 is series 7
        name = raw.astype("string").str.strip().to_numpy(dtype=object, na_value="")
    else:
        name = np.array(["/".join(k) for k in zip(*levels.values(), strict=True)], dtype=object)
    return pd.DataFrame(
        {
            "unique_id": name,
            "raw_ds": frame["ds"].to_numpy(dtype=object),
            "raw_y": frame["y"].to_numpy(dtype=object),
            "row": np.arange(len(frame)),
            "line": np.arange(first_line, first_line + len(frame)),
        }
    )


def _readable(table: pd.DataFrame, notes: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Return rows with a name, a date and a finite number; a series that loses too many is refused."""
    table["ds"] = read_dates(table["raw_ds"])
    text = table["raw_y"].astype("string").str.strip()
    value = pd.to_numeric(text, errors="coerce").astype("Float64")
    table["value"] = value.to_numpy(dtype=float, na_value=np.nan)
    empty = (text.isna() | text.str.lower().isin(["", "na", "nan", "null", "none"])).to_numpy(dtype=bool)
    finite = np.isfinite(table["value"].to_numpy())
    table["bad_y"] = ~finite & ~empty
    blank = (table["unique_id"] == "") & empty & table["raw_ds"].isin(["", None])
    table = table[~blank]
    nameless = (table["unique_id"] == "").to_numpy(dtype=bool)
    if nameless.any():
        lines = table.loc[nameless, "line"].head(3).tolist()
        notes.append(
            ("*", "note", f"{int(nameless.sum())} row(s) without unique_id left out, line {_list(lines)}")
        )
        table = table[~nameless]
    bad = table["ds"].isna() | table["bad_y"]
    share = bad.groupby(table["unique_id"]).mean()
    bad = bad.astype(bool)
    for label, part in table[bad].groupby("unique_id", sort=True):
        name = str(label)
        row = part.iloc[0]
        column = "ds" if pd.isna(row["ds"]) else "y"
        what = "a date from 1700 to 2199 (write 2026-06-29)" if column == "ds" else "a number"
        said = (
            f"line {row['line']}, column {column}: {str(row['raw_' + column])[:40]!r} is not {what}"
            f"{f', and {len(part) - 1} more such row(s)' if len(part) > 1 else ''}"
        )
        refuse = share[name] > MOST_UNREADABLE
        notes.append((str(name), "refused" if refuse else "note", said + ("" if refuse else "; left out")))
    refused = set(share[share > MOST_UNREADABLE].index)
    gone = table[~bad & table["value"].isna()].groupby("unique_id").size()
    for series, count in gone.items():
        if series not in refused:
            notes.append(
                (str(series), "note", f"{count} row(s) with an empty y: read as periods without a row")
            )
    keep = ~bad & ~table["unique_id"].isin(refused)
    empty_only = set(table.loc[keep, "unique_id"]) - set(
        table.loc[keep & table["value"].notna(), "unique_id"]
    )
    notes += [
        (str(name), "refused", "every y is empty: nothing to forecast from") for name in sorted(empty_only)
    ]
    return table[keep & table["value"].notna()].copy()


def read_dates(raw: pd.Series) -> pd.Series:
    """Return dates (midnight, without time zone) read from text or dates; NaT where there is none."""
    if pd.api.types.is_datetime64_any_dtype(raw.infer_objects()):
        found = pd.to_datetime(raw.infer_objects())
    elif raw.nunique() < 0.5 * len(raw):  # thousands of series share their dates: read each once
        codes, values = pd.factorize(raw, use_na_sentinel=False)
        return pd.Series(read_dates(pd.Series(values, dtype=object)).to_numpy()[codes], index=raw.index)
    else:
        text = raw.astype("string").str.strip()
        found = pd.to_datetime(text, errors="coerce", format="ISO8601", utc=True)
        rest = found.isna() & text.notna()
        if rest.any():
            # Day before month is how Malaysia writes; a month above 12 settles it the other way.
            other = pd.to_datetime(text[rest], errors="coerce", format="mixed", dayfirst=True, utc=True)
            found = found.where(~rest, other.reindex(found.index))
            named = _named_periods(text[rest & found.isna()])
            found = found.where(~found.index.isin(named.index), named.reindex(found.index))
    if found.dt.tz is not None:
        found = found.dt.tz_localize(None)
    inside = (found >= pd.Timestamp("1700-01-01")) & (found < pd.Timestamp("2200-01-01"))
    return found.where(inside).dt.normalize()


def _named_periods(text: pd.Series) -> pd.Series:
    """Return the first day of ISO weeks (2026-W26) and quarters (2026-Q2) given by name; others are left out."""
    week = text.str.extract(r"^(\d{4})-?[Ww](\d{1,2})$").dropna()
    quarter = text.str.extract(r"^(\d{4})[- ]?[Qq]([1-4])$").dropna()
    days = pd.concat(
        [
            pd.to_datetime(
                week[0] + "-W" + week[1].str.zfill(2) + "-1", format="%G-W%V-%u", errors="coerce", utc=True
            ),
            pd.to_datetime(
                quarter[0] + "-" + (quarter[1].astype(int) * 3 - 2).astype(str) + "-01",
                format="%Y-%m-%d", errors="coerce", utc=True,
            ),
        ]
    )  # fmt: skip
    return days.astype("datetime64[ns, UTC]")


def _on_grid(table: pd.DataFrame, freq: str, notes: list[tuple[str, str, str]]) -> pd.DataFrame:
    if table.empty:
        return table.assign(step=pd.Series(dtype=int))
    day = table["ds"].to_numpy().astype("datetime64[D]")
    if freq in MONTHS:
        step = day.astype("datetime64[M]").astype(int) // MONTHS[freq]
    elif freq == "D":
        step = day.astype(int)
    else:
        # Weeks are counted between the file's own weekday, whichever it is.
        anchor = int(np.bincount((day.astype(int) - 4) % 7).argmax()) + 4
        step = (day.astype(int) - anchor) // 7
        off = (day.astype(int) - anchor) % 7 != 0
        if off.any():
            line = int(table["line"].to_numpy()[off][0])
            notes.append(
                ("*", "note", f"{int(off.sum())} date(s) are not on the file's usual weekday (first: line {line}); "
                 "taken as the week that holds them")
            )  # fmt: skip
    return table.assign(step=step)


def _unrepeated(table: pd.DataFrame, notes: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Return rows without repeats; exact repeats are dropped, contradicting ones refuse their series."""
    twice = table.duplicated(["unique_id", "step"], keep=False)
    if not twice.any():
        return table
    refused = set()
    for name, part in table[twice].groupby("unique_id", sort=True):
        differ = part.groupby("step").filter(lambda g: g["value"].nunique() > 1 or g["ds"].nunique() > 1)
        if len(differ):
            first = differ.sort_values(["step", "line"]).iloc[:2]
            refused.add(name)
            notes.append(
                (str(name), "refused", f"lines {_list(first['line'].tolist())}: two rows for one period "
                 f"({first['ds'].iloc[0]:%Y-%m-%d}); sum them, drop one, or choose the finer --freq")
            )  # fmt: skip
        else:
            count = len(part) - part["step"].nunique()
            notes.append((str(name), "note", f"{count} repeated row(s) dropped"))
    table = table[~table["unique_id"].isin(refused)]
    return table.drop_duplicates(["unique_id", "step"])


def _filled(
    step: np.ndarray, value: Floats, until: int | None, gaps: str, freq: str
) -> tuple[Floats, str, str]:
    """Return the series without gaps, a note, and why it must be refused (or an empty string)."""
    stop = max(until if until is not None else -(2**31), int(step[-1]))
    length = stop - int(step[0]) + 1
    missing = length - len(step)
    # Sparse dates: a wrong frequency spaces them evenly, and no zero-filling makes sense of that.
    if len(step) > 3 and np.diff(step).min() > 1:
        usual = int(np.median(np.diff(step)))
        unit = {"W": "weeks", "D": "days", "M": "months", "Q": "quarters"}[freq]
        return value, "", f"its dates are {usual} {unit} apart, never one: is --freq {freq} right?"
    y = np.full(length, np.nan)
    y[step - step[0]] = value
    if not missing:
        return y, "", ""
    low = value.min() >= 0 and value.min() <= max(2.0, 0.02 * float(np.median(value)))
    zero = gaps == "zero" or (gaps == "auto" and low and not (value == 0).any())
    if zero:
        return np.nan_to_num(y), f"{missing} period(s) without a row read as zero", ""
    if missing > MOST_MISSING * length:
        return y, "", f"{missing} of {length} periods have no row (with --gaps zero they would count as zero)"
    seen = np.flatnonzero(~np.isnan(y))
    y = np.interp(np.arange(length), seen, y[seen])
    if (value == np.round(value)).all():
        y = np.round(y)
    return (
        y,
        f"{missing} period(s) without a row filled from their neighbours (--gaps zero reads them as zero)",
        "",
    )


def _list(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines))


def period_dates(last: np.ndarray, horizon: int, freq: str) -> np.ndarray:
    """Return target dates (series, horizon), labelled as the file labels its periods.

    Months given by their last day stay at last days; others keep their day of the month where it exists.
    """
    steps = np.arange(1, horizon + 1)
    if freq not in MONTHS:
        return np.stack([advance(d, steps, freq) for d in last])
    out = np.empty((len(last), horizon), dtype="datetime64[D]")
    for i, day in enumerate(last):
        month, ahead = day.astype("datetime64[M]"), steps * MONTHS[freq]
        offset = (day - month.astype("datetime64[D]")).astype(int)
        at_end = (month + 1).astype("datetime64[D]") - 1 == day
        ends = (month + ahead + 1).astype("datetime64[D]") - 1
        starts = (month + ahead).astype("datetime64[D]")
        out[i] = ends if at_end else np.minimum(starts + offset, ends)
    return out

"""Weekly counts as known at a given week, and the reporting triangle they come from.

Belongs here: from the bitemporal weekly fact to zero-filled ISO-week series, hierarchies of totals, vintages.
Does not belong here: correcting for reports still to come (nowcast.py), forecasting.

Time: ``event_week`` is the Monday of the week in which it happened, ``known_week`` the Monday of the week in
which we received it. A week closes on Sunday and deliveries arrive on the Monday after, so what is *known at*
the close of week w is everything with ``known_week <= w + 7 days``; a delay of 0 weeks means "in the first
delivery after the week closed".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from forecasting.frames import SeriesError

FACT_COLUMNS = ("event_week", "known_week", "count_value")
WEEK = pd.Timedelta(days=7)


def _as_week(week: date | str | pd.Timestamp) -> pd.Timestamp:
    stamp = pd.Timestamp(week).normalize()
    if stamp.dayofweek != 0:
        raise SeriesError(f"{stamp:%Y-%m-%d} is not a Monday; weeks are named by their Monday")
    return stamp


def reporting_triangle(
    counts: pd.DataFrame,
    *,
    as_of_week: date | str | pd.Timestamp,
    by: Sequence[str] = ("crime_type_code",),
    strata: Sequence[str] = (),
    unit_code: str | None = "case",
    root: str = "MY",
) -> pd.DataFrame:
    """Return ``unique_id, event_week, known_week, delay, count``: what was known at the close of a week.

    ``counts`` is the weekly fact (``event_week, known_week, count_value`` and ``by`` columns; increments).
    ``unique_id`` is ``root`` and the ``by`` values joined with ``/``. ``delay`` counts weeks from 0 (in the
    first delivery after the week closed). Rows learnt later, or of later events, are not read at all.
    ``strata`` (the agency, say) adds a column ``stratum``, for nowcasts where the delay differs.
    """
    missing = [c for c in (*FACT_COLUMNS, *by, *strata) if c not in counts.columns]
    if missing:
        raise SeriesError(f"weekly counts lack column(s) {missing}")
    as_of = _as_week(as_of_week)
    event, known = pd.to_datetime(counts["event_week"]), pd.to_datetime(counts["known_week"])
    keep = (event <= as_of) & (known <= as_of + WEEK)
    if unit_code is not None and "unit_code" in counts.columns:
        keep &= counts["unit_code"] == unit_code
    part = counts.loc[keep, [*FACT_COLUMNS, *dict.fromkeys([*by, *strata])]].copy()
    part["event_week"], part["known_week"] = event[keep], known[keep]
    part["unique_id"] = _joined(part, by, root)
    keys = ["unique_id", "event_week", "known_week"]
    if strata:
        part["stratum"] = _joined(part, strata)
        keys.insert(1, "stratum")
    out = part.rename(columns={"count_value": "count"}).groupby(keys, as_index=False)[["count"]].sum()
    delay = (out["known_week"] - out["event_week"]).dt.days // 7 - 1
    out.insert(len(keys), "delay", delay.clip(lower=0).astype(int))
    return out


def _joined(frame: pd.DataFrame, columns: Sequence[str], root: str | None = None) -> pd.Series:
    parts = [frame[c].fillna("UNKNOWN").astype(str) for c in columns]
    if root is not None:
        parts.insert(0, pd.Series(root, index=frame.index, dtype=object))
    out = parts[0]
    for part in parts[1:]:
        out = out + "/" + part
    return out


def known_series(
    triangle: pd.DataFrame, *, as_of_week: date | str | pd.Timestamp, start: date | str | None = None
) -> pd.DataFrame:
    """Return ``unique_id, ds, y`` as known at the close of ``as_of_week``, zero-filled to that week.

    All series begin at ``start`` (default: the triangle's first event week), so a type that was first seen
    late has zeros, not gaps, before. Raises ``SeriesError`` when nothing was known yet.
    """
    as_of = _as_week(as_of_week)
    part = triangle[(triangle["event_week"] <= as_of) & (triangle["known_week"] <= as_of + WEEK)]
    if part.empty:
        raise SeriesError(f"nothing was known at the close of {as_of:%Y-%m-%d}")
    first = _as_week(start) if start is not None else part["event_week"].min()
    weeks = pd.date_range(first, as_of, freq="7D")
    table = part.pivot_table(index="unique_id", columns="event_week", values="count", aggfunc="sum")
    table = table.reindex(columns=weeks).fillna(0.0).clip(lower=0.0)
    n, steps = table.shape
    return pd.DataFrame(
        {
            "unique_id": np.repeat(table.index.to_numpy(dtype=object), steps),
            "ds": np.tile(weeks.to_numpy(), n),
            "y": table.to_numpy(dtype=float).ravel(),
        }
    )


def weekly_series(
    counts: pd.DataFrame,
    *,
    as_of_week: date | str | pd.Timestamp,
    by: Sequence[str] = ("crime_type_code",),
    unit_code: str | None = "case",
    root: str = "MY",
) -> pd.DataFrame:
    """Return the weekly fact as ``unique_id, ds, y`` as known at the close of ``as_of_week``."""
    triangle = reporting_triangle(counts, as_of_week=as_of_week, by=by, unit_code=unit_code, root=root)
    return known_series(triangle, as_of_week=as_of_week)

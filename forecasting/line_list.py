"""Nowcast a line list: one row per case with the date it happened and the date it was reported.

Belongs here: reading two date columns into reporting triangles by week or day, and the table handed back.
Does not belong here: the warehouse's weekly fact (series.py), the nowcast itself (nowcast.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from forecasting.frames import HUB_LEVELS, SeriesError, monday
from forecasting.nowcast import LONGEST, nowcast_matrices, triangle_matrices
from forecasting.quantiles import path_quantiles

STEP = {"W": 7, "D": 1}


@dataclass(frozen=True)
class LineListNowcast:
    """Nowcast of the newest periods of each series in a line list.

    ``frame``: ``unique_id, ds, reported, quantile, value``, one row per quantile and period, newest last.
    ``notes``: ``unique_id, note``: rows left out, silent feeds, series refused; empty when all is well.
    ``newest``: the newest period nowcast.
    """

    frame: pd.DataFrame
    notes: pd.DataFrame
    newest: pd.Timestamp


def nowcast_line_list(
    lines: pd.DataFrame,
    *,
    event: str,
    report: str,
    as_of: date | str,
    unit: str = "W",
    by: Sequence[str] = (),
    newest: int | None = None,
    received_until: date | str | None = None,
    levels: Sequence[float] = HUB_LEVELS,
    paths: int = 2000,
    seed: int = 0,
) -> LineListNowcast:
    """Return the nowcast of ``lines`` as known on ``as_of``.

    ``event`` and ``report`` name date columns; ``by`` columns make separate series (``unique_id`` joins their
    values with ``/``, ``total`` without any). Rows reported after ``as_of`` are not read. ``unit`` is W (ISO
    weeks) or D. The newest period is the last one over by ``as_of``; where the list's own dates are all Mondays
    (weeks labelled by their first day) it is the week ``as_of`` falls in. ``newest`` asks for that many periods
    (default: all that may still change). ``received_until`` is the last day a delivery came, when known.
    Raises ``SeriesError`` when a column is missing, no date can be read or nothing was known yet.
    """
    if unit not in STEP:
        raise SeriesError(f"unit {unit!r} is not one of {sorted(STEP)}")
    missing = [c for c in (event, report, *by) if c not in lines.columns]
    if missing:
        raise SeriesError(f"line list lacks column(s) {missing}; it has {list(lines.columns)}")
    happened = pd.to_datetime(lines[event], errors="coerce").dt.normalize()
    reported = pd.to_datetime(lines[report], errors="coerce").dt.normalize()
    today = pd.Timestamp(as_of).normalize()
    unread, early = happened.isna() | reported.isna(), reported < happened
    known = ~unread & ~early & (reported <= today)
    if not known.any():
        raise SeriesError(f"no row with readable {event} <= {report} was known on {today:%Y-%m-%d}")
    notes = [
        ("*", f"{int(flag.sum())} row(s) left out: {why}")
        for flag, why in (
            (unread, f"{event} or {report} is empty or not a date"),
            (early & ~unread, f"{report} is before {event}"),
        )
        if flag.any()
    ]
    last = _last_period(happened[known], reported[known], today, unit)
    start = _periods(happened[known], unit)
    keep = start <= last
    step = STEP[unit]
    arrived = _periods(reported[known], unit)
    arrived = arrived.where(arrived <= last, last)
    names = _names(lines.loc[known], by)
    rows = (last - start.min()).days // step + 1
    index = ((start - start.min()).dt.days // step)[keep].to_numpy()
    delay = ((arrived - start).dt.days // step)[keep].to_numpy()
    matrices = triangle_matrices(
        names[keep.to_numpy()], index, delay, pd.Series(np.ones(len(index))), rows, LONGEST[unit]
    )
    unheard = 0
    if received_until is not None:
        unheard = max(
            (last - _periods(pd.Series([pd.Timestamp(received_until)]), unit).iloc[0]).days // step, 0
        )
    label = str(today.date())
    found = nowcast_matrices(matrices, unit=unit, paths=paths, seed=seed, label=label, unheard=unheard)
    pieces = []
    for name, one in found.items():
        if one.silent:
            notes.append((name, f"no report in the newest {one.silent} period(s): treated as not received"))
        size = min(newest or one.draws.shape[1], len(one.reported))
        draws = np.repeat(one.reported[None, len(one.reported) - size :], paths, axis=0)
        changing = min(size, one.draws.shape[1])
        draws[:, size - changing :] = one.draws[:, one.draws.shape[1] - changing :]
        so_far = one.reported[len(one.reported) - size :]
        values = np.maximum(path_quantiles(draws, levels), so_far[:, None])
        # What can no longer change is known exactly; the half-unit spread of mid-quantiles has no place there.
        values[: size - changing] = so_far[: size - changing, None]
        pieces.append(_frame(name, last, step, so_far, values, levels))
    table = pd.DataFrame(notes, columns=["unique_id", "note"])
    return LineListNowcast(pd.concat(pieces, ignore_index=True), table, last)


def _periods(days: pd.Series, unit: str) -> pd.Series:
    return monday(days) if unit == "W" else days


def _last_period(happened: pd.Series, reported: pd.Series, today: pd.Timestamp, unit: str) -> pd.Timestamp:
    if unit == "D":
        return today
    week = today - pd.Timedelta(days=today.dayofweek)
    labelled = (happened.dt.dayofweek == 0).all() and (reported.dt.dayofweek == 0).all()
    return week if labelled or today.dayofweek == 6 else week - pd.Timedelta(days=7)


def _names(lines: pd.DataFrame, by: Sequence[str]) -> np.ndarray:
    if not by:
        return np.full(len(lines), "total", dtype=object)
    parts = [lines[c].astype("string").fillna("UNKNOWN").to_numpy(dtype=object) for c in by]
    return np.array(["/".join(map(str, p)) for p in zip(*parts, strict=True)], dtype=object)


def _frame(
    name: str,
    last: pd.Timestamp,
    step: int,
    reported: np.ndarray,
    values: np.ndarray,
    levels: Sequence[float],
) -> pd.DataFrame:
    size, count = values.shape
    ds = pd.date_range(end=last, periods=size, freq=f"{step}D")
    return pd.DataFrame(
        {
            "unique_id": name,
            "ds": np.repeat(ds.to_numpy(), count),
            "reported": np.repeat(reported, count),
            "quantile": np.tile(np.asarray(levels, dtype=float), size),
            "value": values.ravel(),
        }
    )

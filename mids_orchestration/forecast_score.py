"""Scores of recorded forecasts whose weeks and months have become final, beside seasonal-naive.

Belongs here: truth by node, the panels known at past weeks, the matured tables.
Does not belong here: the formulae (forecasting.scores), projecting (forecast_step.py), the gates (defs/forecast).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd

from forecasting import reporting_triangle
from forecasting.frames import Panel, generator
from forecasting.margins import RECORDED, level_of, margins
from forecasting.models import pool
from forecasting.months import month_of
from forecasting.scores import COVERAGES, covered, mid_covered, pit, wis, wis_parts
from mids_orchestration.forecast_step import LEAF, UNITS

#: Weeks after which a count is taken as final when a recorded forecast is scored.
MATURE_WEEKS = 13
NAIVE_PATHS = 200
WEEK = pd.Timedelta(weeks=1)

_SCORES = {
    "model_name": "varchar",
    "count_value": "double",
    "wis": "double",
    "dispersion": "double",
    "overprediction": "double",
    "underprediction": "double",
    "absolute_error": "double",
    "pit": "double",
    "coverage_50": "double",
    "coverage_80": "double",
    "coverage_95": "double",
    "midcoverage_80": "double",
    "midcoverage_95": "double",
    "wis_seasonal_naive": "double",
    "relative_wis": "double",
}
_WHICH = {
    "as_of_week": "date",
    "revision": "integer",
    "unique_id": "varchar",
    "level_code": "varchar",
    "unit_code": "varchar",
}
MATURED_COLUMNS = {**_WHICH, "target_week": "date", "horizon": "integer", **_SCORES}
MATURED_MONTH_COLUMNS = {**_WHICH, "target_month": "date", "horizon": "integer", **_SCORES}


def matured_tables(
    connection: duckdb.DuckDBPyConnection, counts: pd.DataFrame, as_of_week: date
) -> dict[str, pd.DataFrame]:
    """Return ``matured_score`` and ``matured_month``: one row per recorded forecast whose target is final.

    A target is final ``MATURE_WEEKS`` after it ended. The seasonal-naive beside each forecast is made from what was
    known when it was made. Reads ``forecast.weekly_forecast`` and ``forecast.monthly_forecast``.
    """
    final = as_of_week - timedelta(weeks=MATURE_WEEKS)
    weekly = connection.execute(
        "select as_of_week, revision, unique_id, unit_code, target_week as target, horizon, quantile, value, "
        "model_name from forecast.weekly_forecast where target_week <= ?", [final]
    ).df()  # fmt: skip
    monthly = connection.execute(
        "select as_of_week, revision, unique_id, unit_code, target_month as target, horizon, quantile, value, "
        "'mids' as model_name from forecast.monthly_forecast "
        "where target_month + interval 1 month + interval 3 day <= ?", [final]
    ).df()  # fmt: skip
    weeks, months = [], []
    for unit, root in UNITS.items():
        mine, mine_by_month = (t[t["unit_code"] == unit] for t in (weekly, monthly))
        if mine.empty and mine_by_month.empty:
            continue
        for week, known, truth in _known_panels(counts, unit, root, as_of_week, weekly["as_of_week"]):
            part = mine[mine["as_of_week"] == week]
            if len(part):
                weeks.append(_scored(part, known, truth))
            part = mine_by_month[mine_by_month["as_of_week"] == week]
            if len(part):
                months.append(_scored(part, by_month(known, whole=True), by_month(truth)))
    return {
        "matured_score": _complete(weeks, MATURED_COLUMNS, "target_week"),
        "matured_month": _complete(months, MATURED_MONTH_COLUMNS, "target_month"),
    }


def _known_panels(
    counts: pd.DataFrame, unit: str, root: str, as_of_week: date, weeks: pd.Series
) -> Iterator[tuple[pd.Timestamp, Panel, Panel]]:
    """Yield, for each as-of week, the nodes as known at its close and as known now, on record-wide axes."""
    triangle = reporting_triangle(counts, as_of_week=as_of_week, by=LEAF[unit], unit_code=unit, root=root)
    ids: list[str] = []
    members: list[np.ndarray] = []
    leaves = sorted(triangle["unique_id"].unique())
    for name in sorted({"/".join(leaf.split("/")[:2]) for leaf in leaves}):
        own = [k for k, leaf in enumerate(leaves) if leaf.startswith(f"{name}/")]
        for node, rows in margins(name, [leaves[k] for k in own], RECORDED).items():
            ids.append(node)
            members.append(np.asarray(own)[rows])
    adds_up = np.zeros((len(ids), len(leaves)))
    for i, rows in enumerate(members):
        adds_up[i, rows] = 1.0
    first = triangle["event_week"].min()
    ds = np.arange(
        first.to_datetime64().astype("datetime64[D]"),
        np.datetime64(as_of_week + timedelta(weeks=1)),
        np.timedelta64(7, "D"),
    )
    leaf = triangle["unique_id"].map({name: i for i, name in enumerate(leaves)}).to_numpy()
    at = ((triangle["event_week"] - first).dt.days // 7).to_numpy()
    value, known_week = triangle["count"].to_numpy(dtype=float), triangle["known_week"]
    full = np.zeros((len(leaves), len(ds)))
    np.add.at(full, (leaf, at), value)
    truth = Panel(tuple(ids), ds, np.maximum(adds_up @ full, 0.0))
    for week in sorted(pd.to_datetime(weeks.unique())):
        seen = ((known_week <= week + WEEK) & (triangle["event_week"] <= week)).to_numpy()
        then = np.zeros_like(full)
        np.add.at(then, (leaf[seen], at[seen]), value[seen])
        stop = (week - first).days // 7 + 1
        if stop >= 1:
            yield week, Panel(tuple(ids), ds[:stop], np.maximum(adds_up @ then[:, :stop], 0.0)), truth


def by_month(panel: Panel, whole: bool = False) -> Panel:
    """Return the panel summed by the month of each week's Thursday; ``whole``: without a last month still running."""
    month = month_of(panel.ds)
    wanted = np.unique(month)
    if whole and len(wanted) > 1 and month_of(panel.ds[-1:] + 7)[0] == wanted[-1]:
        wanted = wanted[:-1]
    y = np.stack([panel.y[:, month == m].sum(1) for m in wanted], axis=1)
    return Panel(panel.ids, wanted.astype("datetime64[D]"), y, "M")


def _scored(part: pd.DataFrame, known: Panel, truth: Panel) -> pd.DataFrame:
    keys = ["as_of_week", "revision", "unique_id", "unit_code", "model_name", "target", "horizon"]
    wide = part.pivot(index=keys, columns="quantile", values="value").sort_index(axis=1)
    # Forecasts of an earlier version may lack the outer levels.
    wide = wide.dropna(axis=1, how="all")
    levels = [float(c) for c in wide.columns]
    frame, values = wide.index.to_frame(index=False), wide.to_numpy()
    where = {name: i for i, name in enumerate(truth.ids)}
    row = frame["unique_id"].map(where)
    column = np.searchsorted(truth.ds, frame["target"].to_numpy().astype("datetime64[D]"))
    keep = (row.notna() & (column < len(truth.ds)) & ~np.isnan(values).any(axis=1)).to_numpy()
    frame, values = frame[keep].reset_index(drop=True), values[keep]
    row, column = row[keep].to_numpy(dtype=int), column[keep]
    y = truth.y[row, column]
    for name, score in wis_parts(y, values, levels).items():
        frame[name] = score
    frame["count_value"] = y
    frame["absolute_error"] = np.abs(y - values[:, len(levels) // 2])
    frame["pit"] = pit(y, values, levels)
    for share in COVERAGES:
        frame[f"coverage_{round(share * 100)}"] = covered(y, values, levels, share)
        frame[f"midcoverage_{round(share * 100)}"] = mid_covered(y, values, levels, share)
    (model,) = pool(("seasonal_naive",))
    ahead = column - len(known.ds)
    good = ahead >= 0
    rng = generator(0, "matured", known.freq, str(known.last))
    naive = np.full(len(frame), np.nan)
    if good.any():
        used = np.unique(row[good])
        found = model.quantiles(known.rows(used), int(ahead.max()) + 1, levels, paths=NAIVE_PATHS, rng=rng)
        naive[good] = wis(y[good], found[np.searchsorted(used, row[good]), ahead[good]], levels)
    return frame.assign(wis_seasonal_naive=naive)


def _complete(parts: list[pd.DataFrame], columns: dict[str, str], target: str) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(columns=list(columns))
    out = pd.concat(parts, ignore_index=True)
    names = pd.Series({name: level_of(name) for name in out["unique_id"].unique()})
    base = out["wis_seasonal_naive"].where(out["wis_seasonal_naive"] > 0)
    out = out.assign(
        relative_wis=out["wis"] / base, level_code=out["unique_id"].map(names),
        as_of_week=out["as_of_week"].dt.date, **{target: out["target"].dt.date},
    )  # fmt: skip
    return out[list(columns)]

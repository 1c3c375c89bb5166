"""Shapes every forecasting module shares: the long frame, the panel of equally spaced series, the levels.

Belongs here: column names, quantile levels, the conversion long frame <-> panel, seeded generators.
Does not belong here: any model, any score, any reading or writing of files, any clock.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from forecasting.context import Context

Floats = NDArray[np.float64]

#: Levels of the weekly product (FluSight's nine inner ones are a superset of what a fan chart shows).
LEVELS: tuple[float, ...] = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
#: The 23 levels of the US CDC FluSight hub: .01 .025 .05 .1 ... .9 .95 .975 .99.
HUB_LEVELS: tuple[float, ...] = (
    0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5,
    0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99,
)  # fmt: skip

#: Steps of one season (one year) by frequency letter: weeks as in the tropical year, months, days.
SEASON = {"W": 365.25 / 7, "M": 12.0, "D": 365.25, "Q": 4.0}
#: Calendar months in a period, of frequencies that go by months.
MONTHS = {"M": 1, "Q": 3}


class SeriesError(ValueError):
    """The frame cannot be used; the message names the column or series and what to change."""


@dataclass(frozen=True)
class Panel:
    """Equally spaced series on one common time axis.

    ``y`` has shape (series, time); NaN before a series begins (never inside it: gaps are filled before).
    ``tail`` holds draws (series, paths, weeks) that stand in for the newest columns of ``y`` where the
    newest weeks are themselves uncertain (a nowcast); None means what is in ``y`` is final. ``context``: holidays and
    operations beside the counts, for models that can use them.
    """

    ids: tuple[str, ...]
    ds: NDArray[np.datetime64]
    y: Floats
    freq: str = "W"
    tail: Floats | None = None
    context: Context | None = field(default=None, repr=False)

    @property
    def season(self) -> float:
        """Steps in one year."""
        return SEASON[self.freq]

    @property
    def last(self) -> np.datetime64:
        """Newest period observed: the origin of forecasts."""
        return self.ds[-1]

    def until(self, steps: int) -> Panel:
        """Return the panel cut to its first ``steps`` periods, without any later information."""
        return replace(self, ds=self.ds[:steps], y=self.y[:, :steps], tail=None)

    def rows(self, index: NDArray[np.intp] | Sequence[int]) -> Panel:
        """Return the panel of some of its series."""
        where = np.asarray(index, dtype=np.intp)
        tail = None if self.tail is None else self.tail[where]
        return replace(self, ids=tuple(self.ids[i] for i in where), y=self.y[where], tail=tail)

    def future(self, horizon: int) -> NDArray[np.datetime64]:
        """Return the ``horizon`` periods after the last one."""
        return advance(self.last, np.arange(1, horizon + 1), self.freq)


def advance(start: np.datetime64, steps: NDArray[np.int_], freq: str) -> NDArray[np.datetime64]:
    """Return ``start`` moved on by whole periods (days for D, 7 days for W, calendar months for M and Q)."""
    if freq in MONTHS:
        return (start.astype("datetime64[M]") + steps * MONTHS[freq]).astype("datetime64[D]")
    return start.astype("datetime64[D]") + steps * (7 if freq == "W" else 1)


def monday(dates: pd.Series | pd.DatetimeIndex) -> pd.Series:
    """Return the Monday of each date's ISO week, as a datetime Series with the same index."""
    out = pd.to_datetime(pd.Series(dates))
    return (out - pd.to_timedelta(out.dt.day_of_week, unit="D")).dt.normalize()


def to_panel(series: pd.DataFrame, *, freq: str = "W") -> Panel:
    """Return the panel of a long frame (``unique_id, ds, y``), filling missing periods with zero.

    Every series is taken to end where the newest one ends and to begin at its own first row: a count that
    nobody wrote down is zero, which is how the weekly fact is built. Raises ``SeriesError`` on missing
    columns, repeated (unique_id, ds) or a ``ds`` off the grid.
    """
    missing = {"unique_id", "ds", "y"} - set(series.columns)
    if missing:
        raise SeriesError(f"series frame lacks column(s) {sorted(missing)}; it needs unique_id, ds, y")
    if series.empty:
        raise SeriesError("series frame has no rows")
    if freq not in SEASON:
        raise SeriesError(f"freq {freq!r} is not one of {sorted(SEASON)}")
    ds = pd.to_datetime(series["ds"]).to_numpy().astype("datetime64[D]")
    first, last = ds.min(), ds.max()
    if freq in MONTHS:
        months = (ds.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(int)
        step = months // MONTHS[freq]
        off = (ds != ds.astype("datetime64[M]").astype("datetime64[D]")) | (months % MONTHS[freq] != 0)
    else:
        width = 7 if freq == "W" else 1
        days = (ds - first).astype(int)
        step, off = days // width, days % width != 0
    if off.any():
        bad = series.loc[off].iloc[0]
        raise SeriesError(
            f"series {bad['unique_id']!r}: ds {bad['ds']} is off the {freq} grid that starts {first}; "
            "give the first day of each period"
        )
    codes, names = pd.factorize(series["unique_id"].astype(str), sort=True)
    if pd.DataFrame({"c": codes, "s": step}).duplicated().any():
        raise SeriesError("the same (unique_id, ds) appears twice; sum or drop repeats first")
    y = np.zeros((len(names), int(step.max()) + 1))
    y[codes, step] = pd.to_numeric(series["y"], errors="coerce").fillna(0.0).to_numpy(dtype=float)
    begins = np.full(len(names), y.shape[1])
    np.minimum.at(begins, codes, step)
    y[np.arange(y.shape[1])[None, :] < begins[:, None]] = np.nan
    grid = advance(first, np.arange(y.shape[1]), freq)
    assert grid[-1] == last
    return Panel(tuple(map(str, names)), grid, y, freq)


def to_long(panel: Panel) -> pd.DataFrame:
    """Return a panel's observed part as a long frame ``unique_id, ds, y``."""
    n, steps = panel.y.shape
    out = pd.DataFrame(
        {
            "unique_id": np.repeat(np.asarray(panel.ids, dtype=object), steps),
            "ds": np.tile(panel.ds.astype("datetime64[ns]"), n),
            "y": panel.y.ravel(),
        }
    )
    return out[out["y"].notna()].reset_index(drop=True)


def generator(seed: int, *what: str) -> np.random.Generator:
    """Return a generator that depends on the seed and on what it is for, not on the order of calls."""
    return np.random.default_rng([seed, *(zlib.crc32(w.encode()) for w in what)])

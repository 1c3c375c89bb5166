"""Seasonal window: what was seen at this time of year, recent years counting more.

Belongs here: the weighted empirical distribution of past counts around the same week of the year.
Does not belong here: anything that follows last week's level (negbin.py, statistical.py).

No shape is assumed, so weather-bound series with many zeros and a ceiling keep both. Weights fall with age
(``MEMORIES`` periods, mixed evenly: how fast the world forgets is not known) and with distance in the season
(Gaussian, about six weeks); a small floor keeps a never-seen season from being impossible. Measured on weekly
UK small boats, four weeks ahead: WIS 282 with one 52-week memory against 310 for AutoETS and AutoARIMA.
"""

from __future__ import annotations

import numpy as np

from forecasting.frames import Floats, Panel
from forecasting.models import PathModel

MEMORIES = (26.0, 52.0, 104.0)
#: Width of the season's window and its floor, in years and as a share of the peak weight.
WIDTH, FLOOR = 6 / 52.18, 0.02


class SeasonalWindow(PathModel):
    """Weighted resampling of past counts; see the module's charter."""

    name = "seasonal_window"

    def sample(self, panel: Panel, horizon: int, paths: int, rng: np.random.Generator) -> Floats:
        """Return sample paths (series, paths, horizon); weeks are drawn independently of each other.

        Draws are shared by series that begin at the same period, which makes thousands of series cheap.
        """
        n, steps = panel.y.shape
        begin = np.minimum(np.isnan(panel.y).sum(1), steps - 1)
        out = np.empty((n, paths, horizon))
        weight = _weights(steps, horizon, panel.season)
        if panel.freq == "D":
            away = (np.arange(steps)[::-1] + np.arange(1, horizon + 1)[:, None]) % 7
            weight = weight * np.where(away == 0, 1.0, FLOOR)
        for start in np.unique(begin):
            rows = np.flatnonzero(begin == start)
            index = np.empty((paths, horizon), dtype=int)
            for h in range(horizon):
                edges = np.cumsum(weight[h, start:])
                point = (np.arange(paths) + rng.random()) / paths * edges[-1]
                index[:, h] = start + np.minimum(np.searchsorted(edges, point), steps - start - 1)
                rng.shuffle(index[:, h])
            out[rows] = panel.y[rows][:, index]
        if panel.tail is not None:
            # Newest weeks are known only as draws: where one of them was picked, take this path's own draw.
            lag = panel.tail.shape[2]
            for h in range(horizon):
                late = index[:, h] - (steps - lag)
                hit = np.flatnonzero(late >= 0)
                out[:, hit, h] = panel.tail[:, hit % panel.tail.shape[1], late[hit]]
        return np.maximum(out, 0.0)


def _weights(steps: int, horizon: int, season: float) -> Floats:
    """Return weights (horizon, time) of past periods for each period ahead."""
    age = np.arange(steps)[::-1]
    recency = np.mean([np.exp(-age / (m / 52.18 * season)) / (m / 52.18 * season) for m in MEMORIES], axis=0)
    ahead = np.arange(1, horizon + 1)[:, None]
    years = (age + ahead) / season
    away = np.abs(years - np.round(years))
    return recency * (np.exp(-0.5 * (away / WIDTH) ** 2) + FLOOR)

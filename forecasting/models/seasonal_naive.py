"""Seasonal naive: the same week a year ago, spread by how wrong that used to be.

Belongs here: the benchmark every other model is held against. Nothing clever.
"""

from __future__ import annotations

import numpy as np

from forecasting.frames import Floats, Panel
from forecasting.models import PathModel


class SeasonalNaive(PathModel):
    """Value one season ago plus past seasonal differences, cut at zero.

    With less than two seasons there is no seasonal difference to learn from: the last value and one-step
    differences stand in, and with fewer than three points the mean and its Poisson-like spread.
    """

    name = "seasonal_naive"

    def sample(self, panel: Panel, horizon: int, paths: int, rng: np.random.Generator) -> Floats:
        """Return sample paths (series, paths, horizon)."""
        # A day is compared with the same day of last week: the week is the season that days show most.
        period = 7 if panel.freq == "D" else round(panel.season)
        out = np.empty((len(panel.ids), paths, horizon))
        for i, row in enumerate(panel.y):
            y = row[~np.isnan(row)]
            if y.size > period + max(8, period // 4):
                centre = np.array([y[y.size - period + (h % period)] for h in range(horizon)])
                errors = y[period:] - y[:-period]
                # Symmetric empirical errors: the naive has no drift by definition.
                errors = np.concatenate([errors, -errors])
                out[i] = centre + rng.choice(errors, size=(paths, horizon))
            elif y.size >= 3:
                errors = np.diff(y)
                errors = np.concatenate([errors, -errors])
                out[i] = y[-1] + rng.choice(errors, size=(paths, horizon))
            else:
                mean = float(y.mean()) if y.size else 0.0
                out[i] = rng.poisson(mean + 0.5, size=(paths, horizon))
        return np.maximum(out, 0.0)

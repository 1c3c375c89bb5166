"""One gradient-boosted model for all series together (scikit-learn, Poisson loss).

Belongs here: features from the recent past, one global fit, negative-binomial spread about its mean.
Does not belong here: per-series models.

Series share strength here: thousands of sparse series teach one function of recent level, older level, age of
the last count, season and horizon. Counts are divided by the series' own scale so that sizes do not matter.
"""

from __future__ import annotations

import numpy as np

from forecasting.frames import Floats, Panel
from forecasting.models import PathModel
from forecasting.models.season import fourier, year_phase

#: Enough for a function this smooth; 60,000 rows and twice the trees cost ten times as much.
ROWS = 8_000
LAGS = (1, 2, 4, 8, 13, 26, 52)


class Boosted(PathModel):
    """Histogram gradient boosting with Poisson loss on scaled counts; see the module's charter."""

    name = "boosted"

    def sample(self, panel: Panel, horizon: int, paths: int, rng: np.random.Generator) -> Floats:
        """Return sample paths (series, paths, horizon)."""
        from sklearn.ensemble import HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits

        y = np.nan_to_num(panel.y)
        n, steps = y.shape
        scale = np.maximum(np.nanmean(panel.y, axis=1), 0.05)
        future = panel.future(horizon)
        phase = year_phase(np.concatenate([panel.ds, future]))
        grown = np.pad(np.cumsum(y, axis=1), ((0, 0), (1, 0)))
        first = min(max(LAGS), max(steps - horizon - 8, 4))
        if steps - horizon <= first:
            return rng.poisson(scale[:, None, None], size=(n, paths, horizon)).astype(float)
        count = min(ROWS, n * (steps - horizon - first) * 2)
        # Large series count more, up to a point. Drawn more often rather than weighted: binning with weights takes ten
        # times as long as the fit (scikit-learn 1.9).
        weight = np.minimum(scale, 10.0)
        i = rng.choice(n, count, p=weight / weight.sum())
        t = rng.integers(first, steps - horizon, count)  # periods known at the time
        h = rng.integers(1, horizon + 1, count)
        begin = np.isnan(panel.y).sum(1)
        keep = t > begin[i] + 4
        i, t, h = i[keep], t[keep], h[keep]
        if i.size < 50 or not y[i, t + h - 1].any():
            return rng.poisson(scale[:, None, None], size=(n, paths, horizon)).astype(float)
        x = _features(grown, scale, i, t, h, phase)
        target = y[i, t + h - 1] / scale[i]
        model = HistGradientBoostingRegressor(
            loss="poisson", max_iter=50, learning_rate=0.1, max_leaf_nodes=8, min_samples_leaf=60,
            l2_regularization=1.0, early_stopping=False, random_state=int(rng.integers(2**31)),
        )  # fmt: skip
        # One thread: fits this small lose more to waiting for each other than they gain (measured: 0.06 s against 2 s
        # beside another process), and sums come out the same everywhere.
        rows, ahead = np.repeat(np.arange(n), horizon), np.tile(np.arange(1, horizon + 1), n)
        now = _features(grown, scale, rows, np.full(rows.size, steps), ahead, phase)
        with threadpool_limits(limits=1, user_api="openmp"):
            model.fit(x, target)
            fitted = np.maximum(model.predict(x), 1e-4) * scale[i]
            rate = (np.maximum(model.predict(now), 1e-4) * scale[rows]).reshape(n, 1, horizon)
        size = _size(y[i, t + h - 1], fitted, i, n)
        r = size[:, None, None]
        return rng.poisson(rng.gamma(r, rate / r, size=(n, paths, horizon))).astype(float)


def _features(
    grown: Floats, scale: Floats, i: np.ndarray, t: np.ndarray, h: np.ndarray, phase: Floats
) -> Floats:
    columns = [
        (grown[i, t] - grown[i, np.maximum(t - lag, 0)]) / np.minimum(lag, np.maximum(t, 1)) / scale[i]
        for lag in LAGS
    ]
    year = np.maximum(t + h - 53, 0)
    around = (grown[i, np.minimum(year + 3, t)] - grown[i, np.maximum(year - 2, 0)]) / 5 / scale[i]
    return np.column_stack([*columns, around, h, np.log(scale[i]), fourier(phase[t + h - 1], 2)])


def _size(y: Floats, mean: Floats, i: np.ndarray, n: int) -> Floats:
    """Return a negative-binomial size per series, shrunk to the pooled one (as if seen 100 times more)."""
    excess, square = (y - mean) ** 2 * 1.1 - mean, mean**2
    pooled = max(excess.sum() / max(square.sum(), 1e-9), 5e-3)
    top = np.bincount(i, weights=excess, minlength=n)
    below = np.bincount(i, weights=square, minlength=n)
    typical = below.sum() / max(len(i), 1)
    inverse = (top + 100 * typical * pooled) / np.maximum(below + 100 * typical, 1e-9)
    return 1 / np.clip(inverse, 5e-3, 10.0)

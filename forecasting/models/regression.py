"""Negative-binomial regression: season, public holidays and operations beside a level with a trend.

Belongs here: the regression and its draws. Does not belong here: where holidays and operations come from (context.py).

``log mean = level + slope * time + season + holidays + log(1 + operations) + log(1 + operations of four weeks)``.
Season and exposures are fitted to the whole series (ridge quasi-Poisson about a one-season moving level), level and
slope to the newest seasons (weights halve in ``HALF_LIFE``). Coefficients are drawn from their normal approximation,
widened by the dispersion. Holidays to come are known; operations to come are stretches of the past year drawn at
random. Without a context (``Panel.context``) season, level and slope are what is left.
"""

from __future__ import annotations

import numpy as np

from forecasting.context import LAGS, LATE, RECENT, Context
from forecasting.frames import Floats, Panel
from forecasting.models import PathModel
from forecasting.models.season import fourier, moving_level, ridge_effects, year_phase

#: Weights of level and slope halve in this share of a season.
HALF_LIFE = 0.75
#: Prior standard deviation of the slope (log scale a season) and of the operations' elasticities.
SLOPE_SD, OPERATION_SD = 0.3, 0.3
#: The same a day of holiday, of Hari Raya Puasa (beyond that) and of Ramadan.
HOLIDAY_SD = (0.1, 0.2, 0.03)
#: Prior standard deviation of the level (log scale): without one, series of zeros have levels up to any height.
LEVEL_SD = 1.0
ORDER = 2
SEASON_SD = 0.5


class Regression(PathModel):
    """Season, holidays and operations about a level with a slope; see the module's charter."""

    name = "regression"

    def sample(self, panel: Panel, horizon: int, paths: int, rng: np.random.Generator) -> Floats:
        """Return sample paths (series, paths, horizon)."""
        out = np.empty((len(panel.ids), paths, horizon))
        context = panel.context if panel.freq == "W" else None
        row = np.zeros(len(panel.ids), dtype=int) if context is None else context.rows(panel.ids)
        for place in np.unique(row):
            members = np.flatnonzero(row == place)
            out[members] = _place_paths(panel.y[members], panel, context, int(place), horizon, paths, rng)
        return out


def _place_paths(
    y: Floats,
    panel: Panel,
    context: Context | None,
    place: int,
    horizon: int,
    paths: int,
    rng: np.random.Generator,
) -> Floats:
    past, ahead, precision = _regressors(panel, context, place, horizon, paths, rng)
    n, steps = y.shape
    beta, root, dispersion = ridge_effects(y, moving_level(y, round(panel.season)), past, precision)
    young = (~np.isnan(y)).sum(1) < 1.5 * panel.season
    beta[young], root[young] = 0.0, 0.0
    effect = np.exp(np.clip(beta @ past.T, -5, 5))
    age = np.arange(steps)[::-1] / panel.season
    level, spread, mean = _level(y, effect, age, dispersion)
    size = _size(y, mean)
    drawn = beta[:, None] + np.einsum("npk,nmk->npm", rng.standard_normal((n, paths, beta.shape[1])), root)
    both = level[:, None] + np.einsum("npk,nmk->npm", rng.standard_normal((n, paths, 2)), spread)
    years = np.arange(1, horizon + 1) / panel.season
    shift = np.einsum("npk,phk->nph", drawn, ahead)
    log_rate = both[..., :1] + both[..., 1:] * years + np.clip(shift, -5, 5)
    rate = np.exp(np.clip(log_rate, -12, 20))
    r = size[:, None, None]
    return rng.poisson(np.minimum(rng.gamma(r, rate / r), 1e9)).astype(float)


def _regressors(
    panel: Panel, context: Context | None, place: int, horizon: int, paths: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Return columns of the past (time, k), of the periods ahead by path (paths, horizon, k), prior precisions (k,)."""
    future = panel.future(horizon)
    shift = fourier(np.linspace(0, 1, 52, endpoint=False), ORDER).mean(0)
    past, ahead = (fourier(year_phase(ds), ORDER) - shift for ds in (panel.ds, future))
    precision = (np.tile(np.arange(1, ORDER + 1), 2) / SEASON_SD) ** 2
    steps = len(panel.ds)
    if context is None or steps < RECENT + horizon + LAGS:
        return past, np.repeat(ahead[None], paths, axis=0), precision
    known = context.operations(place, panel.ds)[: steps - LATE]
    usual = known[-RECENT:]
    start = rng.integers(0, len(usual) - LATE - horizon + 1, paths) if len(usual) > LATE + horizon else None
    index = (
        start[:, None] + np.arange(LATE + horizon)
        if start is not None
        else rng.integers(0, len(usual), (paths, LATE + horizon))
    )
    to_come = usual[index]
    full = np.concatenate([np.repeat(known[None, -LAGS:], paths, axis=0), to_come], axis=1)
    seen = np.concatenate([known, np.full(LATE, usual.mean())])
    own, before = _operations(np.concatenate([np.full(LAGS, seen[0]), seen])[None])
    own_ahead, before_ahead = _operations(full)
    centre = own[0, -RECENT:].mean(), before[0, -RECENT:].mean()
    days, days_ahead = context.holiday_days(place, panel.ds), context.holiday_days(place, future)
    mean_days = days[-RECENT:].mean(0)
    columns = np.column_stack([past, days - mean_days, own[0] - centre[0], before[0] - centre[1]])
    extra = np.concatenate(
        [
            np.repeat((days_ahead - mean_days)[None], paths, axis=0),
            (own_ahead[:, LATE:] - centre[0])[..., None],
            (before_ahead[:, LATE:] - centre[1])[..., None],
        ],
        axis=-1,
    )
    front = np.repeat(ahead[None], paths, axis=0)
    sd = np.array([*HOLIDAY_SD, OPERATION_SD, OPERATION_SD])
    return columns, np.concatenate([front, extra], axis=-1), np.concatenate([precision, 1 / sd**2])


def _operations(counts: Floats) -> tuple[Floats, Floats]:
    """Return log(1 + own week's) and log(1 + mean of the weeks before) (rows, weeks - LAGS)."""
    grown = np.pad(np.cumsum(counts, axis=1), ((0, 0), (1, 0)))
    before = (grown[:, LAGS:-1] - grown[:, : -LAGS - 1]) / LAGS
    return np.log1p(counts[:, LAGS:]), np.log1p(before)


def _level(y: Floats, effect: Floats, age: Floats, dispersion: Floats) -> tuple[Floats, Floats, Floats]:
    """Return level and slope (series, 2) at the newest period, the root of their covariance, fitted means."""
    seen = ~np.isnan(y)
    counts = np.where(seen, y, 0.0)
    weight = np.where(seen, 0.5 ** (age / HALF_LIFE), 0.0)
    # A little of the whole mean: a series of zeros has a level that is small, not none.
    start = np.log((weight * counts).sum(1) + 0.3) - np.log((weight * effect).sum(1) + 0.3)
    beta = np.column_stack([start, np.zeros(len(y))])
    x = np.column_stack([np.ones_like(age), -age])
    squares = (x[:, :, None] * x[:, None, :]).reshape(len(x), 4)
    precision = np.array([1 / LEVEL_SD**2, 1 / SLOPE_SD**2])
    for _ in range(8):
        mean = effect * np.exp(np.clip(beta @ x.T, -12, 16))
        scaled = weight / dispersion[:, None]
        grad = (scaled * (counts - mean)) @ x - precision * beta
        grad[:, 0] += precision[0] * start
        hess = ((scaled * mean) @ squares).reshape(-1, 2, 2) + np.diag(precision)
        beta = beta + np.clip(np.linalg.solve(hess, grad[..., None])[..., 0], -1, 1)
    mean = effect * np.exp(np.clip(beta @ x.T, -12, 16))
    return beta, np.linalg.cholesky(np.linalg.inv(hess)), np.where(seen, mean, np.nan)


def _size(y: Floats, mean: Floats) -> Floats:
    """Return each series' negative-binomial size from its newest three seasons, shrunk to mild dispersion."""
    part, rate = y[:, -156:], np.maximum(mean[:, -156:], 1e-6)
    seen = ~np.isnan(part)
    excess = np.where(seen, (part - rate) ** 2 - rate, 0.0).sum(1) + 0.2 * 4
    square = np.where(seen, rate**2, 0.0).sum(1) + 4
    return np.asarray(1 / np.clip(excess / square, 1 / 200, 1 / 0.1))

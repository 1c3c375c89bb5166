"""Negative-binomial counts around a level that follows the data and falls back to its long-run mean.

Belongs here: the score-driven (INGARCH-like) model with annual season, simulated forward path by path.
Does not belong here: the season's estimation (season.py), other families.

Given the past, y_t is negative binomial with mean level_t * season_t and size r;
level_{t+1} = mean_t + damp * (level_t + follow * (y_t / season_t - level_t) - mean_t), where mean_t is a
slowly forgetting mean. ``follow`` says how fast the level follows, ``damp`` how long a departure lasts, r
how bursty the counts are. All three are weighed over a grid by likelihood, and every path draws its own
triple, so not knowing them is part of the spread.
Sources: Ferland et al. 2006 (INGARCH); Snyder, Ord & Beaumont 2012.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.special import gammaln

from forecasting.frames import Floats, Panel
from forecasting.models import PathModel
from forecasting.models.season import seasonal_log, weekday_log, year_phase

FOLLOW = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5)
DAMP = (1.0, 0.97, 0.9, 0.7)
SIZES = (0.25, 0.4, 0.65, 1.0, 1.6, 2.5, 4.0, 6.5, 10.0, 16.0, 25.0, 45.0, 200.0)
#: Weeks the long-run mean remembers: two years is long enough for sparse series to have a mean at all.
MEMORY = 104
#: Periods at the beginning that set the filter going and are not scored.
BURN = 12


class NegBinDamped(PathModel):
    """Seasonal negative-binomial counts with a damped level; see the module's charter."""

    name = "negbin_damped"

    def sample(self, panel: Panel, horizon: int, paths: int, rng: np.random.Generator) -> Floats:
        """Return sample paths (series, paths, horizon); newest weeks are replaced by ``panel.tail`` draws."""
        y = panel.y
        n, steps = y.shape
        lag = 0 if panel.tail is None else panel.tail.shape[2]
        past, future, doubt = seasonal_log(
            y, year_phase(panel.ds), year_phase(panel.future(horizon)), season=panel.season
        )
        if panel.freq == "D":
            week = weekday_log(y, horizon)
            past, future = past + week[:, :steps], future + week[:, steps:]
        season = np.exp(past)
        grid = np.array(list(product(FOLLOW, DAMP)))
        grid = grid[(grid[:, 0] > 0) | (grid[:, 1] == 1.0)]
        stop = steps - lag
        size = _moment_size(y[:, :stop], season[:, :stop])
        level, mean, loglik = _filter(y[:, :stop], season[:, :stop], grid, size)
        weight = np.exp(loglik - loglik.max(1, keepdims=True))
        weight /= weight.sum(1, keepdims=True)
        sizes, size_weight = _size_posterior(y[:, :stop], season[:, :stop], grid, loglik, size)
        cell = _draw(weight, paths, rng)
        r = sizes[_draw(size_weight, paths, rng)]
        rows = np.arange(n)[:, None]
        state, follow, damp = level[rows, cell], grid[cell, 0], grid[cell, 1]
        long_run = np.repeat(mean[:, None], paths, axis=1)
        out = np.empty((n, paths, horizon))
        for k in range(lag):
            assert panel.tail is not None
            factor = season[:, stop + k, None]
            state, long_run = _step(panel.tail[:, :, k] / factor, state, long_run, follow, damp)
        error = rng.standard_normal((n, paths, doubt.shape[1]))
        for h in range(horizon):
            factor = np.exp(np.clip(future[:, h, None] + (error @ doubt[:, :, h, None])[..., 0], -5, 5))
            rate = np.maximum(state * factor, 1e-6)
            out[:, :, h] = rng.poisson(np.minimum(rng.gamma(r, rate / r), 1e9))
            state, long_run = _step(out[:, :, h] / factor, state, long_run, follow, damp)
        return out


def _step(x: Floats, state: Floats, long_run: Floats, follow: Floats, damp: Floats) -> tuple[Floats, Floats]:
    state = state + follow * (x - state)
    long_run = long_run + (x - long_run) / MEMORY
    return long_run + damp * (state - long_run), long_run


def _start(y: Floats, season: Floats) -> Floats:
    """Return each series' mean over its first burn-in periods, never quite zero."""
    seen = np.cumsum(~np.isnan(y), axis=1)
    early = (seen <= BURN) & ~np.isnan(y)
    total = np.where(early, y / season, 0.0).sum(1)
    return (total + 0.1) / (early.sum(1) + 1.0)


def _filter(y: Floats, season: Floats, grid: Floats, size: Floats) -> tuple[Floats, Floats, Floats]:
    """Return final level (series, cells), long-run mean (series,), log-likelihood (series, cells)."""
    begin = _start(y, season)
    level = np.repeat(begin[:, None], len(grid), axis=1)
    mean, loglik = begin.copy(), np.zeros_like(level)
    follow, damp = grid[:, 0], grid[:, 1]
    r = size[:, None]
    age = np.zeros(len(y))
    for t in range(y.shape[1]):
        seen = ~np.isnan(y[:, t])
        value = np.where(seen, y[:, t], 0.0)[:, None]
        rate = np.maximum(level * season[:, t, None], 1e-4)
        score = value * np.log(rate) - (value + r) * np.log(r + rate)
        age += seen
        counted = seen & (age > BURN)
        loglik += np.where(counted[:, None], score, 0.0)
        x = value / season[:, t, None]
        moved = level + follow * (x - level)
        # An expanding mean until MEMORY weeks are seen, a forgetting one after.
        mean = np.where(seen, mean + (x[:, 0] - mean) / np.minimum(age + 1, MEMORY), mean)
        level = np.where(seen[:, None], mean[:, None] + damp * (moved - mean[:, None]), level)
    return level, mean, loglik


def _moment_size(y: Floats, season: Floats) -> Floats:
    """Return a first guess of the negative-binomial size from the dispersion about a short moving mean."""
    from forecasting.models.season import moving_level

    rate = np.maximum(moving_level(y / season, 13) * season, 1e-3)
    seen = ~np.isnan(y)
    excess = np.where(seen, (np.where(seen, y, 0.0) - rate) ** 2 * 13 / 12 - rate, 0.0).sum(1)
    square = np.where(seen, rate**2, 0.0).sum(1)
    return np.clip(square / np.maximum(excess, 1e-9), SIZES[0], SIZES[-1])


def _size_posterior(
    y: Floats, season: Floats, grid: Floats, loglik: Floats, size: Floats
) -> tuple[Floats, Floats]:
    """Return the sizes tried and their weights (series, sizes) given each series' best grid cell."""
    best = grid[loglik.argmax(1)]
    sizes = np.asarray(SIZES)
    state = _start(y, season)
    mean, age = state.copy(), np.zeros(len(y))
    rates = np.full(y.shape, np.nan)
    for t in range(y.shape[1]):
        seen = ~np.isnan(y[:, t])
        x = np.where(seen, y[:, t], 0.0) / season[:, t]
        age += seen
        rates[:, t] = np.where(seen & (age > BURN), np.maximum(state * season[:, t], 1e-4), np.nan)
        moved = state + best[:, 0] * (x - state)
        mean = np.where(seen, mean + (x - mean) / np.minimum(age + 1, MEMORY), mean)
        state = np.where(seen, mean + best[:, 1] * (moved - mean), state)
    ok = ~np.isnan(rates)
    value, rate = np.where(ok, y, 0.0), np.where(ok, rates, 1.0)
    out = np.empty((len(y), len(sizes)))
    for j, r in enumerate(sizes):
        term = (
            gammaln(value + r) - gammaln(r) + r * np.log(r / (r + rate)) + value * np.log(rate / (r + rate))
        )
        out[:, j] = np.where(ok, term, 0.0).sum(1)
    weight = np.exp(out - out.max(1, keepdims=True))
    return sizes, weight / weight.sum(1, keepdims=True)


def _draw(weight: Floats, paths: int, rng: np.random.Generator) -> np.ndarray:
    """Return indices (series, paths) drawn from each row's weights, evenly spread (systematic sampling)."""
    edges = np.cumsum(weight, axis=1)
    points = (np.arange(paths) + rng.random((len(weight), 1))) / paths
    index = (points[:, :, None] > edges[:, None, :-1]).sum(2)
    return rng.permuted(index, axis=1)

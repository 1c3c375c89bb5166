"""Recalibration: make the pool's intervals cover what they say, judged on its own past forecasts.

Belongs here: one spread factor, its estimate from past coverage, its application to sample paths.
Does not belong here: weights (combine.py), the walk over origins (replay.py).

The quantile at level q is taken from the pool at level Phi(s * Phi^-1(q)): s below one narrows, above one widens,
the median stays. s is the most probable value given how often past intervals held the truth (binomial, as many
trials as origins times series, since neighbouring horizons tell the same story) and a prior about one. Counts on a
bound are broken at random in expectation (``scores.mid_covered``): plain coverage of small counts is high for a true
distribution too, and would narrow what is right.
"""

from __future__ import annotations

import numpy as np
import scipy

from forecasting.frames import Floats
from forecasting.quantiles import path_quantiles
from forecasting.scores import level_at

#: Levels at which past forecasts are kept for judging other spreads.
FINE = np.linspace(0.005, 0.995, 199)
GRID = np.exp(np.linspace(-0.6, 0.6, 25))
#: Prior standard deviation of log s: a pool is rarely off by more than a third.
PRIOR_SD = 0.3
#: The same of a series about its group.
OWN_SD = 0.15
JUDGED = (0.5, 0.8, 0.95)


def fine_quantiles(paths: Floats) -> Floats:
    """Return quantiles (series, horizon, fine levels) of paths (series, paths, horizon)."""
    return path_quantiles(paths, FINE.tolist())


def spread_factors(fine: Floats, truth: Floats) -> Floats:
    """Return s by series from past fine quantiles (origins, series, horizon, levels) and truth (…, horizon).

    All series together give the centre that each series' own coverage may move away from.
    """
    count = fine.shape[1]
    loss = np.zeros((count, len(GRID)))
    known = ~np.isnan(fine[..., 0])
    trials = known.any(axis=2).sum(0).astype(float)
    if trials.sum() < 8:
        return np.ones(count)
    below, above = (np.zeros(truth.shape) for _ in range(2))
    below[known] = np.where(truth[known] <= 0, 0.0, level_at(truth[known] - 0.5, fine[known], FINE.tolist()))
    above[known] = level_at(truth[known] + 0.5, fine[known], FINE.tolist())
    width = np.maximum(above - below, 1e-6)
    for k, s in enumerate(GRID):
        for coverage in JUDGED:
            tails = ((1 - coverage) / 2, (1 + coverage) / 2)
            low, high = (float(scipy.special.ndtr(s * scipy.special.ndtri(q))) for q in tails)
            held = np.clip(np.minimum(above, high) - np.maximum(below, low), 0.0, None) / width
            off = (held * known).sum((0, 2)) / np.maximum(known.sum((0, 2)), 1) - coverage
            loss[:, k] += off**2 * trials / (coverage * (1 - coverage))
    size = np.log(GRID)
    # The group's factor: losses of the pooled coverage would hide series that err in opposite directions.
    centre = size[(loss.sum(0) + (size / PRIOR_SD) ** 2).argmin()]
    own = loss + ((size - centre) / OWN_SD) ** 2
    return np.asarray(GRID[own.argmin(1)])


def respread(paths: Floats, s: Floats) -> Floats:
    """Return paths (series, paths, horizon) with each series' spread about its median changed, ranks kept."""
    size = paths.shape[1]
    point = scipy.special.ndtr(np.asarray(s)[:, None] * scipy.special.ndtri((np.arange(size) + 0.5) / size))
    pick = np.clip((point * size).astype(int), 0, size - 1)
    order = np.argsort(paths, axis=1, kind="stable")
    taken = np.take_along_axis(order, np.broadcast_to(pick[..., None], order.shape), axis=1)
    out = np.empty_like(paths)
    np.put_along_axis(out, order, np.take_along_axis(paths, taken, axis=1), axis=1)
    return out

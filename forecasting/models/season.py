"""Annual season of counts as smooth multiplicative factors, estimated with shrinkage, many series at once.

Belongs here: the Fourier season shared by the count models.
Does not belong here: levels, trends, forecasting.
"""

from __future__ import annotations

import numpy as np

from forecasting.frames import Floats


def fourier(phase: Floats, order: int) -> Floats:
    """Return cos and sin columns (time, 2 * order) of a phase measured in years."""
    angle = 2 * np.pi * np.asarray(phase)[:, None] * np.arange(1, order + 1)
    return np.concatenate([np.cos(angle), np.sin(angle)], axis=1)


def year_phase(ds: np.ndarray) -> Floats:
    """Return the middle of each period as a fraction of the year (so leap weeks do not drift)."""
    days = ds.astype("datetime64[D]")
    start = days.astype("datetime64[Y]").astype("datetime64[D]")
    return ((days - start).astype(float) + 3.5) / 365.25


def moving_level(y: Floats, window: int) -> Floats:
    """Return the centred moving mean of rows (NaN ignored), shrinking at the edges to what exists."""
    seen = ~np.isnan(y)
    half = window // 2
    total = np.pad(np.cumsum(np.where(seen, y, 0.0), axis=1), ((0, 0), (1, 0)))
    count = np.pad(np.cumsum(seen, axis=1), ((0, 0), (1, 0)))
    size = y.shape[1]
    left = np.clip(np.arange(size) - half, 0, size)
    right = np.clip(np.arange(size) + half + 1, 0, size)
    return (total[:, right] - total[:, left]) / np.maximum(count[:, right] - count[:, left], 1)


def ridge_effects(y: Floats, level: Floats, x: Floats, precision: Floats) -> tuple[Floats, Floats, Floats]:
    """Return coefficients (series, k), the root of their covariance (series, k, k) and dispersions (series,).

    Ridge quasi-Poisson regression of counts on columns ``x`` (time, k), offset by ``level`` (series, time), many series
    at once. ``precision`` (k,): of the normal priors about none. Information is divided by the dispersion.
    """
    seen = ~np.isnan(y)
    counts, level = np.where(seen, y, 0.0), np.maximum(level, 1e-3)
    width = x.shape[1]
    squares = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    beta = np.zeros((len(y), width))
    dispersion = np.ones(len(y))
    for _ in range(6):
        mean = np.where(seen, level * np.exp(np.clip(beta @ x.T, -4, 4)), 0.0)
        resid = (counts - mean) ** 2 / np.maximum(mean, 1e-3)
        dispersion = np.maximum((resid * seen).sum(1) / np.maximum(seen.sum(1), 1), 1.0)
        grad = (counts - mean) @ x / dispersion[:, None] - precision * beta
        hess = (mean @ squares).reshape(-1, width, width) / dispersion[:, None, None] + np.diag(precision)
        beta = beta + np.clip(np.linalg.solve(hess, grad[..., None])[..., 0], -1, 1)
    return beta, np.linalg.cholesky(np.linalg.inv(hess)), dispersion


def seasonal_log(
    y: Floats, phase: Floats, future_phase: Floats, *, season: float, order: int = 2, spread: float = 0.5
) -> tuple[Floats, Floats, Floats]:
    """Return log seasonal factors of the past (series, time), of the future (series, horizon), and their doubt.

    The doubt (series, 2 * order, horizon) turns independent standard normal draws into log errors of the future
    factors: not knowing the season is part of the spread.

    A ridge quasi-Poisson regression of counts on Fourier terms, offset by a one-season moving level.
    ``spread`` is the prior standard deviation of the first harmonic; higher ones get less. The information in
    the counts is divided by their dispersion, so sparse or bursty series keep a flat season. Series with less
    than one and a half seasons get none.
    """
    seen = ~np.isnan(y)
    x, ahead = fourier(phase, order), fourier(future_phase, order)
    harmonic = np.tile(np.arange(1, order + 1), 2)
    beta, root, _ = ridge_effects(y, moving_level(y, round(season)), x, (harmonic / spread) ** 2)
    young = seen.sum(1) < 1.5 * season
    beta[young] = 0.0
    past, future = beta @ x.T, beta @ ahead.T
    doubt = np.swapaxes(root, 1, 2) @ ahead.T
    # A young series has no season at all here; its doubt would swamp the level's.
    doubt[young] = 0.0
    # Factors average one over a year, so that the level keeps the meaning of a mean.
    yearly = fourier(np.linspace(0, 1, 52, endpoint=False), order)
    shift = np.log(np.exp(np.clip(beta @ yearly.T, -4, 4)).mean(1))[:, None]
    return np.clip(past - shift, -4, 4), np.clip(future - shift, -4, 4), doubt


def weekday_log(y: Floats, horizon: int) -> Floats:
    """Return log weekday factors (series, time + horizon) of daily series, from their newest year.

    Each day's mean is shrunk to the overall one as if four more days of it had been average.
    """
    steps = y.shape[1]
    recent = y[:, max(0, steps - 364) :]
    day = np.arange(max(0, steps - 364), steps) % 7
    mean = np.maximum(np.nan_to_num(recent).sum(1) / np.maximum((~np.isnan(recent)).sum(1), 1), 1e-6)
    factor = np.ones((len(y), 7))
    for d in range(7):
        part = recent[:, day == d]
        count = (~np.isnan(part)).sum(1)
        factor[:, d] = (np.nan_to_num(part).sum(1) + 4 * mean) / ((count + 4) * mean)
    return np.log(np.clip(factor, 0.02, 7.0))[:, np.arange(steps + horizon) % 7]

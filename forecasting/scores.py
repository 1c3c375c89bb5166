"""Proper scores of quantile forecasts: WIS and its parts, coverage, PIT.

Belongs here: scoring arrays and frames of quantiles against what came to be.
Does not belong here: making forecasts, choosing models (select.py), origins (backtest.py).

WIS is written out here because it is four lines over a quantile axis, ``scoringrules`` takes five seconds to
import, and its ``weighted_interval_score`` (0.10.0, numpy) adds the median where |y - median| belongs. The
unit tests hold ours equal to ``scoringrules.interval_score`` and ``quantile_score``.
Source: Bracher et al. 2021, https://doi.org/10.1371/journal.pcbi.1008618.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.frames import Floats

COVERAGES: tuple[float, ...] = (0.5, 0.8, 0.95)


def check_levels(levels: Sequence[float]) -> Floats:
    """Return levels as an array; raise ``ValueError`` unless increasing, symmetric and with the median."""
    out = np.asarray(levels, dtype=float)
    if out.ndim != 1 or out.size == 0 or np.any(np.diff(out) <= 0) or out[0] <= 0 or out[-1] >= 1:
        raise ValueError(f"levels must increase within (0, 1); got {list(levels)}")
    if not np.allclose(out + out[::-1], 1.0):
        raise ValueError("levels must be symmetric (each q with 1 - q, and 0.5)")
    return out


def wis_parts(y: Floats, values: Floats, levels: Sequence[float]) -> dict[str, Floats]:
    """Return WIS and its parts for ``y`` (...) and quantile ``values`` (..., levels).

    Keys ``wis, dispersion, overprediction, underprediction``; the last three add up to the first.
    WIS is twice the mean pinball loss over levels (mean absolute error for a single median).
    """
    q = check_levels(levels)
    y = np.asarray(y, dtype=float)
    values = np.asarray(values, dtype=float)
    count = q.size
    half = count // 2
    lower, upper = values[..., :half], values[..., ::-1][..., :half]
    alpha = 2 * q[:half]
    # Weights w_k = alpha_k / 2 and w_0 = 1/2 over K + 1/2, written on the symmetric pairs of levels.
    scale = half + 0.5
    dispersion = (alpha / 2 * (upper - lower)).sum(-1) / scale
    over = np.maximum(lower - y[..., None], 0.0).sum(-1) / scale
    under = np.maximum(y[..., None] - upper, 0.0).sum(-1) / scale
    median = values[..., half]
    over = over + 0.5 * np.maximum(median - y, 0.0) / scale
    under = under + 0.5 * np.maximum(y - median, 0.0) / scale
    return {
        "wis": dispersion + over + under,
        "dispersion": dispersion,
        "overprediction": over,
        "underprediction": under,
    }


def wis(y: Floats, values: Floats, levels: Sequence[float]) -> Floats:
    """Return the weighted interval score of each forecast, in the unit of ``y`` (lower is better)."""
    return wis_parts(y, values, levels)["wis"]


def covered(y: Floats, values: Floats, levels: Sequence[float], coverage: float) -> Floats:
    """Return 1.0 where ``y`` lies in the central interval, else 0.0; NaN when the levels do not hold it.

    The bounds count as inside. Nothing is rounded outwards: quantiles here are mid-distribution quantiles,
    whose intervals cover about what they say even for small counts.
    """
    q = np.asarray(levels, dtype=float)
    low = np.flatnonzero(np.isclose(q, (1 - coverage) / 2))
    high = np.flatnonzero(np.isclose(q, (1 + coverage) / 2))
    if low.size == 0 or high.size == 0:
        return np.full(np.shape(y), np.nan)
    inside = (y >= values[..., low[0]] - 1e-9) & (y <= values[..., high[0]] + 1e-9)
    return inside.astype(float)


def mid_covered(y: Floats, values: Floats, levels: Sequence[float], coverage: float) -> Floats:
    """Return the coverage of counts ``y`` with ties broken at random, in expectation: a number from 0 to 1.

    A count near one takes few values: no interval of it covers just what it says, and one that begins at zero covers
    the lower tail as well. Here a count k stands for the unit from k - 1/2 to k + 1/2 (as the quantiles are made, see
    quantiles.py), that is for the levels F(k - 1/2) to F(k + 1/2), and what counts is the share of them inside the
    central ``coverage``. Its mean is ``coverage`` whenever the distribution is true, however small the counts
    (randomised PIT: Czado, Gneiting & Held 2009, doi 10.1111/j.1541-0420.2009.01191.x).
    """
    y = np.asarray(y, dtype=float)
    above = level_at(y + 0.5, values, levels)
    below = np.where(y <= 0, 0.0, level_at(y - 0.5, values, levels))
    inside = np.minimum(above, (1 + coverage) / 2) - np.maximum(below, (1 - coverage) / 2)
    width = above - below
    at = (below >= (1 - coverage) / 2) & (below <= (1 + coverage) / 2)
    return np.asarray(np.where(width > 1e-9, np.clip(inside, 0, None) / np.maximum(width, 1e-9), at))


def level_at(x: Floats, values: Floats, levels: Sequence[float]) -> Floats:
    """Return the level of ``x`` among quantile ``values`` (..., levels), by interpolation; half the tail beyond."""
    q = np.asarray(levels, dtype=float)
    flat, at = np.reshape(values, (-1, q.size)), np.ravel(x)
    k = (flat <= at[:, None]).sum(1)
    row = np.arange(len(at))
    left, right = flat[row, np.clip(k - 1, 0, None)], flat[row, np.minimum(k, q.size - 1)]
    low, high = q[np.clip(k - 1, 0, None)], q[np.minimum(k, q.size - 1)]
    part = np.where(right > left, (at - left) / np.maximum(right - left, 1e-12), 0.0)
    out = low + (high - low) * np.clip(part, 0, 1)
    out = np.where(k == 0, q[0] / 2, np.where(k == q.size, (1 + q[-1]) / 2, out))
    return np.reshape(out, np.shape(x))


def pit(y: Floats, values: Floats, levels: Sequence[float]) -> Floats:
    """Return the probability integral transform of ``y`` under the quantiles, by interpolation.

    Beyond the outermost levels the value is half of the remaining tail mass, so PIT never claims 0 or 1.
    Ties (several levels at the same value) give the middle of the levels they span.
    """
    q = np.asarray(levels, dtype=float)
    flat_y, flat_v = np.ravel(y), np.reshape(values, (-1, q.size))
    below = (flat_v < flat_y[:, None]).sum(1)
    upto = (flat_v <= flat_y[:, None]).sum(1)
    padded = np.concatenate([[0.0], q, [1.0]])
    out = np.empty(flat_y.size)
    tie = upto > below
    out[tie] = (q[below[tie]] + q[upto[tie] - 1]) / 2
    low_edge, high_edge = (below == 0) & ~tie, (below == q.size) & ~tie
    out[low_edge], out[high_edge] = q[0] / 2, (1 + q[-1]) / 2
    mid = ~tie & ~low_edge & ~high_edge
    k = below[mid]
    left, right = flat_v[mid, k - 1], flat_v[mid, k]
    part = (flat_y[mid] - left) / np.maximum(right - left, 1e-12)
    out[mid] = padded[k] + part * (padded[k + 1] - padded[k])
    return out.reshape(np.shape(y))


def score_frame(forecasts: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return one row per forecast of one target: WIS, parts, absolute error, PIT, coverage.

    ``forecasts`` is a forecast frame (``unique_id, ds, horizon, quantile, value, model_name`` and, when
    there are several origins, ``origin``); ``truth`` a long frame ``unique_id, ds, y``. Targets without
    truth are left out: a forecast that has not matured has no score.
    """
    keys = [k for k in ("unique_id", "model_name", "origin", "ds", "horizon") if k in forecasts.columns]
    wide = forecasts.pivot(index=keys, columns="quantile", values="value").sort_index(axis=1)
    levels = [float(c) for c in wide.columns]
    frame = wide.index.to_frame(index=False)
    frame = frame.merge(truth[["unique_id", "ds", "y"]], on=["unique_id", "ds"], how="left")
    known = frame["y"].notna().to_numpy()
    frame, values = frame[known].reset_index(drop=True), wide.to_numpy()[known]
    y = frame["y"].to_numpy(dtype=float)
    for name, column in wis_parts(y, values, levels).items():
        frame[name] = column
    frame["absolute_error"] = np.abs(y - values[:, len(levels) // 2])
    frame["pit"] = pit(y, values, levels)
    for coverage in COVERAGES:
        frame[f"coverage_{round(coverage * 100)}"] = covered(y, values, levels, coverage)
    return frame

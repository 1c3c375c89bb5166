"""From sample paths to quantiles, and quantiles as long frames.

Belongs here: empirical quantiles, making quantile sets monotone, the forecast frame.
Does not belong here: how paths are made (models/), how quantiles are judged (scores.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.frames import Floats, Panel


def path_quantiles(paths: Floats, levels: Sequence[float]) -> Floats:
    """Return quantiles (..., horizon, levels) of count paths (..., paths, horizon), never below zero.

    These are mid-distribution quantiles (Ma, Genton & Parzen 2011): every count is spread evenly over half a
    unit to either side before ordering. With whole-number quantiles a 50 % interval of counts near 2 covers
    70 % and more; with these it covers about what it says, and the score does not suffer.
    """
    size = paths.shape[-2]
    # The golden-ratio sequence spreads evenly at any length and needs no generator.
    spread = (np.arange(size) * 0.6180339887498949) % 1.0 - 0.5
    ordered = np.sort(paths + spread[:, None], axis=-2)
    where = np.asarray(levels, dtype=float) * (size - 1)
    low = np.clip(np.floor(where + 1e-12).astype(int), 0, size - 1)
    high = np.minimum(low + 1, size - 1)
    part = where - low
    lower, upper = ordered[..., low, :], ordered[..., high, :]
    out = lower + (upper - lower) * part[:, None]
    return np.maximum(np.moveaxis(out, -2, -1), 0.0)


def expected_count(levels: Sequence[float], values: Sequence[float]) -> float:
    """Return the mean of a count known by its quantiles (as :func:`path_quantiles` gives them, in order).

    It is the area under them, flat beyond the outermost. Zero stands for itself: spread over half a unit and cut at
    zero it would count as an eighth, which over many quiet weeks adds up to events that nobody expects.
    """
    area = levels[0] * values[0] + (1 - levels[-1]) * values[-1]
    for i in range(len(levels) - 1):
        area += (levels[i + 1] - levels[i]) * (values[i] + values[i + 1]) / 2
    zero = float(np.interp(0.5, values, levels, left=0.0, right=1.0))
    return max(area - zero / 8, 0.0)


def monotone(values: Floats) -> Floats:
    """Return quantile values put in order along the last axis (crossing quantiles are rearranged)."""
    return np.sort(values, axis=-1)


def forecast_frame(
    panel: Panel, values: Floats, levels: Sequence[float], model_names: Sequence[str]
) -> pd.DataFrame:
    """Return ``unique_id, ds, horizon, quantile, value, model_name`` of values (series, horizon, levels)."""
    _, horizon, count = values.shape
    out = quantile_frame(panel.ids, panel.future(horizon), values, levels)
    return out.assign(model_name=np.repeat(np.asarray(model_names, dtype=object), horizon * count))


def quantile_frame(
    ids: Sequence[str], ds: np.ndarray, values: Floats, levels: Sequence[float]
) -> pd.DataFrame:
    """Return ``unique_id, ds, horizon, quantile, value`` of values (series, periods, levels) at periods ``ds``."""
    n, horizon, count = values.shape
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.asarray(ids, dtype=object), horizon * count),
            "ds": np.tile(np.repeat(ds.astype("datetime64[ns]"), count), n),
            "horizon": np.tile(np.repeat(np.arange(1, horizon + 1), count), n),
            "quantile": np.tile(np.asarray(levels, dtype=float), n * horizon),
            "value": values.ravel(),
        }
    )

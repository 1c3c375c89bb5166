"""The weekly product: nowcast, backtest, choose, forecast; one call.

Belongs here: the order of the steps and the frames handed back.
Does not belong here: any step itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.backtest import backtest, vintage
from forecasting.frames import LEVELS, SeriesError, generator, to_panel
from forecasting.models import pool
from forecasting.quantiles import forecast_frame, path_quantiles
from forecasting.select import choose, score_table

MODEL_VERSION = "1"
DEFAULT = "negbin_damped"


@dataclass(frozen=True)
class Projection:
    """Forecasts with the record that stands behind them.

    ``forecast``: ``unique_id, ds, horizon, quantile, value, model_name``, one row per quantile.
    ``scores``: one row per series, model and horizon (see ``select.score_table``).
    ``chosen``: model name by series. ``nowcast``: ``unique_id, ds, reported, quantile, value`` of the newest
    weeks, empty without a triangle. ``as_of_week``: the last week known, from which horizons count.
    """

    forecast: pd.DataFrame
    scores: pd.DataFrame
    chosen: dict[str, str]
    nowcast: pd.DataFrame
    as_of_week: pd.Timestamp
    model_version: str = MODEL_VERSION


def project(
    series: pd.DataFrame,
    *,
    triangle: pd.DataFrame | None = None,
    horizon: int = 12,
    levels: Sequence[float] = LEVELS,
    origins: int = 26,
    models: Sequence[str] = ("seasonal_naive", "negbin_damped"),
    paths: int = 1000,
    seed: int = 0,
) -> Projection:
    """Forecast weekly counts from the better of ``models`` by mean WIS over past origins.

    ``series`` is ``unique_id, ds, y`` (``series.weekly_series``); with ``triangle``
    (``series.reporting_triangle`` for the same ``as_of_week`` and ``by``) the newest weeks are nowcast before
    forecasting, and the backtest runs on vintages. Raises ``SeriesError`` on a frame that cannot be read.
    """
    final = to_panel(series)
    candidates = pool(tuple(models))
    as_of = pd.Timestamp(final.last)
    mature_after, view, nowcasts = 0, final, _no_nowcast()
    if triangle is not None:
        now = vintage(triangle, as_of, paths=paths, seed=seed)
        if now.known.ids != final.ids:
            raise SeriesError("triangle and series hold different unique_id: build both with the same `by`")
        view = now.panel
        mature_after = max(one.mature_after for one in now.nowcasts.values())
        assert view.tail is not None
        length = view.tail.shape[2]
        reported = now.known.y[:, -length:]
        values = np.maximum(path_quantiles(view.tail, levels), reported[..., None])
        nowcasts = _nowcast_frame(view.ids, view.ds[-length:], reported, values, levels)
    rows = backtest(
        final, candidates, horizon=horizon, levels=levels, origins=origins, triangle=triangle,
        mature_after=mature_after, paths=paths, seed=seed,
    )  # fmt: skip
    default = DEFAULT if DEFAULT in models else models[0]
    chosen = dict.fromkeys(view.ids, default)
    scores = pd.DataFrame()
    if "wis" in rows.columns:
        chosen |= choose(rows, default=default)
        scores = score_table(rows)
    values = np.empty((len(view.ids), horizon, len(levels)))
    for model in candidates:
        index = [i for i, name in enumerate(view.ids) if chosen[name] == model.name]
        if index:
            rng = generator(seed, model.name, str(as_of.date()))
            values[index] = model.quantiles(view.rows(index), horizon, levels, paths=paths, rng=rng)
    frame = forecast_frame(view, values, levels, [chosen[name] for name in view.ids])
    return Projection(frame, scores, chosen, nowcasts, as_of)


def _no_nowcast() -> pd.DataFrame:
    return pd.DataFrame(columns=["unique_id", "ds", "reported", "quantile", "value"])


def _nowcast_frame(
    ids: Sequence[str], ds: np.ndarray, reported: np.ndarray, values: np.ndarray, levels: Sequence[float]
) -> pd.DataFrame:
    n, length, count = values.shape
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.asarray(ids, dtype=object), length * count),
            "ds": np.tile(np.repeat(ds.astype("datetime64[ns]"), count), n),
            "reported": np.repeat(reported.ravel(), count),
            "quantile": np.tile(np.asarray(levels, dtype=float), n * length),
            "value": values.ravel(),
        }
    )

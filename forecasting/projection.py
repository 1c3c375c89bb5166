"""The weekly product: nowcast, replay, combine, forecast, reconcile; one call.

Belongs here: the order of the steps and the frames handed back.
Does not belong here: any step itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.backtest import REFIT_EVERY, Vintage, vintage
from forecasting.calibrate import respread
from forecasting.combine import Weights, pooled_paths, prior_weights
from forecasting.delay_model import Spread
from forecasting.frames import LEVELS, Floats, Panel, SeriesError, to_panel
from forecasting.models import LIGHT, Model, pool
from forecasting.nodes import project_nodes
from forecasting.quantiles import forecast_frame, path_quantiles
from forecasting.replay import POOL, replay
from forecasting.select import score_table
from forecasting.trend import alerts, trend_calls

MODEL_VERSION = "2"
#: Weeks over which joint totals are given (sums of weekly quantiles are not quantiles of sums).
TOTALS = (4, 12)


@dataclass(frozen=True)
class Projection:
    """Forecasts with the record that stands behind them.

    ``forecast``: ``unique_id, ds, horizon, quantile, value, model_name``, one row per quantile, of the national
    series and, with leaves, of every node. ``totals``: ``unique_id, weeks, quantile, value``: sums over the next
    weeks, from the same paths. ``scores``: one row per national series, model and horizon (see
    ``select.score_table``; the combination is ``mids``). ``chosen``: what each node is forecast with: ``mids``
    for the combination, for nodes below their leading candidate. ``nowcast``: ``unique_id, ds, reported, quantile,
    value`` of the newest weeks, empty without a triangle. ``trends``: ``trend.trend_calls`` with the columns of
    ``trend.alerts`` beside. ``incoherent``: largest gap between a parent and its children over all paths.
    ``as_of_week``: the last week known, from which horizons count.
    """

    forecast: pd.DataFrame
    totals: pd.DataFrame
    scores: pd.DataFrame
    chosen: dict[str, str]
    nowcast: pd.DataFrame
    trends: pd.DataFrame
    incoherent: float
    as_of_week: pd.Timestamp
    model_version: str = MODEL_VERSION


def project(
    series: pd.DataFrame,
    *,
    triangle: pd.DataFrame | None = None,
    leaves: pd.DataFrame | None = None,
    horizon: int = 12,
    levels: Sequence[float] = LEVELS,
    origins: int = 26,
    learn_on: int = 26,
    models: Sequence[str] = LIGHT,
    paths: int = 1000,
    replay_paths: int = 400,
    seed: int = 0,
) -> Projection:
    """Forecast weekly counts from a combination of ``models``, weighted and calibrated on past origins.

    ``series`` is ``unique_id, ds, y`` (``series.weekly_series``); with ``triangle``
    (``series.reporting_triangle`` for the same ``as_of_week`` and ``by``) the newest weeks are nowcast before
    forecasting, and the replay runs on vintages. ``leaves`` are the same counts by state and agency (``unique_id``
    as in ``nodes.py``): then every node is forecast and all paths add up. Raises ``SeriesError`` on a frame that
    cannot be read.
    """
    final = to_panel(series)
    candidates = pool(tuple(models))
    as_of = pd.Timestamp(final.last)
    mature_after, view, known, nowcasts = 0, final, final.y, _no_nowcast()
    if triangle is not None:
        now = vintage(triangle, as_of, paths=paths, seed=seed)
        if now.known.ids != final.ids:
            raise SeriesError("triangle and series hold different unique_id: build both with the same `by`")
        view, known = now.panel, now.known.y
        mature_after = max(one.mature_after for one in now.nowcasts.values())
        assert view.tail is not None
        length = view.tail.shape[2]
        reported = known[:, -length:]
        values = np.maximum(path_quantiles(view.tail, levels), reported[..., None])
        nowcasts = _nowcast_frame(view.ids, view.ds[-length:], reported, values, levels)
    weights, spread, scores = _judged(
        final, candidates, triangle, horizon, levels, origins, learn_on, mature_after, replay_paths, seed
    )
    drawn = pooled_paths(view, candidates, weights, horizon=horizon, paths=paths, seed=seed)
    drawn = respread(drawn, spread)
    chosen = dict.fromkeys(view.ids, POOL)
    panel, gap = view, 0.0
    if leaves is not None:
        below = to_panel(leaves)
        if below.y.shape[1] != view.y.shape[1] or below.last != view.last:
            raise SeriesError("leaves and series cover different weeks: build both for the same as_of_week")
        nodes = project_nodes(view, known, drawn, below, mature_after=mature_after, seed=seed)
        panel, drawn, gap = nodes.panel, nodes.paths, nodes.incoherent
        chosen |= nodes.leading
    frame = forecast_frame(panel, path_quantiles(drawn, levels), levels, [chosen[n] for n in panel.ids])
    trends = trend_calls(panel, seed=seed).merge(alerts(panel), on="unique_id", how="left")
    return Projection(frame, _totals(panel, drawn, levels), scores, chosen, nowcasts, trends, gap, as_of)


def _judged(
    final: Panel,
    candidates: Sequence[Model],
    triangle: pd.DataFrame | None,
    horizon: int,
    levels: Sequence[float],
    origins: int,
    learn_on: int,
    mature_after: int,
    paths: int,
    seed: int,
) -> tuple[Weights, Floats, pd.DataFrame]:
    """Return weights, spread factors and the score table of a replay; prior ones where nothing can be replayed."""
    try:
        found = replay(
            final, candidates, horizon=horizon, origins=origins, learn_on=learn_on, mature_after=mature_after,
            view=None if triangle is None else Vintages(triangle, final, paths, seed), levels=levels,
            paths=paths, seed=seed,
        )  # fmt: skip
    except ValueError:
        return prior_weights(candidates, len(final.ids)), np.ones(len(final.ids)), pd.DataFrame()
    return found.weights, found.spread, score_table(found.frame())


class Vintages:
    """The panel as it was known after so many weeks; spreads of the delay model are estimated now and then."""

    def __init__(self, triangle: pd.DataFrame, final: Panel, paths: int, seed: int) -> None:
        self.triangle, self.final, self.paths, self.seed = triangle, final, paths, seed
        self.spreads: dict[str, Spread] = {}
        self.calls = 0

    def __call__(self, stop: int) -> Panel:
        """Return the panel known when ``stop`` periods were over, its newest weeks nowcast."""
        given = None if self.calls % REFIT_EVERY == 0 else self.spreads
        self.calls += 1
        then: Vintage = vintage(
            self.triangle,
            pd.Timestamp(self.final.ds[stop - 1]),
            paths=self.paths,
            seed=self.seed,
            spreads=given,
        )
        for one in then.nowcasts.values():
            self.spreads = self.spreads | dict(one.spreads)
        return then.panel


def _totals(panel: Panel, drawn: Floats, levels: Sequence[float]) -> pd.DataFrame:
    """Return quantiles of the sum over the next weeks, joint over weeks."""
    pieces = []
    for weeks in TOTALS:
        if weeks > drawn.shape[2]:
            continue
        values = path_quantiles(drawn[:, :, :weeks].sum(2, keepdims=True), levels)[:, 0]
        pieces.append(
            pd.DataFrame(
                {
                    "unique_id": np.repeat(np.asarray(panel.ids, dtype=object), len(levels)),
                    "weeks": weeks,
                    "quantile": np.tile(np.asarray(levels, dtype=float), len(panel.ids)),
                    "value": values.ravel(),
                }
            )
        )
    columns = ["unique_id", "weeks", "quantile", "value"]
    return pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=columns)


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

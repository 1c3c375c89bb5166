"""The weekly product: nowcast, replay, combine, forecast, reconcile; one call.

Belongs here: the order of the steps and the frames handed back.
Does not belong here: any step itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from forecasting.backtest import REFIT_EVERY, Vintage, vintage
from forecasting.calibrate import respread
from forecasting.combine import SPARSE_HANDICAP, Weights, pooled_paths, prior_weights
from forecasting.context import Context
from forecasting.frames import HUB_LEVELS, Floats, Panel, SeriesError, to_panel
from forecasting.margins import RECORDED, margins, node_name
from forecasting.models import NATIONAL, Model, pool
from forecasting.months import LONG, month_starts, monthly_paths, shared_months
from forecasting.node_weights import LeafTriangle
from forecasting.nodes import Nodes, project_nodes
from forecasting.quantiles import forecast_frame, path_quantiles, quantile_frame
from forecasting.replay import POOL, replay
from forecasting.select import score_table
from forecasting.series import known_series
from forecasting.strata import REST
from forecasting.trend import alerts, change_points, trend_calls

MODEL_VERSION = "6"
#: Weeks over which joint totals are given (sums of weekly quantiles are not quantiles of sums).
TOTALS = (4, 12)


@dataclass(frozen=True)
class Projection:
    """Forecasts with the record that stands behind them.

    ``forecast``: ``unique_id, ds, horizon, quantile, value, model_name``, one row per quantile, of the national
    series and, with leaves, of the nodes on record (``margins.RECORDED``). ``months``: ``unique_id, ds, horizon,
    quantile, value`` by calendar month (see ``months.py``). ``totals``: ``unique_id, weeks, quantile, value``: sums
    over the next weeks, from the same paths. ``scores``: one row per national series, model and horizon (see
    ``select.score_table``; the combination is ``mids``). ``chosen``: what each node is forecast with: ``mids``
    for the combination, for nodes below their leading candidate. ``nowcast``: ``unique_id, ds, reported, quantile,
    value`` of the newest weeks, empty without a triangle. ``trends``: ``trend.trend_calls`` with the columns of
    ``trend.alerts`` beside. ``changes``: ``trend.change_points``. ``incoherent``: largest gap between a parent and
    its children over all paths. ``silent``: newest deliveries judged missing, by series (and ``|agency``).
    ``ids``, ``paths`` (series, paths, weeks): the sample paths behind ``forecast``. ``as_of_week``: the last week
    known, from which horizons count.
    """

    forecast: pd.DataFrame
    months: pd.DataFrame
    totals: pd.DataFrame
    scores: pd.DataFrame
    chosen: dict[str, str]
    nowcast: pd.DataFrame
    trends: pd.DataFrame
    changes: pd.DataFrame
    incoherent: float
    silent: dict[str, int]
    as_of_week: pd.Timestamp
    ids: tuple[str, ...]
    paths: Floats
    model_version: str = MODEL_VERSION
    nodes: Nodes | None = field(default=None, repr=False)

    def every_node(self, levels: Sequence[float] = HUB_LEVELS) -> pd.DataFrame:
        """Return ``forecast`` (without ``model_name``) of every node there is: all totals over all dimensions."""
        pieces = []
        for name, (leaves, paths) in (self.nodes.leaves if self.nodes else {}).items():
            found = margins(name, leaves.ids)
            for start in range(0, len(found), 200):  # bounds memory
                some = dict(list(found.items())[start : start + 200])
                drawn = np.stack([paths[members].sum(0) for members in some.values()])
                ahead = leaves.future(paths.shape[2])
                pieces.append(quantile_frame(tuple(some), ahead, path_quantiles(drawn, levels), levels))
        columns = ["unique_id", "ds", "horizon", "quantile", "value"]
        return pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=columns)


def project(
    series: pd.DataFrame,
    *,
    triangle: pd.DataFrame | None = None,
    leaves: pd.DataFrame | None = None,
    horizon: int = 12,
    levels: Sequence[float] = HUB_LEVELS,
    origins: int = 26,
    learn_on: int = 26,
    models: Sequence[str] = NATIONAL,
    context: Context | None = None,
    paths: int = 1000,
    replay_paths: int = 400,
    seed: int = 0,
    memo: dict[Any, Any] | None = None,
) -> Projection:
    """Forecast weekly counts from a combination of ``models``, weighted and calibrated on past origins.

    ``series`` is ``unique_id, ds, y`` (``series.weekly_series``); with ``triangle``
    (``series.reporting_triangle`` for the same ``as_of_week`` and ``by``) the newest weeks are nowcast before
    forecasting, and the replay runs on vintages. ``leaves`` are the same counts by every dimension (``unique_id``
    as in ``margins.py``): then every node is forecast and all paths add up; given as their reporting triangle,
    candidates below the national series are weighted on vintages too. ``context``: holidays and operations beside the
    counts. ``memo`` (an empty dict at first) keeps what past origins gave; handed to the projection of a later week of
    the same series it saves most of the work and changes no number. Raises ``SeriesError`` on an unreadable frame.
    """
    final = to_panel(series)
    candidates = pool(tuple(models))
    as_of = pd.Timestamp(final.last)
    mature_after, view, known, nowcasts, parts = 0, final, final.y, _no_nowcast(), {}
    silent: dict[str, int] = {}
    memo = {} if memo is None else memo
    past = None if triangle is None else Vintages(triangle, final, replay_paths, seed, memo, context)
    if triangle is not None and past is not None:
        now = vintage(triangle, as_of, paths=paths, seed=seed, spreads=past.spreads(as_of))
        if now.known.ids != final.ids:
            raise SeriesError("triangle and series hold different unique_id: build both with the same `by`")
        view, known, parts = now.panel, now.known.y, now.parts
        mature_after = max(one.mature_after for one in now.nowcasts.values())
        silent = {name: one.silent for name, one in {**now.nowcasts, **parts}.items()}
        nowcasts = _nowcasts(now, levels)
    final, view = replace(final, context=context), replace(view, context=context)
    weights, spread, scores = _judged(
        final, candidates, past, horizon, levels, origins, learn_on, mature_after, replay_paths, seed, memo
    )
    reach = max(horizon, LONG)
    drawn = respread(pooled_paths(view, candidates, weights, horizon=reach, paths=paths, seed=seed), spread)
    long, drawn = drawn, drawn[:, :, :horizon]
    chosen = dict.fromkeys(view.ids, POOL)
    panel, gap, nodes = view, 0.0, None
    if leaves is not None:
        wide = leaves if "y" in leaves.columns else known_series(leaves, as_of_week=as_of, start=final.ds[0])
        below = to_panel(wide)
        if below.y.shape[1] != view.y.shape[1] or below.last != view.last:
            raise SeriesError("leaves and series cover different weeks: build both for the same as_of_week")
        nodes = project_nodes(
            view, known, drawn, below, mature_after=mature_after, seed=seed, parts=parts,
            triangle=None if "y" in leaves.columns else LeafTriangle.of(leaves),
            past=None if past is None else past.whole, memo=memo,
        )  # fmt: skip
        panel, drawn, gap = nodes.panel, nodes.paths, nodes.incoherent
        chosen |= nodes.leading
    frame = forecast_frame(panel, path_quantiles(drawn, levels), levels, [chosen[n] for n in panel.ids])
    trends = trend_calls(panel, seed=seed).merge(alerts(panel), on="unique_id", how="left")
    return Projection(
        frame, _months(view, long, nodes, levels, seed), _totals(panel, drawn, levels), scores, chosen, nowcasts,
        trends, change_points(panel), gap, silent, as_of, panel.ids, drawn, nodes=nodes,
    )  # fmt: skip


def _judged(
    final: Panel,
    candidates: Sequence[Model],
    past: Vintages | None,
    horizon: int,
    levels: Sequence[float],
    origins: int,
    learn_on: int,
    mature_after: int,
    paths: int,
    seed: int,
    memo: dict[Any, Any] | None,
) -> tuple[Weights, Floats, pd.DataFrame]:
    """Return weights, spread factors and the score table of a replay; prior ones where nothing can be replayed."""
    try:
        found = replay(
            final, candidates, horizon=horizon, origins=origins, learn_on=learn_on, mature_after=mature_after,
            view=past, levels=levels, paths=paths, seed=seed, memo=memo, handicap=SPARSE_HANDICAP,
        )  # fmt: skip
    except ValueError:
        return prior_weights(candidates, len(final.ids)), np.ones(len(final.ids)), pd.DataFrame()
    return found.weights, found.spread, score_table(found.frame())


class Vintages:
    """The panel as it was known after so many weeks, its newest weeks nowcast.

    Spreads of the delay model change slowly: they are estimated every ``REFIT_EVERY`` weeks of the calendar, from
    what was known then, so that an origin's vintage is the same whoever asks for it. ``memo`` keeps vintages.
    """

    def __init__(
        self, triangle: pd.DataFrame, final: Panel, paths: int, seed: int, memo: dict[Any, Any] | None = None,
        context: Context | None = None,
    ) -> None:  # fmt: skip
        self.triangle, self.final, self.paths, self.seed = triangle, final, paths, seed
        self.memo: dict[Any, Any] = {} if memo is None else memo
        self.context = context

    def __call__(self, stop: int) -> Panel:
        """Return the panel known when ``stop`` periods were over."""
        return replace(self.whole(stop).panel, context=self.context)

    def whole(self, stop: int) -> Vintage:
        """Return the vintage known when ``stop`` periods were over, with what its nowcast rests on."""
        week = pd.Timestamp(self.final.ds[stop - 1])
        key = ("vintage", week, self.paths, self.seed)
        if key not in self.memo:
            self.memo[key] = vintage(
                self.triangle, week, paths=self.paths, seed=self.seed, spreads=self.spreads(week)
            )
        found: Vintage = self.memo[key]
        return replace(found, panel=replace(found.panel, context=self.context))

    def spreads(self, week: pd.Timestamp) -> dict[str, Any] | None:
        """Return the delay model's spreads that a nowcast of ``week`` uses; None where it must estimate its own."""
        number = (week - pd.Timestamp(0)).days // 7
        fitted = week - pd.Timedelta(weeks=number % REFIT_EVERY)
        if fitted == week or fitted < pd.Timestamp(self.final.ds[0]) + pd.Timedelta(weeks=REFIT_EVERY):
            return None
        key = ("spreads", fitted, self.seed)
        if key not in self.memo:
            then: Vintage = vintage(self.triangle, fitted, paths=2, seed=self.seed)
            self.memo[key] = {k: v for one in then.nowcasts.values() for k, v in one.spreads.items()}
        return dict(self.memo[key])


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


def _nowcasts(now: Vintage, levels: Sequence[float]) -> pd.DataFrame:
    """Return the nowcast frame of the national series and, where made by agency, of the agencies."""
    assert now.panel.tail is not None
    length = now.panel.tail.shape[2]
    names, draws, reported = list(now.panel.ids), [now.panel.tail], [now.known.y[:, -length:]]
    for key, part in now.parts.items():
        name, agency = key.split("|", 1)
        if agency == REST:
            continue
        known = np.maximum(part.reported[-length:], 0.0)
        full = np.repeat(known[None], part.draws.shape[0], axis=0)
        size = min(length, part.draws.shape[1])
        full[:, length - size :] = part.draws[:, -size:]
        names.append(node_name(name, ["*", agency]))
        draws.append(full[None])
        reported.append(known[None])
    held = np.concatenate(reported)
    values = np.maximum(path_quantiles(np.concatenate(draws), levels), held[..., None])
    return _nowcast_frame(names, now.panel.ds[-length:], held, values, levels)


def _months(
    view: Panel, long: Floats, nodes: Nodes | None, levels: Sequence[float], seed: int
) -> pd.DataFrame:
    """Return quantiles by calendar month of the national series and of the nodes on record."""
    starts, sums = monthly_paths(view, long)
    ids: list[str] = []
    drawn: list[Floats] = []
    for i, name in enumerate(view.ids):
        if nodes is None or name not in nodes.leaves:
            ids.append(name)
            drawn.append(sums[i])
            continue
        leaves = nodes.leaves[name][0]
        own = shared_months(sums[i], leaves, seed=seed, label=f"{name}/{view.last}")
        for node, members in margins(name, leaves.ids, RECORDED).items():
            ids.append(node)
            drawn.append(own[members].sum(0))
    values = path_quantiles(np.stack(drawn), levels)
    return quantile_frame(ids, month_starts(starts), values, levels)


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

"""Forecast any series frame: the pipeline's candidates, combination and reconciliation behind one call.

Belongs here: choosing effort by size, series that are not counts, the hubverse long form.
Does not belong here: reading and judging frames (intake.py), files, the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.combine import Weights, is_whole, learn, pooled_paths, rolling_wis
from forecasting.frames import HUB_LEVELS, MONTHS, Floats, Panel, advance
from forecasting.hierarchy import Tree, incoherence, reconcile, shuffle, tree_of, tree_panel
from forecasting.intake import Intake, period_dates
from forecasting.models import NODES, pool
from forecasting.models.statistical import FIT_EVERY, FIT_WEEKS, UNSETTLED
from forecasting.quantiles import path_quantiles
from forecasting.replay import replay

#: Candidates of any number of series: fitted all at once, or within a thousandth of a second each.
MANY = NODES
#: Up to so many series are also given the candidates that are fitted one by one (a hundredth of a second each), and
#: ARIMA, whose fits with a season take half a second. ``FITS`` bounds the former's while learning.
ONE_BY_ONE = ("ets", "theta", "arima")
SMALL, FEW, FITS = 60, 12, 200
#: What needs counts: series with negative values are not given these.
COUNTS = ("negbin_damped", "regression", "boosted", "croston", "tsb", "adida")
#: Above MIDDLE series the weights are learnt on a sample of series per group.
MIDDLE = 400
LEARN_ON = 150
#: Origins before the first one shown that only teach weights in a replay.
LEARN_ORIGINS = 26
#: Real-valued series are handled as counts of this size; larger counts are scaled down to it.
SCALE = 1000.0
LARGEST = 1e6


@dataclass(frozen=True)
class ToolForecast:
    """Forecast of a frame.

    ``frame``: hubverse long form, one row per series, horizon and quantile (and per sample path, if asked).
    ``notes``: ``unique_id, kind, note``. ``models``: the leading candidate by series. ``paths``: sample paths
    (series, paths, horizon) in the order of ``ids``; ``incoherent``: largest gap between a total and its
    parts over all paths (0 without a hierarchy).
    """

    frame: pd.DataFrame
    notes: pd.DataFrame
    models: dict[str, str]
    ids: tuple[str, ...]
    paths: Floats
    incoherent: float


def forecast_intake(
    given: Intake,
    *,
    horizon: int,
    seed: int = 0,
    paths: int = 1000,
    root: str = "total",
    samples: int = 0,
    levels: Sequence[float] = HUB_LEVELS,
) -> ToolForecast:
    """Return quantile forecasts of every series in ``given``; with hierarchy keys, of every total too.

    Weights are learnt by rolling-origin backtest inside the series; where they are too short, prior weights
    stand. Series with negative values are forecast as signed (their floor is not zero).
    """
    # Every series ends in the last column; its calendar matters only through the season's phase, which the
    # models estimate, so one common axis ending at the newest date serves all.
    y, low, scale = _to_counts(given.y)
    steps = y.shape[1]
    newest = given.last.max()
    ds = advance(newest, np.arange(1 - steps, 1), given.freq)
    bottom = Panel(given.ids, ds, y, given.freq)
    tree: Tree | None = None
    panel, last = bottom, given.last
    notes = given.notes
    if any(given.keys):
        if low.any() or (scale != 1.0).any():
            low, scale = np.full(len(low), low.max()), np.full(len(scale), scale.min())
            bottom = Panel(given.ids, ds, (given.y + low[:, None]) * scale[:, None], given.freq)
        tree = tree_of(given.ids, given.keys, root)
        panel = tree_panel(tree, bottom)
        last = np.full(len(panel.ids), newest)
        below = np.zeros(len(panel.ids))
        below[tree.leaf] = low
        for depth in tree.depths:
            nodes = np.flatnonzero(tree.depth == depth)
            np.add.at(below, tree.parent[nodes], below[nodes])
        low, scale = below, np.full(len(panel.ids), scale.min())
    negative = low > 0
    if negative.any():
        signed = [
            (n, "note", "negative values: forecast as a signed series")
            for n, b in zip(panel.ids, negative, strict=True)
            if b
        ]
        notes = pd.concat([notes, pd.DataFrame(signed, columns=notes.columns)], ignore_index=True)
    weights_of: list[str] = [""] * len(panel.ids)
    drawn = np.empty((len(panel.ids), paths, horizon))
    for index, names in _tiers(panel, tree, negative):
        part = panel.rows(index)
        models = pool(names)
        weights = fit_weights(part, names, horizon=horizon, seed=seed)
        drawn[index] = pooled_paths(part, models, weights, horizon=horizon, paths=paths, seed=seed)
        for i, name in zip(index, weights.leading, strict=True):
            weights_of[i] = name
    gap = 0.0
    if tree is not None:
        drawn = shuffle(drawn, panel, seed=seed)
        drawn = reconcile(tree, drawn, whole=bool(is_whole(bottom).all() and (scale == 1).all()), seed=seed)
        gap = incoherence(tree, drawn)
    values = _quantiles(panel, drawn, levels, plain=(scale != 1) | negative)
    drawn = drawn / scale[:, None, None] - low[:, None, None]
    values = values / scale[:, None, None] - low[:, None, None]
    frame = hub_frame(
        panel.ids, last, values, levels, given.freq, samples=drawn[:, :samples] if samples else None
    )
    return ToolForecast(frame, notes, dict(zip(panel.ids, weights_of, strict=True)), panel.ids, drawn, gap)


@dataclass(frozen=True)
class ToolReplay:
    """Replay of a frame: ``scores`` (``Replay.frame`` rows), ``frame`` (the pool's past forecasts, hubverse)."""

    scores: pd.DataFrame
    frame: pd.DataFrame
    notes: pd.DataFrame
    origins: int


def replay_intake(
    given: Intake, *, horizon: int, origins: int, every: int = 1, seed: int = 0, paths: int = 400
) -> ToolReplay:
    """Return what the combination and its candidates would have forecast at past origins of ``given``.

    Series that are not counts are rescaled for the models and scored on their own scale. Raises ``ValueError``
    when no series is long enough for one origin.
    """
    y, low, scale = _to_counts(given.y)
    ds = advance(given.last.max(), np.arange(1 - y.shape[1], 1), given.freq)
    panel = Panel(given.ids, ds, y, given.freq)
    pieces, hubs, count = [], [], 0
    for index, names in _tiers(panel, None, low > 0):
        part = panel.rows(index)
        groups = np.digitize(np.nanmean(part.y, axis=1), [0.3, 2.0, 20.0])
        found = replay(
            part, pool(names), horizon=horizon, origins=origins, every=every, learn_on=LEARN_ORIGINS,
            groups=groups, paths=paths, seed=seed,
        )  # fmt: skip
        back = scale[index][None, None, :, None, None]
        away = low[index][None, None, :, None, None]
        found = replace(
            found,
            values=found.values / back - away,
            truth=found.truth / back[:, 0, ..., 0] - away[:, 0, ..., 0],
        )
        rows = found.frame()
        # Each series' own last period is the last column: dates are moved back to its own calendar.
        lag = dict(zip(given.ids, given.last.max() - given.last, strict=True))
        shift = rows["unique_id"].map(lag)
        if shift.dt.days.any():
            rows["origin"] = rows["origin"] - shift
        pieces.append(rows)
        count = max(count, len(found.stops))
        for k, stop in enumerate(found.stops):
            seen = np.flatnonzero(~np.isnan(found.values[k, -1, :, 0, 0]))
            last = given.last[index[seen]] - (panel.ds[-1] - panel.ds[stop - 1])
            if given.freq in MONTHS:
                last = np.full(seen.size, panel.ds[stop - 1])
            ids = [part.ids[i] for i in seen]
            hubs.append(hub_frame(ids, last, found.values[k, -1, seen], HUB_LEVELS, given.freq))
    return ToolReplay(
        pd.concat(pieces, ignore_index=True), pd.concat(hubs, ignore_index=True), given.notes, count
    )


def fit_weights(panel: Panel, names: Sequence[str], *, horizon: int, seed: int) -> Weights:
    """Return pool weights learnt by rolling origins; effort falls with the number of series."""
    count, steps = panel.y.shape
    ahead = max(1, min(horizon, steps // 5))
    # 26 origins over a year tell candidates apart for one series; many series need fewer each.
    origins = int(np.clip(FITS // count, 4, 26)) if set(names) & set(ONE_BY_ONE) else 26 if count <= 60 else 6
    every = max(1, min(52 // origins, (steps - ahead - 16) // origins))
    size = np.nanmean(panel.y, axis=1)
    groups = np.digitize(size, [0.3, 2.0, 20.0])
    chosen = np.arange(count)
    if count > MIDDLE:
        order = np.random.default_rng(seed).permutation(count)
        chosen = np.sort(np.concatenate([order[groups[order] == g][:LEARN_ON] for g in np.unique(groups)]))
    models = pool(names)
    found = rolling_wis(panel.rows(chosen), models, horizon=ahead, origins=origins, every=every, seed=seed)
    scores = np.full((found.shape[0], len(models), count, ahead), np.nan)
    scores[:, :, chosen] = found
    return learn(scores, models, groups)


def _tiers(panel: Panel, tree: Tree | None, negative: np.ndarray) -> list[tuple[np.ndarray, tuple[str, ...]]]:
    """Return groups of series with the candidates they can afford."""
    every = np.arange(len(panel.ids))
    parts = [every]
    if tree is not None:  # totals are few and matter most: they get the fuller pool
        leaf = np.isin(every, tree.leaf)
        parts = [every[~leaf], every[leaf]]
    out = []
    for part in parts:
        for flag in (False, True):
            index = part[negative[part] == flag]
            if not index.size:
                continue
            names = tuple(n for n in MANY if n not in COUNTS) if flag else MANY
            if index.size <= SMALL and panel.y.shape[1] >= 12:
                # Short weekly series are fitted anew at every origin: for one or so, like few monthly ones.
                most = SMALL if panel.y.shape[1] >= FIT_WEEKS + FIT_EVERY + UNSETTLED else 1
                few = index.size <= {"W": most, "D": 0}.get(panel.freq, FEW)
                names = (*names, *(n for n in ONE_BY_ONE if few or n != "arima"))
            out.append((index, names))
    return out


def _to_counts(y: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the series as non-negative numbers of a size counts have, and the shift and scale undone later."""
    smallest = np.nanmin(y, axis=1)
    # Twice the depth leaves the models room below what was ever seen.
    low = np.where(smallest < 0, -2.0 * smallest, 0.0)
    moved = y + low[:, None]
    size = np.nanmean(moved, axis=1)
    clean = np.nan_to_num(moved)
    whole = (clean == np.round(clean)).all(axis=1)
    scale = np.where(whole & (size <= LARGEST), 1.0, SCALE / np.maximum(size, 1e-300))
    scale = np.where(size > 0, scale, 1.0)
    return moved * scale[:, None], low, scale


def _quantiles(panel: Panel, drawn: Floats, levels: Sequence[float], plain: np.ndarray) -> Floats:
    """Return mid-distribution quantiles of counts, plain ones of series that are not counts."""
    out = np.empty((len(panel.ids), drawn.shape[2], len(levels)))
    for start in range(0, len(panel.ids), 500):
        rows = slice(start, start + 500)
        out[rows] = path_quantiles(drawn[rows], levels)
    for i in np.flatnonzero(plain):
        out[i] = np.quantile(drawn[i], levels, axis=0).T
    return out


def hub_frame(
    ids: Sequence[str], last: np.ndarray, values: Floats, levels: Sequence[float], freq: str,
    samples: Floats | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return hubverse long form of quantile values (series, horizon, levels) and, if given, sample paths."""
    target = period_dates(last, values.shape[1], freq)
    out = _block(ids, last, target, "quantile", np.asarray(levels, dtype=float), values)
    if samples is None:
        return out
    number = np.arange(samples.shape[1], dtype=float)
    return pd.concat(
        [out, _block(ids, last, target, "sample", number, np.swapaxes(samples, 1, 2))], ignore_index=True
    )


def _block(
    ids: Sequence[str], last: np.ndarray, target: np.ndarray, kind: str, type_id: Floats, values: Floats
) -> pd.DataFrame:
    n, horizon, count = values.shape
    each = horizon * count
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.asarray(ids, dtype=object), each),
            "origin_date": np.repeat(last.astype("datetime64[s]"), each),
            "horizon": np.tile(np.repeat(np.arange(1, horizon + 1), count), n),
            "target_end_date": np.repeat(target.ravel().astype("datetime64[s]"), count),
            "output_type": kind,
            "output_type_id": np.tile(type_id, n * horizon),
            "value": values.ravel(),
        }
    )

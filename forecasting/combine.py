"""Combination of candidates: weights learnt from rolling origins, then one linear pool of sample paths.

Belongs here: weights by past WIS (shared within groups of series), pooled sample paths.
Does not belong here: candidates (models/), hierarchy (hierarchy.py), scores' formulae (scores.py).

A linear pool (each candidate gives its share of the paths) rather than averaged quantiles: on weekly UK small
boats, four weeks ahead, 101 origins, both scored within 1 % of each other, but averaged quantiles covered 75 %
and 88 % where 80 % and 95 % were meant, the pool 80 % and 97 %. It also keeps counts whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecasting.backtest import origin_steps
from forecasting.frames import HUB_LEVELS, Floats, Panel, generator
from forecasting.models import Model, PathModel
from forecasting.scores import wis

#: A candidate with twice the WIS of another gets 1/256 of its weight; 4 and 16 were as good on boats and the sample.
POWER = 8.0
#: A candidate whose score is worse than the best by more than this (log scale) is left out: many candidates that are
#: each a little worse would otherwise outvote the good ones.
BEHIND = 0.06
#: What scores of candidates are multiplied by (log scale) before they are compared, where counts are sparse and late:
#: these three follow the newest counts, and a good stretch of theirs tells little about the next. On the sample's
#: vintages (52 origins, cases, 1 to 4 weeks) the pool scored 0.69 of seasonal-naive with them as equals, else 0.66.
SPARSE_HANDICAP = {"ets": 0.12, "theta": 0.12, "arima": 0.12}
#: A series' own scores count against its group's as if the group had been seen at this many origins.
BORROW_ORIGINS = 8.0
#: Weights below this are noise; the path budget is better spent on the others.
SMALLEST = 0.03
#: Weight before anything was scored; what is not named here gets 1.
PRIOR = {"seasonal_naive": 0.1, "negbin_damped": 2.0}
#: Series handled at a time: bounds memory and keeps growth linear.
CHUNK = 500


@dataclass(frozen=True)
class Weights:
    """Share of each model (columns, by ``names``) in each series' pool (rows); rows add up to one."""

    names: tuple[str, ...]
    share: Floats

    def rows(self, index: np.ndarray) -> Weights:
        """Return the weights of some series."""
        return Weights(self.names, self.share[index])

    @property
    def leading(self) -> list[str]:
        """Return for each series the model with the largest share."""
        return [self.names[i] for i in self.share.argmax(1)]


def prior_weights(models: Sequence[Model], series: int) -> Weights:
    """Return weights for series that were never scored."""
    share = np.array([PRIOR.get(m.name, 1.0) for m in models])
    return Weights(tuple(m.name for m in models), np.tile(share / share.sum(), (series, 1)))


def rolling_wis(
    panel: Panel,
    models: Sequence[Model],
    *,
    horizon: int,
    origins: int,
    every: int = 1,
    mature_after: int = 0,
    view: Callable[[int], Panel] | None = None,
    paths: int = 200,
    seed: int = 0,
) -> Floats:
    """Return WIS (origins, models, series, horizon) of past forecasts; NaN where a series had not begun.

    ``view`` gives the panel as known when so many periods were over (default: the panel cut short); its
    series may be fewer. Nothing after an origin reaches a forecast made at it.
    """
    stops = origin_steps(panel.y.shape[1] - mature_after, horizon, origins, every)
    out = np.full((len(stops), len(models), len(panel.ids), horizon), np.nan)
    where = {name: i for i, name in enumerate(panel.ids)}
    for k, stop in enumerate(stops):
        then = panel.until(stop) if view is None else view(stop)
        begun = np.flatnonzero((~np.isnan(then.y)).sum(1) >= 4)
        if not begun.size:
            continue
        then = then.rows(begun)
        rows = np.array([where[name] for name in then.ids])
        truth = panel.y[rows, stop : stop + horizon]
        for m, model in enumerate(models):
            rng = generator(seed, "rolling", model.name, str(then.last))
            values = model.quantiles(then, horizon, HUB_LEVELS, paths=paths, rng=rng)
            out[k, m, rows] = wis(truth, values, HUB_LEVELS)
    return out


def learn(
    scores: Floats,
    models: Sequence[Model],
    groups: np.ndarray | None = None,
    handicap: Mapping[str, float] | None = None,
) -> Weights:
    """Return weights from WIS (origins, models, series, horizon); ``groups`` (series,) share evidence.

    A model's score is its WIS relative to the best of its series, averaged (in logs) over the group and
    mixed with the series' own by how many origins speak for it. ``handicap``: see ``SPARSE_HANDICAP``.
    """
    names = tuple(m.name for m in models)
    count = scores.shape[2]
    default = prior_weights(models, count).share
    groups = np.zeros(count, dtype=int) if groups is None else groups
    seen = (~np.isnan(scores[:, 0, :, 0])).sum(0)
    total = np.where(np.isnan(scores), 0.0, scores).sum((0, 3)).T
    mean = total / np.maximum(seen, 1)[:, None]
    # A floor: where everybody is nearly right all the time, ratios of tiny scores say nothing.
    floor = 0.02 * scores.shape[3] + 0.01 * mean.min(1)
    relative = np.log(mean + floor[:, None]) + np.array([(handicap or {}).get(name, 0.0) for name in names])
    relative -= relative.min(1, keepdims=True)
    share = default.copy()
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        scored = members[seen[members] > 0]
        if not scored.size:
            continue
        pooled = np.average(relative[scored], axis=0, weights=seen[scored].astype(float))
        own = seen[members, None] / (seen[members, None] + BORROW_ORIGINS)
        mixed = own * relative[members] + (1 - own) * pooled
        behind = mixed - mixed.min(1, keepdims=True)
        weight = np.where(behind > BEHIND, 0.0, np.exp(-POWER * behind))
        weight /= weight.sum(1, keepdims=True)
        # With few origins in the whole group the prior still speaks.
        sure = seen[scored].sum() / (seen[scored].sum() + 2.0)
        share[members] = sure * weight + (1 - sure) * default[members]
    share = np.where(share < SMALLEST, 0.0, share)
    return Weights(names, share / share.sum(1, keepdims=True))


def pooled_paths(
    panel: Panel, models: Sequence[Model], weights: Weights, *, horizon: int, paths: int, seed: int
) -> Floats:
    """Return sample paths (series, paths, horizon) of the pool; models without weight are not run."""
    out = np.empty((len(panel.ids), paths, horizon))
    for start in range(0, len(panel.ids), CHUNK):
        index = np.arange(start, min(start + CHUNK, len(panel.ids)))
        part, share = panel.rows(index), weights.share[index]
        label = f"{part.last}/{start}"
        edges = np.round(np.cumsum(share, axis=1) * paths).astype(int)
        begin = np.concatenate([np.zeros((len(index), 1), dtype=int), edges[:, :-1]], axis=1)
        for m, model in enumerate(models):
            used = np.flatnonzero(edges[:, m] > begin[:, m])
            if not used.size:
                continue
            rng = generator(seed, "pool", model.name, label)
            # As many paths as the largest share asks for, no more: sampling is what thousands of series cost.
            most = int((edges - begin)[used, m].max())
            drawn = sample_paths(model, _thinned(part.rows(used), most), horizon, most, rng)
            for row, i in enumerate(used):
                take = slice(begin[i, m], edges[i, m])
                # Evenly spread over the model's paths, so that systematic draws stay systematic.
                size = edges[i, m] - begin[i, m]
                out[index[i], take] = drawn[row, (np.arange(size) * most) // size]
    return out


def _thinned(panel: Panel, paths: int) -> Panel:
    """Return the panel with ``paths`` of its tail's draws, evenly spread."""
    if panel.tail is None:
        return panel
    pick = (np.arange(paths) * panel.tail.shape[1]) // paths
    return replace(panel, tail=panel.tail[:, pick])


def sample_paths(model: Model, panel: Panel, horizon: int, paths: int, rng: np.random.Generator) -> Floats:
    """Return sample paths (series, paths, horizon) of any model; of quantile models, by inverse distribution."""
    if isinstance(model, PathModel):
        return model.sample(panel, horizon, paths, rng)
    values = model.quantiles(panel, horizon, HUB_LEVELS, paths=paths, rng=rng)
    whole = is_whole(panel)
    levels = np.asarray(HUB_LEVELS)
    point = (np.arange(paths) + 0.5) / paths
    k = np.clip(np.searchsorted(levels, point) - 1, 0, len(levels) - 2)
    # Beyond the outermost levels the last piece goes on, at most as far again.
    part = np.clip((point - levels[k]) / (levels[k + 1] - levels[k]), -1.0, 2.0)
    drawn = values[..., k] + (values[..., k + 1] - values[..., k]) * part
    drawn = np.maximum(rng.permuted(drawn, axis=2), 0.0)
    drawn = np.where(whole[:, None, None], np.round(drawn), drawn)
    return np.swapaxes(drawn, 1, 2)


def is_whole(panel: Panel) -> np.ndarray:
    """Return for each series whether it holds whole numbers only (counts); nowcast weeks are judged by their draws."""
    y = np.nan_to_num(panel.y)
    whole = np.asarray((y == np.round(y)).all(axis=1))
    if panel.tail is not None:  # there `y` holds means over draws
        whole = (y == np.round(y))[:, : y.shape[1] - panel.tail.shape[2]].all(axis=1)
        whole &= (panel.tail == np.round(panel.tail)).all(axis=(1, 2))
    return whole

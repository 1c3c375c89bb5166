"""Weights of the candidates below the national series, learnt on vintages: what was known at each past origin.

Belongs here: the leaves as they stood, the walk over origins, scores by node. Does not belong here: the forecast of the
newest week (nodes.py), the arithmetic of weights (combine.py).

Origins are fixed weeks of the calendar, so that the next week's projection asks for the same ones (``memo``). At each,
the tree is the one of the leaves heard of by then, its newest weeks from the nowcast made then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from forecasting.backtest import Vintage
from forecasting.combine import Weights, learn
from forecasting.frames import HUB_LEVELS, Floats, Panel, generator
from forecasting.hierarchy import tree_of, tree_panel
from forecasting.models import Model
from forecasting.scores import wis

ORIGINS, EVERY, AHEAD, PATHS = 8, 6, 4, 100
#: Mean counts a week that part series into groups which share evidence.
SIZES = (0.05, 0.3, 2.0)
WEEK = pd.Timedelta(days=7)


@dataclass(frozen=True)
class LeafTriangle:
    """Increments of all leaves: what was added to which week, and when it became known."""

    leaf: np.ndarray
    event: np.ndarray
    known: np.ndarray
    count: Floats
    ids: tuple[str, ...]

    @classmethod
    def of(cls, triangle: pd.DataFrame) -> LeafTriangle:
        """Read ``unique_id, event_week, known_week, count`` (``series.reporting_triangle`` by every dimension)."""
        codes, names = pd.factorize(triangle["unique_id"].astype(str), sort=True)
        event, known = (triangle[c].to_numpy().astype("datetime64[D]") for c in ("event_week", "known_week"))
        return cls(codes, event, known, triangle["count"].to_numpy(dtype=float), tuple(map(str, names)))

    def panel(self, like: Panel, root: str) -> Panel:
        """Return leaves of ``root`` on the weeks of ``like`` as known at their close; only those with an event."""
        days = like.ds.astype("datetime64[D]")
        keep = (
            (self.known <= days[-1] + np.timedelta64(7, "D"))
            & (self.event >= days[0])
            & (self.event <= days[-1])
        )
        y = np.zeros((len(self.ids), len(days)))
        week = (self.event[keep] - days[0]).astype(int) // 7
        np.add.at(y, (self.leaf[keep], week), self.count[keep])
        y = np.maximum(y, 0.0)
        own = [i for i, name in enumerate(self.ids) if name.startswith(f"{root}/") and y[i].sum() > 0]
        return replace(like, ids=tuple(self.ids[i] for i in own), y=y[own], tail=None)


def node_weights(
    panel: Panel,
    models: Sequence[Model],
    leaves: LeafTriangle,
    past: Callable[[int], Vintage],
    with_tail: Callable[[Panel, Vintage, str], Panel],
    *,
    mature_after: int,
    seed: int,
    memo: dict[Any, Any],
) -> Weights:
    """Return weights of every node of ``panel`` (the first: the national series, named as in its vintages).

    ``past`` gives the national vintage known when so many periods were over, ``with_tail`` shares its late reports out
    to leaves known then. Scores run against ``panel``, leaving out its newest ``mature_after`` weeks.
    """
    root, steps = panel.ids[0], panel.y.shape[1]
    number = panel.ds.astype("datetime64[D]").astype(int) // 7
    over = [s for s in range(16, steps - AHEAD - mature_after + 1) if number[s - 1] % EVERY == 0]
    stops = over[-ORIGINS:]
    where = {name: i for i, name in enumerate(panel.ids)}
    scores = np.full((len(stops), len(models), len(panel.ids), AHEAD), np.nan)
    for k, stop in enumerate(stops):
        key = ("nodes", root, str(panel.ds[stop - 1]), seed, tuple(m.name for m in models))
        if key not in memo:
            memo[key] = _past_quantiles(past(stop), root, models, leaves, with_tail, seed)
        ids, values = memo[key]
        # A leaf that was recoded since then is nobody's past.
        kept = [i for i, name in enumerate(ids) if name in where]
        rows = np.array([where[ids[i]] for i in kept], dtype=int)
        truth = panel.y[rows, stop : stop + AHEAD]
        for m in range(len(models)):
            scores[k, m, rows] = wis(truth, values[m][kept], HUB_LEVELS)
    return learn(scores, models, np.digitize(np.nanmean(panel.y, axis=1), SIZES))


def _past_quantiles(
    then: Vintage,
    root: str,
    models: Sequence[Model],
    leaves: LeafTriangle,
    with_tail: Callable[[Panel, Vintage, str], Panel],
    seed: int,
) -> tuple[tuple[str, ...], list[Floats]]:
    """Return the nodes known at an origin and each model's quantiles (nodes, AHEAD, levels)."""
    if root not in then.panel.ids:
        return (), [np.empty((0, AHEAD, len(HUB_LEVELS))) for _ in models]
    below = leaves.panel(then.known, root)
    if not below.ids:
        return (), [np.empty((0, AHEAD, len(HUB_LEVELS))) for _ in models]
    below = with_tail(below, _thinned(then), root)
    tree = tree_of(below.ids, [(leaf.split("/")[2],) for leaf in below.ids], root)
    nodes = replace(tree_panel(tree, below), context=then.panel.context)
    assert nodes.tail is not None
    paths = nodes.tail.shape[1]
    out = []
    for model in models:
        rng = generator(seed, "nodes", model.name, str(nodes.last))
        out.append(model.quantiles(nodes, AHEAD, HUB_LEVELS, paths=paths, rng=rng))
    return nodes.ids, out


def _thinned(then: Vintage) -> Vintage:
    """Return the vintage with as many draws of its newest weeks as are needed here."""
    assert then.panel.tail is not None
    parts = {k: replace(one, draws=one.draws[:PATHS]) for k, one in then.parts.items()}
    return replace(then, panel=replace(then.panel, tail=then.panel.tail[:, :PATHS]), parts=parts)

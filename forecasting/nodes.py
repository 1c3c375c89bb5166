"""Below the national series: states and agencies, forecast so that they add up to the national paths.

Belongs here: sharing national late reports out to the leaves, one tree per national series, agency totals.
Does not belong here: the national forecast itself (projection.py), reconciliation (hierarchy.py).

A leaf is named ``MY/TIP/10/PDRM`` (national series, state, agency), a state ``MY/TIP/10``, an agency over all
states ``MY/TIP/*/PDRM``. Reports still to come are estimated nationally, where there are enough to learn the
delay from, and shared out by what each leaf held over the last two years.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecasting.combine import Weights, learn, pooled_paths, rolling_wis
from forecasting.frames import Floats, Panel, generator
from forecasting.hierarchy import incoherence, reconcile, shuffle, tree_of, tree_panel
from forecasting.models import LIGHT, pool

ORIGINS, EVERY, LEARN_AHEAD = 8, 6, 4
SHARE_WEEKS = 104


@dataclass(frozen=True)
class Nodes:
    """Reconciled paths (nodes, paths, horizon) by node, the panel they were made from, the leading models.

    The first nodes are the national series; ``incoherent`` is the largest gap between a parent and its children.
    """

    panel: Panel
    paths: Floats
    leading: dict[str, str]
    incoherent: float


def project_nodes(
    national: Panel, known: Floats, paths: Floats, bottom: Panel, *, mature_after: int, seed: int
) -> Nodes:
    """Return national series, states, leaves and agency totals with paths that add up.

    ``national`` is the panel with its nowcast tail, ``known`` (series, time) its counts before the nowcast,
    ``paths`` (series, paths, horizon) its forecast, ``bottom`` the leaves as known, on the same weeks.
    """
    ids: list[str] = []
    y, tails, drawn = [], [], []
    leading: dict[str, str] = {}
    gap = 0.0
    for i, name in enumerate(national.ids):
        rows = [k for k, leaf in enumerate(bottom.ids) if leaf.startswith(f"{name}/")]
        if not rows:
            continue
        leaves = bottom.rows(rows)
        leaves = _with_tail(leaves, national, known, i, seed)
        states = [(leaf.split("/")[2],) for leaf in leaves.ids]
        tree = tree_of(leaves.ids, states, name)
        panel = tree_panel(tree, leaves)
        weights = _weights(panel, mature_after, seed)
        models = pool(LIGHT)
        below = np.arange(1, len(panel.ids))
        own = np.empty((len(panel.ids), *paths.shape[1:]))
        own[0] = paths[i]
        own[1:] = pooled_paths(
            panel.rows(below),
            models,
            weights.rows(below),
            horizon=paths.shape[2],
            paths=paths.shape[1],
            seed=seed,
        )
        own = reconcile(tree, shuffle(own, panel, seed=seed), whole=True, seed=seed)
        gap = max(gap, incoherence(tree, own))
        leading |= dict(zip(panel.ids[1:], weights.leading[1:], strict=True))
        ids += panel.ids
        y.append(panel.y)
        drawn.append(own)
        if panel.tail is not None:
            tails.append(panel.tail)
        agencies = sorted({leaf.split("/")[3] for leaf in leaves.ids})
        for agency in agencies:
            member = tree.leaf[[leaf.endswith(f"/{agency}") for leaf in leaves.ids]]
            ids.append(f"{name}/*/{agency}")
            leading[ids[-1]] = "sum"
            y.append(panel.y[member].sum(0)[None])
            drawn.append(own[member].sum(0)[None])
            if panel.tail is not None:
                tails.append(panel.tail[member].sum(0)[None])
    tail = np.concatenate(tails) if tails else None
    whole = replace(national, ids=tuple(ids), y=np.concatenate(y), tail=tail)
    return Nodes(whole, np.concatenate(drawn), leading, gap)


def _weights(panel: Panel, mature_after: int, seed: int) -> Weights:
    models = pool(LIGHT)
    # Weeks not yet mature would be scored against counts that are still growing.
    scores = rolling_wis(
        replace(panel, tail=None), models, horizon=LEARN_AHEAD, origins=ORIGINS, every=EVERY,
        mature_after=mature_after, paths=100, seed=seed,
    )  # fmt: skip
    return learn(scores, models, np.digitize(np.nanmean(panel.y, axis=1), [0.05, 0.3, 2.0]))


def _with_tail(leaves: Panel, national: Panel, known: Floats, i: int, seed: int) -> Panel:
    """Return the leaves with the national series' late reports shared out, path by path."""
    if national.tail is None:
        return leaves
    draws = national.tail[i]
    length = draws.shape[1]
    missing = np.maximum(np.round(draws - known[i, -length:]), 0).astype(int)
    weight = np.nan_to_num(leaves.y[:, -SHARE_WEEKS:]).sum(1) + 0.2
    rng = generator(seed, "tail", national.ids[i], str(national.last))
    shared = rng.multinomial(missing, weight / weight.sum()).astype(float)
    tail = np.nan_to_num(leaves.y[:, -length:])[:, None, :] + np.moveaxis(shared, 2, 0)
    y = leaves.y.copy()
    y[:, -length:] = tail.mean(axis=1)
    return replace(leaves, y=y, tail=tail)

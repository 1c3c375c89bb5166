"""Below the national series: every state, agency, exploitation, child or adult, so that all paths add up.

Belongs here: sharing national late reports out to the leaves, one tree per national series, totals over leaves.
Does not belong here: the national forecast itself (projection.py), reconciliation (hierarchy.py), names (margins.py).

States and leaves are forecast on their own and reconciled with the national paths; every other total (an agency, a
form of exploitation, children in a state) is the sum of its leaves' paths, so it adds up whichever way it is read.
Reports still to come are estimated nationally, by agency where the delay differs, and shared out by what each leaf
held over the last two years.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecasting.backtest import Vintage
from forecasting.combine import Weights, learn, pooled_paths, rolling_wis
from forecasting.frames import Floats, Panel, generator
from forecasting.hierarchy import incoherence, reconcile, shuffle, tree_of, tree_panel
from forecasting.margins import RECORDED, margins
from forecasting.models import NODES, Model, pool
from forecasting.node_weights import AHEAD, EVERY, ORIGINS, SIZES, LeafTriangle, node_weights
from forecasting.nowcast import Nowcast
from forecasting.strata import REST

SHARE_WEEKS = 104


@dataclass(frozen=True)
class Nodes:
    """Reconciled paths (nodes, paths, horizon) of the nodes on record, the panel they were made from.

    ``leading``: the model with the most weight, ``sum`` for totals over leaves. ``incoherent``: the largest gap
    between a parent and its children over all paths. ``leaves``: by national series, the leaves' panel and paths.
    """

    panel: Panel
    paths: Floats
    leading: dict[str, str]
    incoherent: float
    leaves: dict[str, tuple[Panel, Floats]]


def project_nodes(
    national: Panel,
    known: Floats,
    paths: Floats,
    bottom: Panel,
    *,
    mature_after: int,
    seed: int,
    parts: Mapping[str, Nowcast] | None = None,
    wanted: Sequence[tuple[str, ...]] = RECORDED,
    triangle: LeafTriangle | None = None,
    past: Callable[[int], Vintage] | None = None,
    memo: dict[Any, Any] | None = None,
) -> Nodes:
    """Return national series and the totals of ``wanted`` dimension sets with paths that add up.

    ``national`` is the panel with its nowcast tail, ``known`` (series, time) its counts before the nowcast,
    ``paths`` (series, paths, horizon) its forecast, ``bottom`` the leaves as known, on the same weeks. ``parts``:
    nowcasts by ``series|agency`` where they were made by agency. A series without leaves is handed through.
    ``triangle`` and ``past`` (national vintages by periods over) let weights be learnt on vintages; ``memo`` keeps
    what past origins gave.
    """
    models = pool(NODES)
    memo = {} if memo is None else memo
    ids: list[str] = []
    y, tails, drawn = [], [], []
    leading: dict[str, str] = {}
    below: dict[str, tuple[Panel, Floats]] = {}
    gap = 0.0
    length = 0 if national.tail is None else national.tail.shape[2]
    for i, name in enumerate(national.ids):
        rows = [
            k
            for k, leaf in enumerate(bottom.ids)
            if leaf.startswith(f"{name}/") and np.nansum(bottom.y[k]) > 0
        ]
        if not rows:
            ids.append(name)
            y.append(national.y[i][None])
            drawn.append(paths[i][None])
            if national.tail is not None:
                tails.append(national.tail[i][None])
            continue
        leaves = _with_tail(bottom.rows(rows), national, known, i, seed, parts or {})
        tree = tree_of(leaves.ids, [(leaf.split("/")[2],) for leaf in leaves.ids], name)
        panel = replace(tree_panel(tree, leaves), context=national.context)
        if triangle is None or past is None:
            weights = _weights(panel, models, mature_after, seed)
        else:
            weights = node_weights(
                panel, models, triangle, past, lambda below, then, root: _tail_then(below, then, root, seed),
                mature_after=mature_after, seed=seed, memo=memo,
            )  # fmt: skip
        lower = np.arange(1, len(panel.ids))
        own = np.empty((len(panel.ids), *paths.shape[1:]))
        own[0] = paths[i]
        own[1:] = pooled_paths(
            panel.rows(lower),
            models,
            weights.rows(lower),
            horizon=paths.shape[2],
            paths=paths.shape[1],
            seed=seed,
        )
        own = reconcile(tree, shuffle(own, panel, seed=seed), whole=True, seed=seed, keep_roots=True)
        gap = max(gap, incoherence(tree, own))
        bottom_paths = own[tree.leaf]
        below[name] = (leaves, bottom_paths)
        direct = dict(zip(panel.ids, weights.leading, strict=True))
        direct.pop(name)
        for node, members in margins(name, leaves.ids, wanted).items():
            ids.append(node)
            leading[node] = direct.get(node, "sum")
            y.append(np.nan_to_num(leaves.y[members]).sum(0)[None])
            drawn.append(bottom_paths[members].sum(0)[None])
            if leaves.tail is not None:
                tails.append(leaves.tail[members].sum(0)[None])
        leading.pop(name, None)
    tail = np.concatenate(tails) if length else None
    whole = replace(national, ids=tuple(ids), y=np.concatenate(y), tail=tail)
    return Nodes(whole, np.concatenate(drawn), leading, gap, below)


def _weights(panel: Panel, models: Sequence[Model], mature_after: int, seed: int) -> Weights:
    # Weeks not yet mature would be scored against counts that are still growing.
    scores = rolling_wis(
        replace(panel, tail=None), models, horizon=AHEAD, origins=ORIGINS, every=EVERY,
        mature_after=mature_after, paths=100, seed=seed,
    )  # fmt: skip
    return learn(scores, models, np.digitize(np.nanmean(panel.y, axis=1), SIZES))


def _tail_then(leaves: Panel, then: Vintage, root: str, seed: int) -> Panel:
    return _with_tail(leaves, then.panel, then.known.y, then.panel.ids.index(root), seed, then.parts)


def _with_tail(
    leaves: Panel, national: Panel, known: Floats, i: int, seed: int, parts: Mapping[str, Nowcast]
) -> Panel:
    """Return the leaves with the national series' late reports shared out, path by path."""
    if national.tail is None:
        return leaves
    name, draws = national.ids[i], national.tail[i]
    length = draws.shape[1]
    weight = np.nan_to_num(leaves.y[:, -SHARE_WEEKS:]).sum(1) + 0.2
    agency = np.array([leaf.split("/")[3] for leaf in leaves.ids])
    own = {k.split("|", 1)[1]: part for k, part in parts.items() if k.split("|", 1)[0] == name}
    tail = np.repeat(np.nan_to_num(leaves.y[:, -length:])[:, None, :], draws.shape[0], axis=1)
    groups = [(REST, np.ones(len(agency), dtype=bool), draws - known[i, -length:])]
    if own:
        missing = {}
        for stratum, part in own.items():
            size = min(length, part.draws.shape[1])
            late = np.zeros(draws.shape)
            late[:, length - size :] = part.draws[:, -size:] - np.maximum(part.reported[-size:], 0.0)
            missing[stratum] = late
        named = [s for s in own if s != REST]
        groups = [(s, agency == s, missing[s]) for s in named]
        if REST in own:
            groups.append((REST, ~np.isin(agency, named), missing[REST]))
    for stratum, members, late in groups:
        count = np.maximum(np.round(late), 0).astype(int)
        # A stratum of which no leaf is known yet is shared out among all.
        at = np.flatnonzero(members) if members.any() else np.arange(len(agency))
        rng = generator(seed, "tail", name, stratum, str(national.last))
        shared = rng.multinomial(count, weight[at] / weight[at].sum()).astype(float)
        tail[at] += np.moveaxis(shared, 2, 0)
    y = leaves.y.copy()
    y[:, -length:] = tail.mean(axis=1)
    return replace(leaves, y=y, tail=tail)

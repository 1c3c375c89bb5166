"""Hierarchies of series: totals at every node, and sample paths that add up, path by path.

Belongs here: the tree, aggregation, dependence between series, reconciliation of paths.
Does not belong here: forecasting a node (combine.py), quantiles (quantiles.py).

Reconciliation is sample-based and linear in the number of nodes. Going up, each node's own draw and the sum of
its children's are averaged by precision (their variances over paths); going down, what the parent holds is
shared out: a surplus by the children's variance, a shortage in proportion to what they have, so nothing becomes
negative. On a tree this is the weighted-least-squares (MinT, diagonal) solution before the non-negative rule.
Counts stay whole by systematic rounding that keeps each sum. Sources: Wickramasuriya et al. 2019, doi
10.1080/01621459.2018.1448825; Panagiotelis et al. 2023, doi 10.1016/j.ejor.2022.07.040; dependence by the
Schaake shuffle: Clark et al. 2004, doi 10.1175/1525-7541(2004)005<0243:TSSAMF>2.0.CO;2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecasting.frames import Floats, Panel, generator
from forecasting.models.season import moving_level


@dataclass(frozen=True)
class Tree:
    """Nodes in order of depth, parents before children.

    ``parent[i]`` is the index of node i's parent (-1 for a root), ``depth[i]`` its distance from the root,
    ``leaf[j]`` the node index of the j-th bottom series (in the order of the bottom panel).
    """

    ids: tuple[str, ...]
    parent: np.ndarray
    depth: np.ndarray
    leaf: np.ndarray

    @property
    def depths(self) -> range:
        """All depths that have a parent above, deepest first."""
        return range(int(self.depth.max()), 0, -1)


def tree_of(bottom: Sequence[str], keys: Sequence[Sequence[str]], root: str) -> Tree:
    """Return the tree whose leaves are ``bottom`` and whose inner nodes are the prefixes of ``keys``.

    ``keys[j]`` are the values of the j-th bottom series by level, outermost first, without the leaf itself.
    Inner nodes are named ``root`` and ``root/value/…``.
    """
    depth_of: dict[tuple[str, ...], int] = {(): 0}
    for key in keys:
        for size in range(1, len(key) + 1):
            depth_of.setdefault(tuple(key[:size]), size)
    inner = sorted(depth_of, key=lambda k: (len(k), k))
    index = {k: i for i, k in enumerate(inner)}
    ids = ["/".join([root, *k]) for k in inner]
    parent = [-1 if not k else index[k[:-1]] for k in inner]
    depth = [len(k) for k in inner]
    leaf = np.arange(len(inner), len(inner) + len(bottom))
    ids += list(bottom)
    parent += [index[tuple(k)] for k in keys]
    depth += [len(k) + 1 for k in keys]
    if len(set(ids)) != len(ids):
        twice = sorted({i for i in ids if ids.count(i) > 1})[:3]
        raise ValueError(f"a series and a total of the hierarchy have the same name: {twice}")
    return Tree(tuple(ids), np.array(parent), np.array(depth), leaf)


def aggregate(tree: Tree, bottom: Floats) -> Floats:
    """Return values of all nodes from those of the leaves (first axis in leaf order), NaN as zero."""
    out = np.zeros((len(tree.ids), *bottom.shape[1:]))
    out[tree.leaf] = np.nan_to_num(bottom)
    for depth in tree.depths:
        nodes = np.flatnonzero(tree.depth == depth)
        np.add.at(out, tree.parent[nodes], out[nodes])
    return out


def tree_panel(tree: Tree, bottom: Panel) -> Panel:
    """Return the panel of all nodes; a total begins where the first of its children does."""
    y = aggregate(tree, bottom.y)
    tail = None if bottom.tail is None else aggregate(tree, bottom.tail)
    begin = np.full(len(tree.ids), bottom.y.shape[1])
    begin[tree.leaf] = np.isnan(bottom.y).sum(1)
    for depth in tree.depths:
        nodes = np.flatnonzero(tree.depth == depth)
        np.minimum.at(begin, tree.parent[nodes], begin[nodes])
    y[np.arange(y.shape[1])[None, :] < begin[:, None]] = np.nan
    return replace(bottom, ids=tree.ids, y=y, tail=tail)


def shuffle(paths: Floats, panel: Panel, *, seed: int) -> Floats:
    """Return paths reordered so that series move together, and from week to week, as they did in the past.

    Each path follows one past stretch: at every step its rank among paths is the rank of what that stretch
    held (about a one-season moving mean) among the stretches drawn. Marginal distributions do not change.
    """
    n, size, horizon = paths.shape
    steps = panel.y.shape[1]
    last = steps - horizon
    if last < 8:
        return paths
    rng = generator(seed, "shuffle", str(panel.last))
    first = max(0, last - 5 * round(panel.season))
    start = rng.permutation(np.resize(np.arange(first, last + 1), size))
    out = np.empty_like(paths)
    block = 500
    for begin in range(0, n, block):
        rows = slice(begin, min(begin + block, n))
        away = panel.y[rows] - moving_level(panel.y[rows], round(panel.season))
        for h in range(horizon):
            like = np.nan_to_num(away[:, start + h])
            # Ties (weeks of zero) are ordered at random, not by age.
            order = np.argsort(like + rng.random(like.shape) * 1e-6, axis=1)
            np.put_along_axis(out[rows, :, h], order, np.sort(paths[rows, :, h], axis=1), axis=1)
    return out


def reconcile(tree: Tree, paths: Floats, *, whole: bool, seed: int, keep_roots: bool = False) -> Floats:
    """Return paths (nodes, paths, horizon) in which every parent is the sum of its children, none negative.

    ``keep_roots``: the roots' paths stand as they are and are only shared out, for roots whose intervals were
    calibrated. Averaging with the sum of leaves, whose errors are not independent of theirs, makes them too narrow.
    """
    out = np.empty_like(paths)
    rng = generator(seed, "reconcile")
    for h in range(paths.shape[2]):
        out[:, :, h] = _reconcile_one(tree, paths[:, :, h], whole, rng, keep_roots)
    return out


def _reconcile_one(
    tree: Tree, own: Floats, whole: bool, rng: np.random.Generator, keep_roots: bool
) -> Floats:
    children = {d: np.flatnonzero(tree.depth == d) for d in tree.depths}
    variance = own.var(axis=1) + 1e-9 + 1e-3 * np.abs(own).mean(axis=1)
    best = own.copy()
    for depth in tree.depths:
        nodes = children[depth]
        parents = np.unique(tree.parent[nodes])
        if keep_roots and depth == 1:
            continue
        total, doubt = np.zeros_like(own), np.zeros(len(own))
        np.add.at(total, tree.parent[nodes], best[nodes])
        np.add.at(doubt, tree.parent[nodes], variance[nodes])
        weight = (doubt[parents] / (doubt[parents] + variance[parents]))[:, None]
        best[parents] = weight * best[parents] + (1 - weight) * total[parents]
        variance[parents] = variance[parents] * doubt[parents] / (variance[parents] + doubt[parents])
    if whole:
        roots = tree.parent < 0
        best[roots] = np.floor(best[roots] + rng.random(best[roots].shape))
    for depth in reversed(tree.depths):
        nodes = children[depth][np.argsort(tree.parent[children[depth]], kind="stable")]
        cuts = np.flatnonzero(np.diff(tree.parent[nodes], prepend=-1))
        for group in np.split(nodes, cuts[1:]):
            best[group] = _share(best[tree.parent[group[0]]], best[group], variance[group], whole, rng)
    return best


def _share(held: Floats, have: Floats, variance: Floats, whole: bool, rng: np.random.Generator) -> Floats:
    """Return children (children, paths) that add up to ``held`` (paths,)."""
    total = have.sum(0)
    extra = held - total
    scale = np.where(total > 0, np.minimum(held, total) / np.maximum(total, 1e-12), 0.0)
    value = have * scale + np.maximum(extra, 0.0) * (variance / variance.sum())[:, None]
    if not whole:
        return value
    grown = np.cumsum(value, axis=0)
    grown[-1] = held  # exactly, so that rounding cannot lose a count
    edges = np.floor(grown + rng.random(held.shape) * (1 - 1e-9) + 1e-9)
    # `held` is whole, so the last edge is floor(held + u) = held whatever u is.
    edges[-1] = held
    return np.diff(np.minimum(edges, held), axis=0, prepend=0.0)


def incoherence(tree: Tree, paths: Floats) -> float:
    """Return the largest absolute difference between a parent and the sum of its children, over all paths."""
    return float(np.abs(aggregate(tree, paths[tree.leaf]) - paths).max())

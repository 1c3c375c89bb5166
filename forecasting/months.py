"""Calendar months ahead, from the same weekly paths: twelve months, every node, totals that add up.

Belongs here: which week belongs to which month, sums of paths by month, sharing national months out to the leaves.
Does not belong here: weekly paths (projection.py), names of nodes (margins.py).

A week belongs to the month that holds its Thursday, as ISO weeks belong to years. Beyond the weekly horizon no single
state or agency can be told from its share: national paths go on, and each path's months are shared out to the leaves by
shares drawn from what the leaves held lately (Dirichlet), so that not knowing the shares is in the spread.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecasting.frames import Floats, Panel, generator

MONTHS = 12
#: Weeks of national paths that are enough for twelve months: the running one and eleven whole ones.
LONG = 53
#: Weeks of history behind the shares, their half-life in weeks, and how much less than counted they are trusted.
SHARE_WEEKS, HALF_LIFE, TRUST = 156, 52.0, 0.5


def month_of(weeks: np.ndarray) -> np.ndarray:
    """Return the month (datetime64[M]) of each week given by its Monday: that of its Thursday."""
    return (weeks.astype("datetime64[D]") + 3).astype("datetime64[M]")


def monthly_paths(panel: Panel, paths: Floats, months: int = MONTHS) -> tuple[np.ndarray, Floats]:
    """Return months ahead (datetime64[M]) and their sums (series, paths, months) of weekly paths.

    The first month is the one the first week ahead lies in; its weeks already over enter as known or nowcast.
    ``paths`` (series, paths, weeks) must reach to the end of the last month.
    """
    ahead = month_of(panel.future(paths.shape[2]))
    first = ahead[0]
    wanted = first + np.arange(months)
    if (
        ahead[-1] <= wanted[-1]
        and months > 1
        and month_of(panel.future(paths.shape[2] + 1))[-1] <= wanted[-1]
    ):
        raise ValueError(f"{paths.shape[2]} weeks do not reach the end of month {months}")
    out = np.stack([paths[:, :, ahead == month].sum(2) for month in wanted], axis=2)
    over = np.flatnonzero(month_of(panel.ds[-6:]) == first)
    if over.size:
        weeks = np.arange(panel.y.shape[1] - 6, panel.y.shape[1])[over]
        past = np.repeat(np.nan_to_num(panel.y[:, weeks])[:, None, :], paths.shape[1], axis=1)
        if panel.tail is not None:
            length = panel.tail.shape[2]
            inside = weeks - (panel.y.shape[1] - length)
            late = inside >= 0
            past[:, :, late] = panel.tail[:, :, inside[late]]
        out[:, :, 0] += past.sum(2)
    return wanted, out


def shared_months(months: Floats, leaves: Panel, *, seed: int, label: str) -> Floats:
    """Return leaves' months (leaves, paths, months) that add up to one national series' (paths, months)."""
    recent = np.nan_to_num(leaves.y[:, -SHARE_WEEKS:])
    age = np.arange(recent.shape[1])[::-1]
    held = recent @ np.exp2(-age / HALF_LIFE)
    rng = generator(seed, "months", label)
    alpha = TRUST * held + 0.02
    size = months.shape[0]
    share = rng.gamma(alpha, size=(size, len(alpha))) + 1e-12
    edge = np.cumsum(share / share.sum(1, keepdims=True), axis=1)
    flat = (edge + np.arange(size)[:, None]).ravel()
    out = np.zeros((len(alpha), size, months.shape[1]))
    whole = np.maximum(np.round(months), 0).astype(int)
    for m in range(months.shape[1]):
        count = whole[:, m]
        path = np.repeat(np.arange(size), count)
        # Each case falls to a leaf; the paths' shares stand one after the other, so one search serves all.
        pick = np.searchsorted(flat, path + rng.random(path.size)) - path * len(alpha)
        np.add.at(out[:, :, m], (np.clip(pick, 0, len(alpha) - 1), path), 1.0)
    return out


def month_starts(months: Sequence[np.datetime64] | np.ndarray) -> np.ndarray:
    """Return the first day of each month."""
    return np.asarray(months).astype("datetime64[M]").astype("datetime64[D]")

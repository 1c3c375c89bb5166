"""Nowcast: what the newest weeks will be once late reports are in, with uncertainty.

Belongs here: from reporting triangles to draws of completed counts; borrowing between series; silent feeds.
Does not belong here: the statistical model of one triangle (delay_model.py), reading line lists
(line_list.py), building triangles from the warehouse (series.py), weeks that have not begun.

Silence is not zero: when deliveries that usually bring reports bring none, those deliveries are treated as
not received, so the weeks they should have filled are estimated instead of read as quiet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from forecasting.delay_model import Spread, completeness, design, draw, fit, fit_mode
from forecasting.frames import Floats, SeriesError, generator

#: A run of empty deliveries less likely than this is silence, not a quiet spell.
SILENCE = 0.005
#: A feed whose deliveries are empty more often than this is never called silent: nobody could tell.
RARE = 0.5
#: Longest delay modelled, in periods; what comes later is counted in the last column.
LONGEST = {"W": 30, "D": 45}
#: Reports' worth of weight that the delay curve of all series together has in the prior of each one's.
BORROW = 10.0


@dataclass(frozen=True)
class Nowcast:
    """Nowcast of one series.

    ``draws`` (paths, newest periods) of final counts, oldest first; ``reported`` the counts known so far;
    ``complete`` the share of reports in by delay (0, 1, ...); ``silent`` how many of the newest deliveries are
    judged missing; ``spreads`` what was estimated, by triangle, to be reused at neighbouring origins.
    """

    draws: Floats
    reported: Floats
    complete: Floats
    silent: int
    spreads: Mapping[str, Spread]

    @property
    def mature_after(self) -> int:
        """Periods after which at least 95 % of what is ever reported is in."""
        return int(np.argmax(self.complete >= 0.95))


def nowcast(
    triangle: pd.DataFrame,
    *,
    as_of_week: pd.Timestamp | str,
    paths: int = 1000,
    seed: int = 0,
    spreads: Mapping[str, Spread] | None = None,
) -> dict[str, Nowcast]:
    """Return the nowcast of every series of a weekly triangle as known at the close of ``as_of_week``.

    ``triangle``: ``unique_id, event_week, known_week, delay, count`` (``series.reporting_triangle``), cut by the
    caller to what was known. With a column ``stratum`` (an agency, say) each stratum gets its own delay and its
    own silence, and draws are added up. ``spreads`` (by ``unique_id`` or ``unique_id|stratum``) skips the costly
    part, the choice of spreads; pass what an earlier nowcast of the same series found.
    """
    parts = nowcast_parts(triangle, as_of_week=as_of_week, paths=paths, seed=seed, spreads=spreads)
    return add_strata(parts) if "stratum" in triangle.columns else parts


def nowcast_parts(
    triangle: pd.DataFrame,
    *,
    as_of_week: pd.Timestamp | str,
    paths: int = 1000,
    seed: int = 0,
    spreads: Mapping[str, Spread] | None = None,
) -> dict[str, Nowcast]:
    """Return the nowcast of every series or, with strata, of every ``unique_id|stratum`` (see ``nowcast``)."""
    as_of = pd.Timestamp(as_of_week)
    if triangle.empty:
        raise SeriesError("the triangle has no rows")
    periods = (as_of - triangle["event_week"].min()).days // 7 + 1
    age = periods - 1 - (as_of - triangle["event_week"]).dt.days.to_numpy() // 7
    names = triangle["unique_id"].astype(str)
    if "stratum" in triangle.columns:
        names = names + "|" + triangle["stratum"].astype(str)
    matrices = triangle_matrices(
        names.to_numpy(dtype=object),
        age,
        triangle["delay"].to_numpy(),
        triangle["count"],
        periods,
        LONGEST["W"],
    )
    return nowcast_matrices(
        matrices, unit="W", paths=paths, seed=seed, label=str(as_of.date()), spreads=spreads
    )


def triangle_matrices(
    names: np.ndarray, period: np.ndarray, delay: np.ndarray, count: pd.Series, periods: int, longest: int
) -> dict[str, Floats]:
    """Return per name the counts (period, delay 0..longest); later delays are added to the last column."""
    codes, labels = pd.factorize(names, sort=True)
    out = np.zeros((len(labels), periods, longest + 1))
    np.add.at(out, (codes, period, np.clip(delay, 0, longest)), np.asarray(count, dtype=float))
    return {str(name): out[i] for i, name in enumerate(labels)}


def nowcast_matrices(
    matrices: Mapping[str, Floats],
    *,
    unit: str,
    paths: int,
    seed: int,
    label: str,
    unheard: int = 0,
    spreads: Mapping[str, Spread] | None = None,
) -> dict[str, Nowcast]:
    """Return nowcasts of triangles that share their axes; the last row is the newest period.

    ``unheard`` says how many of the newest deliveries are known to be missing; more are found by their silence.
    ``label`` (the as-of date) enters the seed so that draws of different dates are independent.
    """
    pooled = np.maximum(sum(_mature(m) for m in matrices.values()), 0.0)
    out = {}
    # Matrices of a few hundred rows are slower on several BLAS threads, and much slower on a busy machine.
    with threadpool_limits(limits=1, user_api="blas"):
        for name, matrix in matrices.items():
            rng = generator(seed, "nowcast", name, label)
            given = None if spreads is None else spreads.get(name)
            out[name] = _one(
                name, matrix, pooled, unit=unit, paths=paths, rng=rng, unheard=unheard, spread=given
            )
    return out


def add_strata(parts: Mapping[str, Nowcast]) -> dict[str, Nowcast]:
    """Return nowcasts summed over strata (names ``unique_id|stratum``), path by path."""
    groups: dict[str, list[Nowcast]] = {}
    for name in sorted(parts):
        groups.setdefault(name.split("|", 1)[0], []).append(parts[name])
    out = {}
    for name, members in groups.items():
        length = max(m.draws.shape[1] for m in members)
        reported = np.sum([m.reported for m in members], axis=0)
        draws = np.zeros((members[0].draws.shape[0], length))
        for m in members:
            own = m.draws.shape[1]
            draws[:, length - own :] += m.draws
            if own < length:
                draws[:, : length - own] += m.reported[len(m.reported) - length : len(m.reported) - own]
        # A stratum that reports sooner has a shorter curve: all is in from its end on.
        width = max(len(m.complete) for m in members)
        weight = np.array([m.reported.sum() + 1e-9 for m in members])
        curves = [np.pad(m.complete, (0, width - len(m.complete)), constant_values=1.0) for m in members]
        complete = np.average(curves, axis=0, weights=weight)
        silent = max(m.silent for m in members)
        spreads = {k: v for m in members for k, v in m.spreads.items()}
        out[name] = Nowcast(draws, reported, complete, silent, spreads)
    return out


def _mature(matrix: Floats) -> Floats:
    """Return reports by delay over the periods old enough to have had every delay, newer ones weighing more."""
    rows, width = matrix.shape
    old = matrix[: max(rows - width + 1, 1)]
    if rows <= width:  # too young for any mature period: take what there is
        old = matrix
    weight = np.exp(-np.arange(len(old))[::-1] / 104.0)
    return weight @ np.maximum(old, 0.0)


def _silent_batches(matrix: Floats, unheard: int) -> np.ndarray:
    """Return for each delivery (one per period) whether it is judged missing."""
    rows = len(matrix)
    t, d = np.nonzero(matrix)
    inside = t + d < rows
    batch = np.bincount(t[inside] + d[inside], weights=matrix[t[inside], d[inside]], minlength=rows)
    # The last column gathers all later delays, so its deliveries are unknown: it only makes batches larger.
    silent = np.zeros(rows, dtype=bool)
    empty = batch <= 0
    first = int(np.argmax(~empty)) if not empty.all() else rows
    # Reports of small agencies come in clusters: a pause they have made before is no silence.
    start, longest = 0, 0
    while start < rows:
        if not empty[start]:
            start += 1
            continue
        stop = start
        while stop < rows and empty[stop]:
            stop += 1
        before = batch[max(0, start - 26) : start]
        if len(before) >= 8:
            chance = max(float((before <= 0).sum() + 0.5) / (len(before) + 1), float(np.exp(-before.mean())))
            run = stop - start
            silent[start:stop] = chance <= RARE and chance**run < SILENCE and run > 2 * longest
        if start > first:
            longest = max(longest, 0 if silent[start] else stop - start)
        start = stop
    if unheard:
        silent[rows - unheard :] = True
    return silent


def _one(
    name: str,
    matrix: Floats,
    pooled: Floats,
    *,
    unit: str,
    paths: int,
    rng: np.random.Generator,
    unheard: int,
    spread: Spread | None,
) -> Nowcast:
    own = _mature(matrix)
    shares = own + BORROW * pooled / max(pooled.sum(), 1e-9) + 1e-3
    cumulative = np.cumsum(shares) / shares.sum()
    width = int(np.clip(np.argmax(cumulative >= 0.99) + 1, 2, len(shares) - 1)) + 1
    rows = len(matrix)
    window = min(rows, max(60 if unit == "W" else 90, width + 45))
    folded = np.zeros((window, width))
    recent = np.maximum(matrix[rows - window :], 0.0)
    folded[:, : width - 1] = recent[:, : width - 1]
    folded[:, width - 1] = recent[:, width - 1 :].sum(1)
    silent = _silent_batches(matrix, unheard)[rows - window :]
    delivery = np.add.outer(np.arange(window), np.arange(width))
    seen = delivery < window
    seen[seen] = ~silent[delivery[seen]]
    curve = np.concatenate([shares[: width - 1], [shares[width - 1 :].sum()]])
    # Small prior counts keep delays never seen from being impossible.
    curve = np.log((curve + 0.05) / (curve + 0.05).sum())
    model = design(folded, seen, curve, weekdays=7 if unit == "D" else 0)
    found = fit(model) if spread is None else fit_mode(model, spread)
    complete = completeness(found)
    quiet = int(np.argmin(silent[::-1])) if not silent.all() else window
    newest = min(max(int(np.argmax(complete >= 0.99)), 1) + quiet, window)
    reported = matrix.sum(1)
    # Corrections can lower a count: the received part is the net count, never negative.
    base = np.maximum(reported[rows - newest :], 0.0)
    return Nowcast(base + draw(found, paths, newest, rng), reported, complete, quiet, {name: found.spread})

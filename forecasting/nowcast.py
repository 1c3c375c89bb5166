"""Nowcast: what the newest weeks will be once late reports are in, with uncertainty.

Belongs here: the delay distribution estimated from a reporting triangle and draws of the completed counts.
Does not belong here: building triangles (series.py), forecasting weeks that have not begun.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.frames import Floats, generator


@dataclass(frozen=True)
class Delay:
    """How complete a week is ``d`` weeks after it closed, and how much that varies from week to week."""

    completeness: Floats
    max_delay: int

    @property
    def mature_after(self) -> int:
        """Weeks after which at least 95 % of what was ever reported is in."""
        return int(np.argmax(self.completeness >= 0.95))


def triangle_matrix(triangle: pd.DataFrame, weeks: pd.DatetimeIndex, max_delay: int) -> dict[str, Floats]:
    """Return per unique_id the counts (event week, delay 0..max_delay) on a common axis of weeks.

    Later delays are added to the last column. Cells not yet observable are zero; mask them by the diagonal.
    """
    out: dict[str, Floats] = {}
    for name, part in triangle.groupby("unique_id", sort=True):
        matrix = np.zeros((len(weeks), max_delay + 1))
        row = weeks.get_indexer(pd.DatetimeIndex(part["event_week"]))
        keep = row >= 0
        column = part["delay"].to_numpy()[keep].clip(max=max_delay)
        np.add.at(matrix, (row[keep], column), part["count"].to_numpy(dtype=float)[keep])
        out[str(name)] = matrix
    return out


def delay_curve(matrix: Floats, *, memory: int = 52) -> Delay:
    """Return completeness by delay from a triangle whose last row is the newest week.

    Discounted chain ladder: the chance that a report not yet in by delay d-1 comes at d, over weeks old
    enough to show it, newer weeks weighing more (``memory`` weeks e-folding), with a weak uniform prior.
    """
    rows, width = matrix.shape
    age = np.arange(rows)[::-1]
    cumulative = np.cumsum(np.maximum(matrix, 0.0), axis=1)
    share = np.ones(width)
    for d in range(width - 1, 0, -1):
        weight = np.exp(-age / memory) * (age >= d)
        new = (np.maximum(matrix[:, d], 0.0) * weight).sum()
        upto = (cumulative[:, d] * weight).sum()
        share[d - 1] = share[d] * (1.0 - new / (upto + 1e-9 + 0.5))
    return Delay(np.clip(share, 0.02, 1.0), width - 1)


def nowcast_tail(
    matrix: Floats, *, paths: int, rng: np.random.Generator, memory: int = 52, recent: int = 26
) -> tuple[Floats, Delay]:
    """Return draws (paths, weeks) of the newest weeks' final counts, and the delay used.

    Gamma-Poisson: the recent mature weeks say what rate to expect and how much it varies; reports so far
    update it; what is missing is drawn from it. A week's own completeness varies too (beta about the curve).
    """
    rows = len(matrix)
    delay = delay_curve(matrix, memory=memory)
    last = min(max(delay.mature_after, 1), rows - 1)
    seen = np.array([matrix[rows - 1 - d, : d + 1].sum() for d in range(last)])[::-1]
    complete = delay.completeness[:last][::-1]
    history = np.maximum(matrix[max(0, rows - last - recent) : rows - last].sum(1), 0.0)
    mean = max(float(history.mean()) if history.size else 0.0, 0.05)
    excess = max(float(history.var()) - mean, 0.05 * mean**2) if history.size > 3 else mean**2
    shape = min(max(mean**2 / excess, 0.2), 20.0)
    strength = 30.0
    share = rng.beta(complete * strength, (1 - complete) * strength + 1e-6, size=(paths, last))
    rate = rng.gamma(shape + np.maximum(seen, 0.0), 1.0, size=(paths, last)) / (shape / mean + share)
    return np.maximum(seen, 0.0) + rng.poisson(rate * (1 - share)), delay


def nowcast(
    triangle: pd.DataFrame,
    *,
    as_of_week: pd.Timestamp,
    max_delay: int = 26,
    paths: int = 500,
    seed: int = 0,
) -> dict[str, tuple[Floats, Delay]]:
    """Return per unique_id the draws (paths, weeks) of its newest weeks and its delay curve."""
    as_of = pd.Timestamp(as_of_week)
    weeks = pd.date_range(triangle["event_week"].min(), as_of, freq="7D")
    out = {}
    for name, matrix in triangle_matrix(triangle, weeks, max_delay).items():
        out[name] = nowcast_tail(matrix, paths=paths, rng=generator(seed, "nowcast", name, str(as_of.date())))
    return out

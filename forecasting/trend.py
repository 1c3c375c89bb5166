"""Trend calls, change points and alerts on small counts, each with a stated chance of being wrong.

Belongs here: is a series rising, falling, stable, or can nobody tell; where its level changed; is something new.
Does not belong here: forecasts, words on pages, why it changed (intervention.py).

A call compares the rate of the newest k weeks with that of the k weeks before (season taken out), as gamma
posteriors of an overdispersed count; late reports enter as draws of the nowcast. Dispersion is that of single weeks or,
where larger, that by which neighbouring windows of k weeks used to differ: bursts that last for weeks are no trend.
Rising and falling need a change that matters (``SURE``) and one that a flat series seldom shows (``CERTAIN``).

An alert is a negative-binomial CUSUM against a past reference period, its limit set by simulating that series flat,
reference period and its estimation included, so that at most about ``FALSE_ALARMS`` of flat series alert within a year.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
import scipy

from forecasting.frames import Floats, Panel, generator
from forecasting.models.season import seasonal_log, year_phase

WINDOWS = (4, 12, 52)
#: Rates within this factor of each other are the same for planning.
STABLE = 1.25
#: A call is made at this probability, else "cannot tell".
SURE = 0.8
#: ... and at this probability of any change in that direction: a flat series then shows one in about 3 % of windows.
#: With ``SURE`` alone thin, bursty flat series were called in up to 30 % of 12-week windows.
CERTAIN = 0.985
#: Past differences between windows count against single weeks' dispersion as if it had been seen so many times.
BORROW_WINDOWS = 3
#: Newest weeks that say nothing about the season.
SETTLED = 12
#: Fewer events in both windows together cannot tell.
MIN_EVENTS = 8
#: Share of flat series that may alert within a year; the limit aims below it, for baselines move week by week.
FALSE_ALARMS, AIM = 0.05, 0.02
#: Weeks of reference (two years), and newest weeks the CUSUM runs over.
REFERENCE, WATCHED = 104, 26
#: Standard errors above the reference mean at which the limit is taken.
UNSURE = 1.5
#: The rise the CUSUM is tuned to.
RISE = 1.75
CHANGE_MIN = 26
CHANGE_METHOD = "optimal_partition_quasi_poisson"


def trend_calls(panel: Panel, *, seed: int, windows: tuple[int, ...] = WINDOWS) -> pd.DataFrame:
    """Return one row per series and window: rates, ratio with 80 % interval, probabilities, call.

    Columns ``unique_id, weeks, recent, before, ratio, ratio_low, ratio_high, p_rising, p_stable, p_falling,
    call``; ``recent`` and ``before`` are mean events per window, late reports included.
    """
    rows = []
    steps = panel.y.shape[1]
    # The season is learnt from what was before: a rise of the newest weeks is not to be taken for one.
    settled = np.nan_to_num(panel.y)
    settled[:, max(steps - SETTLED, 0) :] = np.nan
    past, _, _ = seasonal_log(
        settled if steps > 3 * panel.season else np.nan_to_num(panel.y),
        year_phase(panel.ds),
        year_phase(panel.future(1)),
        season=panel.season,
    )
    factor = np.exp(past)
    for k in windows:
        if steps < 2 * k:
            continue
        new, old = slice(steps - k, steps), slice(steps - 2 * k, steps - k)
        for i, name in enumerate(panel.ids):
            rng = generator(seed, "trend", name, str(k))
            draws = _window_draws(panel, i, new, old)
            phi = _dispersion(panel.y[i], factor[i])
            before = panel.y[i, : steps - 2 * k]
            # Shorter windows stand in where few of this length have passed.
            phi = max(phi, *(_between_windows(before, factor[i], j, phi) for j in (*windows, k) if j <= k))
            exposure = factor[i, new].sum(), factor[i, old].sum()
            rate = [
                rng.gamma((count + 0.5) / phi, phi / weight, size=2000)
                for count, weight in zip(draws, exposure, strict=True)
            ]
            ratio = rate[0] / np.maximum(rate[1], 1e-12)
            up, down = float((ratio > STABLE).mean()), float((ratio < 1 / STABLE).mean())
            seen = float(draws[0].mean() + draws[1].mean())
            options = {"rising": up, "stable": 1 - up - down, "falling": down}
            best = max(options, key=lambda c: options[c])
            more = float((ratio > 1).mean())
            certain = {"rising": more, "stable": 1.0, "falling": 1 - more}[best] >= CERTAIN
            call = best if options[best] >= SURE and certain and seen >= MIN_EVENTS else "cannot tell"
            low, middle, high = np.quantile(ratio, [0.1, 0.5, 0.9])
            rows.append(
                (name, k, draws[0].mean(), draws[1].mean(), middle, low, high, up, 1 - up - down, down, call)
            )
    columns = ["unique_id", "weeks", "recent", "before", "ratio", "ratio_low", "ratio_high"]
    return pd.DataFrame(rows, columns=[*columns, "p_rising", "p_stable", "p_falling", "call"])


def _window_draws(panel: Panel, i: int, new: slice, old: slice) -> tuple[Floats, Floats]:
    """Return draws (2000) of the counts in the two windows."""
    y = np.nan_to_num(panel.y[i])
    if panel.tail is None:
        return np.full(2000, y[new].sum()), np.full(2000, y[old].sum())
    tail = panel.tail[i]
    full = np.repeat(y[None], len(tail), axis=0)
    full[:, len(y) - tail.shape[1] :] = tail
    return np.resize(full[:, new].sum(1), 2000), np.resize(full[:, old].sum(1), 2000)


def _dispersion(y: Floats, factor: Floats) -> float:
    """Return variance over mean about the season and a two-year level (at least 1: counts)."""
    recent, season = y[-156:], factor[-156:]
    seen = ~np.isnan(recent)
    recent, season = recent[seen], season[seen]
    if recent.sum() < 5:
        return 1.5
    # Neighbouring 13-week levels are allowed to differ: a trend is not dispersion.
    blocks = np.arange(recent.size) // 13
    level = np.bincount(blocks, recent) / np.maximum(np.bincount(blocks, season), 1e-9)
    mean = np.maximum(level[blocks] * season, 1e-6)
    return float(np.clip(((recent - mean) ** 2).sum() / mean.sum() * 13 / 12, 1.0, 20.0))


def _between_windows(y: Floats, factor: Floats, k: int, phi: float) -> float:
    """Return variance over mean of the difference between neighbouring windows of ``k`` weeks of the past.

    Mixed with ``phi``, the single weeks' dispersion, by how many windows there were (``BORROW_WINDOWS``).
    """
    first = int(np.isnan(y).sum())
    count = min((y.size - first) // k, max(260 // k, 8))
    if count < 2:
        return phi
    part, season = y[y.size - count * k :], factor[y.size - count * k : y.size]
    events, weight = part.reshape(count, k).sum(1), season.reshape(count, k).sum(1)
    level = (events[1:] + events[:-1]) / (weight[1:] + weight[:-1])
    gap = events[1:] / weight[1:] - events[:-1] / weight[:-1]
    usual = level * (1 / weight[1:] + 1 / weight[:-1])
    own = float((gap**2).sum() / max(usual.sum(), 1e-9))
    # Neighbouring differences share a window: they are worth about two thirds of their number.
    seen = (count - 1) * 2 / 3
    return min((seen * own + BORROW_WINDOWS * phi) / (seen + BORROW_WINDOWS), 20.0)


def change_points(panel: Panel) -> pd.DataFrame:
    """Return one row per change of level: weeks from which the weekly level differs, oldest first.

    Columns ``unique_id, ds, ds_low, ds_high, before, after, probability, method``. Optimal partition by quasi-Poisson
    likelihood, segments of at least half a year, a penalty of 4 log n per change (BIC with dispersion counted twice,
    since weeks are correlated). ``probability`` weighs the change against none there, its two neighbours joined
    (Schwarz weight after the penalty); ``ds_low`` and ``ds_high`` bound its date at 80 %.
    """
    rows = []
    for i, name in enumerate(panel.ids):
        y = panel.y[i]
        begin = int(np.isnan(y).sum())
        y = y[begin:]
        for start, before, after, low, high, probability in _segments(y):
            days = [panel.ds[begin + k].astype("datetime64[s]") for k in (start, low, high)]
            rows.append((name, *days, before, after, probability, CHANGE_METHOD))
    columns = ["unique_id", "ds", "ds_low", "ds_high", "before", "after", "probability", "method"]
    return pd.DataFrame(rows, columns=columns)


def _segments(y: Floats) -> list[tuple[int, float, float, int, int, float]]:
    n = len(y)
    if n < 2 * CHANGE_MIN or y.sum() < 20:
        return []
    grown = np.concatenate([[0.0], np.cumsum(y)])
    phi = _dispersion(y, np.ones(n))
    penalty = 4.0 * np.log(n)
    best = np.full(n + 1, np.inf)
    best[0] = -penalty
    come = np.zeros(n + 1, dtype=int)
    for stop in range(CHANGE_MIN, n + 1):
        starts = np.arange(0, stop - CHANGE_MIN + 1)
        total, length = grown[stop] - grown[starts], stop - starts
        mean = np.maximum(total / length, 1e-9)
        value = best[starts] - 2 * (total * np.log(mean) - total) / phi + penalty
        come[stop] = int(value.argmin())
        best[stop] = value[come[stop]]
    edges = [n]
    while edges[-1] > 0:
        edges.append(int(come[edges[-1]]))
    edges = edges[::-1]
    means = [float(y[a:b].mean()) for a, b in pairwise(edges)]
    return [
        (
            edges[k],
            means[k - 1],
            means[k],
            *_sureness(grown, edges[k - 1], edges[k], edges[k + 1], phi, penalty),
        )
        for k in range(1, len(edges) - 1)
    ]


def _sureness(
    grown: Floats, first: int, change: int, last: int, phi: float, penalty: float
) -> tuple[int, int, float]:
    """Return the 80 % bounds of a change's date, and its probability against no change between its neighbours."""
    places = np.arange(first + CHANGE_MIN, last - CHANGE_MIN + 1)
    gain = (
        _fit_of(grown, first, places, phi)
        + _fit_of(grown, places, last, phi)
        - _fit_of(grown, first, last, phi)
    )
    weight = np.exp((gain - gain.max()) / 2)
    share = np.cumsum(weight) / weight.sum()
    low, high = (int(places[min(int(np.searchsorted(share, q)), len(places) - 1)]) for q in (0.1, 0.9))
    at = float(gain[np.flatnonzero(places == change)[0]])
    probability = float(1 / (1 + np.exp(-np.clip(at - penalty, -60, 60) / 2)))
    return min(low, change), max(high, change), probability


def _fit_of(grown: Floats, start: np.ndarray | int, stop: np.ndarray | int, phi: float) -> Floats:
    """Return twice the quasi-Poisson log likelihood of one level between ``start`` and ``stop``."""
    total, length = grown[stop] - grown[start], np.asarray(stop) - np.asarray(start)
    mean = np.maximum(total / length, 1e-9)
    return np.asarray(2 * (total * np.log(mean) - total) / phi)


def alerts(panel: Panel, *, seed: int = 0) -> pd.DataFrame:
    """Return ``unique_id, statistic, limit, expected, observed, alert`` of every series at the panel's end.

    ``expected`` and ``observed`` are events over the weeks since the statistic last stood at zero. Series with
    less than reference and watched weeks have ``alert`` False and NaN figures: not assessed.
    """
    rows = []
    steps = panel.y.shape[1]
    y = panel.y if panel.tail is None else _with_tail_median(panel)
    for i, name in enumerate(panel.ids):
        if steps < REFERENCE + WATCHED or np.isnan(y[i, -(REFERENCE + WATCHED) :]).any():
            rows.append((name, np.nan, np.nan, np.nan, np.nan, False))
            continue
        part = y[i, -(REFERENCE + WATCHED) :]
        mean, size = _reference(part[None, :REFERENCE])
        path = _cusum(part[None, REFERENCE:], mean, size)[0]
        # The limit of a higher mean: thin series whose reference period was quiet by chance passed that of their own in
        # up to 8 % of years.
        sure = float(np.exp(UNSURE * np.sqrt((1 / mean[0] + 1 / size[0]) / REFERENCE)))
        limit = _limit(*_cell(float(mean[0]) * sure, float(size[0])), seed)
        since = WATCHED - 1 - int(np.argmax(path[::-1] <= 0)) if (path <= 0).any() else -1
        weeks = WATCHED - 1 - since
        seen = float(part[REFERENCE:][since + 1 :].sum())
        rows.append((name, path[-1], limit, float(mean[0]) * weeks, seen, bool(path[-1] > limit)))
    return pd.DataFrame(rows, columns=["unique_id", "statistic", "limit", "expected", "observed", "alert"])


def _with_tail_median(panel: Panel) -> Floats:
    assert panel.tail is not None
    y = panel.y.copy()
    y[:, -panel.tail.shape[2] :] = np.median(panel.tail, axis=1)
    return y


def _reference(y: Floats) -> tuple[Floats, Floats]:
    """Return mean and negative-binomial size of reference periods (series, weeks), never quite zero."""
    mean = (y.sum(1) + 1.0) / (y.shape[1] + 4.0)
    excess = y.var(1) - mean
    return mean, np.where(excess > 0.05 * mean, np.clip(mean**2 / np.maximum(excess, 1e-9), 0.3, 50.0), 50.0)


def _cusum(y: Floats, mean: Floats, size: Floats) -> Floats:
    """Return CUSUM paths (series, weeks) of the log likelihood ratio of a ``RISE``-fold rate."""
    high = RISE * mean
    a = np.log(high * (size + mean) / (mean * (size + high)))[:, None]
    b = (size * np.log((size + high) / (size + mean)))[:, None]
    out = np.zeros_like(y)
    state = np.zeros(len(y))
    for t in range(y.shape[1]):
        state = np.maximum(0.0, state + a[:, 0] * y[:, t] - b[:, 0])
        out[:, t] = state
    return out


def _cell(mean: float, size: float) -> tuple[float, float]:
    """Return the nearest point of a coarse log grid, so that limits are computed once."""
    return float(np.exp(np.round(np.log(mean) * 3) / 3)), float(np.exp(np.round(np.log(size) * 1.5) / 1.5))


@lru_cache(maxsize=4096)
def _limit(mean: float, size: float, seed: int) -> float:
    """Return the limit that a flat series of this mean and size passes in a year with probability ``AIM``."""
    rng = generator(seed, "alert", f"{mean:.4f}", f"{size:.4f}")
    runs, year = 1500, 52
    length = REFERENCE + WATCHED + year - 1
    y = scipy.stats.nbinom.rvs(size, size / (size + mean), size=(runs, length), random_state=rng).astype(
        float
    )
    top = np.zeros(runs)
    # Every second week finds nearly the whole maximum of a statistic that moves slowly.
    for week in range(0, year, 2):
        part = y[:, week : week + REFERENCE + WATCHED]
        found = _reference(part[:, :REFERENCE])
        top = np.maximum(top, _cusum(part[:, REFERENCE:], *found)[:, -1])
    return float(np.quantile(top, 1 - AIM))

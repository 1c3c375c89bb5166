"""Alerts, trend calls and change points on simulated flat series, and on series that rise: how often each is wrong.

Run: python -m benchmarks forecasting_alerts. Flat series keep their mean for four years; whatever is called there is a
false alarm. The rate of alerts is per series and year: an alarm in any week of the last year counts once, given with
its standard error; that of calls is per look. Two cells have bursts that last for weeks (their level wanders by a
fifth, forgotten in ten weeks). Rising series: twice the mean from one week on (alerts, calls), or growing to twice the
mean within twelve weeks (calls).
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from forecasting.frames import Panel
from forecasting.trend import alerts, change_points, trend_calls

YEAR, PAST = 52, 130
MEANS, SIZES = (0.3, 1.0, 3.0, 10.0, 30.0), (1.0, 5.0, 1e6)
RISE = 2.0
WINDOWS = (4, 12, 52)
#: Standard deviation and weekly memory of a wandering level, on the log scale.
WANDER, KEPT = 0.2, 0.9


def panel(y: np.ndarray) -> Panel:
    """Return a weekly panel of counts (series, weeks)."""
    ds = np.datetime64("2026-06-22") + 7 * np.arange(1 - y.shape[1], 1)
    return Panel(tuple(f"s{i:04d}" for i in range(len(y))), ds, y.astype(float))


def draw(mean: float, size: float, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return negative-binomial counts (Poisson for a large size)."""
    return (
        rng.negative_binomial(size, size / (size + mean), shape) if size < 1e5 else rng.poisson(mean, shape)
    )


def wandering(mean: float, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return Poisson counts about a level that wanders and comes back."""
    level = np.zeros(shape)
    shock = rng.standard_normal(shape) * WANDER
    level[:, 0] = shock[:, 0]
    for week in range(1, shape[1]):
        level[:, week] = KEPT * level[:, week - 1] + np.sqrt(1 - KEPT**2) * shock[:, week]
    return rng.poisson(mean * np.exp(level - WANDER**2 / 2))


def called(y: np.ndarray, seed: int, windows: tuple[int, ...] = WINDOWS) -> dict[int, np.ndarray]:
    """Return the calls of every window."""
    calls = trend_calls(panel(y), seed=seed, windows=windows)
    return {k: calls.loc[calls["weeks"] == k, "call"].to_numpy() for k in windows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100, help="per mean and dispersion")
    parser.add_argument(
        "--watched", type=int, default=1000, help="the same for alerts, which are cheap to judge"
    )
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    began = time.perf_counter()
    count, steps = args.series, PAST + YEAR
    watched = max(args.watched, count)
    print(
        f"{count} flat series per cell, {watched} for alerts; {YEAR} weeks; calls by window of {WINDOWS} weeks"
    )
    print(
        f"{'mean':>6}{'size':>9}{'alarms a year':>15}{'false calls':>21}{'changes':>9}{'rise seen':>11}{'weeks':>7}"
        f"{'step called':>13}{'growth called':>15}"
    )
    false, changed, seen = [], [], []
    wrong: dict[int, list[float]] = {k: [] for k in WINDOWS}
    cells = [(mean, size) for mean in MEANS for size in SIZES] + [(10.0, 0.0), (30.0, 0.0)]
    for mean, size in cells:
        flat = draw(mean, size, (watched, steps), rng) if size else wandering(mean, (watched, steps), rng)
        rising = flat.copy()
        rising[:, PAST:] = draw(RISE * mean, size or 1e6, (watched, YEAR), rng)
        alarm, caught, first = (np.zeros(watched, bool), np.zeros(watched, bool), np.full(watched, np.nan))
        for week in range(YEAR):
            alarm |= alerts(panel(flat[:, : PAST + week + 1]))["alert"].to_numpy()
            if week < 26:
                now = alerts(panel(rising[:, : PAST + week + 1]))["alert"].to_numpy()
                first[now & ~caught] = week + 1
                caught |= now
        flat = flat[:count]
        calls = called(flat, args.seed)
        for k in WINDOWS:
            wrong[k].append(float(np.isin(calls[k], ["rising", "falling"]).mean()))
        power = []
        for factor in (np.full(12, RISE), np.linspace(1, RISE, 12)):
            up = flat.copy()
            up[:, -12:] = np.stack(
                [draw(mean * f, size or 1e6, (count, 1), rng)[:, 0] for f in factor], axis=1
            )
            power.append(float((called(up, args.seed, (12,))[12] == "rising").mean()))
        found = change_points(panel(flat))
        changed.append(found[found["probability"] >= 0.8]["unique_id"].nunique() / count)
        false.append(float(alarm.mean()))
        seen.append(float(caught.mean()))
        error = np.sqrt(false[-1] * (1 - false[-1]) / watched)
        after = np.nanmedian(first) if caught.any() else np.nan
        print(
            f"{mean:6.1f}{f'{size:.0f}' if size else 'wanders':>9}{false[-1]:9.3f} ±{error:.3f}"
            f"{' '.join(f'{wrong[k][-1]:.3f}' for k in WINDOWS):>21}{changed[-1]:9.3f}{seen[-1]:11.2f}{after:7.0f}"
            f"{power[0]:13.2f}{power[1]:15.2f}"
        )
    still = np.array([size > 0 for _, size in cells])
    print(
        f"alerts: {np.mean(np.array(false)[still]):.3f} false a year and series (aim <= 0.05), worst cell "
        f"{np.array(false)[still].max():.3f}; where the level wanders {np.mean(np.array(false)[~still]):.3f}"
    )
    for k in WINDOWS:
        print(
            f"{k}-week calls rising or falling of flat series: {np.mean(wrong[k]):.3f}, worst cell {max(wrong[k]):.3f}"
        )
    print(
        f"series with a change point at probability 0.8 or more, in {steps} weeks: flat "
        f"{np.mean(np.array(changed)[still]):.3f}, where the level wanders {np.mean(np.array(changed)[~still]):.3f}"
    )
    print(f"a rate {RISE:g} times as high seen within half a year: {np.mean(seen):.2f}")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()

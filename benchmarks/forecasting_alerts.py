"""Alerts, trend calls and change points on simulated flat series, and on series that rise: how often each is wrong.

Run: python -m benchmarks forecasting_alerts. Flat series keep their mean for four years; whatever is called there is a
false alarm. The rate is per series and year: an alarm in any week of the last year counts once.
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


def panel(y: np.ndarray) -> Panel:
    """Return a weekly panel of counts (series, weeks)."""
    ds = np.datetime64("2026-06-22") + 7 * np.arange(1 - y.shape[1], 1)
    return Panel(tuple(f"s{i:04d}" for i in range(len(y))), ds, y.astype(float))


def draw(mean: float, size: float, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return negative-binomial counts (Poisson for a large size)."""
    return (
        rng.negative_binomial(size, size / (size + mean), shape) if size < 1e5 else rng.poisson(mean, shape)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100, help="per mean and dispersion")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    began = time.perf_counter()
    print(f"{args.series} flat series per cell, {YEAR} weeks watched")
    print(
        f"{'mean':>6}{'size':>9}{'alarms a year':>15}{'called':>9}{'changes':>9}{'rise seen':>11}{'after weeks':>13}"
    )
    false, called, changed, seen = [], [], [], []
    for mean in MEANS:
        for size in SIZES:
            flat = draw(mean, size, (args.series, PAST + YEAR), rng)
            rising = flat.copy()
            rising[:, PAST:] = draw(RISE * mean, size, (args.series, YEAR), rng)
            alarm, caught, first = (
                np.zeros(args.series, bool),
                np.zeros(args.series, bool),
                np.full(args.series, np.nan),
            )
            for week in range(0, YEAR, 2):
                alarm |= alerts(panel(flat[:, : PAST + week + 1]))["alert"].to_numpy()
                if week < 26:
                    now = alerts(panel(rising[:, : PAST + week + 1]))["alert"].to_numpy()
                    first[now & ~caught] = week + 1
                    caught |= now
            calls = trend_calls(panel(flat), seed=args.seed, windows=(12,))["call"]
            wrong = calls.isin(["rising", "falling"]).mean()
            found = change_points(panel(flat))
            sure = found[found["probability"] >= 0.8]["unique_id"].nunique() / args.series
            false.append(alarm.mean())
            called.append(wrong)
            changed.append(sure)
            seen.append(caught.mean())
            after = np.nanmedian(first) if caught.any() else np.nan
            print(
                f"{mean:6.1f}{size:9.0f}{alarm.mean():15.3f}{wrong:9.3f}{sure:9.3f}{caught.mean():11.2f}{after:13.0f}"
            )
    print(f"alerts: {np.mean(false):.3f} false a year and series (aim <= 0.05), worst cell {max(false):.3f}")
    print(f"12-week calls rising or falling of flat series: {np.mean(called):.3f}")
    print(
        f"flat series with a change point at probability 0.8 or more, in {PAST + YEAR} weeks: {np.mean(changed):.3f}"
    )
    print(f"a rate {RISE:g} times as high seen within half a year: {np.mean(seen):.2f}")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()

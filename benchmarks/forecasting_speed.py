"""Thousands of weekly series of ten years, twelve weeks ahead, all quantiles, reconciled; growth with number.

Run: python -m benchmarks forecasting_speed. AutoARIMA alone (no reconciliation) is timed in the same run on a few
of the same series and scaled up, which flatters nobody: it is one independent fit per series.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from forecasting.intake import read_series
from forecasting.tool import forecast_intake

WEEKS, HORIZON = 520, 12


def simulate(count: int, seed: int) -> pd.DataFrame:
    """Return ``count`` sparse seasonal series in 5 regions and 50 districts."""
    rng = np.random.default_rng(seed)
    weeks = pd.date_range(end="2026-06-22", periods=WEEKS, freq="7D")
    mean = rng.gamma(0.5, 4.0, size=(count, 1)) * np.exp(0.3 * np.cos(2 * np.pi * np.arange(WEEKS) / 52.18))
    number = np.arange(count)
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"s{i:05d}" for i in number], WEEKS),
            "ds": np.tile(weeks, count),
            "y": rng.negative_binomial(2, 2 / (2 + mean)).ravel(),
            "region": np.repeat([f"r{i % 5}" for i in number], WEEKS),
            "district": np.repeat([f"d{i % 50:02d}" for i in number], WEEKS),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, nargs="+", default=[500, 5000])
    args = parser.parse_args()
    forecast_intake(
        read_series(simulate(20, 1), freq="W", hierarchy=("region", "district")), horizon=2, paths=50
    )  # imports and compiled code are loaded before the clock starts
    spent = []
    frame = pd.DataFrame()
    for count in args.series:
        frame = simulate(count, 1)
        began = time.perf_counter()
        given = read_series(frame, freq="W", hierarchy=("region", "district"))
        read = time.perf_counter() - began
        out = forecast_intake(given, horizon=HORIZON, paths=500)
        spent.append(time.perf_counter() - began)
        print(
            f"{count} series x {WEEKS} weeks (+ {len(out.ids) - count} totals): {spent[-1]:.1f} s, "
            f"reading {read:.1f} s of it; rows {len(out.frame):,}; incoherence {out.incoherent:g}"
        )
    if len(spent) > 1:
        print(f"time x {spent[-1] / spent[0]:.1f} for series x {args.series[-1] / args.series[0]:.0f}")
    from statsforecast.models import AutoARIMA

    y = frame["y"].to_numpy(dtype=float).reshape(-1, WEEKS)
    began = time.perf_counter()
    tried = 12
    for row in y[:tried]:
        AutoARIMA(season_length=1).forecast(y=row, h=HORIZON, level=[80, 95])
    each = (time.perf_counter() - began) / tried
    print(
        f"AutoARIMA alone: {each:.2f} s a series ({tried} timed), so {each * len(y):.0f} s for {len(y)} on one core"
    )


if __name__ == "__main__":
    main()

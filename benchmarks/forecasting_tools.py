"""The tools on simulated series whose truth is known: accuracy and coverage of ``mids forecast``, of ``mids effect``.

Run: python -m benchmarks forecasting_tools. Each kind of series is forecast by the combination and, one by one, by
``statsforecast``'s AutoETS, AutoTheta, AutoARIMA and SeasonalNaive (intervals cut at zero) in the same run. Effects: a
level shift of known size, with and without a control that shares its shocks, and the same without any shift.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from forecasting.frames import HUB_LEVELS, Floats
from forecasting.intake import read_series
from forecasting.intervention import effect
from forecasting.scores import covered, mid_covered, wis
from forecasting.tool import forecast_intake

PERCENT = [98, 95, 90, 80, 70, 60, 50, 40, 30, 20, 10]
WEEKS, MONTHS = (260, 8), (120, 12)


def simulate(kind: str, count: int, steps: int, rng: np.random.Generator) -> Floats:
    """Return ``count`` series of a kind (see the branches), ``steps`` periods long."""
    t = np.arange(steps)
    shape = (count, steps)
    mean = rng.gamma(2, 4, (count, 1))
    if kind == "poisson":
        return rng.poisson(mean, shape).astype(float)
    if kind == "negative binomial":
        return rng.poisson(rng.gamma(2, mean / 2, shape)).astype(float)
    if kind == "sparse":
        return rng.poisson(mean / 40, shape).astype(float)
    if kind == "wandering level":
        level = np.zeros(shape)
        for k in range(1, steps):
            level[:, k] = 0.9 * level[:, k - 1] + 0.25 * rng.standard_normal(count)
        return rng.poisson(20 * np.exp(level)).astype(float)
    rise = rng.uniform(0.1, 0.5, (count, 1))
    wave = rng.uniform(0.4, 0.9, (count, 1))
    when = rng.uniform(0, 2 * np.pi, (count, 1))
    year = 12 if kind.startswith("monthly") else 365.25 / 7
    log = np.log(40) + np.zeros(shape)
    if "season" in kind:
        log = log + wave * np.cos(2 * np.pi * t / year + when)
    if "trend" in kind:
        log = log + rise / 2 * t / year
    return rng.poisson(np.exp(log)).astype(float)


KINDS = ("poisson", "negative binomial", "sparse", "wandering level", "weekly season", "weekly trend",
         "monthly season", "monthly trend", "monthly trend and season")  # fmt: skip


def rivals(kind: str) -> dict[str, Callable[[], object]]:
    """Return the rivals by name; weekly seasons are given to the one that can use 52 weeks, Theta."""
    from statsforecast import models as sf

    monthly = kind.startswith("monthly")
    season = 12 if monthly else 1
    return {
        "SeasonalNaive": lambda: sf.SeasonalNaive(season_length=12 if monthly else 52),
        "AutoETS": lambda: sf.AutoETS(season_length=season),
        "AutoTheta": lambda: sf.AutoTheta(season_length=52 if kind == "weekly season" else season),
        "AutoARIMA": lambda: sf.AutoARIMA(season_length=season),
    }


def accuracy(count: int, seed: int) -> None:
    """Print WIS beside the rivals' and coverage, by kind of series."""
    print(
        f"{count} series of each kind; WIS of the combination, of each rival, ratio to the best of them; coverage"
    )
    for kind in KINDS:
        rng = np.random.default_rng(seed)
        monthly = kind.startswith("monthly")
        steps, horizon = MONTHS if monthly else WEEKS
        y = simulate(kind, count, steps + horizon, rng)
        ds = pd.date_range("2016-01-04", periods=steps, freq="7D")
        if monthly:
            ds = pd.date_range("2016-01-01", periods=steps, freq="MS")
        frame = pd.DataFrame(
            {
                "unique_id": np.repeat([f"s{i:04d}" for i in range(count)], steps),
                "ds": np.tile(ds, count),
                "y": y[:, :steps].ravel(),
            }
        )
        began = time.perf_counter()
        found = forecast_intake(
            read_series(frame, freq="M" if monthly else "W", gaps="zero"), horizon=horizon, paths=1000
        )
        spent = time.perf_counter() - began
        ours = found.frame.sort_values(["unique_id", "horizon", "output_type_id"])["value"].to_numpy()
        values = ours.reshape(count, horizon, len(HUB_LEVELS))
        truth = y[:, steps:]
        score = {}
        for name, make in rivals(kind).items():
            theirs = np.stack([_quantiles(make(), row[:steps], horizon) for row in y])
            score[name] = float(wis(truth, theirs, HUB_LEVELS).mean())
        mine = float(wis(truth, values, HUB_LEVELS).mean())
        best = min(score, key=lambda name: score[name])
        held = [
            f"{c:.0%} {covered(truth, values, HUB_LEVELS, c).mean():.3f} "
            f"({mid_covered(truth, values, HUB_LEVELS, c).mean():.3f})"
            for c in (0.8, 0.95)
        ]
        print(
            f"{kind:26}{mine:8.3f}  {'  '.join(f'{k} {v:.3f}' for k, v in score.items())}\n"
            f"{'':26}ratio to {best} {mine / score[best]:.3f}; held (ties at random) {', '.join(held)}; {spent:.0f} s",
            flush=True,
        )


def _quantiles(model: object, y: Floats, horizon: int) -> Floats:
    got = model.forecast(y=y, h=horizon, level=PERCENT)  # type: ignore[attr-defined]
    low = [np.asarray(got[f"lo-{p}"]) for p in PERCENT]
    high = [np.asarray(got[f"hi-{p}"]) for p in reversed(PERCENT)]
    return np.maximum(np.array([*low, np.asarray(got["mean"]), *high]).T, 0.0)


def effects(count: int, seed: int) -> None:
    """Print how often 95 % intervals held the true factor, and how often a shift was called where there is none."""
    steps, change = 208, 130
    ds = pd.date_range("2020-01-06", periods=steps, freq="7D")
    print(
        f"effects: {count} simulated series each, {steps} weeks, changed from week {change}, season, shocks shared"
    )
    for factor in (1.0, 1.3, 2.0):
        for dispersed in (False, True):
            for controlled in (False, True):
                rng = np.random.default_rng(seed)
                held, called, ratio = [], [], []
                for _ in range(count):
                    shock = np.zeros(steps)
                    for k in range(1, steps):
                        shock[k] = 0.7 * shock[k - 1] + 0.1 * rng.standard_normal()
                    base = 12 * np.exp(shock + 0.3 * np.cos(2 * np.pi * np.arange(steps) / 52.18))
                    mean = base * np.where(np.arange(steps) >= change, factor, 1.0)
                    y, other = (
                        rng.poisson(rng.gamma(6, m / 6) if dispersed else m) for m in (mean, 1.5 * base)
                    )
                    found = effect(
                        pd.DataFrame({"ds": ds, "y": y}), date=ds[change],
                        control=pd.DataFrame({"ds": ds, "y": other}) if controlled else None,
                    )  # fmt: skip
                    held.append(found.low <= factor <= found.high)
                    called.append(found.call != "cannot tell")
                    ratio.append(found.effect / factor)
                print(
                    f"  true factor {factor:.1f}, {'negative binomial' if dispersed else 'Poisson':17} "
                    f"{'with' if controlled else 'without':7} control: estimate / truth {np.median(ratio):.3f}, "
                    f"95 % held {np.mean(held):.2f}, called {np.mean(called):.2f}",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=50, help="forecast, of each kind")
    parser.add_argument("--effects", type=int, default=100, help="simulations of each effect")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    effects(args.effects, args.seed)
    accuracy(args.series, args.seed)


if __name__ == "__main__":
    main()

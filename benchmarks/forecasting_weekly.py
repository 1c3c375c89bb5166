"""Four-week forecasts of UK small boats (real, public) against five common models, in one run.

Run: python -m benchmarks forecasting_weekly. Every model sees only what was known at each origin. Rivals are
``statsforecast``'s on the counts themselves, intervals cut at zero; ours is the combination of ``mids backtest``,
its weights learnt from origins that were over. The last block are the two years before, on which nothing was tried.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.frames import HUB_LEVELS, Floats, to_panel
from forecasting.models import pool
from forecasting.replay import POOL, replay
from forecasting.scores import covered, wis
from forecasting.tool import LEARN_ORIGINS, MANY, ONE_BY_ONE

HORIZON, ORIGINS, MANY_ORIGINS = 4, 26, 101
PERCENT = [98, 95, 90, 80, 70, 60, 50, 40, 30, 20, 10]


def weekly(path: Path) -> pd.DataFrame:
    """Return whole ISO weeks of arrivals; a blank day is a day without any."""
    days = pd.read_csv(path, parse_dates=["full_date"])
    days["ds"] = days["full_date"] - pd.to_timedelta(days["full_date"].dt.day_of_week, unit="D")
    weeks = days.groupby("ds", as_index=False).agg(y=("migrants_arrived", "sum"), days=("full_date", "size"))
    return weeks[weeks["days"] == 7].assign(unique_id="uk")[["unique_id", "ds", "y"]]


def rivals() -> dict:
    """Return the rivals by name, made anew for each origin."""
    from statsforecast import models as sf

    return {
        "SeasonalNaive": lambda: sf.SeasonalNaive(season_length=52),
        "HistoricAverage": lambda: sf.HistoricAverage(),
        "AutoETS": lambda: sf.AutoETS(season_length=1),
        "AutoARIMA": lambda: sf.AutoARIMA(season_length=1),
        "AutoTheta": lambda: sf.AutoTheta(season_length=1),
    }


def quantiles(model: object, y: Floats) -> Floats:
    """Return a statsforecast model's quantiles (horizon, levels), cut at zero."""
    got = model.forecast(y=y, h=HORIZON, level=PERCENT)  # type: ignore[attr-defined]
    low = [np.asarray(got[f"lo-{p}"]) for p in PERCENT]
    high = [np.asarray(got[f"hi-{p}"]) for p in reversed(PERCENT)]
    return np.maximum(np.array([*low, np.asarray(got["mean"]), *high]).T, 0.0)


def main() -> None:
    here = Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--file", type=Path, default=here.parent / "shared/real/long_uk_small_boats_daily.csv"
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if not args.file.exists():
        print(f"skipped: {args.file} is not there")
        return
    whole = to_panel(weekly(args.file))
    names = (*MANY, *ONE_BY_ONE)
    for every, origins, left_out in ((4, ORIGINS, 0), (1, MANY_ORIGINS, 0), (1, MANY_ORIGINS, MANY_ORIGINS)):
        panel = whole.until(whole.y.shape[1] - left_out)
        began = time.perf_counter()
        found = replay(
            panel, pool(names), horizon=HORIZON, origins=origins, every=every, learn_on=LEARN_ORIGINS,
            paths=1000, seed=args.seed,
        )  # fmt: skip
        ours = time.perf_counter() - began
        rows = {POOL: found.values[:, -1, 0]}
        rows |= {f"  {name}": found.values[:, k, 0] for k, name in enumerate(found.names[:-1])}
        for name, make in rivals().items():
            rows[name] = np.stack([quantiles(make(), panel.y[0, :stop]) for stop in found.stops])
        truth = found.truth[:, 0]
        first, last = panel.ds[found.stops[0] - 1], panel.ds[found.stops[-1] - 1]
        print(f"{len(found.stops)} origins, every {every} week(s), {first} to {last}, {HORIZON} weeks ahead")
        print(f"{'model':18}{'WIS':>8}{'cov 50':>8}{'cov 80':>8}{'cov 95':>8}   WIS by week")
        mean = {}
        for name, values in rows.items():
            score = wis(truth, values, HUB_LEVELS)
            mean[name] = float(score.mean())
            cover = "".join(f"{covered(truth, values, HUB_LEVELS, c).mean():8.3f}" for c in (0.5, 0.8, 0.95))
            print(f"{name:18}{mean[name]:8.1f}{cover}   {np.round(score.mean(0)).astype(int)}")
        best = min(rivals(), key=lambda name: mean[name])
        print(f"{POOL} / best rival ({best}) {mean[POOL] / mean[best]:.3f}   (aim <= 0.95)")
        print(f"ours took {ours:.1f} s")


if __name__ == "__main__":
    main()

"""Does the holiday term help where feasts move through the ISO weeks? The regression and the pool with and without it.

Run: python -m benchmarks forecasting_holidays. Simulated weekly counts of the whole country over ten years of the real
Malaysian calendar (the seed of public holidays), season beside. Kinds: no holiday matters; every day of holiday lowers
the week's counts; only Hari Raya Puasa does (halved that week, a little less in the four weeks of Ramadan, which are no
holidays). Four-week forecasts from every second week of five years, the calendar known ahead; with the term, and with
a calendar without holidays, on the same draws of counts.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.context import WEEK, Context, context_of
from forecasting.frames import Panel
from forecasting.models import pool
from forecasting.replay import POOL, replay

SEED = Path(__file__).resolve().parents[1] / "dbt_project/seeds/ref_public_holiday.csv"
WEEKS, ORIGINS, EVERY, HORIZON = 520, 130, 2, 4
MEANS = (3.0, 10.0, 30.0)
KINDS = ("no holiday matters", "every holiday matters", "Hari Raya Puasa matters")
PER_DAY, FEAST, FASTING = 0.15, 0.5, 0.85
NAMES = ("seasonal_naive", "negbin_damped", "seasonal_window", "regression")


def calendar() -> tuple[Context, np.ndarray]:
    """Return the context of the seed's holidays, and the Mondays of weeks with Hari Raya Puasa."""
    seed = pd.read_csv(SEED, parse_dates=["date_on"])
    states = sorted(set(";".join(seed["state_codes"]).split(";")) - {"MY"})
    kept = seed["state_codes"].replace("MY", ";".join(states)).str.split(";")
    days = seed.assign(state_code=kept, holiday_name_en=seed["name_en"]).explode("state_code")
    none = pd.DataFrame(columns=["event_week", "state_code", "known_on"])
    context = context_of(days, none)
    assert context is not None
    feast = seed.loc[seed["name_en"] == "Eid al-Fitr", "date_on"]
    monday = (feast - pd.to_timedelta(feast.dt.day_of_week, unit="D")).to_numpy().astype("datetime64[D]")
    return context, np.unique(monday)


def simulate(kind: str, count: int, ds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return negative-binomial counts (series of every mean, weeks) of a kind."""
    context, feasts = calendar()
    log = np.log(np.repeat(MEANS, count))[:, None] + 0.2 * np.cos(2 * np.pi * np.arange(len(ds)) / 52.18)
    if kind == KINDS[1]:
        log = log - PER_DAY * context.holiday_days(0, ds)[:, 0]
    if kind == KINDS[2]:
        before = (feasts[None] - ds[:, None]) // WEEK
        fasting = ((before >= 1) & (before <= 4)).any(1)
        log = log + np.log(FEAST) * (before == 0).any(1) + np.log(FASTING) * fasting
    return rng.poisson(rng.gamma(10, np.exp(log) / 10)).astype(float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=20, help="per mean and kind")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    began = time.perf_counter()
    context, feasts = calendar()
    ds = np.datetime64("2026-06-22") + 7 * np.arange(1 - WEEKS, 1)
    blank = replace(context, holidays=np.zeros_like(context.holidays))
    print(
        f"{len(MEANS) * args.series} series a kind; WIS with the holiday term against without it, {HORIZON} weeks"
    )
    print(f"{'':26}{'all weeks':>24}{'weeks of the feast':>24}{'80 % held then, with/out':>26}")
    for number, kind in enumerate(KINDS):
        y = simulate(kind, args.series, ds, np.random.default_rng([args.seed, number]))
        panel = Panel(tuple(f"MY/{i:03d}" for i in range(len(y))), ds, y)
        rows = {}
        for told, beside in (("with", context), ("without", blank)):
            given = replace(panel, context=beside)
            found = replay(
                given, pool(NAMES), horizon=HORIZON, origins=ORIGINS, every=EVERY, learn_on=13, paths=200,
                seed=args.seed, view=lambda stop, given=given: replace(given.until(stop), context=given.context),
            ).frame()  # fmt: skip
            target = found["origin"].to_numpy().astype("datetime64[D]") + 7 * found["horizon"].to_numpy()
            rows[told] = found.assign(feast=np.isin(target, feasts))
        for name in ("regression", POOL):
            mine = {told: frame[frame["model_name"] == name] for told, frame in rows.items()}
            feast = {told: frame[frame["feast"]] for told, frame in mine.items()}
            ratio = [part["with"]["wis"].mean() / part["without"]["wis"].mean() for part in (mine, feast)]
            held = [feast[told]["midcoverage_80"].mean() for told in ("with", "without")]
            print(
                f"{kind:26}{name:>12}{ratio[0]:12.3f}{ratio[1]:24.3f}{held[0]:18.3f} {held[1]:.3f}",
                flush=True,
            )
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()

"""The weekly product on the sample's vintages: two years of origins, each from what was known at its close.

Run: python -m benchmarks.forecasting_vintages --home .mids (a home in which ``mids run`` has finished).
National series of cases and of persons; the combination beside its candidates and seasonal-naive, one run.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from forecasting import reporting_triangle, weekly_series
from forecasting.combine import SPARSE_HANDICAP
from forecasting.context import Context
from forecasting.frames import to_panel
from forecasting.models import NATIONAL, pool
from forecasting.projection import Vintages
from forecasting.replay import POOL, Replay, replay, summary
from mids_orchestration.forecast_step import read_context

ORIGINS, HORIZON, PATHS = 104, 12, 400
SHOWN = [
    "model_name", "targets", "wis", "relative_wis", "coverage_50", "coverage_80", "coverage_95", "midcoverage_80",
    "midcoverage_95",
]  # fmt: skip


def known(home: Path) -> tuple[pd.DataFrame, Context | None] | None:
    """Return the weekly counts and what is known beside them; None, said, where no warehouse is."""
    warehouse = home / "warehouse" / "mids.duckdb"
    if not warehouse.exists():
        print(f"skipped: no warehouse at {warehouse} (run `make demo` first)")
        return None
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute("select * from marts.fct_weekly_count").df(), read_context(connection)


def replayed(
    counts: pd.DataFrame,
    beside: Context | None,
    unit: str,
    origins: int,
    *,
    models: Sequence[str] = NATIONAL,
    handicap: Mapping[str, float] | None = SPARSE_HANDICAP,
    memo: dict[Any, Any] | None = None,
) -> Replay:
    """Return the replay of the national series on vintages."""
    newest = counts["event_week"].max()
    triangle = reporting_triangle(counts, as_of_week=newest, unit_code=unit, strata=("agency_code",))
    panel = to_panel(weekly_series(counts, as_of_week=newest, unit_code=unit))
    past = Vintages(triangle, panel, PATHS, 1, memo, context=beside)
    now = past.whole(panel.y.shape[1])
    return replay(
        panel, pool(models), horizon=HORIZON, origins=origins, learn_on=26, paths=PATHS, seed=1,
        mature_after=max(one.mature_after for one in now.nowcasts.values()), view=past, handicap=handicap, memo=memo,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("MIDS_HOME", ".mids")))
    parser.add_argument("--unit", choices=("case", "person"), help="only this unit (default: both)")
    args = parser.parse_args()
    held = known(args.home)
    if held is None:
        return
    everything = []
    for unit in (args.unit,) if args.unit else ("case", "person"):
        began = time.perf_counter()
        found = replayed(*held, unit, ORIGINS)
        ids = found.panel.ids
        shares = pd.DataFrame(found.weights.share, index=ids, columns=found.weights.names)
        print("  shares now:\n" + shares.round(2).T.to_string())
        rows = found.frame().assign(unit_code=unit)
        everything.append(rows)
        print(f"{unit}: {len(found.stops)} origins, {', '.join(ids)}; {time.perf_counter() - began:.0f} s")
        for name, part in (("1 to 4 weeks", rows[rows["horizon"] <= 4]), ("1 to 12 weeks", rows)):
            print(f"  {name}")
            print(summary(part)[SHOWN].to_string(index=False, float_format="{:.3f}".format))
        near = rows[(rows["horizon"] <= 4) & (rows["model_name"].isin([POOL, "seasonal_naive"]))]
        by_series = summary(near, ("unique_id", "model_name"))
        print(by_series[by_series["model_name"] == POOL][["unique_id", *SHOWN[2:]]].to_string(index=False))
    both = pd.concat(everything)
    near = summary(both[both["horizon"] <= 4]).set_index("model_name").loc[POOL]
    print(
        f"both units, 1 to 4 weeks: relative WIS {near['relative_wis']:.3f} (aim <= 0.80), 80 % held "
        f"{near['coverage_80']:.3f}, 95 % held {near['coverage_95']:.3f} (aim within 0.03)"
    )


if __name__ == "__main__":
    main()

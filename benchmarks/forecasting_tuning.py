"""Were handicap and cut-off of candidates chosen on the weeks they are scored on? Chosen and scored on different years.

Run: python -m benchmarks forecasting_tuning --home .mids (a home in which ``mids run`` has finished). Vintages of the
sample, national cases, 1 to 4 weeks, four years of origins. Each setting (handicap of what follows the newest counts,
distance behind the best at which a candidate is left out) is replayed with the same paths. Then: the setting
that is best in one half scored in the other, beside the house's own and the best in hindsight.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.forecasting_vintages import known, replayed
from forecasting import combine
from forecasting.replay import POOL, summary

HANDICAPS = (0.0, 0.06, 0.12, 0.25)
CUTS = (0.03, 0.06, 0.12, 0.25, np.inf)
ORIGINS, NEAR = 208, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("MIDS_HOME", ".mids")))
    parser.add_argument("--unit", choices=("case", "person"), default="case")
    parser.add_argument("--origins", type=int, default=ORIGINS)
    args = parser.parse_args()
    found = known(args.home)
    if found is None:
        return
    began = time.perf_counter()
    memo: dict[Any, Any] = {}
    house = combine.BEHIND, combine.SPARSE_HANDICAP["ets"]
    rows: dict[tuple[float, float], pd.DataFrame] = {}
    try:
        for cut in CUTS:
            for handicap in HANDICAPS:
                combine.BEHIND = cut
                every = dict.fromkeys(combine.SPARSE_HANDICAP, handicap) if handicap else None
                scores = replayed(*found, args.unit, args.origins, handicap=every, memo=memo).frame()
                rows[cut, handicap] = scores[scores["horizon"] <= NEAR]
    finally:
        combine.BEHIND = house[0]
    weeks = np.sort(rows[house]["origin"].unique())
    middle = weeks[len(weeks) // 2]
    halves = {
        "earlier": lambda r: r[r["origin"] < middle],
        "later": lambda r: r[r["origin"] >= middle],
    }
    first, change, last = (f"{pd.Timestamp(day):%Y-%m-%d}" for day in (weeks[0], middle, weeks[-1]))
    print(
        f"{args.unit}: {len(weeks)} origins, earlier half {first} on, later half {change} to {last}; "
        f"{time.perf_counter() - began:.0f} s"
    )
    table = pd.DataFrame(
        {
            half: {
                setting: summary(part(frame)).set_index("model_name").loc[POOL, "relative_wis"]
                for setting, frame in rows.items()
            }
            for half, part in halves.items()
        }
    ).rename_axis(["cut-off", "handicap"])
    print("WIS of the combination against seasonal-naive")
    print(table.unstack("handicap").to_string(float_format="{:.3f}".format))
    for chosen_on, scored_on in (("earlier", "later"), ("later", "earlier")):
        best = table[chosen_on].idxmin()
        part = halves[scored_on]
        shown = {f"chosen on the {chosen_on} half": best, "the house's": house,
                 "best in hindsight": table[scored_on].idxmin()}  # fmt: skip
        print(f"scored on the {scored_on} half")
        for name, setting in shown.items():
            line = summary(part(rows[setting])).set_index("model_name").loc[POOL]
            print(
                f"  {name:30} cut-off {setting[0]:<5} handicap {setting[1]:<5} WIS {line['relative_wis']:.3f} of "
                f"seasonal-naive; ties at random 80 % {line['midcoverage_80']:.3f}, 95 % {line['midcoverage_95']:.3f}"
            )


if __name__ == "__main__":
    main()

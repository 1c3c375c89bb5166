"""Nowcasts of a public dengue line list against the uncorrected counts and a plain chain-ladder.

Run: python benchmarks/forecasting_nowcast.py [--file ../shared/real/denguedat.csv] [--origins 50] [--seed 1]
Everything is scored in one run on the same as-of weeks; a point forecast's WIS is its absolute error.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.frames import HUB_LEVELS
from forecasting.line_list import nowcast_line_list
from forecasting.scores import covered, wis

NEWEST = 5


def chain_ladder(lines: pd.DataFrame, as_of: pd.Timestamp, window: int = 26) -> np.ndarray:
    """Plain chain-ladder on the newest ``window`` weeks that show each development step; newest first."""
    week = ((as_of - lines["onset_week"]).dt.days // 7).to_numpy()
    delay = ((lines["report_week"] - lines["onset_week"]).dt.days // 7).to_numpy()
    width = 27
    table = np.zeros((week.max() + 1, width))
    np.add.at(table, (week, np.minimum(delay, width - 1)), 1)
    grown, factor = table.cumsum(1), np.ones(width)
    for d in range(width - 1, 0, -1):
        rows = slice(d, d + window)
        upto, before = grown[rows, d].sum(), grown[rows, d - 1].sum()
        factor[d - 1] = factor[d] * (before / upto if upto else 1.0)
    so_far = np.array([table[age, : age + 1].sum() for age in range(NEWEST)])
    return so_far / np.maximum(factor[:NEWEST], 1e-9)


def main() -> None:
    here = Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=here.parent / "shared/real/denguedat.csv")
    parser.add_argument("--origins", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not args.file.exists():
        print(f"skipped: {args.file} is not there")
        return
    lines = pd.read_csv(args.file, parse_dates=["onset_week", "report_week"])
    final = lines.groupby("onset_week").size()
    weeks = pd.date_range("2000-01-03", lines["onset_week"].max(), freq="7D")
    # The newest weeks of the file itself are not mature: half a year keeps them out.
    chosen = np.random.default_rng(args.seed).choice(weeks[:-26], size=args.origins, replace=False)
    score: dict[str, list[np.ndarray]] = {"nowcast": [], "uncorrected": [], "chain_ladder": []}
    inside: dict[float, list[np.ndarray]] = {0.5: [], 0.8: [], 0.95: []}
    began = time.perf_counter()
    spent = 0.0
    for as_of in sorted(map(pd.Timestamp, chosen)):
        known = lines[lines["report_week"] <= as_of]
        truth = np.array([final.get(as_of - pd.Timedelta(weeks=a), 0) for a in range(NEWEST)], dtype=float)
        tick = time.perf_counter()
        out = nowcast_line_list(
            lines, event="onset_week", report="report_week", as_of=as_of.date(), newest=NEWEST, seed=args.seed
        ).frame
        spent += time.perf_counter() - tick
        table = out.pivot(index="ds", columns="quantile", values="value").sort_index(ascending=False)
        so_far = out.groupby("ds")["reported"].first().sort_index(ascending=False).to_numpy()
        score["nowcast"].append(wis(truth, table.to_numpy(), HUB_LEVELS))
        score["uncorrected"].append(np.abs(so_far - truth))
        score["chain_ladder"].append(np.abs(chain_ladder(known, as_of) - truth))
        for c, cells in inside.items():
            cells.append(covered(truth, table.to_numpy(), HUB_LEVELS, c))
    mean = {k: float(np.mean(v)) for k, v in score.items()}
    print(f"{args.origins} as-of weeks from 2000 on (seed {args.seed}), newest {NEWEST} weeks of each")
    print(f"{'method':14}{'WIS':>8}   by age of week 0..{NEWEST - 1}")
    for k, v in score.items():
        print(f"{k:14}{mean[k]:8.2f}   {np.round(np.mean(v, axis=0), 2)}")
    print(f"WIS / uncorrected  {mean['nowcast'] / mean['uncorrected']:.3f}   (aim <= 0.40)")
    print(f"WIS / chain-ladder {mean['nowcast'] / mean['chain_ladder']:.3f}   (aim <= 0.60)")
    for c, cells in inside.items():
        print(f"coverage of {c:.0%} intervals {np.mean(cells):.3f}")
    print(
        f"nowcast time {spent / args.origins:.2f} s per as-of week; all {time.perf_counter() - began:.0f} s"
    )


if __name__ == "__main__":
    main()

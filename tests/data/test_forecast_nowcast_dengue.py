"""The nowcast on a real public line list (beside the checkout, never in it)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.frames import HUB_LEVELS
from forecasting.line_list import nowcast_line_list
from forecasting.scores import wis

FILE = Path(__file__).resolve().parents[2].parent / "shared/real/denguedat.csv"


@pytest.mark.realdata
def test_dengue_nowcasts_are_far_better_than_uncorrected_counts():
    if not FILE.exists():
        pytest.skip(f"needs {FILE.name} in ../shared/real")
    lines = pd.read_csv(FILE, parse_dates=["onset_week", "report_week"])
    final = lines.groupby("onset_week").size()
    score, raw = [], []
    for as_of in pd.date_range("2001-03-05", "2009-09-07", freq="315D"):
        week = as_of - pd.Timedelta(days=as_of.dayofweek)
        out = nowcast_line_list(
            lines, event="onset_week", report="report_week", as_of=week.date(), newest=5, paths=500
        ).frame
        table = out.pivot(index="ds", columns="quantile", values="value")
        truth = final.reindex(table.index).fillna(0).to_numpy(dtype=float)
        score.append(wis(truth, table.to_numpy(), HUB_LEVELS).mean())
        raw.append(np.abs(truth - out.groupby("ds")["reported"].first().to_numpy()).mean())
    assert np.mean(score) < 0.40 * np.mean(raw)

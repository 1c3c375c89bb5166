from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting import SeriesError, reporting_triangle
from forecasting.frames import HUB_LEVELS
from forecasting.line_list import nowcast_line_list
from forecasting.nowcast import nowcast
from forecasting.scores import covered, wis


def line_list(
    *, seed: int, weeks: int = 120, mean: float = 30.0, late: float = 0.45, slow_from: int | None = None,
    slower: float = 0.25,
) -> pd.DataFrame:  # fmt: skip
    """Cases of a wandering weekly rate, reported after a geometric delay in whole weeks."""
    rng = np.random.default_rng(seed)
    rate = mean * np.exp(np.cumsum(rng.normal(0, 0.12, weeks)))
    start = pd.Timestamp("2024-01-01")
    rows = []
    for t in range(weeks):
        chance = slower if slow_from is not None and t >= slow_from else late
        delay = rng.geometric(chance, size=rng.poisson(rate[t])) - 1
        week = start + pd.Timedelta(weeks=t)
        rows.append(pd.DataFrame({"onset": week, "told": week + pd.to_timedelta(7 * delay, unit="D")}))
    return pd.concat(rows, ignore_index=True)


def run(lines: pd.DataFrame, as_of: pd.Timestamp, **more):
    out = nowcast_line_list(lines, event="onset", report="told", as_of=as_of.date(), paths=600, **more)
    return out, out.frame.pivot(index="ds", columns="quantile", values="value")


def test_nowcast_is_calibrated_and_far_better_than_the_raw_tail():
    score, raw, inside = [], [], {0.5: [], 0.8: [], 0.95: []}
    for seed in range(12):
        lines = line_list(seed=seed)
        as_of = pd.Timestamp("2024-01-01") + pd.Timedelta(weeks=100)
        out, table = run(lines, as_of, newest=4)
        truth = lines.groupby("onset").size().reindex(table.index).fillna(0).to_numpy(dtype=float)
        so_far = out.frame.groupby("ds")["reported"].first().to_numpy()
        score.append(wis(truth, table.to_numpy(), HUB_LEVELS))
        raw.append(np.abs(truth - so_far))
        for c, cells in inside.items():
            cells.append(covered(truth, table.to_numpy(), HUB_LEVELS, c))
    assert np.mean(score) < 0.45 * np.mean(raw)
    # 48 targets: two standard errors are 14, 12 and 6 points.
    assert 0.36 <= np.mean(inside[0.5]) <= 0.70
    assert 0.68 <= np.mean(inside[0.8]) <= 0.95
    assert np.mean(inside[0.95]) >= 0.87


def test_a_delay_that_grew_is_followed():
    """Reporting slows down 25 weeks ago; a static delay over all history would see far too few cases."""
    ratio = []
    for seed in range(6):
        lines = line_list(seed=seed, slow_from=75)
        _, table = run(lines, pd.Timestamp("2024-01-01") + pd.Timedelta(weeks=100), newest=3)
        truth = lines.groupby("onset").size().reindex(table.index)
        ratio.append(table[0.5].sum() / truth.sum())
    assert 0.75 < np.mean(ratio) < 1.3


def test_what_is_reported_later_changes_nothing():
    lines = line_list(seed=3)
    as_of = pd.Timestamp("2024-01-01") + pd.Timedelta(weeks=90)
    altered = lines[(lines["told"] <= as_of) | (lines.index % 3 == 0)]
    pd.testing.assert_frame_equal(run(lines, as_of)[0].frame, run(altered, as_of)[0].frame)


def test_a_silent_feed_is_not_a_quiet_week():
    lines = line_list(seed=5)
    as_of = pd.Timestamp("2024-01-01") + pd.Timedelta(weeks=100)
    cut = as_of - pd.Timedelta(weeks=3)
    silent = lines[(lines["told"] <= cut)]
    out, table = run(silent, as_of, newest=3)
    truth = lines.groupby("onset").size().reindex(table.index)
    assert out.frame["reported"].max() < 1  # nothing of these three weeks has been heard
    assert out.notes["note"].str.contains("not received").any()
    assert (table[0.975] > truth).all()
    assert table[0.5].sum() > 0.5 * truth.sum()
    told, same = run(silent, as_of, newest=3, received_until=cut)
    assert told.frame["reported"].max() < 1
    np.testing.assert_allclose(same[0.5], table[0.5])


def test_daily_units_with_quiet_weekends():
    rng = np.random.default_rng(2)
    days = pd.date_range("2025-01-01", periods=150)
    rows = []
    for day in days:
        for _ in range(rng.poisson(20)):
            told = day + pd.Timedelta(days=int(rng.geometric(0.4) - 1))
            while told.dayofweek >= 5:  # nobody files at the weekend
                told += pd.Timedelta(days=1)
            rows.append((day, told))
    lines = pd.DataFrame(rows, columns=["onset", "told"])
    as_of = pd.Timestamp("2025-05-18")  # a Sunday: the weekend's reports come on Monday
    out = nowcast_line_list(
        lines, event="onset", report="told", as_of=as_of.date(), unit="D", newest=5, paths=400
    )
    table = out.frame.pivot(index="ds", columns="quantile", values="value")
    truth = lines.groupby("onset").size().reindex(table.index)
    assert out.newest == as_of
    assert 0.6 * truth.sum() < table[0.5].sum() < 1.6 * truth.sum()
    assert ((table[0.025] <= truth) & (truth <= table[0.975])).mean() >= 0.8


def test_the_newest_week_is_the_last_one_over():
    lines = pd.DataFrame(
        {
            "onset": ["2026-06-02", "2026-06-10", "2026-06-17"],
            "told": ["2026-06-03", "2026-06-12", "2026-06-18"],
        }
    )
    for as_of, newest in (
        ("2026-06-18", "2026-06-08"),
        ("2026-06-21", "2026-06-15"),
        ("2026-06-22", "2026-06-15"),
    ):
        out = nowcast_line_list(lines, event="onset", report="told", as_of=as_of, paths=50)
        assert out.newest == pd.Timestamp(newest)


def test_rows_that_cannot_be_used_are_counted_and_said():
    lines = line_list(seed=1, weeks=30)
    bad = pd.DataFrame(
        {"onset": ["rubbish", "2024-03-04", None], "told": ["2024-03-04", "2024-02-05", "2024-03-04"]}
    )
    both = pd.concat([lines.astype(str), bad], ignore_index=True)
    out = nowcast_line_list(both, event="onset", report="told", as_of="2024-07-01", paths=50)
    assert any("2 row(s)" in n for n in out.notes["note"])
    assert any("1 row(s)" in n and "before" in n for n in out.notes["note"])
    with pytest.raises(SeriesError, match="lacks column"):
        nowcast_line_list(lines, event="onset", report="reported", as_of="2024-07-01")
    with pytest.raises(SeriesError, match="was known on"):
        nowcast_line_list(lines, event="onset", report="told", as_of="2020-01-06")


def test_strata_with_different_delays_add_up():
    quick, slow = line_list(seed=8, late=0.9), line_list(seed=9, late=0.25)
    rows = []
    for agency, lines in (("PDRM", quick), ("JIM", slow)):
        part = lines.groupby(["onset", "told"]).size().rename("count_value").reset_index()
        part["known_week"] = part["told"] + pd.Timedelta(weeks=1)
        rows.append(
            part.rename(columns={"onset": "event_week"}).assign(agency_code=agency, crime_type_code="TIP")
        )
    fact = pd.concat(rows, ignore_index=True)
    as_of = pd.Timestamp("2024-01-01") + pd.Timedelta(weeks=100)
    split = reporting_triangle(fact, as_of_week=as_of, strata=("agency_code",), unit_code=None)
    both = nowcast(split, as_of_week=as_of, paths=500)["MY/TIP"]
    truth = fact[fact["event_week"] <= as_of].groupby("event_week")["count_value"].sum()[-3:].sum()
    total = both.draws[:, -3:].sum(1)
    assert np.quantile(total, 0.02) < truth < np.quantile(total, 0.98)
    assert (both.draws.mean(0) >= both.reported[-both.draws.shape[1] :] - 1e-9).all()

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting import project, reporting_triangle, weekly_series
from forecasting.calibrate import respread, spread_factors
from forecasting.frames import Panel
from forecasting.trend import REFERENCE, WATCHED, alerts, change_points, trend_calls

AS_OF = "2026-06-22"


def panel(y: np.ndarray) -> Panel:
    weeks = np.datetime64("2016-01-04") + 7 * np.arange(y.shape[1])
    return Panel(tuple(f"s{i}" for i in range(len(y))), weeks, y.astype(float))


def test_flat_series_rarely_alert_within_a_year_and_rises_are_noticed():
    """Every week of a year is looked at, with the baseline moving along, as the weekly cycle does."""
    rng = np.random.default_rng(7)
    alarmed, noticed, each = [], [], 60
    for mean, size in ((0.3, 2.0), (1.0, 3.0), (4.0, 3.0), (10.0, 10.0), (6.0, 1.0)):
        y = rng.negative_binomial(size, size / (size + mean), size=(each, REFERENCE + WATCHED + 51))
        any_alert = np.zeros(each, dtype=bool)
        for week in range(52):
            any_alert |= alerts(panel(y[:, week : week + REFERENCE + WATCHED]))["alert"].to_numpy()
        alarmed.append(any_alert.mean())
        if mean >= 4 and size > 1:
            risen = y[:, : REFERENCE + WATCHED].copy()
            risen[:, -8:] = rng.negative_binomial(size, size / (size + 3 * mean), size=(each, 8))
            noticed.append(alerts(panel(risen))["alert"].mean())
    assert np.mean(alarmed) <= 0.05
    assert np.mean(noticed) > 0.6


def test_calls_say_rising_falling_stable_and_cannot_tell():
    rng = np.random.default_rng(3)
    weeks = np.arange(160)
    y = np.stack(
        [
            rng.poisson(np.where(weeks >= 108, 12, 6)),
            rng.poisson(np.where(weeks >= 108, 4, 9)),
            rng.poisson(40, 160),
            rng.poisson(0.02, 160),
        ]
    )
    calls = trend_calls(panel(y), seed=1)
    year = calls[calls["weeks"] == 52].set_index("unique_id")["call"]
    assert year.tolist() == ["rising", "falling", "stable", "cannot tell"]
    total = calls[["p_rising", "p_stable", "p_falling"]].sum(axis=1)
    np.testing.assert_allclose(total, 1)


def test_flat_thin_series_are_seldom_called_rising_or_falling():
    rng = np.random.default_rng(4)
    calls = trend_calls(panel(rng.negative_binomial(2, 2 / (2 + 1.5), size=(120, 160))), seed=1)
    assert calls["call"].isin(["rising", "falling"]).mean() < 0.12


def test_a_change_of_level_is_dated():
    rng = np.random.default_rng(5)
    y = np.stack([rng.poisson(np.where(np.arange(300) >= 200, 9, 5)), rng.poisson(5, 300)])
    found = change_points(panel(y))
    assert found["unique_id"].tolist() == ["s0"]
    moved = abs((found["ds"].iloc[0] - pd.Timestamp("2016-01-04")).days // 7 - 200)
    assert moved <= 6


def test_too_wide_intervals_are_narrowed_to_what_they_say():
    rng = np.random.default_rng(6)
    paths = rng.normal(50, 15, (1, 500, 60))
    fine = np.quantile(paths, np.linspace(0.005, 0.995, 199), axis=1).transpose(1, 2, 0)
    fine = np.moveaxis(fine, 1, 0)[:, :, None]  # sixty origins of one step
    truth = rng.normal(50, 10, (60, 1, 1))
    s = spread_factors(fine, truth)
    assert 0.5 < s[0] < 0.85
    out = respread(paths, s)
    assert out.std() < 0.85 * paths.std()
    np.testing.assert_allclose(np.median(out), np.median(paths), atol=1)


def test_every_node_is_forecast_and_all_paths_add_up(counts):
    fact = counts.copy()
    fact["state_code"] = np.where(np.arange(len(fact)) % 3 == 0, "10", "12")
    fact["agency_code"] = np.where(np.arange(len(fact)) % 4 == 0, "JIM", "PDRM")
    triangle = reporting_triangle(fact, as_of_week=AS_OF)
    leaves = weekly_series(fact, as_of_week=AS_OF, by=("crime_type_code", "state_code", "agency_code"))
    out = project(
        weekly_series(fact, as_of_week=AS_OF), triangle=triangle, leaves=leaves, origins=4, learn_on=4, paths=200,
        replay_paths=60, seed=2,
    )  # fmt: skip
    assert out.incoherent == 0
    ids = set(out.forecast["unique_id"])
    assert {"MY/TIP", "MY/TIP/10", "MY/TIP/*/PDRM"} <= ids
    assert "MY/TIP/10/JIM" in set(out.every_node()["unique_id"])
    assert len(ids) == 2 * (1 + 2 + 2)
    assert (out.forecast["value"] >= 0).all()
    assert set(out.trends["unique_id"]) == ids
    wide = out.totals[out.totals["weeks"] == 4].pivot(index="unique_id", columns="quantile", values="value")
    weekly = out.forecast[(out.forecast["horizon"] <= 4) & (out.forecast["quantile"] == 0.9)]
    # A joint upper quantile of four weeks is below the sum of four weekly ones.
    assert (wide[0.9] <= weekly.groupby("unique_id")["value"].sum() + 0.5).all()

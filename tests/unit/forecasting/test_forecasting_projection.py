from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting import HUB_LEVELS, SeriesError, project, reporting_triangle, weekly_series
from forecasting.backtest import backtest
from forecasting.frames import to_panel
from forecasting.models import pool

AS_OF = "2026-06-22"


@pytest.fixture(scope="module")
def series(counts):
    return weekly_series(counts, as_of_week=AS_OF)


@pytest.fixture(scope="module")
def triangle(counts):
    return reporting_triangle(counts, as_of_week=AS_OF)


def test_frames_have_the_promised_shape(series, triangle):
    out = project(series, triangle=triangle, origins=6, paths=200, seed=4)
    assert list(out.forecast.columns) == ["unique_id", "ds", "horizon", "quantile", "value", "model_name"]
    assert len(out.forecast) == 2 * 12 * len(HUB_LEVELS)
    assert out.forecast["ds"].min() == pd.Timestamp("2026-06-29")
    assert (
        out.forecast["ds"] == out.as_of_week + pd.to_timedelta(7 * out.forecast["horizon"], unit="D")
    ).all()
    spread = out.forecast.groupby(["unique_id", "horizon"])["value"].apply(
        lambda v: v.is_monotonic_increasing
    )
    assert spread.all()
    assert (out.forecast["value"] >= 0).all()
    assert set(out.scores["origins"]) == {6}
    assert set(out.chosen) == {"MY/TIP", "MY/SOM"}
    assert (out.nowcast["value"] >= out.nowcast["reported"] - 1e-9).all()


def test_the_same_seed_gives_the_same_numbers_and_row_order_does_not_matter(series, triangle):
    first = project(series, triangle=triangle, origins=3, paths=100, seed=4)
    again = project(
        series.sample(frac=1, random_state=0), triangle=triangle.sample(frac=1, random_state=1),
        origins=3, paths=100, seed=4,
    )  # fmt: skip
    pd.testing.assert_frame_equal(first.forecast, again.forecast)
    pd.testing.assert_frame_equal(first.scores, again.scores)
    other = project(series, triangle=triangle, origins=3, paths=100, seed=5)
    assert not np.allclose(first.forecast["value"], other.forecast["value"])


def test_nothing_after_an_origin_reaches_its_forecast(counts):
    """Scores at an origin may change only through the truth: forecasts (dispersion) must stay the same."""
    changed = counts.copy()
    late = pd.to_datetime(changed["known_week"]) > pd.Timestamp("2026-02-02")
    changed.loc[late, "count_value"] += 50
    rows = []
    for fact in (counts, changed):
        series = weekly_series(fact, as_of_week=AS_OF)
        triangle = reporting_triangle(fact, as_of_week=AS_OF)
        out = backtest(
            to_panel(series), pool(), horizon=4, levels=HUB_LEVELS, origins=30, triangle=triangle,
            mature_after=0, paths=60, seed=1,
        )  # fmt: skip
        rows.append(out[out["origin"] <= "2026-01-26"])
    assert len(rows[0]) > 50
    np.testing.assert_allclose(rows[0]["dispersion"], rows[1]["dispersion"])
    assert not np.allclose(rows[0]["wis"], rows[1]["wis"])


def test_nowcasting_corrects_the_raw_tail(counts):
    """The raw last week holds 40 % of its reports."""
    series = weekly_series(counts, as_of_week=AS_OF)
    triangle = reporting_triangle(counts, as_of_week=AS_OF)
    out = project(series, triangle=triangle, origins=2, paths=400, seed=1)
    newest = out.nowcast[(out.nowcast["ds"] == AS_OF) & (out.nowcast["quantile"] == 0.5)]
    assert (newest["value"] > newest["reported"]).any()
    assert newest["value"].sum() < 12 * newest["reported"].sum() + 40


def test_too_short_for_a_backtest_still_forecasts():
    weeks = pd.date_range("2026-05-04", periods=6, freq="7D")
    out = project(pd.DataFrame({"unique_id": "x", "ds": weeks, "y": [0, 2, 1, 0, 3, 1]}), paths=100)
    assert out.scores.empty
    assert len(out.forecast) == 12 * len(HUB_LEVELS)


def test_repeated_weeks_are_refused():
    frame = pd.DataFrame({"unique_id": "x", "ds": pd.to_datetime(["2026-05-04"] * 2), "y": [1, 2]})
    with pytest.raises(SeriesError, match="twice"):
        project(frame)

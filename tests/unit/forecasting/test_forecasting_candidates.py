"""Candidates that use more than the series itself, and how they are weighed below the national series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting import project, reporting_triangle, weekly_series
from forecasting.combine import BEHIND, learn
from forecasting.context import Context, context_of
from forecasting.frames import Panel, generator
from forecasting.models import NATIONAL, pool
from forecasting.node_weights import LeafTriangle
from forecasting.trend import trend_calls

FIRST = np.datetime64("2020-01-06")
STEPS = 260


def weeks(count: int = STEPS) -> np.ndarray:
    return FIRST + 7 * np.arange(count)


def holidays_and_operations(busy: np.ndarray) -> Context:
    """Two places; every fourth week has three holidays; ``busy`` operations a week in place 10, known a week later."""
    days = [
        (str(day + k), place)
        for i, day in enumerate(weeks(STEPS + 20))
        if i % 4 == 0
        for k in range(3)
        for place in ("01", "10")
    ]
    rows = [(day, "10", day + 7) for day, n in zip(weeks(), busy, strict=True) for _ in range(n)]
    context = context_of(
        pd.DataFrame(days, columns=["date_on", "state_code"]).assign(holiday_name_en="Rest Day"),
        pd.DataFrame(rows, columns=["event_week", "state_code", "known_on"]),
    )
    assert context is not None
    return context


def test_regression_learns_what_holidays_and_operations_do():
    rng = np.random.default_rng(1)
    busy = rng.poisson(np.where(np.arange(STEPS) % 26 < 13, 1, 12))
    quiet = np.where(np.arange(STEPS) % 4 == 0, -0.6, 0.0)
    y = rng.poisson(20 * np.exp(quiet + 0.4 * np.log1p(busy)))[None].astype(float)
    view = Panel(("MY/TIP/10",), weeks(), y, context=holidays_and_operations(busy))
    (model,) = pool(("regression",))
    ahead = model.sample(view, 8, 500, generator(1)).mean(axis=1)[0]
    holiday = (STEPS + np.arange(8)) % 4 == 0
    # exp(-0.6) is 0.55: known holidays ahead are forecast as such.
    assert 0.45 < ahead[holiday].mean() / ahead[~holiday].mean() < 0.7
    # Without a calendar a holiday ahead is a week like any other.
    plain = model.sample(replace(view, context=None), 8, 500, generator(1))
    assert plain[0, :, holiday].mean() > ahead[holiday].mean()


def test_regression_moves_what_ramadan_and_its_feast_do_with_the_calendar():
    feasts = np.array(
        ["2021-05-13", "2022-05-02", "2023-04-22", "2024-04-10", "2025-03-31", "2026-03-20"], "M8[D]"
    )
    days = pd.DataFrame({"date_on": feasts, "state_code": "01", "holiday_name_en": "Eid al-Fitr"})
    context = context_of(days, pd.DataFrame(columns=["event_week", "state_code", "known_on"]))
    assert context is not None
    ds = np.arange(np.datetime64("2021-03-01"), np.datetime64("2026-03-09"), 7).astype("M8[D]")
    (fasting,) = context.holiday_days(0, np.array(["2026-03-02"], "M8[D]"))
    assert fasting.tolist() == [0, 0, 7]
    y = np.random.default_rng(1).poisson(30 * 0.4 ** context.holiday_days(0, ds)[:, 1])[None].astype(float)
    view = Panel(("MY/TIP",), ds, y, context=context)
    ahead = pool(("regression",))[0].sample(view, 4, 500, generator(1)).mean(axis=1)[0]
    assert view.future(4)[1] == np.datetime64(
        "2026-03-16"
    )  # the feast is earlier than ever before in the series
    assert ahead.argmin() == 1 and ahead[1] < 0.75 * ahead[[0, 2, 3]].mean()


def test_operations_are_read_as_known_then():
    context = holidays_and_operations(np.full(STEPS, 2))
    (row,) = context.rows(("MY/TIP/10/PDRM",))
    held = context.operations(row, weeks(100))
    assert held[:99].tolist() == [2] * 99
    late = replace(context, known=context.known + np.timedelta64(21, "D"))
    assert late.operations(row, weeks(100))[-3:].tolist() == [0, 0, 0]
    assert context.operations(int(context.rows(("MY/TIP/01",))[0]), weeks(100)).sum() == 0


@pytest.mark.parametrize("name", NATIONAL)
@pytest.mark.parametrize("row", [[0.0] * 230, [3.0], [0.0] * 229 + [400.0], list(range(230))])
def test_every_candidate_answers_odd_series_with_finite_ordered_quantiles(name, row):
    y = np.full((1, 230), np.nan)
    y[0, -len(row) :] = row
    levels = (0.025, 0.5, 0.975)
    (model,) = pool((name,))
    values = model.quantiles(Panel(("a",), weeks(230), y), 6, levels, paths=60, rng=generator(2))
    assert values.shape == (1, 6, 3)
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=2) >= 0).all() and (values >= 0).all()


def test_a_candidate_that_is_behind_gets_no_share_and_a_handicap_counts():
    models = pool(("seasonal_naive", "negbin_damped", "ets"))
    scores = np.ones((40, 3, 5, 4))
    scores[:, 0] = 1.5
    share = learn(scores, models).share
    assert (share[:, 0] == 0).all()
    np.testing.assert_allclose(share[:, 1], share[:, 2], rtol=0.02)  # the prior still speaks a little
    assert (learn(scores, models, handicap={"ets": 2 * BEHIND}).share[:, 2] == 0).all()


def test_nodes_are_weighed_on_what_was_known_then(counts):
    """Reports that came after an origin change its truth, never its forecasts."""
    fact = counts[(counts["crime_type_code"] == "TIP") & (counts["event_week"] >= "2024-01-01")]
    fact = fact.assign(state_code=np.where(np.arange(len(fact)) % 3 == 0, "10", "12"))
    about = {"as_of_week": "2026-06-22", "by": ("crime_type_code", "state_code", "agency_code")}
    triangle = reporting_triangle(fact, **about)
    like = Panel(("MY/TIP",), np.datetime64("2024-01-01") + 7 * np.arange(80), np.zeros((1, 80)))
    close = pd.Timestamp(like.last) + pd.Timedelta(days=7)
    then = LeafTriangle.of(triangle[triangle["known_week"] <= close]).panel(like, "MY/TIP")
    now = LeafTriangle.of(triangle).panel(like, "MY/TIP")
    assert then.ids == now.ids
    np.testing.assert_array_equal(then.y, now.y)
    memo: dict = {}
    out = project(
        weekly_series(fact, as_of_week="2026-06-22"), triangle=reporting_triangle(fact, as_of_week="2026-06-22"),
        leaves=triangle, origins=1, learn_on=1, paths=60, replay_paths=40, seed=2, memo=memo,
        models=("seasonal_naive", "negbin_damped"),
    )  # fmt: skip
    origins = sorted(key[2] for key in memo if key[0] == "nodes")
    # Fixed weeks of the calendar, so that next week's projection finds them made.
    assert len(origins) > 4
    assert {int(np.datetime64(day, "D").astype(int)) // 7 % 6 for day in origins} == {0}
    assert out.incoherent == 0


def test_bursts_are_no_trend_and_a_doubling_is():
    rng = np.random.default_rng(9)
    level = np.zeros((80, 182))
    for week in range(1, 182):
        level[:, week] = 0.9 * level[:, week - 1] + 0.09 * rng.standard_normal(80)
    y = rng.poisson(10 * np.exp(level)).astype(float)
    calls = trend_calls(Panel(tuple(f"s{i}" for i in range(80)), weeks(182), y), seed=1)
    assert calls["call"].isin(["rising", "falling"]).groupby(calls["weeks"]).mean().max() <= 0.12
    y = rng.poisson(10, (40, 182)).astype(float)
    y[:, -12:] = rng.poisson(20, (40, 12))
    found = trend_calls(Panel(tuple(f"s{i}" for i in range(40)), weeks(182), y), seed=1, windows=(12,))
    assert (found["call"] == "rising").mean() > 0.8

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting import SeriesError
from forecasting.intervention import effect


def weekly(rng, *, steps=260, mean=6.0, ratio=1.0, rho=0.5, sd=0.25, shared=None):
    ds = pd.date_range("2018-01-01", periods=steps, freq="7D")
    date = ds[int(steps * 0.6)]
    walk = np.zeros(steps)
    for t in range(1, steps):
        walk[t] = rho * walk[t - 1] + rng.normal(0, sd)
    walk = walk if shared is None else shared
    season = 0.3 * np.cos(2 * np.pi * np.arange(steps) / 52.18)
    rate = mean * np.exp(walk + season) * np.where(ds >= date, ratio, 1)
    return pd.DataFrame({"ds": ds, "y": rng.poisson(rate)}), date, walk


def test_no_effect_is_rarely_found_and_intervals_cover_in_correlated_series():
    rng = np.random.default_rng(1)
    found = [effect(f, date=d) for f, d, _ in (weekly(rng) for _ in range(40))]
    assert np.mean([o.call != "cannot tell" for o in found]) <= 0.15  # two standard errors above 5 %
    assert np.mean([o.low <= 1 <= o.high for o in found]) >= 0.85


def test_a_step_is_found_at_its_size():
    rng = np.random.default_rng(2)
    found = [effect(f, date=d) for f, d, _ in (weekly(rng, ratio=2.0, sd=0.1) for _ in range(10))]
    assert np.mean([o.call == "higher" for o in found]) >= 0.8
    assert 1.7 < np.median([o.effect for o in found]) < 2.4
    one = found[0]
    assert one.extra_low < one.extra < one.extra_high
    assert "not proof" in one.words
    assert f"{one.events_before + one.events_after:,.0f} events" in one.words


def test_a_control_takes_away_what_moved_both():
    rng = np.random.default_rng(3)
    widths = []
    for _ in range(5):
        treated, date, walk = weekly(rng, ratio=1.6, rho=0.95, sd=0.2)
        control, _, _ = weekly(rng, mean=20.0, shared=walk)
        with_it = effect(treated, date=date, control=control)
        without = effect(treated, date=date)
        widths.append((np.log(with_it.high / with_it.low), np.log(without.high / without.low)))
        assert with_it.kind == "ratio_of_ratios"
        assert 1.1 < with_it.effect < 2.4
    assert np.mean([a for a, _ in widths]) < 0.6 * np.mean([b for _, b in widths])


def test_a_known_break_is_not_taken_for_the_effect():
    rng = np.random.default_rng(4)
    frame, date, _ = weekly(rng, steps=320, mean=12, sd=0.05)
    window = (date - pd.Timedelta(weeks=60), date - pd.Timedelta(weeks=1))
    low = frame["ds"].between(*window)
    frame.loc[low, "y"] = frame.loc[low, "y"] // 4
    naive = effect(frame, date=date)
    told = effect(frame, date=date, breaks=[tuple(f"{w:%Y-%m-%d}" for w in window)])
    assert abs(np.log(told.effect)) < 0.5 * abs(np.log(naive.effect))


def test_real_numbers_give_a_difference_and_few_events_cannot_tell():
    rng = np.random.default_rng(5)
    ds = pd.date_range("2020-01-06", periods=150, freq="7D")
    y = rng.normal(-3, 1, 150) + np.where(np.arange(150) >= 100, 4, 0)
    out = effect(pd.DataFrame({"ds": ds, "y": y}), date=ds[100])
    assert out.kind == "difference"
    assert out.low < 4 < out.high
    few = np.zeros(150)
    few[120:125] = 1
    assert effect(pd.DataFrame({"ds": ds, "y": few}), date=ds[100]).call == "cannot tell"
    with pytest.raises(SeriesError, match="no event"):
        effect(pd.DataFrame({"ds": ds, "y": np.zeros(150)}), date=ds[100])


def test_too_little_on_a_side_is_refused():
    frame, _, _ = weekly(np.random.default_rng(6), steps=60)
    with pytest.raises(SeriesError, match="needed"):
        effect(frame, date=frame["ds"].iloc[-2])
    with pytest.raises(SeriesError, match="in common"):
        effect(frame, date="2018-08-06", control=frame.assign(ds=frame["ds"] + pd.Timedelta(days=1)))

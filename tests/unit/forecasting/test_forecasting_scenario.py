"""What exposure does, in worlds where it is known; scenarios beside the baseline; where effort helps most."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.exposure import elasticity
from forecasting.frames import Panel, SeriesError
from forecasting.scenario import Scenario, allocation, read_scenarios, scenario_paths

PLACES = tuple(f"{i:02d}" for i in range(1, 13))


def world(
    seed: int, effect: float = 0.4, post: float = 0.5, weeks: int = 260, own: dict[int, float] | None = None
):
    """Cases that raids bring to light with a known elasticity, under a season and a drift common to all places."""
    rng = np.random.default_rng(seed)
    n = len(PLACES)
    wave = np.zeros((n, weeks))
    for t in range(1, weeks):
        wave[:, t] = 0.7 * wave[:, t - 1] + 0.35 * rng.standard_normal(n)
    raids = rng.poisson(np.exp(rng.normal(0.7, 0.7, n))[:, None] * np.exp(wave)).astype(float)
    posts = np.zeros((n, weeks))
    for s in range(n // 2):
        posts[s, rng.integers(140, 200) :] = rng.integers(1, 4)
    season = 0.3 * np.cos(2 * np.pi * np.arange(weeks) / 52.2) + np.cumsum(rng.normal(0, 0.03, weeks))
    slope = np.full(n, effect)
    for s, value in (own or {}).items():
        slope[s] = value
    mean = np.exp(
        rng.normal(-0.6, 0.7, n)[:, None] + season + slope[:, None] * np.log1p(raids) + post * np.log1p(posts)
    )
    return rng.negative_binomial(4, 4 / (4 + mean)), {"OPERATION": raids, "AKPS_POST": posts}


@pytest.mark.parametrize("effect", [0.4, 0.0])
def test_intervals_hold_the_known_effect_of_raids_and_posts(effect):
    held, post_held, called = 0, 0, 0
    for seed in range(12):
        found = elasticity(*world(seed, effect), PLACES)
        _, low, high, p = found.interval("OPERATION", 0.8)
        held += low <= effect <= high
        called += p < 0.05
        _, low, high, _ = found.interval("AKPS_POST", 0.8)
        post_held += low <= 0.5 <= high
    # 80 % of 12: fewer than 7 has a chance below two in a hundred.
    assert held >= 7 and post_held >= 7
    assert called >= 11 if effect else called <= 2


def test_too_little_to_tell_is_refused():
    y, exposures = world(1)
    with pytest.raises(SeriesError, match="at least 60"):
        elasticity(y[:, :60], {c: v[:, :60] for c, v in exposures.items()}, PLACES)
    with pytest.raises(SeriesError, match="ever differs"):
        elasticity(y, {"OPERATION": np.ones(y.shape)}, PLACES)


def baseline(y, size=800, horizon=12):
    rng = np.random.default_rng(5)
    return rng.poisson(y[:, -52:].mean(1)[:, None, None], (len(y), size, horizon)).astype(float)


def test_more_raids_bring_the_known_number_of_cases_and_leave_other_places_alone():
    y, exposures = world(3, own={})
    slopes = elasticity(y, exposures, PLACES)
    base = baseline(y)
    plan = Scenario("MORE", "TIP", "02", "OPERATION", "MULTIPLY", 1.3, 3, 8)
    other = scenario_paths(plan, base, PLACES, slopes=slopes, exposures=exposures, seed=1)
    assert (other[[0, *range(2, len(PLACES))]] == base[[0, *range(2, len(PLACES))]]).all()
    assert (other[1, :, :2] == base[1, :, :2]).all()
    level = exposures["OPERATION"][1, -26:].mean()
    truth = base[1, :, 2:10].sum(1).mean() * (((1 + 1.3 * level) / (1 + level)) ** 0.4 - 1)
    gain = other[1, :, 2:10].sum(1) - base[1, :, 2:10].sum(1)
    low, high = np.quantile(gain, [0.05, 0.95])
    assert low <= truth <= high and gain.mean() > 0
    assert (other == np.round(other)).all() and (other >= 0).all()


def test_a_season_that_comes_earlier_moves_the_peak():
    weeks = np.arange(520)
    ds = np.datetime64("2016-06-06") + 7 * weeks
    mean = 6 * np.exp(0.8 * np.cos(2 * np.pi * (weeks - 520 - 10) / 52.18))  # peak ten weeks ahead
    rng = np.random.default_rng(2)
    panel = Panel(("MY/SOM/02",), ds, rng.poisson(mean, (1, 520)).astype(float))
    base = rng.poisson(
        6 * np.exp(0.8 * np.cos(2 * np.pi * (np.arange(12) - 10) / 52.18)), (1, 600, 12)
    ).astype(float)
    plan = Scenario("EARLY", "SOM", "ALL", "SEASON", "SHIFT_WEEKS", -6, 1, 12)
    other = scenario_paths(plan, base, ("02",), panel=panel, seed=1)
    ratio = other.mean(1)[0] / base.mean(1)[0]
    assert ratio[0] > 1.1 and ratio[-1] < 0.95


def test_the_place_where_raids_find_most_is_named_only_when_that_is_sure():
    y, exposures = world(7, effect=0.1, own={4: 1.0})
    base = baseline(y)
    base[4] += 3.0
    slopes = elasticity(y, exposures, PLACES)
    table = allocation(base, PLACES, slopes, exposures, seed=1).frame()
    assert table.loc[0, "state_code"] == "05" and table.loc[0, "call"] == "best"
    assert abs(table["p_best"].sum() - 1) < 1e-9
    nothing = elasticity(*world(8, effect=0.0), PLACES)
    calls = allocation(baseline(world(8, 0.0)[0]), PLACES, nothing, world(8, 0.0)[1], seed=1).frame()["call"]
    assert set(calls) == {"cannot tell"}


GOOD = {"scenario_code": "A", "crime_type_code": "TIP", "state_code": "10", "exposure_code": "OPERATION",
        "change_code": "MULTIPLY", "change_value": 1.3, "first_week": 1, "weeks": 8}  # fmt: skip


def read(*rows):
    return read_scenarios(
        pd.DataFrame(rows), horizon=12, exposures=("OPERATION",), states=("10", "12"), crime_types=("TIP",)
    )


def test_scenarios_are_read_from_data():
    (found,) = read(GOOD)
    assert found == Scenario("A", "TIP", "10", "OPERATION", "MULTIPLY", 1.3, 1, 8)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"state_code": "99"}, "line 2 .*state_code '99' is not one of 10, 12, ALL"),
        ({"change_value": "much"}, "change_value 'much' is not a number"),
        ({"weeks": 13}, "do not lie in weeks 1 to 12"),
        ({"change_code": "SHIFT_WEEKS"}, "SHIFT_WEEKS goes with exposure SEASON"),
        ({"change_value": -2}, "no factor"),
        ({"exposure_code": "LUCK"}, "not one of OPERATION, SEASON"),
    ],
)
def test_a_faulty_scenario_is_named_by_line_and_column(change, says):
    with pytest.raises(SeriesError, match=says):
        read({**GOOD, **change})


def test_missing_columns_and_repeated_codes_are_refused():
    with pytest.raises(SeriesError, match="lack column"):
        read({k: v for k, v in GOOD.items() if k != "weeks"})
    with pytest.raises(SeriesError, match="appears twice"):
        read(GOOD, GOOD)

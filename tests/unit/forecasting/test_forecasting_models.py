from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.combine import is_whole, sample_paths
from forecasting.frames import HUB_LEVELS, Panel, generator
from forecasting.models import pool
from forecasting.quantiles import expected_count, path_quantiles
from forecasting.scores import covered, wis


def panel(y: np.ndarray) -> Panel:
    weeks = np.datetime64("2016-01-04") + 7 * np.arange(y.shape[1])
    return Panel(tuple(f"s{i}" for i in range(len(y))), weeks, y.astype(float))


def seasonal_counts(n: int, steps: int, mean: float, size: float, amplitude: float = 0.6) -> np.ndarray:
    rng = np.random.default_rng(11)
    rate = mean * np.exp(amplitude * np.cos(2 * np.pi * np.arange(steps) * 7 / 365.25))
    return rng.negative_binomial(size, size / (size + rate), size=(n, steps))


@pytest.mark.parametrize(("mean", "size"), [(0.3, 1.0), (4.0, 1.5), (300.0, 20.0)])
def test_count_model_is_calibrated_on_the_process_it_describes(mean, size):
    y = seasonal_counts(150, 320, mean, size)
    view = panel(y)
    (model,) = pool(("negbin_damped",))
    values = path_quantiles(model.sample(view.until(312), 8, 800, generator(1)), HUB_LEVELS)
    truth = y[:, 312:].astype(float)
    for coverage, slack in ((0.8, 0.05), (0.95, 0.025)):
        got = covered(truth, values, HUB_LEVELS, coverage).mean()
        # Discrete intervals can only cover more than they promise, never less.
        assert got > coverage - slack
        if mean > 100:
            assert got < coverage + slack


def test_count_model_beats_the_naive_where_there_is_season_and_noise():
    y = seasonal_counts(60, 320, 8.0, 3.0)
    view, truth = panel(y).until(308), y[:, 308:].astype(float)
    score = {}
    for model in pool():
        values = path_quantiles(model.sample(view, 12, 500, generator(2)), HUB_LEVELS)
        score[model.name] = wis(truth, values, HUB_LEVELS).mean()
    assert score["negbin_damped"] < 0.8 * score["seasonal_naive"]


@pytest.mark.parametrize("name", ["seasonal_naive", "negbin_damped"])
@pytest.mark.parametrize(
    "row", [[0.0] * 80, [3.0], [np.nan] * 70 + [2.0, 0.0, 1.0], [0.0] * 79 + [400.0], list(range(80))]
)
def test_odd_series_get_finite_non_negative_paths(name, row):
    (model,) = pool((name,))
    paths = model.sample(panel(np.array([row])), 12, 100, generator(3))
    assert paths.shape == (1, 100, 12)
    assert np.isfinite(paths).all()
    assert (paths >= 0).all()


@pytest.mark.parametrize("name", ["seasonal_window", "tsb", "adida", "regression"])
def test_a_series_long_quiet_is_not_woken_by_reports_that_might_still_come(name):
    y = np.zeros((20, 320))
    y[:, 10:40:6] = 1.0
    draws = np.random.default_rng(5).poisson(0.01, (20, 200, 8)).astype(float)
    y[:, -8:] = draws.mean(1)
    view = replace(panel(y), tail=draws)
    assert is_whole(view).all()
    paths = sample_paths(pool((name,))[0], view, 4, 200, generator(4))
    assert (paths == np.round(paths)).all()
    assert paths.mean() < 0.06


@pytest.mark.parametrize("mean", [0.02, 0.3, 3.0])
def test_the_mean_of_a_count_comes_back_from_its_quantiles(mean):
    drawn = np.random.default_rng(6).negative_binomial(2, 2 / (2 + mean), (1, 20_000, 1)).astype(float)
    values = path_quantiles(drawn, HUB_LEVELS)[0, 0]
    assert expected_count(HUB_LEVELS, values) == pytest.approx(drawn.mean(), rel=0.05, abs=0.01)


def test_an_unknown_model_is_named():
    with pytest.raises(KeyError, match="prophet"):
        pool(("prophet",))

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forecasting.frames import HUB_LEVELS, LEVELS
from forecasting.quantiles import path_quantiles
from forecasting.scores import check_levels, covered, pit, score_frame, wis, wis_parts


def test_wis_by_hand():
    # 80 % interval [2, 8], median 5, truth 10: IS = 6 + 2/0.2*2 = 26; WIS = (0.5*5 + 0.1*26) / 1.5
    values, levels = np.array([2.0, 5.0, 8.0]), (0.1, 0.5, 0.9)
    parts = wis_parts(np.array(10.0), values, levels)
    assert parts["wis"] == pytest.approx((2.5 + 2.6) / 1.5)
    assert parts["dispersion"] == pytest.approx(0.6 / 1.5)
    assert parts["underprediction"] == pytest.approx(4.5 / 1.5)
    assert parts["overprediction"] == 0.0


def test_wis_of_a_median_alone_is_absolute_error():
    assert wis(np.array([3.0, 9.0]), np.array([[5.0], [5.0]]), (0.5,)).tolist() == [2.0, 4.0]


@pytest.mark.parametrize("levels", [LEVELS, HUB_LEVELS])
def test_wis_equals_scoringrules_interval_and_pinball_scores(levels):
    import scoringrules as sr

    rng = np.random.default_rng(0)
    values = np.sort(rng.gamma(2, 5, size=(200, len(levels))), axis=1)
    y = rng.gamma(2, 5, size=200)
    q = np.asarray(levels)
    half = len(q) // 2
    alpha = 2 * q[:half]
    lower, upper = values[:, :half], values[:, ::-1][:, :half]
    intervals = sr.interval_score(y, lower, upper, alpha, backend="numpy")
    # Not sr.weighted_interval_score: its numpy core in 0.10.0 adds the median itself, not |y - median|.
    theirs = (0.5 * np.abs(y - values[:, half]) + (alpha / 2 * intervals).sum(1)) / (half + 0.5)
    parts = wis_parts(y, values, levels)
    np.testing.assert_allclose(parts["wis"], theirs)
    pinball = sr.quantile_score(y[:, None], values, q, backend="numpy")
    np.testing.assert_allclose(parts["wis"], 2 * pinball.mean(1))
    np.testing.assert_allclose(
        parts["wis"], parts["dispersion"] + parts["overprediction"] + parts["underprediction"]
    )


def test_the_true_distribution_scores_best():
    rng = np.random.default_rng(3)
    y = rng.poisson(8, size=4000).astype(float)
    score = {m: wis(y, np.tile(stats.poisson(m).ppf(LEVELS), (4000, 1)), LEVELS).mean() for m in (6, 8, 10)}
    assert score[8] < score[6]
    assert score[8] < score[10]


def test_coverage_includes_the_bounds_and_needs_their_levels():
    values = np.array([[2.0, 3.0, 4.6]])
    assert covered(np.array([2.0]), values, (0.1, 0.5, 0.9), 0.8)[0] == 1.0
    assert covered(np.array([5.0]), values, (0.1, 0.5, 0.9), 0.8)[0] == 0.0
    assert np.isnan(covered(np.array([2.0]), values, (0.1, 0.5, 0.9), 0.5)[0])


@pytest.mark.parametrize("mean", [2.0, 5.0])
def test_intervals_of_small_counts_cover_about_what_they_say(mean):
    rng = np.random.default_rng(8)
    means = rng.gamma(8, mean / 8, size=400)  # many series, so that no one lattice decides
    paths = rng.poisson(means[:, None, None], size=(400, 800, 10)).astype(float)
    truth = rng.poisson(means[:, None], size=(400, 10)).astype(float)
    values = path_quantiles(paths, HUB_LEVELS)
    got = [covered(truth, values, HUB_LEVELS, c).mean() for c in (0.5, 0.8, 0.95)]
    assert abs(got[0] - 0.5) < 0.13
    assert abs(got[1] - 0.8) < 0.07
    assert abs(got[2] - 0.95) < 0.03


def test_pit_of_the_true_continuous_distribution_is_uniform():
    rng = np.random.default_rng(5)
    y = rng.normal(50, 10, size=5000)
    values = np.tile(stats.norm(50, 10).ppf(HUB_LEVELS), (5000, 1))
    out = pit(y, values, HUB_LEVELS)
    assert abs(out.mean() - 0.5) < 0.02
    assert np.abs(np.histogram(out, bins=10, range=(0, 1))[0] / 5000 - 0.1).max() < 0.02


def test_score_frame_leaves_unmatured_targets_out():
    week = pd.Timestamp("2026-01-05")
    forecast = pd.DataFrame(
        {"unique_id": "a", "ds": [week] * 3 + [week + pd.Timedelta(days=7)] * 3, "horizon": [1] * 3 + [2] * 3,
         "quantile": [0.1, 0.5, 0.9] * 2, "value": [2.0, 5.0, 8.0] * 2, "model_name": "m"}
    )  # fmt: skip
    out = score_frame(forecast, pd.DataFrame({"unique_id": ["a"], "ds": [week], "y": [10.0]}))
    assert len(out) == 1
    assert out["wis"].iloc[0] == pytest.approx(5.1 / 1.5)
    assert out["absolute_error"].iloc[0] == 5.0
    assert out["coverage_80"].iloc[0] == 0.0


@pytest.mark.parametrize("levels", [(), (0.5, 0.1, 0.9), (0.1, 0.5), (0.0, 0.5, 1.0)])
def test_levels_that_are_no_levels_are_refused(levels):
    with pytest.raises(ValueError, match="levels"):
        check_levels(levels)

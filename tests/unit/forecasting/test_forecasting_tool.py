from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting import SeriesError
from forecasting.combine import learn
from forecasting.frames import HUB_LEVELS, Panel, generator
from forecasting.hierarchy import aggregate, incoherence, reconcile, shuffle, tree_of, tree_panel
from forecasting.intake import period_dates, read_series
from forecasting.models import pool
from forecasting.replay import POOL, replay
from forecasting.tool import forecast_intake

WEEKS = pd.date_range("2023-01-02", periods=120, freq="7D")


def series(name: str, y, ds=None) -> pd.DataFrame:
    ds = WEEKS[-len(y) :] if ds is None else ds
    return pd.DataFrame({"unique_id": name, "ds": [f"{d:%Y-%m-%d}" for d in ds], "y": [str(v) for v in y]})


def counts(mean: float, steps: int = 120, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).negative_binomial(3, 3 / (3 + mean), steps)


def notes_of(intake) -> dict[str, str]:
    return {r.unique_id: f"{r.kind}: {r.note}" for r in intake.notes.itertuples()}


def test_odd_series_are_answered_or_refused_one_by_one():
    frame = pd.concat(
        [
            series("ok", counts(4)),
            series("zeros", [0] * 60),
            series("one", [7]),
            series("signed", np.round(np.random.default_rng(2).normal(0, 5, 100), 2)),
            series("fractions", np.random.default_rng(3).gamma(2, 0.2, 100)),
            series("letters", ["x"] * 6),
            series("onebad", ["12 a", *counts(4, 80)]),
            series("empty", [""] * 4),
            series("same", [1, 1, 1], WEEKS[[-2, -1, -1]]),
            series("twice", [1, 2, 3], WEEKS[[-2, -1, -1]]),
            series("monthly", range(20), pd.date_range("2023-06-01", periods=20, freq="MS")),
        ]
    ).sample(frac=1, random_state=4)
    intake = read_series(frame, freq="W")
    said = notes_of(intake)
    assert set(intake.refused) == {"letters", "empty", "twice", "monthly"}
    assert "is not a number" in said["onebad"]
    assert "two rows for one period" in said["twice"]
    assert "--freq" in said["monthly"]
    out = forecast_intake(intake, horizon=5, paths=200, seed=1)
    assert set(out.ids) == {"ok", "zeros", "one", "signed", "fractions", "onebad", "same"}
    assert np.isfinite(out.frame["value"]).all()
    assert len(out.frame) == 7 * 5 * len(HUB_LEVELS)
    wide = out.frame.pivot(index=["unique_id", "horizon"], columns="output_type_id", values="value")
    assert (np.diff(wide.to_numpy(), axis=1) >= -1e-9).all()
    assert (wide.drop(index="signed").to_numpy() >= 0).all()
    assert wide.loc["signed"].to_numpy().min() < 0
    assert wide.loc[("zeros", 1), 0.975] < 1
    assert 0.1 < wide.loc[("fractions", 1), 0.5] < 0.8


def test_gaps_are_zero_or_filled_and_said():
    few = series("few", np.ones(40, dtype=int), WEEKS[np.sort(generator(1).choice(110, 40, replace=False))])
    many = series("many", [900] * 100, WEEKS[np.r_[0:60, 80:120]])
    found = read_series(pd.concat([few, many]), freq="W")
    assert (found.y[0][~np.isnan(found.y[0])] == 0).any()
    assert np.nanmin(found.y[1]) == 900
    assert "zero" in notes_of(found)["few"]
    assert "filled" in notes_of(found)["many"]
    assert np.nanmin(read_series(many, freq="W", gaps="zero").y) == 0


def test_each_series_is_forecast_from_its_own_end_with_its_own_labels():
    old = series("old", counts(3, 50), WEEKS[:50])
    out = forecast_intake(
        read_series(pd.concat([old, series("new", counts(3))]), freq="W"), horizon=2, paths=50
    )
    first = (
        out.frame[out.frame["horizon"] == 1].groupby("unique_id")[["origin_date", "target_end_date"]].first()
    )
    assert first.loc["old", "origin_date"] == WEEKS[49]
    assert first.loc["old", "target_end_date"] == WEEKS[50]
    assert first.loc["new", "origin_date"] == WEEKS[-1]
    months = period_dates(np.array(["2026-01-31", "2026-01-15"], dtype="datetime64[D]"), 2, "M")
    assert months.astype(str).tolist() == [["2026-02-28", "2026-03-31"], ["2026-02-15", "2026-03-15"]]


def test_daily_series_keep_their_weekday():
    rate = np.tile([40, 40, 40, 40, 40, 4, 4], 30)
    days = pd.date_range("2026-01-05", periods=210)
    out = forecast_intake(
        read_series(series("d", np.random.default_rng(1).poisson(rate), days), freq="D"), horizon=7, paths=300
    )
    median = out.frame[out.frame["output_type_id"] == 0.5]["value"].to_numpy()
    assert median[:5].min() > 25
    assert median[5:].max() < 15


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (series("a", [1]).drop(columns="y"), "column"),
        (series("a", [1]).head(0), "no row"),
        (series("a", ["x", "y"]), "no series can be used"),
    ],
)
def test_a_frame_of_no_use_is_refused_whole(frame, says):
    with pytest.raises(SeriesError, match=says):
        read_series(frame, freq="W")


def hierarchical(leaves: int = 12, seed: int = 5) -> pd.DataFrame:
    out = []
    for i in range(leaves):
        out.append(series(f"s{i:02d}", counts(0.2 + i, seed=seed + i)).assign(a=f"a{i % 3}", b=f"b{i % 6}"))
    return pd.concat(out)


def test_totals_add_up_in_every_path_and_in_the_file():
    out = forecast_intake(
        read_series(hierarchical(), freq="W", hierarchy=("a", "b")), horizon=4, paths=200, seed=2, samples=20
    )
    assert out.incoherent == 0
    drawn = out.frame[out.frame["output_type"] == "sample"]
    wide = drawn.pivot(index="unique_id", columns=["horizon", "output_type_id"], values="value")
    assert (wide.to_numpy() >= 0).all()
    assert (wide.to_numpy() == np.round(wide.to_numpy())).all()
    leaves = wide[wide.index.str.startswith("s")].sum()
    for prefix in ("total/a0", "total/a1", "total/a2"):
        assert prefix in wide.index
    np.testing.assert_allclose(leaves, wide.loc["total"])
    np.testing.assert_allclose(wide.loc[["total/a0", "total/a1", "total/a2"]].sum(), wide.loc["total"])
    # Reconciling moves the total towards, not away from, what its leaves say.
    mean = out.paths.mean((1, 2))
    truth = pd.to_numeric(hierarchical()["y"]).sum() / 120
    assert 0.8 * truth < mean[0] < 1.2 * truth


def test_a_series_with_two_places_in_the_hierarchy_is_refused():
    frame = hierarchical(4)
    frame.iloc[3, frame.columns.get_loc("a")] = "elsewhere"
    assert "hierarchy" in notes_of(read_series(frame, freq="W", hierarchy=("a", "b")))["s00"]


def test_reconciliation_of_real_numbers_is_weighted_least_squares():
    """Against the closed form, where nothing becomes negative."""
    tree = tree_of(["x", "y", "z"], [("p",), ("p",), ("q",)], "t")
    rng = np.random.default_rng(1)
    y = np.abs(rng.normal([[100], [60], [45], [30], [25], [40]], [[6], [4], [5], [3], [2], [4]], (6, 4000)))[
        ..., None
    ]
    got = reconcile(tree, y, whole=False, seed=1)
    assert incoherence(tree, got) < 1e-9
    s = aggregate(tree, np.eye(3))
    w = np.diag(1 / (y[..., 0].var(1) + 1e-9 + 1e-3 * y[..., 0].mean(1)))
    expected = s @ np.linalg.solve(s.T @ w @ s, s.T @ w @ y[..., 0].mean(1))
    np.testing.assert_allclose(got[..., 0].mean(1), expected, rtol=0.02)


def test_shuffle_keeps_margins_and_brings_back_dependence():
    rng = np.random.default_rng(3)
    common = rng.normal(0, 3, 300)
    y = 20 + common + rng.normal(0, 0.5, (2, 300))
    panel = Panel(("a", "b"), np.datetime64("2016-01-04") + 7 * np.arange(300), y)
    paths = rng.normal(20, 3, (2, 400, 3))
    out = shuffle(paths, panel, seed=1)
    np.testing.assert_allclose(np.sort(out, axis=1), np.sort(paths, axis=1))
    assert np.corrcoef(out[0, :, 1], out[1, :, 1])[0, 1] > 0.8
    tree = tree_of(["a", "b"], [(), ()], "t")
    assert tree_panel(tree, panel).y[0] == pytest.approx(y.sum(0))


def test_weights_follow_scores_and_share_evidence_in_a_group():
    models = pool(("seasonal_naive", "negbin_damped"))
    scores = np.ones((20, 2, 3, 4))
    scores[:, 0] = 3.0
    scores[:, :, 2] = np.nan
    share = learn(scores, models).share
    assert share[0, 1] > 0.95
    assert share[2, 1] > 0.9  # never scored itself, but its group was
    np.testing.assert_allclose(share.sum(1), 1)


def test_nothing_after_an_origin_reaches_the_pool():
    weeks = np.datetime64("2016-01-04") + 7 * np.arange(160)
    y = np.stack([counts(6, 160, 1), counts(2, 160, 2)]).astype(float)
    other = y.copy()
    other[:, 150:] += 100
    found = [
        replay(Panel(("a", "b"), weeks, v), pool(), horizon=3, origins=14, learn_on=6, paths=100)
        for v in (y, other)
    ]
    upto = [k for k, stop in enumerate(found[0].stops) if stop <= 150]
    np.testing.assert_allclose(found[0].values[upto], found[1].values[upto])
    assert not np.allclose(found[0].values[-1], found[1].values[-1])
    rows = found[0].frame()
    assert set(rows["model_name"]) == {"seasonal_naive", "negbin_damped", "seasonal_window", POOL}
    assert rows.groupby("model_name").size().nunique() == 1

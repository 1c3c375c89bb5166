"""The forecasting verbs on files, good and bad."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mids_orchestration.cli import app

HUB = ["unique_id", "origin_date", "horizon", "target_end_date", "output_type", "output_type_id", "value"]


@pytest.fixture
def weekly(tmp_path):
    rng = np.random.default_rng(1)
    weeks = pd.date_range("2024-01-01", periods=110, freq="7D")
    frame = pd.concat(
        [pd.DataFrame({"unique_id": n, "area": n[0], "ds": weeks, "y": rng.poisson(m, 110)}) for n, m in
         (("n1", 4), ("n2", 1), ("s1", 9))]
    )  # fmt: skip
    path = tmp_path / "weekly.csv"
    frame.to_csv(path, index=False)
    return path


def run(*words):
    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_forecast_writes_hubverse_form(weekly, tmp_path, ending):
    out = tmp_path / f"out.{ending}"
    result = run(
        "forecast", weekly, "--horizon", 3, "--hierarchy", "area", "--out", out, "--json", "--seed", 3
    )
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["incoherence"] == 0
    table = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    assert list(table.columns) == HUB
    assert set(table["unique_id"]) == {"n1", "n2", "s1", "total", "total/n", "total/s"}
    assert len(table) == 6 * 3 * 23
    assert str(table["target_end_date"].min())[:10] == "2026-02-09"


def test_a_refused_series_is_named_and_the_rest_is_done(weekly, tmp_path):
    lines = weekly.read_text().splitlines()
    bad = tmp_path / "bad.csv"
    bad.write_text("\n".join([*lines, "odd,n,2026-02-02,many", "n1,n,2026-02-02", ""]))
    result = run("forecast", bad, "--out", tmp_path / "o.csv", "--json")
    assert result.exit_code == 1
    notes = {n["unique_id"]: n for n in json.loads(result.stdout)["notes"]}
    assert notes["odd"]["kind"] == "refused"
    assert "line 332, column y" in notes["odd"]["note"]
    assert set(pd.read_csv(tmp_path / "o.csv")["unique_id"]) == {"n1", "n2", "s1"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["forecast", "{t}/none.csv", "--out", "{t}/o.csv"], "no such file"),
        (["forecast", "{w}", "--out", "{t}/o.xlsx"], "must end in"),
        (["forecast", "{w}", "--out", "{t}/no/o.csv"], "does not exist"),
        (["forecast", "{w}", "--out", "{t}/o.csv", "--freq", "X"], "not one of"),
        (["forecast", "{w}", "--out", "{t}/o.csv", "--hierarchy", "state"], "state"),
        (
            [
                "nowcast",
                "{w}",
                "--event",
                "ds",
                "--report",
                "told",
                "--as-of",
                "2024-02-05",
                "--out",
                "{t}/o.csv",
            ],
            "told",
        ),
        (
            ["nowcast", "{w}", "--event", "ds", "--report", "ds", "--as-of", "soon", "--out", "{t}/o.csv"],
            "--as-of",
        ),
        (["backtest", "{w}", "--out", "{w}"], "name a folder"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(weekly, tmp_path, words, says):
    result = run(*(w.format(t=tmp_path, w=weekly) for w in words))
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_nowcast_writes_hubverse_form(tmp_path):
    rng = np.random.default_rng(2)
    start = pd.Timestamp("2025-01-06")
    happened = start + pd.to_timedelta(rng.integers(0, 60 * 7, 1500), unit="D")
    told = happened + pd.to_timedelta(rng.geometric(0.1, 1500), unit="D")
    path = tmp_path / "lines.csv"
    pd.DataFrame({"onset": happened, "told": told}).assign(
        told=lambda f: f["told"].dt.strftime("%d/%m/%Y")
    ).to_csv(path, index=False)
    out = tmp_path / "n.csv"
    result = run(
        "nowcast", path, "--event", "onset", "--report", "told", "--as-of", "2026-02-15", "--out", out
    )
    assert result.exit_code == 0, result.stderr
    table = pd.read_csv(out)
    assert list(table.columns)[:7] == HUB
    assert table["horizon"].max() == 0
    assert (table["value"] >= table["reported"] - 1e-9).all()


def test_backtest_scores_pool_and_candidates(weekly, tmp_path):
    result = run("backtest", weekly, "--origins", 3, "--horizon", 2, "--out", tmp_path / "bt", "--json")
    assert result.exit_code == 0, result.stderr
    overall = {r["model_name"]: r for r in json.loads(result.stdout)["overall"]}
    assert {"mids", "seasonal_naive"} <= set(overall)
    assert overall["mids"]["targets"] == 3 * 3 * 2
    assert list(pd.read_csv(tmp_path / "bt" / "forecasts.csv").columns) == HUB


def test_effect_says_association_and_counts_events(weekly, tmp_path):
    out = tmp_path / "effects.csv"
    result = run(
        "effect", weekly, "--date", "2025-06-02", "--break", "2024-03-04:2024-05-06", "--out", out, "--json"
    )
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["effects"]
    assert [e["unique_id"] for e in found] == ["n1", "n2", "s1"]
    assert all(e["low"] <= e["effect"] <= e["high"] for e in found)
    assert len(pd.read_csv(out)) == 3
    assert run("effect", weekly, "--date", "1999-01-01").exit_code == 2
    assert "FROM:TO" in run("effect", weekly, "--date", "2025-06-02", "--break", "2024").stderr
    assert run("effect", weekly, "--date", "2025-06-02", "--control", weekly).exit_code == 0

"""Hostile files for the forecasting verbs: a sensible answer or a clear refusal per series, never a traceback."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mids_orchestration.cli import app

HUB = ["unique_id", "origin_date", "horizon", "target_end_date", "output_type", "output_type_id", "value"]
LEVELS = [0.01, 0.025, *(round(0.05 * k, 2) for k in range(1, 20)), 0.975, 0.99]
WEEKS = pd.date_range("2024-01-01", periods=60, freq="7D")
MONTHS = pd.date_range("2019-01-01", periods=60, freq="MS")


def run(*words):
    result = CliRunner().invoke(app, [str(w) for w in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result


def series(name, y, ds=WEEKS):
    return pd.DataFrame({"unique_id": name, "ds": ds[: len(y)], "y": y})


def good(name="good", seed=0, n=60):
    return series(name, np.random.default_rng(seed).poisson(5, n))


def shuffled(frame):
    return frame.sample(frac=1, random_state=1)


#: name -> (frame, options, series that must be answered, series that must be refused or None for the whole file)
CASES = {
    "zeros": (pd.concat([good(), series("zeros", [0] * 60)]), [], {"good", "zeros"}, set()),
    "one_row": (pd.concat([good(), series("one", [3])]), [], {"good", "one"}, set()),
    "two_rows": (pd.concat([good(), series("two", [3, 4])]), [], {"good", "two"}, set()),
    "negative": (pd.concat([good(), series("neg", np.arange(60) - 30)]), [], {"good", "neg"}, set()),
    "constant": (series("flat", [7] * 60), [], {"flat"}, set()),
    "huge": (series("huge", np.full(60, 1e15)), [], {"huge"}, set()),
    "tiny": (series("tiny", np.full(60, 1e-12)), [], {"tiny"}, set()),
    "fractions": (series("part", np.linspace(0.1, 0.9, 60)), [], {"part"}, set()),
    "unsorted": (shuffled(pd.concat([good("a"), good("b", 1)])), [], {"a", "b"}, set()),
    "gaps": (good().drop(index=[5, 9, 10, 30]), [], {"good"}, set()),
    "not_mondays": (good().assign(ds=WEEKS + pd.Timedelta(days=3)), [], {"good"}, set()),
    "weekday_wanders": (good().assign(ds=WEEKS + pd.to_timedelta(np.arange(60) % 2, unit="D")), [], {"good"}, set()),
    "exact_repeats": (pd.concat([good(), good().head(3)]), [], {"good"}, set()),
    "contradictions": (pd.concat([good(), good("twice"), good("twice", 9)]), [], {"good"}, {"twice"}),
    "nan": (pd.concat([good(), series("nan", [np.nan] * 60)]), [], {"good"}, {"nan"}),
    "some_nan": (series("holes", [np.nan if k % 9 == 4 else 5.0 for k in range(60)]), [], {"holes"}, set()),
    "infinite": (pd.concat([good(), series("inf", [np.inf] * 60)]), [], {"good"}, {"inf"}),
    "words": (pd.concat([good(), series("words", ["many"] * 60)]), [], {"good"}, {"words"}),
    "bad_dates": (pd.concat([good(), good("odd").assign(ds="soon")]), [], {"good"}, {"odd"}),
    "far_dates": (pd.concat([good(), good("far").assign(ds="9999-01-01")]), [], {"good"}, {"far"}),
    "months": (series("m", np.random.default_rng(2).poisson(9, 60), MONTHS), ["--freq", "M"], {"m"}, set()),
    "month_ends": (series("m", [4] * 60, MONTHS + pd.offsets.MonthEnd(0)), ["--freq", "M"], {"m"}, set()),
    "days": (
        series("d", [3] * 60, pd.date_range("2026-01-01", periods=60)), ["--freq", "D"], {"d"}, set()
    ),
    "days_called_weeks": (
        series("d", [3] * 60, pd.date_range("2026-01-01", periods=60)), ["--freq", "W"], set(), None
    ),
    "ids_are_numbers": (pd.concat([good(1), good(2, 1)]), [], {"1", "2"}, set()),
    "odd_names": (pd.concat([good('a/b, "c"'), good("日本", 1), good(" x ", 2)]), [], {'a/b, "c"', "日本", "x"}, set()),
    "different_ends": (pd.concat([good(n=60), good("short", 3, 40)]), [], {"good", "short"}, set()),
    "empty": (good().head(0), [], set(), None),
    "no_y": (good().drop(columns="y"), [], set(), None),
    "no_id": (good().drop(columns="unique_id"), [], set(), None),
    "only_bad": (series("words", ["x"] * 60), [], set(), None),
    "late_begin": (pd.concat([good(), good("late").tail(20)]), [], {"good", "late"}, set()),
    "hierarchy_of_one": (good().assign(a="x", b="y"), ["--hierarchy", "a/b"], {"good", "total", "total/x"}, set()),
    "hierarchy_blank": (pd.concat([good().assign(a=""), good("b", 1).assign(a="k")]), ["--hierarchy", "a"],
                        {"good", "b", "total"}, set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_forecast_answers_or_refuses_each_series(name, tmp_path):
    frame, options, answered, refused = CASES[name]
    ending = "parquet" if name in {"zeros", "gaps", "months"} else "csv"
    path, out = tmp_path / f"in.{ending}", tmp_path / f"out.{ending}"
    frame.to_parquet(path) if ending == "parquet" else frame.to_csv(path, index=False)
    result = run("forecast", path, "--out", out, "--horizon", 3, *options, "--json")
    if refused is None:
        assert result.exit_code == 2
        assert len(result.stderr.strip().splitlines()) == 1 and "mids:" in result.stderr
        assert not out.exists() and not result.stdout
        return
    assert result.exit_code == (1 if refused else 0), result.output
    facts = json.loads(result.stdout)
    assert {n["unique_id"] for n in facts["notes"] if n["kind"] == "refused"} == refused
    table = pd.read_parquet(out) if ending == "parquet" else pd.read_csv(out, dtype={"unique_id": str})
    assert list(table.columns) == HUB
    ids = set(table["unique_id"])
    assert answered <= ids and not ids & refused
    for _, part in table.groupby(["unique_id", "horizon"]):
        assert part["output_type_id"].round(3).tolist() == LEVELS
        assert (
            np.isfinite(part["value"]).all()
            and (part["value"].diff().dropna() >= -1e-6 * part["value"].abs().max()).all()
        )
    if name != "negative":
        assert (table["value"] >= 0).all()
    if name == "constant":
        assert table["value"].between(4, 10).mean() > 0.5
    if name == "zeros":
        assert table[(table["unique_id"] == "zeros") & (table["output_type_id"] <= 0.9)]["value"].max() <= 1


@pytest.mark.parametrize("verb", ["backtest", "effect"])
@pytest.mark.parametrize(
    "name", ["zeros", "one_row", "negative", "unsorted", "nan", "contradictions", "empty", "no_y", "months"]
)
def test_backtest_and_effect_do_the_same(verb, name, tmp_path):
    frame, options, _, refused = CASES[name]
    path = tmp_path / "in.csv"
    frame.to_csv(path, index=False)
    words = {
        "backtest": ["--out", tmp_path / "out", "--origins", 2, "--horizon", 2],
        "effect": ["--date", "2024-10-07" if name != "months" else "2022-01-01"],
    }
    result = run(verb, path, *words[verb], *options, "--json")
    assert result.exit_code in ((2,) if refused is None else (0, 1))
    if (verb, name) == ("effect", "zeros"):
        assert result.exit_code == 1 and "there is no event" in result.stdout
    if result.exit_code == 2:
        assert "mids:" in result.stderr and not result.stdout
    else:
        json.loads(result.stdout)


LINES = pd.DataFrame({"event": WEEKS.repeat(5)[:280], "told": WEEKS.repeat(5)[:280] + pd.Timedelta(days=9)})


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (LINES, {0}),
        (LINES.head(1), {0, 1}),
        (LINES.head(0), {2}),
        (LINES.assign(told=LINES["event"] - pd.Timedelta(days=30)), {0, 1, 2}),
        (LINES.assign(told="never"), {2}),
        (LINES.drop(columns="told"), {2}),
        (shuffled(pd.concat([LINES, LINES.head(9)])), {0}),
        (LINES.assign(event=LINES["event"].where(LINES.index % 7 > 0)), {0, 1}),
    ],
)
def test_nowcast_on_odd_line_lists(frame, code, tmp_path):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    frame.to_csv(path, index=False)
    result = run(
        "nowcast",
        path,
        "--event",
        "event",
        "--report",
        "told",
        "--as-of",
        "2025-02-03",
        "--out",
        out,
        "--json",
    )
    assert result.exit_code in code, result.output
    if result.exit_code == 2:
        assert "mids:" in result.stderr and not result.stdout
    else:
        table = pd.read_csv(out)
        assert (
            list(table.columns)[:7] == HUB
            and np.isfinite(table["value"]).all()
            and (table["value"] >= 0).all()
        )


def test_bytes_that_are_no_table(tmp_path):
    for name, raw in (
        ("a.csv", b""),
        ("b.csv", b"\x00\x01\xff" * 50),
        ("c.parquet", b"PAR1nonsense"),
        ("d.csv", b"unique_id,ds,y\n"),
    ):
        path = tmp_path / name
        path.write_bytes(raw)
        result = run("forecast", path, "--out", tmp_path / "o.csv")
        assert result.exit_code == 2 and result.stderr.startswith("mids:"), (name, result.output)

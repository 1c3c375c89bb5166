"""Multiple systems estimation: recovers known populations, refuses thin ones, agrees with what is published."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mids_orchestration.cli import app
from mids_orchestration.linkage.mse import ListCountError, estimate_population

UK = Path(__file__).resolve().parents[4] / "shared" / "real" / "UKdat.csv"


def _simulate(people: int, chances: list[float], seed: int, tie: float = 0.0) -> pd.DataFrame:
    """Lists that catch people independently; with `tie` the first list refers people to the second."""
    rng = np.random.default_rng(seed)
    on = np.array([rng.random(people) < p for p in chances]).T
    on[:, 1] |= on[:, 0] & (rng.random(people) < tie)
    frame = pd.DataFrame(on.astype(int), columns=list("ABCDEF")[: len(chances)])
    return frame[frame.any(axis=1)].groupby(list(frame.columns)).size().rename("count").reset_index()


@pytest.mark.parametrize("tie", [0.0, 0.3])
def test_recovers_a_known_population_and_covers_it(tie: float) -> None:
    found = [estimate_population(_simulate(5000, [0.08, 0.06, 0.1, 0.05], s, tie)) for s in range(20)]
    assert not any(f.refused for f in found)
    assert 4500 <= np.median([f.estimate for f in found]) <= 5500
    covered = sum(f.lower <= 5000 <= f.upper for f in found)
    print(f"tie {tie}: {covered} of 20 intervals hold the truth")
    assert covered >= 17


def test_matches_the_closed_form_of_three_independent_lists() -> None:
    """With counts exactly as independence says, the estimate is the population itself."""
    p = np.array([0.2, 0.3, 0.4])
    rows = []
    for h in range(1, 8):
        bits = [(h >> i) & 1 for i in range(3)]
        rows.append(
            [
                *bits,
                round(100_000 * float(np.prod([q if b else 1 - q for q, b in zip(p, bits, strict=True)]))),
            ]
        )
    found = estimate_population(pd.DataFrame(rows, columns=["A", "B", "C", "count"]))
    assert found.estimate == pytest.approx(100_000, rel=0.01)
    assert "independent" in found.model


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(1, 0, 500), (0, 1, 400), (1, 1, 50)], "fewer than 3"),
        ([(1, 0, 0, 90), (0, 1, 0, 80), (0, 0, 1, 70), (1, 1, 0, 3), (0, 1, 1, 2)], "on two lists or more"),
        ([(1, 0, 0, 90), (0, 1, 0, 80), (0, 0, 1, 70), (1, 1, 0, 30)], "nobody connects C"),
    ],
)
def test_refuses_with_a_reason(rows: list[tuple[int, ...]], words: str) -> None:
    columns = ["A", "B", "C"][: len(rows[0]) - 1]
    found = estimate_population(pd.DataFrame(rows, columns=[*columns, "count"]))
    assert found.refused
    assert found.estimate is None
    assert words in str(found.reason)


def test_order_of_rows_and_repeated_rows_do_not_matter() -> None:
    table = _simulate(3000, [0.1, 0.1, 0.08], 4)
    shuffled = table.sample(frac=1, random_state=1)
    halves = pd.concat([shuffled.assign(count=1), shuffled.assign(count=shuffled["count"] - 1)])
    assert estimate_population(halves) == estimate_population(table)
    assert estimate_population(table.rename(columns={"count": " COUNT"})) == estimate_population(table)


@pytest.mark.parametrize(
    ("text", "words"),
    [("A,B,C,count\n1,0,2,5\n", "neither 0 nor 1"), ("A,B,C,count\n1,0,1,-5\n", "no whole number"),
     ("A,B,C,count\n1,0,1,many\n", "no whole number"), ("count\n3\n", "no list"),
     ("A,B,C,count,Count\n1,0,1,3,3\n", "more than one column")],
)  # fmt: skip
def test_a_table_of_another_form_is_refused_at_the_door(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "lists.csv").write_text(text)
    result = CliRunner().invoke(app, ["mse", str(tmp_path / "lists.csv"), "--json"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in " ".join(result.stderr.split())
    with pytest.raises(ListCountError):
        estimate_population(pd.read_csv(tmp_path / "lists.csv"))


def test_command_prints_only_json(tmp_path: Path) -> None:
    _simulate(5000, [0.1, 0.1, 0.1, 0.05], 2).to_csv(tmp_path / "lists.csv", index=False)
    result = CliRunner().invoke(app, ["mse", str(tmp_path / "lists.csv"), "--json"])
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert {"estimate", "lower", "upper", "observed", "refused", "model"} <= set(said)
    assert said["lower"] < said["estimate"] < said["upper"]
    plain = CliRunner().invoke(app, ["mse", str(tmp_path / "lists.csv")])
    assert "95 % interval" in plain.stdout


@pytest.mark.realdata
@pytest.mark.skipif(not UK.exists(), reason=f"{UK.name} is not beside the checkout")
def test_uk_2013_agrees_with_the_published_answer() -> None:
    found = estimate_population(pd.read_csv(UK, dtype=str))
    print(found)
    assert found.observed == 2744
    assert 10_000 <= found.estimate <= 13_000
    assert found.lower >= 9_000

"""Search before create: the index, the ranking, the command."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from mids_orchestration.cli import app
from mids_orchestration.linkage import link_persons
from mids_orchestration.linkage.search import search_index, search_persons

from .population import make_population


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """A data home as a run leaves it, with 600 persons."""
    root = tmp_path_factory.mktemp("home")
    persons, _ = make_population(400, seed=3)
    result = link_persons(persons, seed=1)
    (root / "warehouse").mkdir()
    (root / "linkage").mkdir()
    assert result.model is not None
    (root / "linkage" / "model.json").write_text(result.model.to_json())
    with duckdb.connect(str(root / "warehouse" / "mids.duckdb")) as connection:
        connection.execute("create schema conformed; create schema linked")
        for name, frame in (
            ("conformed.cnf_person", persons),
            ("linked.person_link", result.links),
            ("linked.person_search", search_index(result.prepared)),
        ):
            connection.register("incoming", frame)
            connection.execute(f"create table {name} as from incoming")
    return root, persons


def _mids(home: Path, *words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["person", "search", *words, "--home", str(home)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_finds_each_person_by_name_and_year_among_the_first(home) -> None:
    root, persons = home
    known = persons[persons["full_name"].str.len().gt(6) & persons["birth_date"].notna()].head(40)
    first = 0
    with duckdb.connect(str(root / "warehouse" / "mids.duckdb"), read_only=True) as connection:
        from mids_orchestration.linkage.model_config import TrainedModel

        model = TrainedModel.from_json((root / "linkage" / "model.json").read_text())
        for row in known.itertuples():
            found = search_persons(
                connection, model, name=" ".join(reversed(row.full_name.split())),
                birth_year=pd.Timestamp(row.birth_date).year, limit=5,
            )  # fmt: skip
            assert found["match_weight"].is_monotonic_decreasing
            first += row.person_record_id in set(found["person_record_id"])
    print(f"{first} of {len(known)} among the first five, name turned round, birth year only")
    assert first >= 0.9 * len(known)


def test_a_document_is_found_under_any_name(home) -> None:
    root, persons = home
    row = persons[persons["document_no"].notna()].iloc[0]
    code, said, _ = _mids(root, "Nobody Atall", "--document", str(row["document_no"]).lower(), "--json")
    assert code == 0
    assert row["person_record_id"] in {r["person_record_id"] for r in json.loads(said)}


def test_the_answer_gives_reasons_in_both_languages_and_the_person(home) -> None:
    root, persons = home
    code, said, _ = _mids(root, str(persons["full_name"].dropna().iloc[0]), "--json", "--limit", "1")
    assert code == 0
    (row,) = json.loads(said)
    assert row["reasons_en"].startswith("same name")
    assert row["reasons_ms"].startswith("nama sama")
    assert row["person_key"]


def test_a_stranger_is_not_found_and_bad_words_are_refused(home, tmp_path: Path) -> None:
    root, _ = home
    code, said, _ = _mids(root, "Xyzzyqu Plugh")
    assert code == 0
    assert "nobody in the register" in said
    code, _, error = _mids(root, "Ali", "--birth-date", "tomorrow")
    assert code == 2
    assert "write it as 1990-02-03" in error
    code, _, error = _mids(tmp_path, "Ali")
    assert code == 2
    assert "run the weekly cycle first" in error

"""Clerical review: the queue, decisions in, decisions undone, and that they bind."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from mids_orchestration.cli import app
from mids_orchestration.linkage.review import ReviewError, binding, read_answers, read_decisions, undo

PERSONS = """
create schema conformed; create schema linked;
create table conformed.cnf_person as select 'r' || i as person_record_id, 'PDRM' as source_agency_code,
    'D3/' || i as source_case_no, 'Contoh ' || i as full_name, date '1990-02-03' as birth_date, 34 as age_years,
    'MY' as nationality_code, null::varchar as document_no, date '2026-06-01' as event_on from range(1, 7) t(i);
create table linked.person_link as select person_record_id, 'P' || person_record_id as person_key
    from conformed.cnf_person;
update linked.person_link set person_key = 'Pr5' where person_record_id = 'r6';
create table linked.person_pair as select * from (values ('r1', 'r2', 0.7, 'same name', 'nama sama'),
    ('r3', 'r4', 0.4, 'names look alike', 'nama hampir serupa'), ('r5', 'r6', 0.99, 'same name', 'nama sama'))
    t(person_record_id_l, person_record_id_r, match_probability, reasons_en, reasons_ms);
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "warehouse").mkdir()
    with duckdb.connect(str(tmp_path / "warehouse" / "mids.duckdb")) as connection:
        connection.execute(PERSONS)
    return tmp_path


def _mids(home: Path, *words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["review", *words, "--home", str(home)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def _filled(home: Path, **decisions: str) -> Path:
    """Export the queue and write decisions (by left record) into it, as a reviewer would."""
    file = home / "queue.csv"
    assert _mids(home, "export", "--out", str(file))[0] == 0
    table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    for record, decision in decisions.items():
        row = table["record_l"] == record
        table.loc[row, ["decision", "decided_by", "decided_on", "why"]] = [
            decision,
            "Insp. Contoh",
            "2026-06-30",
            "x",
        ]
    table.to_csv(file, index=False)
    return file


def test_the_queue_holds_what_stands_apart_likeliest_first_with_reasons(home: Path) -> None:
    table = pd.read_csv(_filled(home), dtype=str, keep_default_na=False)
    assert table["record_l"].tolist() == ["r1", "r3"], "r5 and r6 are one person already"
    assert table["reasons_ms"].tolist() == ["nama sama", "nama hampir serupa"]
    assert list(table.columns[:4]) == ["decision", "decided_by", "decided_on", "why"]


def test_decisions_bind_leave_the_queue_and_can_be_undone(home: Path) -> None:
    code, said, _ = _mids(home, "import", str(_filled(home, r1="same", r3="Berbeza")), "--json")
    assert code == 0
    assert [d["decision"] for d in json.loads(said)["taken_in"]] == ["same", "different"]
    root = home / "linkage"
    assert binding(read_decisions(root)) == ([("r1", "r2")], [("r3", "r4")])
    assert pd.read_csv(_filled(home)).empty
    code, said, _ = _mids(home, "undo", "1", "--by", "Insp. Dua", "--why", "wrong file", "--on", "2026-07-01")
    assert code == 0
    assert binding(read_decisions(root)) == ([], [("r3", "r4")])
    assert len(read_decisions(root)) == 3, "what was undone stays on record"
    assert pd.read_csv(_filled(home))["record_l"].tolist() == ["r1"]
    held = json.loads(_mids(home, "list", "--json")[1])
    assert [(d["decision_id"], d["decided_by"], d["why"]) for d in held] == [(2, "Insp. Contoh", "x")]


def test_taking_the_same_file_in_twice_changes_nothing(home: Path) -> None:
    file = _filled(home, r1="unsure")
    _mids(home, "import", str(file))
    before = (home / "linkage" / "decisions.jsonl").read_bytes()
    code, said, _ = _mids(home, "import", str(file))
    assert code == 0
    assert said.startswith("0 decisions")
    assert (home / "linkage" / "decisions.jsonl").read_bytes() == before


def test_the_newest_decision_on_a_pair_holds(home: Path) -> None:
    file = _filled(home, r1="same")
    _mids(home, "import", str(file))
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    # Turned round: a pair has no direction.
    table.loc[0, ["record_l", "record_r", "decision"]] = ["r2", "r1", "different"]
    table.to_csv(file, index=False)
    assert _mids(home, "import", str(file))[0] == 0
    assert binding(read_decisions(home / "linkage")) == ([], [("r1", "r2")])


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("decision", "maybe", "line 2, decision: 'maybe' is not same"), ("decided_by", "", "line 2, decided_by: empty"),
     ("decided_on", "yesterday", "'yesterday' is no day"), ("record_l", "r9", "no record 'r9'"),
     ("record_r", "r1", "both records are 'r1'")],
)  # fmt: skip
def test_a_wrong_line_keeps_the_whole_file_out(home: Path, column: str, value: str, words: str) -> None:
    file = _filled(home, r1="same", r3="different")
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    table.loc[0, column] = value
    table.to_csv(file, index=False)
    code, said, error = _mids(home, "import", str(file))
    assert (code, said) == (2, "")
    assert words in " ".join(error.split())
    assert read_decisions(home / "linkage") == []


def test_what_does_not_hold_cannot_be_undone(home: Path) -> None:
    code, _, error = _mids(home, "undo", "7", "--by", "A", "--why", "b", "--on", "2026-07-01")
    assert code == 2
    assert "no decision 7 holds" in error
    with pytest.raises(ReviewError, match="who and why"):
        undo([], 1, by="", on="2026-07-01", why="")
    with pytest.raises(ReviewError, match="column 'record_l' is missing"):
        read_answers(pd.DataFrame({"a": []}), set(), [])


def test_a_home_without_a_warehouse_is_said(tmp_path: Path) -> None:
    code, _, error = _mids(tmp_path, "export", "--out", str(tmp_path / "q.csv"))
    assert code == 2
    assert "run the weekly cycle first" in error

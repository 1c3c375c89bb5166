"""Every strange file: a draft is made from it, receives every record of it, and changes nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from expectations.contract import load_contract
from mids_orchestration.cli import app
from mids_orchestration.landing.delivery import Receiver
from mids_orchestration.landing.drafting import draft_contract
from mids_orchestration.landing.limits import DEFAULT_LIMITS
from mids_orchestration.landing.reasons import DeliveryRefused
from tests.unit.landing.strange.files import FILES, Strange


def _mids(*words: object):
    done = CliRunner().invoke(app, ["feeds", *map(str, words)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def _landed(contract: Path, path: Path) -> dict[str, list[str | None]]:
    """The texts of each column of the first record type, as landing reads them."""
    agreed = load_contract(contract)
    columns = agreed.records[0].columns
    texts: dict[str, list[str | None]] = defaultdict(list)
    with duckdb.connect() as connection:
        for batch in Receiver(agreed, connection, DEFAULT_LIMITS).read(path):
            if batch.record == agreed.records[0].name:
                for column in columns:
                    texts[column.name] += batch.columns.column(column.landed_as).to_pylist()
    return texts


def _wrong(strange: Strange, folder: Path) -> list[str]:
    """What a draft of the file gets wrong."""
    path, contract = folder / strange.name, folder / "draft.yml"
    path.write_bytes(strange.data)
    try:
        draft = draft_contract(path, effective_from=date(2024, 1, 1))
    except DeliveryRefused as refused:
        return [f"new: {refused}"]
    contract.write_text(draft.text, encoding="utf-8")
    trial, count, wrong = draft.trial, strange.records, []
    if (trial.received, trial.accepted, trial.refused) != (count, count, None) or not trial.balanced:
        wrong.append(f"check: {trial}")
    columns = {column["name"]: column for column in draft.data["records"][-1]["columns"]}
    for name, want in strange.types.items():
        have = columns.get(name, {})
        wanted = want if isinstance(want, dict) else {"type": want}
        if have | wanted != have:
            wrong.append(f"{name}: {have or sorted(columns)[:9]}")
    if strange.texts and not wrong:
        landed = _landed(contract, path)
        wrong += [
            f"{name}: {landed[name][:9]}" for name, want in strange.texts.items() if landed[name] != [*want]
        ]
    return wrong


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_draft_receives_every_record_and_changes_nothing(tmp_path, capsys):
    wrong = {strange.name: found for strange in FILES if (found := _wrong(strange, tmp_path))}
    with capsys.disabled():
        print(f"\nstrange files: {len(FILES) - len(wrong)} of {len(FILES)}")
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())
    assert len({strange.name for strange in FILES}) == len(FILES)


@pytest.mark.parametrize("strange", FILES[::15], ids=lambda strange: strange.name)
def test_the_commands_say_the_same(strange, tmp_path):
    path, contract = tmp_path / strange.name, tmp_path / "draft.yml"
    path.write_bytes(strange.data)
    assert _mids("new", path, "-o", contract).exit_code == 0
    checked = _mids("check", contract, path, "--json")
    count = strange.records
    assert checked.exit_code == 0
    assert json.loads(checked.stdout) == {
        "received": count, "accepted": count, "quarantined": 0, "reasons": {}, "refused": None
    }  # fmt: skip


@pytest.mark.parametrize("text", ["[]", "[[1, 2]]", '{"total": 0, "data": []}'])
def test_a_document_without_an_object_gives_no_draft(text, tmp_path):
    (tmp_path / "a.json").write_text(text)
    made = _mids("new", tmp_path / "a.json")
    assert made.exit_code == 2 and "at least one object" in made.stderr


@pytest.mark.parametrize("name", ["kes.xls", "kes.csv"])
def test_a_web_page_is_no_table_whatever_its_name(name, tmp_path):
    path = tmp_path / name
    path.write_text("<!DOCTYPE HTML><html><body><table><tr><td>id</td></tr></table></body></html>", "utf-8")
    with pytest.raises(DeliveryRefused, match="WEB_PAGE"):
        draft_contract(path, effective_from=date(2024, 1, 1))

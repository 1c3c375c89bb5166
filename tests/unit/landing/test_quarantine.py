"""Quarantine is a place to come back from, and the archive gives back what was sent."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from mids_orchestration.cli import app
from mids_orchestration.landing.archives import ArchiveError, erase, get, reland, verify
from mids_orchestration.landing.history import as_known
from mids_orchestration.landing.quarantine import held, open_receipts, replay, summary
from mids_orchestration.landing.receipts import Receipt, read_receipts
from mids_orchestration.landing.reports import export, safe_text, write_report
from mids_orchestration.landing.totals import totals
from mids_orchestration.release.freshness import feed_states
from tests.unit.landing.crashes import contents
from tests.unit.landing.desk import COLUMNS, Desk, contract_text

HEAD = "ref;seen_on;state;persons;note\n"
BODY = (
    HEAD
    + "A1;01/02/2024;JOHOR;3;x\nA2;31/02/2024;JOHOR;3;x\nA3;01/02/2024;PERAK;3;=cmd|'/c calc'!A1\nA4;;NO;900;x\n"
)
LATER = date(2026, 7, 6)


def _mended() -> list[dict]:
    return [{**c, "vocabulary": [*c["vocabulary"], "PERAK"]} if c["name"] == "state" else c for c in COLUMNS]


@pytest.fixture
def landed(desk: Desk) -> tuple[Desk, Receipt]:
    return desk, desk.one(BODY)


def test_what_is_held_says_line_column_reason_and_remedy(landed):
    desk, receipt = landed
    rows = held(desk.home, receipt).to_pylist()
    assert [(r["_line_no"], r["column_name"], r["reason_code"]) for r in rows] == [
        (3, "seen_on", "INVALID_DATE"), (4, "state", "NOT_IN_VOCABULARY"), (5, "persons", "OUT_OF_RANGE"),
    ]  # fmt: skip
    assert all(
        r["message_en"] and r["message_ms"] and r["remedy"] and json.loads(r["raw_record"]) for r in rows
    )
    assert summary(desk.home)[0]["records"] == 3


def test_a_replay_after_a_contract_fix_lets_in_what_now_passes_and_only_once(landed):
    desk, receipt = landed
    kept = (desk.home / "receipts" / f"{receipt.receipt_id}.json").read_bytes()
    desk.agree(contract_text(records=[{"name": "things", "columns": _mended()}]))
    done = replay(desk.home, open_receipts(desk.home), desk.contracts, as_of=LATER)
    assert [(one.held, one.let_in) for one in done] == [(3, 1)]
    assert {row["ref"] for row in desk.rows()} == {"A1", "A3"}
    assert {row["_line_no"] for row in held(desk.home, receipt).to_pylist()} == {3, 5}
    assert (desk.home / "receipts" / f"{receipt.receipt_id}.json").read_bytes() == kept
    # What was let in was known on the day of the replay, not before.
    assert as_known(desk.home, desk.contracts, "aaa", "things", date(2026, 6, 29)).num_rows == 1
    assert as_known(desk.home, desk.contracts, "aaa", "things", LATER).num_rows == 2
    again = replay(desk.home, open_receipts(desk.home), desk.contracts, as_of=LATER)
    assert [(one.held, one.let_in) for one in again] == [(2, 0)]
    assert len(desk.rows()) == 2
    assert desk.land() == []  # the next landing leaves it all as it is
    assert len(desk.rows()) == 2


def test_what_a_replay_lets_in_is_counted_once(landed):
    desk, receipt = landed
    before = totals(read_receipts(desk.home), "things")
    assert (before.received, before.accepted, before.quarantined, before.let_in) == (4, 1, 3, 0)
    desk.agree(contract_text(records=[{"name": "things", "columns": _mended()}]))
    replay(desk.home, open_receipts(desk.home), desk.contracts, as_of=LATER)
    after = totals(read_receipts(desk.home), "things")
    assert (after.received, after.accepted, after.quarantined, after.let_in) == (4, 2, 2, 1)
    assert before.balanced and after.balanced and after.deliveries == 1
    # The ledger, which the release and the warehouse add up, says the same.
    ledger = pd.read_parquet(desk.home / "landing" / "receipts.parquet")
    assert ledger[["received", "accepted", "quarantined", "let_in"]].sum().tolist() == [4, 2, 2, 1]
    (state,) = feed_states(ledger, desk.contracts, as_of=LATER)
    assert (state.received, state.accepted, state.quarantined) == (4, 2, 2)
    assert state.last_known_on == receipt.known_on  # a replay is no news of the sender


def test_a_refused_delivery_comes_in_whole_after_a_contract_fix(desk):
    receipt = desk.one(HEAD.replace("note", "remark") + "A1;;JOHOR;3;x\n")
    assert receipt.refusal.code == "HEADER_CHANGED"
    columns = [{**c, "name": "remark", "landed_as": "note"} if c["name"] == "note" else c for c in COLUMNS]
    desk.agree(contract_text(records=[{"name": "things", "columns": columns}]))
    assert [
        one.let_in for one in replay(desk.home, open_receipts(desk.home), desk.contracts, as_of=LATER)
    ] == [1]
    assert [row["note"] for row in desk.rows()] == ["x"]
    whole = totals(read_receipts(desk.home))
    assert (whole.received, whole.accepted, whole.let_in, whole.deliveries) == (1, 1, 0, 1)
    assert summary(desk.home) == []


def test_the_report_opens_in_excel_and_runs_nothing(landed, tmp_path):
    desk, receipt = landed
    book = openpyxl.load_workbook(write_report(desk.home, receipt, tmp_path))
    rows = list(book["Rekod - Records"].iter_rows(values_only=True))
    assert rows[0][0] == "Jenis rekod / Record type" and len(rows) == 4
    assert [(row[1], row[2], row[3]) for row in rows[1:]] == [
        (3, "seen_on", "INVALID_DATE"), (4, "state", "NOT_IN_VOCABULARY"), (5, "persons", "OUT_OF_RANGE"),
    ]  # fmt: skip
    facts = dict(book["Ringkasan - Summary"].iter_rows(values_only=True))
    assert facts["Rekod ditahan / Held in quarantine"] == 3
    assert facts["SHA-256"] == receipt.sha256


EVIL = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "|x",
    "%x",
    '=HYPERLINK("http://x")',
    "a\x0bb",
]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_no_cell_of_an_export_is_a_formula(landed, tmp_path, ending):
    desk, receipt = landed
    table = held(desk.home, receipt).slice(0, 1)
    evil = pa.concat_tables([table] * len(EVIL))
    place = evil.schema.get_field_index("raw_value")
    evil = evil.set_column(place, "raw_value", pa.array(EVIL))
    path = tmp_path / f"out.{ending}"
    export(evil, path)
    if ending == "csv":
        with path.open(encoding="utf-8-sig", newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
    else:
        found = openpyxl.load_workbook(path)["quarantine"]
        assert all(cell.data_type in "sn" for row in found.iter_rows() for cell in row)
        cells = [str(cell or "") for row in found.iter_rows(values_only=True) for cell in row]
    assert not [cell for cell in cells if cell.lstrip(" ")[:1] in set("=+-@\t\r\n")]
    assert sum(cell.startswith("'") for cell in cells) >= len(EVIL) - 1


def test_export_to_parquet_keeps_texts_as_they_are(landed, tmp_path):
    desk, receipt = landed
    export(held(desk.home, receipt), tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").equals(held(desk.home, receipt))
    assert safe_text("plain") == "plain" and safe_text(None) == ""


@pytest.mark.parametrize("data", [BODY.encode(), b"", b"\x00\xff" * 999, HEAD.encode("utf-16")])
def test_bytes_come_back_as_they_were_sent(desk, tmp_path, data):
    receipt = desk.one(data)
    digest = get(desk.home, receipt, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data
    assert digest == hashlib.sha256(data).hexdigest() == receipt.sha256
    assert verify(desk.home) == []


def test_changed_and_missing_bytes_are_noticed(landed, tmp_path):
    desk, receipt = landed
    path = desk.home / "archive" / receipt.sha256[:2] / receipt.sha256
    path.chmod(0o644)
    path.write_bytes(BODY.encode() + b" ")
    assert "not as it was sent" in verify(desk.home)[0]
    with pytest.raises(ArchiveError):
        get(desk.home, receipt, tmp_path / "back")
    assert not (tmp_path / "back").exists()
    path.unlink()
    assert "missing" in verify(desk.home)[0]


def test_an_erasure_is_recorded_and_lasts(landed, tmp_path):
    desk, receipt = landed
    done = erase(desk.home, receipt, erased_on=LATER, by="Court", reason="Order 12/2026")
    assert done.receipts == (receipt.receipt_id,)
    assert desk.rows() == [] and desk.held() == []
    with pytest.raises(ArchiveError, match="Order 12/2026"):
        get(desk.home, receipt, tmp_path / "back")
    desk.send(BODY, "aaa_things_20260628.csv")  # the same bytes again, under another name
    assert [r.status for r in desk.land()] == ["duplicate"]
    assert not list((desk.home / "archive" / receipt.sha256[:2]).glob("*"))
    assert verify(desk.home) == [] and desk.rows() == []
    assert reland(desk.home, desk.contracts).erased == 1


def test_landing_anew_from_the_archive_gives_the_same_landing(landed):
    desk, _ = landed
    desk.one(HEAD + "A1;02/02/2024;JOHOR;3;x\n", "aaa_things_20260623.csv")
    desk.one("wrong;header\n1;2\n", "aaa_things_20260624.csv")
    desk.agree(contract_text(records=[{"name": "things", "columns": _mended()}]))
    replay(desk.home, open_receipts(desk.home), desk.contracts, as_of=LATER)
    before, held_before = desk.rows(), desk.held()
    shutil.rmtree(desk.home / "landing" / "aaa" / "things")
    # By the mended contract: the first judgement stands, and so does the replay.
    told = reland(desk.home, desk.contracts)
    assert (told.same, told.different) == (4, ())
    assert (desk.rows(), desk.held()) == (before, held_before)
    # By the contract of before, the replay would not: it is named, and left as it is.
    desk.agree()
    told = reland(desk.home, desk.contracts)
    assert told.same == 3 and ["replay" in name for name in told.different] == [True]
    assert desk.rows() == before


def test_landing_anew_is_the_same_to_the_byte(landed):
    desk, _ = landed
    for number in range(3):
        desk.one(
            HEAD + f"B{number};02/02/2024;JOHOR;x;x\nC{number};;;1;\n", f"aaa_things_2026062{number}.csv"
        )
    before = contents(desk)
    for place in ("landing", "quarantine"):
        shutil.rmtree(desk.home / place)
    assert reland(desk.home, desk.contracts).same == 4
    after = contents(desk)
    assert {k: v for k, v in after.items() if "ledger" not in k} == before


@pytest.fixture
def told(landed, monkeypatch):
    desk, receipt = landed
    monkeypatch.setattr("mids_orchestration.commands.landing.load_contracts", lambda: desk.contracts)

    def run(*words: object):
        done = CliRunner().invoke(app, [*map(str, words), "--home", str(desk.home)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return desk, receipt, run


def test_the_verbs_say_what_they_did(told, tmp_path):
    _, receipt, run = told
    listed = run("quarantine", "list", "--json")
    assert listed.exit_code == 1 and json.loads(listed.stdout)[0]["receipt"] == receipt.receipt_id
    assert (
        run("quarantine", "export", "-o", tmp_path / "q.csv").exit_code == 0 and (tmp_path / "q.csv").exists()
    )
    assert run("quarantine", "export", "-o", tmp_path / "q.doc").exit_code == 2
    assert Path(run("quarantine", "report").stdout.strip()).exists()
    assert run("quarantine", "replay", "--as-of", "2026-07-06").exit_code == 1
    assert run("archive", "get", receipt.receipt_id[:14], "-o", tmp_path / "back").exit_code == 0
    assert (tmp_path / "back").read_bytes() == BODY.encode()
    assert run("archive", "get", "nothing", "-o", tmp_path / "back2").exit_code == 2
    assert run("archive", "verify").exit_code == 0
    assert run("archive", "reland").exit_code == 0
    assert run("archive", "erase", receipt.receipt_id, "--by", "x", "--reason", "y", "--yes").exit_code == 0
    assert run("archive", "get", receipt.receipt_id, "-o", tmp_path / "back3").exit_code == 2
    assert run("quarantine", "list", "--feed", "no.feed").exit_code == 2

"""``mids feeds new`` and ``check`` on files nobody has agreed on: the draft receives the very file it was made from."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from expectations.contract import load_contract
from mids_orchestration.cli import app
from tests.unit.landing.battery.cases import CASES

ACCEPTED = [
    case for case in CASES if case.outcome == "accepted" and case.name != "an XML that has nothing to report"
]
KEYS = ["received", "accepted", "quarantined", "reasons", "refused"]


def _mids(*words: object):
    done = CliRunner().invoke(app, ["feeds", *map(str, words)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def _new_and_check(path: Path) -> tuple[dict, dict]:
    contract = path.with_name("draft.yml")
    contract.unlink(missing_ok=True)
    made = _mids("new", path, "-o", contract)
    assert made.exit_code == 0, made.output
    checked = _mids("check", contract, path, "--json")
    found = json.loads(checked.stdout)
    assert list(found) == KEYS
    assert checked.exit_code == (2 if found["refused"] else 1 if found["quarantined"] else 0)
    return found, yaml.safe_load(contract.read_text(encoding="utf-8"))


def _columns(drafted: dict) -> dict[str, dict]:
    return {column["name"]: column for column in drafted["records"][0]["columns"]}


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
def test_a_draft_receives_the_very_file(case, tmp_path):
    path = tmp_path / f"sample.{case.ext}"
    path.write_bytes(case.bytes())
    found, _ = _new_and_check(path)
    assert found["refused"] is None and found["quarantined"] == 0
    # A workbook's second sheet, or an exploded list kept as text, may change what counts as a record.
    assert found["received"] == case.records[0] or "repeated element" in case.name


def test_a_draft_says_types_forms_keys_and_personal_data(tmp_path):
    path = tmp_path / "pdrm_orang_20260622.csv"
    lines = [
        f"D3/{n};{n % 28 + 1:02d}/03/2024;1.{n:03d},50;0101010{n:05d};{'N/A' if n % 9 == 0 else n};Ali"
        for n in range(99)
    ]
    path.write_text("Laporan\n\nNo Kes;Tarikh Lapor;Jumlah (RM);No KP;Umur;Nama Penuh\n" + "\n".join(lines))
    found, drafted = _new_and_check(path)
    assert found["accepted"] == 99
    columns = _columns(drafted)
    assert drafted["format"] == {"type": "csv", "delimiter": ";", "quote": '"', "encoding": "utf-8"}
    assert drafted["records"][0]["header_row"] == 3
    assert drafted["delivery"]["sent_on_format"] == "%Y%m%d"
    assert columns["No Kes"]["key"] is True
    assert columns["Tarikh Lapor"] | {"format": "%d/%m/%Y", "type": "date"} == columns["Tarikh Lapor"]
    amount = columns["Jumlah (RM)"]
    assert (amount["type"], amount["decimal_mark"], amount["group_mark"]) == ("decimal", ",", ".")
    assert columns["No KP"]["type"] == "text"  # its zeros mean something
    assert columns["Umur"]["type"] == "integer" and columns["Umur"]["null_values"] == ["N/A"]
    assert columns["Nama Penuh"]["pii"] == "direct" and columns["No KP"]["pii"] == "direct"
    # The draft is a contract, and judges the next file of the kind.
    nextfile = tmp_path / "next.csv"
    nextfile.write_text(path.read_text().replace("D3/7;08/03/2024", "D3/7;31/02/2024").replace("D3/9;", ";"))
    judged = json.loads(_mids("check", tmp_path / "draft.yml", nextfile, "--json").stdout)
    assert judged["reasons"] == {"INVALID_DATE": 1, "REQUIRED_MISSING": 1}
    nextfile.write_text(path.read_text().replace("Umur", "Usia"))
    assert (
        json.loads(_mids("check", tmp_path / "draft.yml", nextfile, "--json").stdout)["refused"]
        == "HEADER_CHANGED"
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", b'[{"a":1},'), ("a.xml", b"<a><b>1</b>"), ("a.csv", b""), ("a.csv", b"\n \n"), ("a.json", b"[1,2]"),
        ("a.xlsx", b"PK\x03\x04 and no more"), ("a.parquet", b"PAR1 and no more"), ("a.bin", bytes(range(256)) * 40),
        ("a.pdf", b"%PDF-1.7"), ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(600)), ("a.zip", b"PK\x05\x06" + bytes(18)),
        ("a.csv", b'"never closed\n' * 3), ("a.gz", b"\x1f\x8b\x08 torn"), ("a.json", b'{"a": {"b": 1}}\n\n'),
    ],
)  # fmt: skip
def test_a_broken_sample_gives_a_message_and_no_traceback(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    done = _mids("new", path, "-o", tmp_path / "draft.yml")
    assert done.exit_code in (0, 2)
    assert done.stderr.strip()
    if (tmp_path / "draft.yml").exists():
        load_contract(tmp_path / "draft.yml")
        assert _mids("check", tmp_path / "draft.yml", path, "--json").exit_code in (0, 1, 2)


def test_what_cannot_be_run_ends_with_2(tmp_path):
    sample = tmp_path / "a.csv"
    sample.write_text("id,x\n1,2\n2,3\n")
    assert _mids("new", tmp_path / "none.csv").exit_code == 2
    assert _mids("new", sample, "-o", tmp_path / "a.yml").exit_code == 0
    assert _mids("new", sample, "-o", tmp_path / "a.yml").exit_code == 2  # it is there already
    assert _mids("check", tmp_path / "a.yml", tmp_path).exit_code == 2
    assert (
        json.loads(_mids("check", tmp_path / "a.yml", tmp_path, "--json").stdout)["refused"] == "NOT_A_FILE"
    )
    link = tmp_path / "link.csv"
    link.symlink_to(sample)
    assert json.loads(_mids("check", tmp_path / "a.yml", link, "--json").stdout)["refused"] == "NOT_A_FILE"
    (tmp_path / "wrong.yml").write_text("agency: [\n")
    for contract in (tmp_path / "wrong.yml", tmp_path / "none.yml", "no.feed"):
        done = _mids("check", contract, sample, "--json")
        assert done.exit_code == 2 and json.loads(done.stdout)["refused"] == "UNUSABLE_CONTRACT"
    assert _mids("describe", "no.feed").exit_code == 2


def test_list_and_describe_name_every_contract():
    listed = json.loads(_mids("list", "--json").stdout)
    for row in listed:
        told = json.loads(_mids("describe", row["feed"], "--json").stdout)
        assert told["version"] == row["version"] and told["records"]
    text = _mids("describe", listed[0]["feed"]).stdout
    assert "owner" in text and "cadence" in text and "pii" in text


cells = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029\x85\ufeff"),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(cells, min_size=3, max_size=3), min_size=2, max_size=12),
    st.sampled_from(",;\t|"), st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)  # fmt: skip
def test_any_table_written_well_is_received(tmp_path, rows, delimiter, encoding):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["first column", "second", "third"])
    # A first cell that is never blank: an empty record is at fault in any contract.
    writer.writerows([[f"r{number}", *row[1:]] for number, row in enumerate(rows)])
    path = tmp_path / "table.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    found, _ = _new_and_check(path)
    assert (found["received"], found["accepted"]) == (len(rows), len(rows))

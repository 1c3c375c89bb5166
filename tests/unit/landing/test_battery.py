"""Every row of the battery in one landing: each ends as it must, and none stops another."""

from __future__ import annotations

import resource
import time

import pytest

from mids_orchestration.landing.checking import try_delivery
from mids_orchestration.landing.store import archive_path
from tests.unit.landing.battery.cases import CASES, Case
from tests.unit.landing.desk import Desk, contract_text


def _contract(number: int, case: Case) -> dict:
    feed = f"case{number:03d}"
    record = {"name": feed, "columns": case.columns, **case.record}
    delivery = {"kind": "delta", "file_pattern": ".*"}
    return contract_text(feed=feed, format=case.format, records=[record], delivery=delivery, **case.extra)


@pytest.fixture(scope="module")
def landed(tmp_path_factory):
    desk = Desk(tmp_path_factory.mktemp("battery"))
    desk.agree(*(_contract(number, case) for number, case in enumerate(CASES)))
    for number, case in enumerate(CASES):
        desk.send(case.bytes(), f"{case.name.replace('/', '-')}.{case.ext}", f"aaa/case{number:03d}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    receipts = {receipt.feed: receipt for receipt in desk.land()}
    spent = time.monotonic() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return desk, receipts, spent, grown


def _found(case: Case, number: int, desk: Desk, receipts: dict) -> str:
    """What became of the case, in one line; empty when it is as expected."""
    receipt = receipts.get(f"case{number:03d}")
    if receipt is None:
        return "no receipt"
    if receipt.status == "refused":
        code = receipt.refusal.code
        return (
            ""
            if (case.outcome, case.code) == ("refused", code)
            else f"refused {code}: {receipt.refusal.message_en}"
        )
    table = receipt.tables[f"case{number:03d}"]
    codes = {row["reason_code"] for row in desk.held(f"case{number:03d}")}
    outcome = "quarantined" if table.quarantined else "accepted"
    same = (
        (case.outcome, case.records) == (outcome, (table.received, table.quarantined))
        and codes == ({case.code} if case.code else set())
        and table.balanced
        and table.independent_count is not None
    )
    return "" if same else f"{outcome} {table} {codes}"


def test_every_case_ends_as_it_must(landed, capsys):
    desk, receipts, spent, grown = landed
    wrong = {case.name: _found(case, number, desk, receipts) for number, case in enumerate(CASES)}
    wrong = {name: found for name, found in wrong.items() if found}
    with capsys.disabled():
        print(f"\nbattery: {len(CASES) - len(wrong)} of {len(CASES)} ({spent:.0f} s, {grown:.0f} MiB more)")
    assert not wrong, wrong
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


def test_hostile_input_is_bounded(landed):
    _, _, spent, grown = landed
    assert grown < 1024, "MiB"
    assert spent < 120, "seconds for the whole battery"


def test_every_message_names_feed_line_and_remedy(landed):
    desk, receipts, *_ = landed
    for number, case in enumerate(CASES):
        receipt = receipts[f"case{number:03d}"]
        if receipt.refusal:
            for message in (receipt.refusal.message_en, receipt.refusal.message_ms):
                assert message.startswith(f"aaa/case{number:03d} "), case.name
            assert " / " in receipt.refusal.remedy
        for row in desk.held(f"case{number:03d}"):
            assert row["message_en"].startswith(
                f"aaa/case{number:03d} case{number:03d}, line {row['_line_no']}"
            )
            assert row["message_ms"].startswith(
                f"aaa/case{number:03d} case{number:03d}, baris {row['_line_no']}"
            )
            assert row["remedy"]


def test_a_refused_delivery_leaves_no_record_and_keeps_its_bytes(landed):
    desk, receipts, *_ = landed
    for number, case in enumerate(CASES):
        if case.outcome == "refused":
            assert desk.rows(f"case{number:03d}") == [] and desk.held(f"case{number:03d}") == []
            sent = next((desk.inbox / "aaa" / f"case{number:03d}").iterdir())
            kept = archive_path(desk.home, receipts[f"case{number:03d}"].sha256)
            assert kept.read_bytes() == sent.read_bytes()


@pytest.mark.parametrize("number", range(0, len(CASES), 9))
def test_a_trial_without_a_home_says_the_same(landed, number):
    desk, receipts, *_ = landed
    feed = f"case{number:03d}"
    path = next((desk.inbox / "aaa" / feed).iterdir())
    trial, receipt = try_delivery(desk.contracts[f"aaa.{feed}"], path), receipts[feed]
    assert trial.refused == (receipt.refusal.code if receipt.refusal else None)
    if not trial.refused:
        table = receipt.tables[feed]
        assert (trial.received, trial.accepted, trial.quarantined) == (
            table.received,
            table.accepted,
            table.quarantined,
        )
        assert set(trial.reasons) == {row["reason_code"] for row in desk.held(feed)}

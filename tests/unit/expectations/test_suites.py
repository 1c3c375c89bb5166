"""The Great Expectations suite and landing's rules are two readings of one contract: they name the same lines."""

from __future__ import annotations

from collections import defaultdict

import pytest

from expectations.suites import validate
from mids_orchestration.landing.received import received_frame
from tests.unit.landing.desk import Desk, contract_text

COLUMNS = [
    {"name": "ref", "type": "text", "nullable": False, "key": True, "pattern": r"[A-Z]\d{1,4}"},
    {"name": "part", "type": "integer", "key": True},
    {"name": "day", "type": "date", "format": "%d/%m/%Y", "minimum": "2000-01-01", "maximum": "2030-12-31"},
    {"name": "moment", "type": "timestamp"},
    {"name": "count", "type": "integer", "minimum": 0, "maximum": 100},
    {"name": "share", "type": "decimal", "minimum": -1.5, "maximum": 2},
    {"name": "flag", "type": "boolean"},
    {"name": "state", "type": "text", "vocabulary": ["JOHOR", "O'HARE", "NO", "x+y"]},
    {"name": "means", "type": "text", "vocabulary": ["Debt ", "Threat"], "separator": ";"},
    {"name": "watched", "type": "text", "vocabulary": ["A", "B"], "severity": "watch"},
    {"name": "updated", "type": "timestamp", "format": "%Y-%m-%d %H:%M"},
]
GOOD = ["A1", "1", "01/02/2024", "2024-01-02T03:04:05+08:00", "3", "0.5", "true", "JOHOR", "Debt;Threat", "A",
        "2024-01-01 10:00"]  # fmt: skip

# What goes into each column, good and bad; every text is tried in a record of its own.
TRIED = {
    "ref": ["", "a1", "A12345", "A1 ", " A7", "ref", "Ａ1", "A१"],
    "day": ["31/02/2024", "29/02/2023", "29/02/2024", "1/2/2024", "01/02/24", "2024-02-01", "01/02/0024", "01/02/2024 ",
            "31/12/1999", "01/01/2031", "00/01/2024", "01/13/2024", "x", "01/02/2024x", "001/02/2024", "01-02-2024"],
    "moment": ["2024-01-02T03:04:05", "2024-01-02 03:04", "2024-01-02T03:04:05Z", "2024-01-02", "2024-13-02 03:04",
               "2024-01-02T24:00:00", "2024-01-02T03:04:05+0800", "2024-02-30 10:00:00", "noon"],
    "count": ["-1", "101", "100", "+5", "5.0", "1e2", "1,000", " 7 ", "0x1F", "９", "9999999999999999999", "--1",
              "1e999"],
    "share": ["-1.6", "2.01", ".5", "5.", "1e999", "1e-2", "nan", "Infinity", "1,5", "1_000", "-0", "2"],
    "flag": ["TRUE", "False", "1", "0", "yes", "2", "t", " true"],
    "state": ["johor", "O'HARE", "NO", "x+y", "xxy", "JOHOR ", "JOHOR;NO", "KEDAH"],
    "means": ["Debt", "Debt ; Threat", "Debt;Bad", ";", "Threat;Threat", "debt", "Threat;"],
    "watched": ["C", "A", " B"],
    "updated": ["2024-01-01", "2024-01-01 10:00:00", "2024-01-01 10:60", "2023-02-29 00:00"],
}  # fmt: skip


def _records() -> list[list[str]]:
    names = [column["name"] for column in COLUMNS]
    records = []
    for column, texts in TRIED.items():
        for text in texts:
            record = list(GOOD)
            record[0] = f"B{len(records)}"
            record[names.index(column)] = text
            records.append(record)
    first = ["D1", "1", *GOOD[2:]]
    other = ["D1", "1", *GOOD[2:4], "4", *GOOD[5:]]
    later = ["D1", "1", *GOOD[2:-1], "2024-01-01 11:00"]
    no_part = ["D2", "", *GOOD[2:]]
    # An exact repetition, a conflict, a later version (no conflict), keys with a missing part.
    records += [first, first, ["D3", *first[1:]], ["D3", *other[1:]], ["D4", *first[1:]], ["D4", *later[1:]]]
    records += [no_part, no_part, [*no_part[:4], "9", *no_part[5:]], [""] * len(names), GOOD]
    return records


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory):
    """The same records through landing's rules and through the suite: failing lines by code and column."""
    desk = Desk(tmp_path_factory.mktemp("both"))
    record = {"name": "things", "ordering": "updated", "columns": COLUMNS}
    desk.agree(contract_text(records=[record], format={"type": "csv", "delimiter": "|", "quote": None}))
    lines = ["|".join(column["name"] for column in COLUMNS)] + ["|".join(row) for row in _records()]
    receipt = desk.one("\n".join(lines) + "\n")
    assert receipt.tables["things"].received == len(_records()), receipt
    ours: dict[tuple[str, str | None], set[int]] = defaultdict(set)
    for row in desk.held():
        ours[row["reason_code"], row["column_name"]].add(row["_line_no"])
    kind = desk.contracts["aaa.things"].record("things")
    report = validate(received_frame(desk.home, kind, [receipt]), kind)
    theirs: dict[tuple[str, str | None], set[int]] = defaultdict(set)
    for outcome in report.outcomes:
        if outcome.failing and outcome.severity == "gate":
            theirs[outcome.code, outcome.column] |= {line for _, line in outcome.failing}
    return ours, theirs, receipt, report


def test_same_lines_fail_for_the_same_reason(both) -> None:
    ours, theirs, _, _ = both
    # An exact repetition inside a conflicting group is named by both, under one code or the other.
    for heap in (ours, theirs):
        heap["REPEATED OR CONFLICTING", None] = heap.pop(("DUPLICATE_RECORD", None), set()) | heap.pop(
            ("KEY_CONFLICT", None), set()
        )
    assert set(ours) == set(theirs)
    for case in sorted(ours, key=str):
        assert ours[case] == theirs[case], case


def test_every_rule_has_bitten(both) -> None:
    ours, _, _, _ = both
    assert {code for code, _ in ours} >= {
        "REQUIRED_MISSING", "INVALID_INTEGER", "INVALID_DECIMAL", "INVALID_DATE", "INVALID_TIMESTAMP",
        "INVALID_BOOLEAN", "PATTERN_MISMATCH", "NOT_IN_VOCABULARY", "OUT_OF_RANGE",
    }  # fmt: skip


def test_quarantined_lines_are_the_suites_failing_lines(both) -> None:
    ours, _, receipt, report = both
    assert {line for lines in ours.values() for line in lines} == {line for _, line in report.failing}
    assert receipt.tables["things"].quarantined == len(report.failing)
    assert not report.success
    assert not report.sampled


def test_watched_columns_are_counted_and_accepted(both) -> None:
    _, _, receipt, report = both
    assert receipt.tables["things"].watched == {"watched:NOT_IN_VOCABULARY": 1}
    watched = [outcome for outcome in report.outcomes if outcome.severity == "watch"]
    assert [len(outcome.failing) for outcome in watched] == [1]


def test_a_large_frame_is_sampled_and_says_so(both) -> None:
    *_, report = both
    import pandas as pd

    from expectations.contract import Column, RecordType

    kind = RecordType("r", (Column("a", "a", type="integer"),))
    frame = pd.DataFrame({"a": ["1"] * 300, "_receipt_id": "x", "_line_no": range(300)})
    sampled = validate(frame, kind, max_rows=50)
    assert (sampled.rows, sampled.evaluated, sampled.sampled, sampled.success) == (300, 50, True, True)
    told = next(o for o in report.outcomes if o.failing)
    receipt_id, line = told.failing[0]
    assert f"lines {line}" in told.summary({}) and f" of {receipt_id}" in told.summary({})
    assert " of sent.csv" in told.summary({receipt_id: "sent.csv"})

"""A large batch is judged value by value, a small one record by record: both say the same of every record."""

from __future__ import annotations

import pytest

from mids_orchestration.landing import verdict
from tests.unit.landing.desk import Desk

HEAD = "ref;seen_on;state;persons;note\n"
BAD = [
    "a1;;JOHOR;1;", ";;JOHOR;1;", "X1;31/02/2024;JOHOR;1;", "X2; 01/02/2024 ;JOHOR;1;", "X3;;PERAK;1;",
    "X4;;NO;900;", "X5;;NA;x;", "X6 ;;NA;;", "X6;;KEDAH;;", "X7;;NA;;", "X7;;NA;;", " X8;;NA;;",
    "X9;01/01/0024;NA; 7 ;",
]  # fmt: skip


def _text() -> str:
    lines = []
    for number in range(26_000):
        if number % 2000 == 1999:
            lines.append(BAD[number // 2000 % len(BAD)])
        lines.append(
            f"B{number};{number % 28 + 1:02d}/02/2024;{('JOHOR', 'KEDAH')[number % 2]};{number % 400};n"
        )
    return HEAD + "\n".join(lines) + "\n"


@pytest.fixture
def both(tmp_path, monkeypatch):
    large = Desk(tmp_path / "large")
    first = large.one(_text())
    monkeypatch.setattr(verdict, "_LARGE", 1 << 60)
    small = Desk(tmp_path / "small")
    return large, first, small, small.one(_text())


def test_both_ways_say_the_same(both):
    large, first, small, second = both
    assert first.tables == second.tables and first.tables["things"].balanced
    assert large.reasons() == small.reasons()
    assert {code for _, code, _ in large.reasons()} >= {
        "PATTERN_MISMATCH", "REQUIRED_MISSING", "INVALID_DATE", "NOT_IN_VOCABULARY", "OUT_OF_RANGE", "INVALID_INTEGER",
        "KEY_CONFLICT", "DUPLICATE_RECORD",
    }  # fmt: skip
    assert large.rows() == small.rows()

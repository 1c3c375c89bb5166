"""A large batch is judged value by value, a small one record by record: both say the same of every record.

The hashes of its keys go to a file: the same repeat as when they are held.
"""

from __future__ import annotations

import numpy as np
import pytest

from mids_orchestration.landing import buffers, verdict
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


@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 5000])
def test_hashes_that_went_to_a_file_repeat_as_those_held(count, tmp_path, monkeypatch):
    monkeypatch.setattr(buffers, "_SPILL_HASHES", 64)
    dice = np.random.default_rng(20260629)
    spread = dice.integers(0, 1 << 64, size=max(count * 9 // 10, 1), dtype=np.uint64)
    hashes = dice.choice(spread, size=count)
    kept = buffers.Hashes(tmp_path / "hashes")
    for start in range(0, count, 37):
        kept.add(hashes[start : start + 37])
    assert kept.path.exists() == (count >= 64)
    values, times = np.unique(hashes, return_counts=True)
    found = kept.repeated()
    assert found.tolist() == values[times > 1].tolist() and (count < 5000 or len(found) > 1000)
    assert not kept.path.exists()


def test_duplicates_are_found_among_hashes_in_a_file(tmp_path, monkeypatch, both):
    monkeypatch.setattr(buffers, "_SPILL_HASHES", 1000)
    third = Desk(tmp_path / "spilled")
    assert third.one(_text()).tables == both[1].tables and third.reasons() == both[0].reasons()

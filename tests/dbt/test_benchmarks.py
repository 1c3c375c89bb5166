"""The warehouse's benchmarks at small scale, so that they cannot rot: rows compared, every question answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import warehouse_build, warehouse_questions


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("bench")
    assert 14900 < warehouse_build.write_zone(home, 15000) < 15100
    warehouse_build.build_dbt(home)
    warehouse_build.build_by_hand(home)
    warehouse_build.build_pandas(home)
    return home


def test_the_script_by_hand_makes_the_same_rows(home: Path) -> None:
    found = warehouse_build.differences(home)
    assert len(found) == 5 and not any(found.values()), found
    with warehouse_questions.opened(home / "warehouse.duckdb") as connection:
        for mart in found:
            assert connection.execute(f"select count(*) from {mart}").fetchone() > (100,), mart


def test_every_question_is_one_statement_and_answered(home: Path) -> None:
    told = warehouse_questions.ask(home / "warehouse.duckdb")
    assert len(told) == 20
    # No boats, orders or stays are among the benchmark's records; everything else has an answer.
    empty = {name for name, _, rows in told if rows == 0}
    assert empty <= {
        "01_children_in_labour_exploitation", "07_dormant_cases", "12_means_of_control", "14_boats_by_month",
        "15_protection_orders", "17_case_numbers_not_found",
    }  # fmt: skip
    for name, sql in warehouse_questions.questions().items():
        assert sql.startswith("-- ") and ";" not in sql, name

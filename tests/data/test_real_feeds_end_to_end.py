"""The real files of others, through the same path as the agencies' feeds: landed, built, published.

Totals in the release are compared with totals computed here with the csv module alone, straight from the
files. Skips, saying so, where the files are not beside the checkout.
"""

from __future__ import annotations

import csv
from collections import Counter
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.world import REAL, REAL_FILES, World

RECORDS = {
    "ctdc__victims": 48_773,
    "iom__missing_migrants_europe": 6_802,
    "iom__missing_migrants_export": 238,
    "ukho__small_boats": 3_154,
}
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.xdist_group("world"),
    pytest.mark.skipif(
        not REAL.is_dir(), reason="the real files are not beside this checkout (../shared/real)"
    ),
]


def _rows(table: str) -> list[dict[str, str]]:
    with (REAL / REAL_FILES[table.replace("__", "/", 1)]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("table", RECORDS)
def test_nothing_is_lost(world: World, table: str) -> None:
    row = next(row for row in world.summary["feeds"] if row["table"] == table)
    expected = RECORDS[table]
    print(
        f"{table}: received {row['received']} = accepted {row['accepted']} + quarantined {row['quarantined']}"
    )
    assert row["received"] == expected == len(_rows(table))
    assert row["accepted"] + row["quarantined"] == expected


def test_small_boat_arrivals_equal_the_file(world: World) -> None:
    total = sum(int(row["migrants_arrived"] or 0) for row in _rows("ukho__small_boats"))
    published = _one(world, "source_code = 'UKHO' and measure_code = 'migrants_arrived'")
    assert published == total == 208_507


def test_missing_migrants_equal_the_files(world: World) -> None:
    for table, dead, missing in (
        ("iom__missing_migrants_europe", "No. dead", "No. missing"),
        ("iom__missing_migrants_export", "Number Dead", "Minimum Estimated Number of Missing"),
    ):
        held = _quarantined_lines(world, table)
        kept = [row for line, row in enumerate(_rows(table), start=2) if line not in held]
        source = "IOM_EUROPE" if table.endswith("europe") else "IOM_EXPORT"
        for measure, column in (("dead", dead), ("missing", missing)):
            expected = sum(_number(row[column]) for row in kept)
            published = _one(world, f"source_code = '{source}' and measure_code = '{measure}'")
            assert published == expected > 0, (table, measure)


def test_negative_counts_wait_in_quarantine(world: World) -> None:
    """The real files hold a few negative counts: nobody is missing minus thirteen times."""
    held = _quarantined_lines(world, "iom__missing_migrants_europe")
    negative = {
        line
        for line, row in enumerate(_rows("iom__missing_migrants_europe"), start=2)
        if any(_number(row[c]) < 0 for c in ("No. dead", "No. missing", "No. survivors"))
    }
    assert held == negative != set()


def test_every_citizenship_is_kept(world: World) -> None:
    """Each two-letter code of the file has its victims, none is taken for missing; 0 is redacted."""
    file = Counter(row["citizenship"] if row["citizenship"] not in {"0", ""} else "XX"
                   for row in _rows("ctdc__victims"))  # fmt: skip
    published = world.sql(
        """select nationality_code as code, sum(measure_value) as n from fct_comparator
        where source_code = 'CTDC' and measure_code = 'victims' group by 1"""
    )
    assert {row["code"]: int(row["n"]) for row in published} == file


def _quarantined_lines(world: World, table: str) -> set[int]:
    folder = world.home / "quarantine" / table.replace("__", "/", 1)
    return {line for path in folder.glob("*.parquet")
            for line in pq.read_table(path, columns=["_line_no"])["_line_no"].to_pylist()}  # fmt: skip


def _one(world: World, condition: str) -> int:
    rows: list[dict[str, Any]] = world.sql(
        f"select sum(measure_value) as n from fct_comparator where {condition}"
    )
    return int(rows[0]["n"])


def _number(text: str) -> int:
    return int(float(text)) if text not in {"", "NA"} else 0

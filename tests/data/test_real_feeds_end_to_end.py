"""The real files of others, through the same path as the agencies' feeds: landed, built, published.

Totals in the release are compared with totals computed here with the csv module alone, straight from the
files. Skips, saying so, where the files are not beside the checkout.
"""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.endtoend.conftest import World, run_mids

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"
FILES = {
    "ctdc__victims": ("ctdc/victims", "ctdc_global_14apr2020_core_derived.csv", 48_773),
    "iom__missing_migrants_europe": ("iom/missing_migrants_europe", "iom_europe_2014_2026.csv", 6_802),
    "iom__missing_migrants_export": (
        "iom/missing_migrants_export",
        "MissingMigrants-Global-2026-05-06.csv",
        238,
    ),
    "ukho__small_boats": ("ukho/small_boats", "long_uk_small_boats_daily.csv", 3_154),
}
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.xdist_group("realdata"),
    pytest.mark.skipif(
        not REAL.is_dir(), reason="the real files are not beside this checkout (../shared/real)"
    ),
]


@pytest.fixture(scope="module")
def real_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("real") / "home"
    # The warehouse needs agencies too: a very small sample stands beside the real files.
    run_mids(home, "sample", "--out", str(home), "--scale", "0.05", "--weeks", "12", "--seed", "3")
    for folder, name, _ in FILES.values():
        target = home / "inbox" / folder
        target.mkdir(parents=True)
        shutil.copy(REAL / name, target / name)
    done = run_mids(home, "run", "--as-of", "2026-06-29", "--json")
    return World(home, json.loads(done.stdout))


def _rows(table: str) -> list[dict[str, str]]:
    with (REAL / FILES[table][1]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("table", FILES)
def test_nothing_is_lost(real_world: World, table: str) -> None:
    row = next(row for row in real_world.summary["feeds"] if row["table"] == table)
    expected = FILES[table][2]
    print(
        f"{table}: received {row['received']} = accepted {row['accepted']} + quarantined {row['quarantined']}"
    )
    assert row["received"] == expected == len(_rows(table))
    assert row["accepted"] + row["quarantined"] == expected


def test_small_boat_arrivals_equal_the_file(real_world: World) -> None:
    total = sum(int(row["migrants_arrived"] or 0) for row in _rows("ukho__small_boats"))
    published = _one(real_world, "source_code = 'UKHO' and measure_code = 'migrants_arrived'")
    assert published == total == 208_507


def test_missing_migrants_equal_the_files(real_world: World) -> None:
    europe = sum(_number(row["No. dead/missing"]) for row in _rows("iom__missing_migrants_europe"))
    assert (
        _one(real_world, "feed_code = 'missing_migrants_europe' and measure_code = 'dead_missing'") == europe
    )


def test_namibia_is_a_country(real_world: World) -> None:
    namibians = sum(row["citizenship"] == "NA" for row in _rows("ctdc__victims"))
    published = _one(
        real_world, "source_code = 'CTDC' and measure_code = 'victims' and nationality_code = 'NA'"
    )
    assert published == namibians > 0


def _one(world: World, condition: str) -> int:
    rows: list[dict[str, Any]] = world.sql(
        f"select sum(measure_value) as n from fct_comparator where {condition}"
    )
    return int(rows[0]["n"])


def _number(text: str) -> int:
    return int(float(text)) if text not in {"", "NA"} else 0

"""Two ways to one warehouse, on deliveries by chance: week after week or from nothing; of a past day, then or now.

Corrections come late, too late, and out of order; records are deleted, left out and written again; linkage changes its
mind between two weeks.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.dbt.conftest import Built, prepare
from tests.dbt.landing_zone import Records, write_landing, zone_contracts
from tests.dbt.random_deliveries import DAYS, link_at_random, random_deliveries

SEED = 20261125
DAY = DAYS[2]
STRIDES = ("to_conformed", "from_linked")
# Rare words and days that do not exist are frequent in records by chance.
WIDE = "max_unmapped_share: 0.9, max_cast_failure_share: 0.9"


def until(records: Records, day: date) -> Records:
    """What had been delivered by the end of that day."""
    return {
        name: {sent: rows for sent, rows in days.items() if sent <= str(day)}
        for name, days in records.items()
    }


def build(home: Path, records: Records, linked: tuple[Records, int], variables: str = "") -> Built:
    """Deliver *records* to a home, which may have a warehouse already; link (of whom, which way), and build."""
    built = Built(home)
    if built.warehouse.exists():
        shutil.rmtree(home / "landing")
        write_landing(home / "landing", zone_contracts(), records)
    else:
        prepare(built, records)
    with duckdb.connect(str(built.warehouse)) as connection:
        link_at_random(connection, *linked)
    built.dbt(*(["build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test", "--selector", s,
                 "--vars", f"{{{WIDE}{variables}}}"] for s in STRIDES))  # fmt: skip
    return built


def differences(one: Path, other: Path, folder: Path) -> list[str]:
    """Tables of which the two warehouses would not write the same bytes, rows in order."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        tables = connection.execute(
            """select schema_name, table_name from duckdb_tables()
            where database_name = 'one' and schema_name in ('conformed', 'linked', 'marts', 'quality')"""
        ).fetchall()
        assert len(tables) > 50
        different = []
        for schema, table in tables:
            written = []
            for side in ("one", "other"):
                path = folder / f"{side}.parquet"
                connection.execute(f"copy (from {side}.{schema}.{table} order by all) to '{path}'")
                written.append(path.read_bytes())
            if written[0] != written[1]:
                different.append(f"{schema}.{table}")
        return different


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The past day as it was and as it is remembered; all weeks, one built upon the other and from nothing."""
    records = random_deliveries(SEED)
    homes = {name: tmp_path_factory.mktemp(name) for name in ("weekly", "remembered", "whole")}
    past = until(records, DAY)
    weekly = build(homes["weekly"], past, (past, 1))
    homes["then"] = weekly.home / "then.duckdb"
    shutil.copy(weekly.warehouse, homes["then"])
    build(homes["weekly"], records, (records, 2))
    build(homes["whole"], records, (records, 2))
    # Who is the same person as whom is what linkage knew that day in both.
    build(homes["remembered"], records, (past, 1), f", as_of: {DAY}")
    return homes


def test_week_after_week_makes_the_bytes_of_a_build_from_nothing(
    homes: dict[str, Path], tmp_path: Path
) -> None:
    found = differences(Built(homes["weekly"]).warehouse, Built(homes["whole"]).warehouse, tmp_path)
    assert not found


def test_a_past_day_is_rebuilt_as_it_was_known(homes: dict[str, Path], tmp_path: Path) -> None:
    assert not differences(Built(homes["remembered"]).warehouse, homes["then"], tmp_path)


def test_the_weeks_differ_and_hold_what_they_are_said_to(homes: dict[str, Path], tmp_path: Path) -> None:
    # Without this, the tests above would pass on weeks that bring nothing.
    found = differences(homes["then"], Built(homes["whole"]).warehouse, tmp_path)
    assert {"marts.fct_weekly_count", "marts.fct_person_in_case", "linked.lnk_unit_state"} <= set(found)
    told = Built(homes["whole"]).rows(
        """select bool_or(not took_effect), bool_or(is_deleted), max(version_no) > 2, count(*) > 60
        from conformed.cnf_case_version"""
    )
    assert told == [(True, True, True, True)]

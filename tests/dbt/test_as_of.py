"""Two ways to one warehouse, on deliveries by chance: what is new upon last week's or from nothing; then or now.

Corrections come late, too late, and out of order; records are deleted, left out and written again; linkage changes its
mind between two weeks.
"""

from __future__ import annotations

import os
import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from mids_orchestration import news
from tests.dbt.conftest import Built, prepare
from tests.dbt.landing_zone import CASE_A, VICTIM, Records, write_landing, zone_contracts
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


def with_new_papers(records: Records) -> Records:
    """The records, and two new papers with a victim each that have nothing to do with them."""
    day = str(DAYS[-1] + timedelta(weeks=1))
    papers = [{"source_case_no": f"D3/TIP/{number}/2024"} for number in (90001, 90002)]
    new = {
        "pdrm__cases": [CASE_A | paper for paper in papers],
        "pdrm__persons": [VICTIM | paper for paper in papers],
    }
    return {name: days | ({day: new[name]} if name in new else {}) for name, days in records.items()}


def build(
    home: Path, records: Records, linked: tuple[Records, int], variables: str = "", weekly: bool = False
) -> Built:
    """Deliver *records* to a home, which may have a warehouse already; link (of whom, which way), and build.

    ``weekly``: as a run of the week does it, which upon a warehouse that is there builds what is new.
    """
    built = Built(home)
    before = built.warehouse.exists()
    if before:
        shutil.rmtree(home / "landing")
        write_landing(home / "landing", zone_contracts(), records)
    else:
        prepare(built, records)
    for path in (home / "landing").rglob("*.parquet"):
        os.utime(path, (0, 0))  # written again by the test, not by a delivery
    with duckdb.connect(str(built.warehouse)) as connection:
        link_at_random(connection, *linked)
        if weekly:
            scope = news.begin(connection, home / "landing", zone_contracts(), "test", smallest=0, largest=1)
            assert scope.only_news == before, scope.reason
    built.dbt(*(["build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test", "--selector", s,
                 "--vars", f"{{{WIDE}{variables}}}"] for s in STRIDES))  # fmt: skip
    if weekly:
        with duckdb.connect(str(built.warehouse)) as connection:
            news.finish(connection)
    return built


def differences(one: Path, other: Path, folder: Path) -> list[str]:
    """Tables of which the two warehouses would not write the same bytes, rows in order."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        tables = connection.execute(
            """select schema_name, table_name from duckdb_tables()
            where database_name = 'one' and schema_name in ('conformed', 'linked', 'marts', 'quality')
                and table_name not in ('cnf_touched', 'lnk_touched')  -- what the last run built, not what there is"""
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
    """The past day as it was and as it is remembered; all weeks, what was new built upon the last, and from nothing."""
    records = random_deliveries(SEED)
    homes = {name: tmp_path_factory.mktemp(name) for name in ("weekly", "remembered", "whole")}
    past, last = until(records, DAY), with_new_papers(records)
    weekly = build(homes["weekly"], past, (past, 1), weekly=True)
    for week, linked in (("then", (records, 2)), ("before_last", (records, 2))):
        homes[week] = weekly.home / f"{week}.duckdb"
        shutil.copy(weekly.warehouse, homes[week])
        build(homes["weekly"], records if week == "then" else last, linked, weekly=True)
    build(homes["whole"], last, (records, 2))
    # Who is the same person as whom is what linkage knew that day in both.
    build(homes["remembered"], records, (past, 1), f", as_of: {DAY}")
    return homes


def test_building_what_is_new_makes_the_bytes_of_a_build_from_nothing(
    homes: dict[str, Path], tmp_path: Path
) -> None:
    found = differences(Built(homes["weekly"]).warehouse, Built(homes["whole"]).warehouse, tmp_path)
    assert not found


def test_a_week_writes_the_rows_its_news_touch_and_no_others(homes: dict[str, Path]) -> None:
    built = Built(homes["weekly"])
    kept = {
        f"{node['schema']}.{node['name']}": node["config"]["unique_key"]
        for node in built.manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental"
    }
    assert len(kept) == 15
    written, held = {}, {}
    for table, key in kept.items():
        touched = "conformed.cnf_touched" if table.startswith("conformed") else "linked.lnk_touched"
        ((written[table], held[table]),) = built.rows(
            f"select count(*) filter (where {key} in (select touched_key from {touched})), count(*) from {table}"
        )
    # Two papers and two victims: a row each, whatever the years before hold; each told of once, so that
    # there is nothing to say of their weeks.
    assert max(written.values()) == 2 and sum(written.values()) == 2 * 10, written
    assert written["linked.lnk_record_state"] == 0, written
    assert sum(held.values()) > 40 * sum(written.values())


def test_a_past_day_is_rebuilt_as_it_was_known(homes: dict[str, Path], tmp_path: Path) -> None:
    assert not differences(Built(homes["remembered"]).warehouse, homes["then"], tmp_path)


def test_the_weeks_differ_and_hold_what_they_are_said_to(homes: dict[str, Path], tmp_path: Path) -> None:
    # Without this, the tests above would pass on weeks that bring nothing.
    found = differences(homes["then"], Built(homes["whole"]).warehouse, tmp_path)
    assert {"marts.fct_weekly_count", "marts.fct_person_in_case", "linked.lnk_record_state"} <= set(found)
    told = Built(homes["whole"]).rows(
        """select bool_or(not took_effect), bool_or(is_deleted), max(version_no) > 2, count(*) > 60
        from conformed.cnf_case_version"""
    )
    assert told == [(True, True, True, True)]

"""A past day rebuilt: the warehouse with ``as_of`` is the warehouse that was built on that day."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.dbt.conftest import Built, prepare
from tests.dbt.landing_zone import RECORDS

DAY = "2024-07-08"
STRIDES = ("to_conformed", "from_linked")


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same day twice: everything delivered since, told to forget it; and nothing delivered since."""
    seen, then = (Built(tmp_path_factory.mktemp(name)) for name in ("seen", "then"))
    prepare(seen)
    seen.dbt(*(["build", "--exclude-resource-type", "test", "--selector", s, "--vars", f"{{as_of: {DAY}}}"]
               for s in STRIDES))  # fmt: skip
    prepare(
        then,
        {name: {day: rows for day, rows in sent.items() if day <= DAY} for name, sent in RECORDS.items()},
    )
    then.dbt(*(["build", "--exclude-resource-type", "test", "--selector", s] for s in STRIDES))
    return seen.warehouse, then.warehouse


def test_a_past_day_is_rebuilt_as_it_was_known(rebuilt: tuple[Path, Path]) -> None:
    seen, then = rebuilt
    with duckdb.connect() as connection:
        connection.execute(f"attach '{seen}' as seen (read_only)")
        connection.execute(f"attach '{then}' as past (read_only)")
        tables = connection.execute(
            """select schema_name, table_name from duckdb_tables()
            where database_name = 'seen' and schema_name in ('conformed', 'linked', 'marts', 'quality')"""
        ).fetchall()
        different = [
            f"{schema}.{table}"
            for schema, table in tables
            if connection.execute(
                f"""select count(*) from (
                    (from seen.{schema}.{table} except all from past.{schema}.{table})
                    union all (from past.{schema}.{table} except all from seen.{schema}.{table}))"""
            ).fetchone()
            != (0,)
        ]
    assert len(tables) > 50
    assert not different


def test_the_past_day_lacks_what_came_later(tiny: Built, rebuilt: tuple[Path, Path]) -> None:
    # Without this, the test above would pass if as_of were never read: the later delivery must make a difference.
    count = "select count(*) from conformed.cnf_case_version where known_on > '{}'"
    assert tiny.rows(count.format(DAY))[0][0] > 0
    with duckdb.connect(str(rebuilt[0]), read_only=True) as connection:
        assert connection.execute(count.format(DAY)).fetchone() == (0,)
        counted = "select unit_code, agency_code, sum(count_value)::int from marts.fct_weekly_count"
        triangle = connection.execute(f"{counted} group by 1, 2 order by 1, 2").fetchall()
    # Counts are restated by who is one with whom, as known today: the seizure that Customs told on 15 July to
    # be the police's case is theirs in the past as well. Every other count of the past day stands.
    now = tiny.rows(f"{counted} where known_week <= '{DAY}' group by 1, 2 having sum(count_value) <> 0")
    assert [was for was in triangle if was not in now] == [("case", "JKDM", 1)]

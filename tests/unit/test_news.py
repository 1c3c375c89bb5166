"""What a run of the week builds: only what is new where that is certain, everything where anything else has changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from mids_orchestration import news
from tests.dbt.landing_zone import RECORDS, Records, write_landing, zone_contracts

CONTRACTS = zone_contracts()
WEEK = {"2024-07-22": [{"source_case_no": " D3/TIP/00123/2022 ", "updated_at": "20/07/2024 09:00"}]}
NEW = {name: days | (WEEK if name == "pdrm__cases" else {}) for name, days in RECORDS.items()}
GONE = {"2024-07-22": [{"source_case_no": "D3/TIP/00045/2024", "updated_at": "20/07/2024 09:00"}]}


@pytest.fixture
def begin(tmp_path: Path) -> Callable[..., news.Scope]:
    """Begin a build on a landing zone that holds these records; the first one is carried to its end."""

    def write(records: Records) -> None:
        shutil.rmtree(tmp_path / "landing", ignore_errors=True)
        write_landing(tmp_path / "landing", CONTRACTS, records)
        for path in (tmp_path / "landing").rglob("*.parquet"):
            os.utime(path, (0, 0))

    def begin(
        records: Records = NEW, made_from: str = "models", smallest: int = 0, **others: float
    ) -> news.Scope:
        write(records)
        with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
            return news.begin(
                connection, tmp_path / "landing", CONTRACTS, made_from, smallest=smallest, **others
            )

    assert not begin(RECORDS).only_news
    _finish(tmp_path)
    return begin


def _finish(home: Path) -> None:
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        news.finish(connection)


def _named(home: Path) -> list[tuple[str, str]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute("select * from news.record order by all").fetchall()


def test_a_delivery_more_is_news_and_names_what_belongs_together(
    begin: Callable[..., news.Scope], tmp_path: Path
) -> None:
    scope = begin()
    assert scope.only_news and scope.reason.startswith("1 of ")
    assert _named(tmp_path) == [("pdrm__cases", "D3/TIP/00123/2022")]


def test_a_deletion_told_by_another_feed_is_news_of_its_record(
    begin: Callable[..., news.Scope], tmp_path: Path
) -> None:
    deleted = RECORDS["pdrm__cases_deleted"] | GONE
    assert begin({**RECORDS, "pdrm__cases_deleted": deleted}).only_news
    assert ("pdrm__cases", "D3/TIP/00045/2024") in _named(tmp_path)


def test_everything_is_built_when_models_changed_or_the_last_build_broke_off(
    begin: Callable[..., news.Scope],
) -> None:
    assert "models" in begin(made_from="other models").reason
    assert "did not reach its end" in begin().reason


def test_a_file_taken_away_or_a_feed_that_began_earlier_builds_everything(
    begin: Callable[..., news.Scope], tmp_path: Path
) -> None:
    gone = {
        name: {day: rows for day, rows in days.items() if day < "2024-07-15"} for name, days in NEW.items()
    }
    assert "taken away" in begin(gone).reason
    _finish(tmp_path)
    early = {**NEW, "jtk__complaints": NEW["jtk__complaints"] | {"2024-06-24": []}}
    begin()
    _finish(tmp_path)
    assert "began earlier" in begin(early).reason


def test_few_records_and_many_new_ones_are_built_whole(
    begin: Callable[..., news.Scope], tmp_path: Path
) -> None:
    assert "as fast" in begin(smallest=1_000_000).reason
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("delete from news.file; delete from news.receipt; delete from news.change")
    _finish(tmp_path)
    assert "are new" in begin().reason
    _finish(tmp_path)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        news.forget(connection)
    assert "no build before" in begin().reason


def test_linkage_that_changed_its_mind_about_many_builds_the_linked_layer_whole(
    begin: Callable[..., news.Scope], tmp_path: Path
) -> None:
    assert begin().only_news
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(
            """create schema linked;
            create table linked.person_link as select i as person_record_id, 'p' || i as person_key, 'm1' as
                model_version from range(100) t(i);
            create table linked.lnk_person as select *, true as is_linked from linked.person_link"""
        )
        connection.execute("update linked.person_link set person_key = 'p0' where person_record_id < 10")
        assert news.widen(connection).only_news
        connection.execute("update linked.person_link set model_version = 'm2'")
        assert "linked otherwise" in news.widen(connection).reason
        assert not news.widen(connection).only_news

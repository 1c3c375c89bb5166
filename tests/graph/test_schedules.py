"""Mondays: the cycle of the week that has closed, then its projection where the cycle has not made it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from mids_orchestration.defs.resources import AS_OF_TAG, MidsHome
from mids_orchestration.defs.schedules import weekly_projection_schedule, weekly_schedule
from mids_orchestration.settings import Settings

#: 08:00 on a Monday in Kuala Lumpur.
TICK = datetime(2026, 6, 29, 0, 0, tzinfo=UTC)
WEEK = "2026-06-22"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, inbox=tmp_path / "inbox")


def ask(settings: Settings) -> dg.RunRequest | str:
    context = dg.build_schedule_context(
        scheduled_execution_time=TICK, resources={"mids": MidsHome.of(settings)}
    )
    (found,) = weekly_projection_schedule(context)
    return found if isinstance(found, dg.RunRequest) else str(found.skip_message)


def warehouse(settings: Settings, known_week: date | None) -> None:
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    settings.warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.fct_weekly_count (known_week date)")
        if known_week:
            connection.execute("insert into marts.fct_weekly_count values (?)", [known_week])


def test_projection_is_asked_for_after_landing_and_only_where_none_is_on_record(settings: Settings) -> None:
    assert "no warehouse" in ask(settings)
    warehouse(settings, date(2026, 6, 22))
    assert "nothing delivered since its close" in ask(settings)
    warehouse(settings, date(2026, 6, 29))
    with duckdb.connect(str(settings.warehouse)):
        assert "cannot be read now" in ask(settings)
    request = ask(settings)
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.tags[AS_OF_TAG]) == (WEEK, "2026-06-29")
    record = settings.forecasts / "weekly_forecast"
    record.mkdir(parents=True)
    (record / f"{WEEK}-r1.parquet").touch()
    assert ask(settings) == "2026-W26 is on record."


def test_cycle_is_asked_for_every_monday(settings: Settings) -> None:
    context = dg.build_schedule_context(scheduled_execution_time=TICK)
    assert [request.partition_key for request in weekly_schedule(context)] == [WEEK]

"""A Monday on which the cycle stopped before it projected: the schedule asks, and its run puts the week on record."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from mids_orchestration.definitions import build_defs
from mids_orchestration.defs.resources import MidsHome
from mids_orchestration.defs.schedules import weekly_projection_schedule
from mids_orchestration.settings import Settings
from tests.world import World

pytestmark = pytest.mark.xdist_group("world")

#: 08:00 in Kuala Lumpur on the Monday after the last closed week.
TICK = datetime(2026, 6, 29, 0, 0, tzinfo=UTC)
WEEK = "2026-06-22"


def asked(settings: Settings) -> dg.RunRequest | str:
    context = dg.build_schedule_context(
        scheduled_execution_time=TICK, resources={"mids": MidsHome.of(settings)}
    )
    (found,) = weekly_projection_schedule(context)
    return found if isinstance(found, dg.RunRequest) else str(found.skip_message)


def test_the_week_a_cycle_left_out_is_projected_when_the_schedule_ticks(world: World, tmp_path: Path) -> None:
    for part in ("warehouse/mids.duckdb", "landing/receipts.parquet"):
        (tmp_path / part).parent.mkdir(parents=True)
        shutil.copy(world.home / part, tmp_path / part)
    settings = Settings(home=tmp_path, inbox=tmp_path / "inbox")
    with duckdb.connect(str(settings.warehouse)) as connection:  # half a year is enough to project from
        connection.execute("delete from marts.fct_weekly_count where event_week < date '2026-01-01'")
        connection.execute("delete from marts.fct_weekly_count where unit_code <> 'case'")
    request = asked(settings)
    assert isinstance(request, dg.RunRequest)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = (
            build_defs(settings)
            .resolve_job_def("weekly_projection")
            .execute_in_process(instance=instance, partition_key=request.partition_key, tags=request.tags)
        )
        run = instance.get_run_by_id(result.run_id)
    assert run is not None and run.status is dg.DagsterRunStatus.SUCCESS
    assert run.tags["dagster/partition"] == WEEK
    assert all(check.passed for check in result.get_asset_check_evaluations())
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        (weeks,) = connection.execute(
            "select list(distinct as_of_week::text) from forecast.weekly_forecast"
        ).fetchone()
    assert weeks == [WEEK]
    assert asked(settings) == "2026-W26 is on record."

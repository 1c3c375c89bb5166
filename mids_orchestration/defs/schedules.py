"""The schedules of a Monday: the week's cycle, and a look whether its projection stands."""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg
import duckdb

from mids_orchestration.calendar import last_closed_week, week_label
from mids_orchestration.defs.jobs import weekly_cycle, weekly_projection
from mids_orchestration.defs.resources import AS_OF_TAG, MidsHome
from mids_orchestration.forecast_record import recorded_weeks
from mids_orchestration.settings import TIMEZONE, Settings
from mids_orchestration.warehouse import open_warehouse


@dg.schedule(
    job=weekly_cycle,
    cron_schedule="0 6 * * 1",
    execution_timezone=TIMEZONE,
    description="Mondays 06:00 in Kuala Lumpur: the cycle of the ISO week that ended yesterday.",
)
def weekly_schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """Ask for the cycle of the last closed week, as of the tick's own day (never the clock's)."""
    yield _request(context.scheduled_execution_time.date())


@dg.schedule(
    job=weekly_projection,
    cron_schedule="0 8 * * 1",
    execution_timezone=TIMEZONE,
    description="Mondays 08:00 in Kuala Lumpur, after landing: projects the ISO week that ended yesterday, unless "
    "the cycle has.",
)
def weekly_projection_schedule(
    context: dg.ScheduleEvaluationContext, mids: MidsHome
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for the last closed week's projection where landing is in the warehouse and no projection on record."""
    day = context.scheduled_execution_time.date()
    reason = why_not(mids.settings, last_closed_week(day))
    yield dg.SkipReason(reason) if reason else _request(day)


def why_not(settings: Settings, week: date) -> str | None:
    """Why the projection of ``week`` should not be asked for now; None when it should."""
    name = week_label(week)
    if week in recorded_weeks(settings.forecasts):
        return f"{name} is on record."
    if not settings.warehouse.exists():
        return f"{name}: no warehouse has been built yet; weekly_cycle builds it."
    try:
        with open_warehouse(settings, read_only=True) as connection:
            found = connection.execute("select max(known_week) from marts.fct_weekly_count").fetchone()
    except duckdb.Error as error:
        return f"{name}: the warehouse cannot be read now, a run may be writing it ({type(error).__name__})."
    newest = found[0] if found else None
    if newest is None or newest < week + timedelta(weeks=1):
        return f"{name}: nothing delivered since its close is in the warehouse; run weekly_cycle first."
    return None


def _request(day: date) -> dg.RunRequest:
    week = last_closed_week(day).isoformat()
    return dg.RunRequest(run_key=week, partition_key=week, tags={AS_OF_TAG: day.isoformat()})


SCHEDULES = [weekly_schedule, weekly_projection_schedule]

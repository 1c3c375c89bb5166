"""The one schedule: Monday morning, when the week's deliveries are in."""

from collections.abc import Iterator

import dagster as dg

from mids_orchestration.calendar import last_closed_week
from mids_orchestration.defs.jobs import weekly_cycle
from mids_orchestration.defs.resources import AS_OF_TAG
from mids_orchestration.settings import TIMEZONE


@dg.schedule(
    job=weekly_cycle,
    cron_schedule="0 6 * * 1",
    execution_timezone=TIMEZONE,
    description="Mondays 06:00 in Kuala Lumpur: the cycle of the ISO week that ended yesterday.",
)
def weekly_schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """Ask for the cycle of the last closed week, as of the tick's own day (never the clock's)."""
    as_of = context.scheduled_execution_time.date()
    week = last_closed_week(as_of).isoformat()
    yield dg.RunRequest(run_key=week, partition_key=week, tags={AS_OF_TAG: as_of.isoformat()})

"""The one partition scheme: ISO weeks, keyed by their Monday."""

import dagster as dg

from mids_orchestration.settings import TIMEZONE

#: A partition is one weekly cycle: the week it closes, and the deliveries of the Tuesday to Monday after
#: that week began (see calendar.delivery_week). `end_offset=1` opens the running week too, so that what
#: arrives in mid-week can be landed at once.
weeks = dg.WeeklyPartitionsDefinition(
    start_date="2016-01-04", day_offset=1, timezone=TIMEZONE, end_offset=1, fmt="%Y-%m-%d"
)

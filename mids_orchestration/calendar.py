"""ISO weeks as MIDS names them: by their Monday.

Belongs here: the arithmetic of weeks that orchestration and command line share. Does not belong
here: series (forecasting.series) or the calendar dimension (dbt's dim_date).
"""

from __future__ import annotations

from datetime import date, timedelta


def monday_of(day: date) -> date:
    """The Monday that opens the ISO week of ``day``."""
    return day - timedelta(days=day.weekday())


def last_closed_week(as_of: date) -> date:
    """The Monday of the newest ISO week that had ended (its Sunday past) on ``as_of``."""
    return monday_of(as_of) - timedelta(weeks=1)


def cycle_day(week: date) -> date:
    """The Monday on which the cycle of ``week`` runs: the day after the week's Sunday."""
    return week + timedelta(weeks=1)


def delivery_week(received_on: date) -> date:
    """The week a delivery closes: Tuesday to the following Monday belong to one weekly cycle.

    Agencies send on Monday what they recorded in the week before, so Monday's delivery belongs to
    the week that has just ended.
    """
    return monday_of(received_on - timedelta(days=1))


def week_label(day: date) -> str:
    """The ISO name of the week of ``day``, for example ``2026-W26``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"

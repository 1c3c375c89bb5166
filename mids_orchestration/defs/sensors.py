"""The inbox sensor: lands what agencies drop between Mondays, so that they hear of trouble at once."""

import hashlib
import time
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg

from expectations.contract import load_contracts
from mids_orchestration.calendar import delivery_week
from mids_orchestration.defs.jobs import land_feed
from mids_orchestration.defs.resources import AS_OF_TAG, MidsHome
from mids_orchestration.landing import pending
from mids_orchestration.settings import TIMEZONE

_EVERY_SECONDS = 60


@dg.sensor(
    job=land_feed,
    minimum_interval_seconds=_EVERY_SECONDS,
    description="Launches land_feed when a file waits in the inbox that no receipt covers.",
)
def inbox_sensor(mids: MidsHome) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run for all that waits; the run key is what waits, so nothing is asked for twice."""
    settings = mids.settings
    today = datetime.now(ZoneInfo(TIMEZONE)).date()
    waiting = pending(
        settings.inbox, settings.home, as_of=today, contracts=load_contracts(), now_ns=time.time_ns()
    )
    if not waiting:
        yield dg.SkipReason("Nothing waits in the inbox.")
        return
    names = sorted(f"{item.agency}/{item.feed}/{item.path.name}" for item in waiting)
    newest = max((item.sent_on for item in waiting if item.sent_on), default=today)
    yield dg.RunRequest(
        run_key=hashlib.sha256("\n".join(names).encode()).hexdigest()[:16],
        partition_key=delivery_week(newest).isoformat(),
        tags={AS_OF_TAG: today.isoformat()},
    )

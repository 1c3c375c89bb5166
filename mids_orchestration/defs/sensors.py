"""The sensors: land what agencies drop, or hold on their servers, between Mondays: they hear of trouble at once."""

import hashlib
import time
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from expectations.contract import load_contracts
from mids_orchestration.calendar import delivery_week
from mids_orchestration.defs.jobs import land_feed
from mids_orchestration.defs.landing.assets import table_key
from mids_orchestration.defs.resources import AS_OF_TAG, MidsHome
from mids_orchestration.landing import pending, unsettled
from mids_orchestration.landing.pull import (
    Patience,
    PullError,
    Source,
    SourcesError,
    awaiting,
    fetch,
    load_sources,
)
from mids_orchestration.settings import TIMEZONE, Settings, secret

_EVERY_SECONDS = 60
_PULL_EVERY_SECONDS = 15 * 60
# A tick may take a minute; whatever a server asks us to wait beyond this is left for the next one.
_PATIENCE_SECONDS = 30.0


@dg.sensor(
    job=land_feed,
    minimum_interval_seconds=_EVERY_SECONDS,
    description="Launches land_feed when a file waits in the inbox that has settled and that no receipt covers.",
)
def inbox_sensor(mids: MidsHome) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run for all that waits and has settled; the run key is what waits, so nothing is asked for twice."""
    settings, today, contracts = mids.settings, _today(), load_contracts()
    pulled = awaiting(settings.home, settings.inbox)  # theirs is another sensor's run
    waiting = pending(settings.inbox, settings.home, as_of=today, contracts=contracts)
    waiting = [item for item in waiting if item.path not in pulled]
    coming = unsettled(waiting, contracts=contracts, now_ns=time.time_ns())
    waiting = [item for item in waiting if item not in coming]
    if not waiting:
        names = sorted(item.path.relative_to(settings.inbox).as_posix() for item in coming)
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        yield dg.SkipReason(
            f"Still being uploaded: {', '.join(names[:5])}{more}." if names else "Nothing waits in the inbox."
        )
        return
    newest = max((item.sent_on for item in waiting if item.sent_on), default=today)
    # A file that changed after a run left it alone is another file: size and time are part of the key.
    names = [f"{item.agency}/{item.feed}/{item.path.name}:{item.size}:{item.mtime_ns}" for item in waiting]
    yield _request(names, newest, today)


def build_pull_sensor(transport: str) -> dg.SensorDefinition:
    """A sensor that fetches what sources of one transport hold, and launches land_feed for the feeds that brought any.

    A feed whose server fails stops no other; the tick is shown as failed when nothing could be pulled at all.
    """

    @dg.sensor(
        name=f"{transport}_sensor",
        job=land_feed,
        minimum_interval_seconds=_PULL_EVERY_SECONDS,
        description=f"Fetches from the {transport} servers in sources.yml into the inbox and launches land_feed.",
    )
    def pull_sensor(
        context: dg.SensorEvaluationContext, mids: MidsHome
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        settings, today = mids.settings, _today()
        sources = load_sources(settings.home, load_contracts(), secret)
        mine = [source for source in sources.values() if source.transport == transport]
        failed, asked = [], 0
        for source in mine:
            try:
                names = _bring(source, settings, today)
            except (PullError, SourcesError, OSError) as error:
                failed.append(str(error))
                context.log.warning(str(error))
                continue
            if names:
                asked += 1
                yield _request(names, today, today, source)
        if failed and not asked:
            raise dg.Failure("; ".join(failed), allow_retries=False)
        if not asked:
            yield dg.SkipReason(f"{len(mine)} {transport} source(s) hold nothing new.")

    return pull_sensor


def _bring(source: Source, settings: Settings, today: date) -> list[str]:
    """Names of the source's files that lie in the inbox and have no receipt."""
    done = fetch(
        source, home=settings.home, inbox=settings.inbox, as_of=today, patience=Patience(_PATIENCE_SECONDS)
    )
    folder = Path(source.contract.agency) / source.contract.feed
    return [(folder / name).as_posix() for name in done.unreceipted]


def _request(names: Iterable[str], newest: date, today: date, source: Source | None = None) -> dg.RunRequest:
    key = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
    return dg.RunRequest(
        run_key=key,
        partition_key=delivery_week(newest).isoformat(),
        tags={AS_OF_TAG: today.isoformat()},
        asset_selection=[table_key(source.contract, record.name) for record in source.contract.records]
        if source
        else None,
    )


def _today() -> date:
    return datetime.now(ZoneInfo(TIMEZONE)).date()


SENSORS = [inbox_sensor, *(build_pull_sensor(transport) for transport in ("sftp", "http", "postgres"))]

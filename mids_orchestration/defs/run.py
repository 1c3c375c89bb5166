"""Running the weekly cycle in this process, for the command line; the UI and the schedule need none of it."""

from __future__ import annotations

import time
from datetime import date

import dagster as dg

from mids_orchestration.calendar import last_closed_week
from mids_orchestration.cycle import (
    CycleRecord,
    code_version,
    data_version,
    decisions_version,
    write_last_cycle,
)
from mids_orchestration.defs.resources import AS_OF_TAG
from mids_orchestration.landing import read_receipts
from mids_orchestration.release import current_release
from mids_orchestration.settings import Settings

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_weekly_cycle(settings: Settings, as_of: date) -> CycleRecord:
    """Run ``weekly_cycle`` for the last week closed on ``as_of`` and keep what came of it."""
    from mids_orchestration.definitions import build_defs

    started = time.monotonic()
    # Taken before the run: a decision that comes in while it runs is news for the next one.
    bound_by = decisions_version(settings)
    job = build_defs(settings).resolve_job_def("weekly_cycle")
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(
            instance=instance,
            partition_key=last_closed_week(as_of).isoformat(),
            tags={AS_OF_TAG: as_of.isoformat()},
            run_config=_QUIET,
            raise_on_error=False,
        )
    published = current_release(settings.releases) if result.success else None
    record = CycleRecord(
        as_of=as_of.isoformat(),
        data_version=data_version(read_receipts(settings.home)),
        code_version=code_version(),
        decisions_version=bound_by,
        run_id=result.run_id,
        succeeded=result.success,
        release_id=published.release_id if published else None,
        checks=[_check(evaluation) for evaluation in result.get_asset_check_evaluations()],
        failed_steps=[_failure(event) for event in result.all_events if event.is_step_failure],
        seconds=round(time.monotonic() - started, 1),
    )
    write_last_cycle(settings, record)
    return record


def _check(evaluation: dg.AssetCheckEvaluation) -> dict[str, object]:
    return {
        "asset": evaluation.asset_key.to_user_string(),
        "name": evaluation.check_name,
        "passed": evaluation.passed,
        "severity": evaluation.severity.value,
        "said": evaluation.description or "",
    }


def _failure(event: dg.DagsterEvent) -> dict[str, str]:
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return {"step": event.step_key or "", "message": (error.message if error else "").strip()}

"""Running the weekly cycle in this process, for the command line; the UI and the schedule need none of it."""

from __future__ import annotations

import time
from datetime import date

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.workspace.load_target import WorkspaceFileTarget

from mids_orchestration.calendar import last_closed_week
from mids_orchestration.cycle import (
    CycleRecord,
    code_version,
    data_version,
    decisions_version,
    write_last_cycle,
)
from mids_orchestration.defs.partitions import weeks
from mids_orchestration.defs.resources import AS_OF_TAG, PARTITION_TAG
from mids_orchestration.landing import read_receipts
from mids_orchestration.release import current_release
from mids_orchestration.settings import REPOSITORY, Settings

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class UnknownWeekError(ValueError):
    """The last week closed on the day asked for is none of the cycle's; the message names the remedy."""


def run_weekly_cycle(settings: Settings, as_of: date) -> CycleRecord:
    """Run ``weekly_cycle`` for the last week closed on ``as_of`` and keep what came of it.

    Raises UnknownWeekError, before anything is run or written, when that week lies outside the partitions.
    """
    from mids_orchestration.definitions import build_defs

    week = last_closed_week(as_of).isoformat()
    if not weeks.has_partition_key(week):
        raise UnknownWeekError(
            f"as of {as_of} the last closed week began on {week}; weeks run from {weeks.get_first_partition_key()} "
            f"to {weeks.get_last_partition_key()}: give --as-of a day that closes one of them"
        )
    started = time.monotonic()
    # Taken before the run: a decision that comes in while it runs is news for the next one.
    bound_by = decisions_version(settings)
    job = build_defs(settings).resolve_job_def("weekly_cycle")
    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(
            job,
            run_config=_QUIET,
            tags={PARTITION_TAG: week, AS_OF_TAG: as_of.isoformat()},
            remote_job_origin=_origin(),
        )
        result = execute_run(InMemoryJob(job), run, instance)
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


def _origin() -> RemoteJobOrigin:
    """Where the UI finds the job: what `workspace.yaml` loads.

    `execute_in_process`, the public way to run a job here, records no such place; the UI then leaves the run out of its
    timeline and cannot run it again. Hence the private imports.
    """
    (location,) = WorkspaceFileTarget([str(REPOSITORY / "workspace.yaml")]).create_origins()
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), "weekly_cycle")


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

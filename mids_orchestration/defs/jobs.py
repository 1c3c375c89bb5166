"""The five jobs. One job runs the week; the other four do a part of it on its own."""

import warnings

import dagster as dg

from mids_orchestration.defs.partitions import weeks
from mids_orchestration.defs.release.held import tell_why_no_newer_release

_CYCLE = dg.AssetSelection.all()
_LANDING = dg.AssetSelection.groups("landing")
_FORECAST = dg.AssetSelection.groups("forecast")
_RELEASE = dg.AssetSelection.groups("release")

# In one process: the steps hand one DuckDB file to each other, and measured here a process per step
# with a pool of one took 2.5 times as long.
_ONE_PROCESS = dg.in_process_executor

# Landing takes many weeks in one run, projecting one week a run; a backfill of both takes the smaller, as it should.
warnings.filterwarnings("ignore", message=r"Asset job \w+ materializes assets with varying BackfillPolicies")

weekly_cycle = dg.define_asset_job(
    "weekly_cycle",
    selection=_CYCLE,
    partitions_def=weeks,
    executor_def=_ONE_PROCESS,
    hooks={tell_why_no_newer_release},
    description="Land what has arrived, rebuild the warehouse, link persons, project twelve weeks, publish.",
)

land_feed = dg.define_asset_job(
    "land_feed",
    selection=_LANDING,
    partitions_def=weeks,
    executor_def=_ONE_PROCESS,
    description="Only receive: archive, check against the contract, land or quarantine, write receipts.",
)

weekly_projection = dg.define_asset_job(
    "weekly_projection",
    selection=_FORECAST,
    partitions_def=weeks,
    executor_def=_ONE_PROCESS,
    description="Only project: the as-of week of the partition from the warehouse as it stands, as was known at its "
    "close; the same step as in weekly_cycle. A backfill of this job is `mids backfill`, a run per week.",
)

rebuild_all = dg.define_asset_job(
    "rebuild_all",
    selection=_CYCLE - _LANDING - _RELEASE,
    partitions_def=weeks,
    executor_def=_ONE_PROCESS,
    description="Build warehouse, linkage and projections again from what has landed; publishes nothing.",
)

publish_release = dg.define_asset_job(
    "publish_release",
    selection=_RELEASE,
    executor_def=_ONE_PROCESS,
    hooks={tell_why_no_newer_release},
    description="Build the release aside from the warehouse as it stands, pass its gates, switch.",
)

JOBS = [weekly_cycle, land_feed, weekly_projection, rebuild_all, publish_release]

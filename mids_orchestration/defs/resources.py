"""What assets are handed: where MIDS lives, and as of which day this run sees the world."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource

from mids_orchestration.calendar import cycle_day
from mids_orchestration.landing import read_receipts
from mids_orchestration.settings import DBT_PROJECT, Settings, load_settings
from mids_orchestration.warehouse import dbt_executable

AS_OF_TAG = "mids/as_of"
PARTITION_TAG = "dagster/partition"
RANGE_END_TAG = "dagster/asset_partition_range_end"


class MidsHome(dg.ConfigurableResource):
    """The data home and inbox of this run.

    Attributes:
        home: absolute path of the data home.
        inbox: absolute path of the inbox.
        seed: seed of everything random in the run.
    """

    home: str
    inbox: str
    seed: int

    @classmethod
    def of(cls, settings: Settings) -> MidsHome:
        """The resource for ``settings``."""
        return cls(home=str(settings.home), inbox=str(settings.inbox), seed=settings.seed)

    @property
    def settings(self) -> Settings:
        """The settings these paths stand for."""
        base = load_settings(home=Path(self.home), inbox=Path(self.inbox))
        return Settings(base.home, base.inbox, self.seed, base.duckdb_memory_limit)


def run_as_of(context: dg.AssetExecutionContext, settings: Settings) -> date:
    """The day as of which this run sees the world.

    In this order: the run's ``mids/as_of`` tag (the command line sets it), the Monday after the run's week
    partition (of a backfill of many weeks, the last) or, for an asset launched by hand without either, the
    day of the newest delivery received. The clock is never asked.

    Raises:
        dagster.Failure: when nothing tells the day.
    """
    day = as_of_told(context.run.tags, settings)
    if day is None:
        raise dg.Failure(
            "Nothing tells as of which day this run sees the world: no delivery has been received. "
            f"Land a feed first, or set the run tag {AS_OF_TAG}.",
            allow_retries=False,
        )
    return day


def as_of_told(tags: Mapping[str, str], settings: Settings) -> date | None:
    """The day that a run's tags, or what has been received, tell; None when nothing tells it."""
    if AS_OF_TAG in tags:
        return date.fromisoformat(tags[AS_OF_TAG])
    for tag in (PARTITION_TAG, RANGE_END_TAG):
        if tag in tags:
            return cycle_day(date.fromisoformat(tags[tag]))
    return max((r.known_on for r in read_receipts(settings.home) if r.known_on), default=None)


def dbt_resource() -> DbtCliResource:
    """The dbt command line of this environment, on the project in this checkout."""
    return DbtCliResource(
        project_dir=str(DBT_PROJECT), profiles_dir=str(DBT_PROJECT), dbt_executable=dbt_executable()
    )

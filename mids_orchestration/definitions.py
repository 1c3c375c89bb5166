"""The code location: puts the parts in defs/ together and adds nothing of its own.

Nothing happens at import: Dagster calls :func:`defs`, tests call :func:`build_defs` with settings of theirs.
"""

from __future__ import annotations

import dagster as dg

from expectations.contract import load_contracts
from mids_orchestration.defs.forecast.assets import build_forecast_assets
from mids_orchestration.defs.jobs import JOBS
from mids_orchestration.defs.landing.assets import build_landing_assets
from mids_orchestration.defs.linkage.assets import build_linkage_assets
from mids_orchestration.defs.linkage.checks import build_linkage_checks
from mids_orchestration.defs.release.assets import build_release_assets
from mids_orchestration.defs.resources import MidsHome, dbt_resource
from mids_orchestration.defs.schedules import SCHEDULES
from mids_orchestration.defs.sensors import SENSORS
from mids_orchestration.defs.warehouse.assets import build_warehouse_assets
from mids_orchestration.settings import Settings, load_settings
from mids_orchestration.warehouse import prepare_manifest


def build_defs(settings: Settings) -> dg.Definitions:
    """Everything MIDS runs, for the data home in ``settings``."""
    contracts = load_contracts()
    manifest = prepare_manifest(contracts, settings)
    return dg.Definitions(
        assets=[
            *build_landing_assets(contracts),
            *build_warehouse_assets(manifest),
            *build_linkage_assets(),
            *build_forecast_assets(),
            *build_release_assets(manifest),
        ],
        asset_checks=build_linkage_checks(),
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS,
        resources={"mids": MidsHome.of(settings), "dbt": dbt_resource()},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What ``workspace.yaml`` loads, for the data home that the environment names."""
    return build_defs(load_settings())

"""dbt in two strides, with person linkage between them: to_conformed, then from_linked."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from expectations.contract import load_contracts
from mids_orchestration import news
from mids_orchestration.defs.pools import WAREHOUSE_WRITER
from mids_orchestration.defs.resources import MidsHome
from mids_orchestration.defs.warehouse.translator import MidsTranslator
from mids_orchestration.landing import recover
from mids_orchestration.progress import announce
from mids_orchestration.settings import Settings
from mids_orchestration.warehouse import open_warehouse, project_fingerprint

#: Name of the asset step, dbt selector of the same name in dbt_project/selectors.yml.
STRIDES = ("to_conformed", "from_linked", "forecast_marts")


def build_warehouse_assets(manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """One Dagster step per dbt selection; every model, seed and test of it is an asset or a check."""
    return [_stride(selector, manifest) for selector in STRIDES]


def _stride(selector: str, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    @dbt_assets(
        manifest=manifest,
        selector=selector,
        name=f"dbt_{selector}",
        dagster_dbt_translator=MidsTranslator(),
        pool=WAREHOUSE_WRITER,
    )
    def stride(context: dg.AssetExecutionContext, dbt: DbtCliResource, mids: MidsHome) -> Iterator[Any]:
        settings = mids.settings
        settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
        if selector == STRIDES[0]:
            recover(settings.home, load_contracts())
        _settle_scope(selector, context, settings)
        # dbt reads its profile from the environment of its own process only.
        os.environ.update(settings.dbt_environment())
        announce(f"dbt build: {selector}")
        invocation = dbt.cli(["build"], context=context)
        # Row counts are read after dbt has let go of the file: DuckDB has one lock between processes.
        events = list(invocation.stream())
        with open_warehouse(settings, read_only=True) as connection:
            for event in events:
                yield _with_row_count(event, connection, context)
        if selector == STRIDES[1] and not context.is_subset:
            with open_warehouse(settings) as connection:
                news.finish(connection)

    return stride


def _settle_scope(selector: str, context: dg.AssetExecutionContext, settings: Settings) -> None:
    """Whether this run builds everything or what is new: settled before dbt starts, and again after linkage."""
    if selector == STRIDES[2]:
        return
    with open_warehouse(settings) as connection:
        if context.is_subset:
            # A part of the tables is ahead of the others after this; the next whole run builds everything.
            news.forget(connection)
            return
        if selector == STRIDES[0]:
            made_from = news.project_hash(project_fingerprint())
            scope = news.begin(connection, settings.landing, load_contracts(), made_from)
        else:
            scope = news.widen(connection)
    announce(f"building {'what is new' if scope.only_news else 'every table anew'}: {scope.reason}")


def _with_row_count(event: Any, connection: Any, context: dg.AssetExecutionContext) -> Any:
    if not isinstance(event, dg.Output):
        return event
    schema, table = context.asset_key_for_output(event.output_name).path
    rows = connection.execute(f'select count(*) from "{schema}"."{table}"').fetchone()[0]
    metadata = {**event.metadata, "dagster/row_count": dg.MetadataValue.int(rows)}
    return dg.Output(
        event.value, output_name=event.output_name, metadata=metadata, data_version=event.data_version
    )

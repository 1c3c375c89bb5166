"""The weekly projection as assets: reads the weekly count, appends forecasts and their track record."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from mids_orchestration import forecast_step as step
from mids_orchestration.calendar import last_closed_week, week_label
from mids_orchestration.cycle import data_version
from mids_orchestration.defs.forecast.checks import CHECKS, evaluate
from mids_orchestration.defs.partitions import weeks
from mids_orchestration.defs.pools import WAREHOUSE_WRITER
from mids_orchestration.defs.resources import MidsHome, run_as_of
from mids_orchestration.forecast_record import load_record, record_forecast, replace_table
from mids_orchestration.landing import read_receipts
from mids_orchestration.progress import announce
from mids_orchestration.warehouse import open_warehouse

_SOURCES = [
    dg.AssetKey(["marts", name]) for name in ("fct_weekly_count", "fct_charge", "fct_person_in_case")
] + [dg.AssetKey(["conformed", "interventions"])]
_DESCRIPTIONS = {
    "weekly_forecast": "One row per as-of week, revision, series, target week and quantile: twelve weeks ahead. "
    "Appended, never overwritten.",
    "weekly_nowcast": "One row per as-of week, revision, series, recent event week and quantile: what the newest "
    "weeks will be once late reports are in.",
    "backtest_score": "One row per as-of week, revision, series, model and horizon: how good past forecasts were, "
    "on what was known then.",
    "weekly_total": "One row per as-of week, revision, series, number of weeks and quantile: sums over the weeks "
    "ahead, from the same paths.",
    "weekly_trend": "One row per as-of week, revision, series and window: rising, falling, stable or cannot tell; "
    "and whether there is an alert.",
    "matured_score": "One row per recorded national forecast of a week whose count has become final.",
    "intervention_effect": "One row per listed intervention and outcome: the step at its date; an association.",
}


def build_forecast_assets() -> list[dg.AssetsDefinition]:
    """The one projection step and its checks."""
    return [weekly_projection]


def _key(table: str) -> dg.AssetKey:
    return dg.AssetKey(["forecast", table])


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            key=_key(table),
            deps=_SOURCES,
            description=description,
            group_name="forecast",
            owners=["team:forecasting"],
            kinds={"python", "duckdb"},
            partitions_def=weeks,
        )
        for table, description in _DESCRIPTIONS.items()
    ],
    check_specs=CHECKS,
    partitions_def=weeks,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool=WAREHOUSE_WRITER,
)
def weekly_projection(context: dg.AssetExecutionContext, mids: MidsHome) -> Iterator[Any]:
    """Project each series and node from what is known at the close of the as-of week."""
    settings = mids.settings
    as_of_week = last_closed_week(run_as_of(context, settings))
    with open_warehouse(settings, read_only=True) as connection:
        counts = connection.execute("select * from marts.fct_weekly_count").df()
        interventions, outcomes = step.read_interventions(connection)
    announce(f"projecting {step.HORIZON_WEEKS} weeks from {week_label(as_of_week)}")
    projection = step.project_week(counts, as_of_week, seed=settings.seed)
    version = data_version(read_receipts(settings.home))
    tables = step.recorded_tables(projection, data_version=version, seed=settings.seed)
    revision = record_forecast(settings.forecasts, as_of_week, tables)
    effects = step.intervention_effects(interventions, outcomes, as_of_week)
    with open_warehouse(settings) as connection:
        rows = load_record(settings.forecasts, connection)
        recorded = connection.execute(step.RECORDED_NATIONAL).df()
        matured = step.matured_scores(recorded, counts, as_of_week)
        rows["matured_score"] = replace_table(connection, "matured_score", step.MATURED_COLUMNS, matured)
        rows["intervention_effect"] = replace_table(
            connection, "intervention_effect", step.EFFECT_COLUMNS, effects
        )
    about: dict[str, Any] = {"as_of_week": week_label(as_of_week), "revision": revision}
    for table in _DESCRIPTIONS:
        yield dg.MaterializeResult(
            asset_key=_key(table),
            metadata={
                "dagster/row_count": rows[table],
                "rows_this_week": len(tables[table]) if table in tables else rows[table],
                **about,
            },
        )
    yield from evaluate(tables["weekly_forecast"], projection)

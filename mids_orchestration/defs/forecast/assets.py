"""The weekly projection as assets: reads the weekly count, appends forecasts and their track record."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pandas as pd

from expectations.contract import load_contracts
from mids_orchestration import forecast_score, scenario_step
from mids_orchestration import forecast_step as step
from mids_orchestration.calendar import last_closed_week, week_label
from mids_orchestration.cycle import data_version
from mids_orchestration.defs.forecast.checks import CHECKS, evaluate
from mids_orchestration.defs.partitions import weeks
from mids_orchestration.defs.pools import WAREHOUSE_WRITER
from mids_orchestration.defs.resources import MidsHome, run_as_of
from mids_orchestration.forecast_record import load_record, record_forecast, recorded_weeks, replace_table
from mids_orchestration.landing import read_receipts
from mids_orchestration.progress import announce
from mids_orchestration.release.freshness import feed_states
from mids_orchestration.warehouse import open_warehouse

_SOURCES = [
    dg.AssetKey(["marts", name])
    for name in (
        "fct_weekly_count",
        "fct_charge",
        "fct_person_in_case",
        "fct_operation",
        "fct_border_post",
        "dim_public_holiday",
        "dim_state",
    )
] + [dg.AssetKey(["conformed", name]) for name in ("interventions", "scenarios")]
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
    "monthly_forecast": "One row per as-of week, revision, series, month ahead and quantile: twelve months.",
    "change_point": "One row per as-of week, revision, series and week from which its level differs, with probability.",
    "matured_score": "One row per recorded forecast of a week whose count has become final.",
    "matured_month": "One row per recorded forecast of a month whose count has become final.",
    "node_week": "One row per node (every total over every dimension), week ahead and quantile, of the newest week.",
    "source_state": "One row per crime type and agency that projections rest on: is its feed fresh.",
    "intervention_effect": "One row per listed intervention and outcome: the step at its date; an association.",
    "exposure_effect": "One row per crime type and exposure: how cases move with it; an association.",
    "scenario_week": "One row per scenario, series, week ahead and quantile, the baseline beside; never a forecast.",
    "scenario_change": "One row per scenario and series: the change over its weeks, with 80 % interval.",
    "allocation": "One row per crime type and state: what one more operation in the next four weeks would bring.",
}


def build_forecast_assets() -> list[dg.AssetsDefinition]:
    """The one projection step and its checks."""
    return [weekly_projection]


def _key(table: str) -> dg.AssetKey:
    return dg.AssetKey(["forecast", table])


# The step has a name of its own: the job weekly_projection, which is this step alone, has taken the other.
@dg.multi_asset(
    name="project_as_of_week",
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
    # A run per week: each is projected from what was known at its own close. `mids backfill` does it in one process.
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
    pool=WAREHOUSE_WRITER,
)
def weekly_projection(context: dg.AssetExecutionContext, mids: MidsHome) -> Iterator[Any]:
    """Project each series and node from what is known at the close of the as-of week; score, compare, ask what if."""
    settings = mids.settings
    as_of = run_as_of(context, settings)
    as_of_week = last_closed_week(as_of)
    with open_warehouse(settings, read_only=True) as connection:
        counts = connection.execute("select * from marts.fct_weekly_count").df()
        beside = step.read_context(connection)
        interventions, outcomes = step.read_interventions(connection)
        scenarios = scenario_step.read_exposures(connection)
    announce(f"projecting {step.HORIZON_WEEKS} weeks and twelve months from {week_label(as_of_week)}")
    projections = step.project_units(counts, as_of_week, seed=settings.seed, context=beside)
    version = data_version(read_receipts(settings.home))
    tables = step.recorded_tables(projections, data_version=version, seed=settings.seed)
    revision = record_forecast(settings.forecasts, as_of_week, tables)
    feeds = feed_states(pd.read_parquet(settings.landing / "receipts.parquet"), load_contracts(), as_of=as_of)
    sources = step.source_states(counts, feeds, as_of_week)
    made = {
        "node_week": (step.NODE_WEEK_COLUMNS, step.every_node(projections, as_of_week)),
        "source_state": (step.SOURCE_COLUMNS, sources),
        "intervention_effect": (
            step.EFFECT_COLUMNS,
            step.intervention_effects(interventions, outcomes, as_of_week),
        ),
    }
    what_if = scenario_step.what_if_tables(
        projections["case"], counts, scenarios, as_of_week, seed=settings.seed
    )
    made |= {name: (columns, what_if[name]) for name, columns in scenario_step.TABLES.items()}
    with open_warehouse(settings) as connection:
        rows = load_record(settings.forecasts, connection)
        newest = max(recorded_weeks(settings.forecasts))
        # A past week projected again goes on record; tables of the newest week stay those of the newest week.
        made = made if as_of_week == newest else {}
        matured = forecast_score.matured_tables(connection, counts, newest)
        made["matured_score"] = (forecast_score.MATURED_COLUMNS, matured["matured_score"])
        made["matured_month"] = (forecast_score.MATURED_MONTH_COLUMNS, matured["matured_month"])
        for name, (columns, frame) in made.items():
            rows[name] = replace_table(connection, name, columns, frame)
    about: dict[str, Any] = {"as_of_week": week_label(as_of_week), "revision": revision}
    for table in _DESCRIPTIONS:
        yield dg.MaterializeResult(
            asset_key=_key(table),
            metadata={
                "dagster/row_count": rows.get(table, 0),
                "rows_this_week": len(tables[table]) if table in tables else rows.get(table, 0),
                **about,
            },
        )
    yield from evaluate(tables["weekly_forecast"], projections, sources)

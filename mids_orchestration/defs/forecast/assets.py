"""The weekly projection as an asset: reads the weekly count, appends forecasts and their track record."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import pandas as pd

from mids_orchestration.calendar import last_closed_week, week_label
from mids_orchestration.cycle import data_version
from mids_orchestration.defs.partitions import weeks
from mids_orchestration.defs.pools import WAREHOUSE_WRITER
from mids_orchestration.defs.resources import MidsHome, run_as_of
from mids_orchestration.forecast_record import TABLES, load_record, record_forecast
from mids_orchestration.landing import read_receipts
from mids_orchestration.progress import announce
from mids_orchestration.warehouse import open_warehouse

HORIZON_WEEKS = 12
LEVELS = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
UNIT = "case"
BACKTEST_ORIGINS = 52

FORECAST = dg.AssetKey(["forecast", "weekly_forecast"])
NOWCAST = dg.AssetKey(["forecast", "weekly_nowcast"])
SCORE = dg.AssetKey(["forecast", "backtest_score"])
_SOURCE = dg.AssetKey(["marts", "fct_weekly_count"])
_DESCRIPTIONS = {
    FORECAST: "One row per as-of week, revision, series, target week and quantile: twelve weeks ahead. "
    "Appended, never overwritten.",
    NOWCAST: "One row per as-of week, revision, series, recent event week and quantile: what the newest "
    "weeks will be once late reports are in.",
    SCORE: "One row per as-of week, revision, series, model and horizon: how good past forecasts were, "
    "on what was known then.",
}


def build_forecast_assets() -> list[dg.AssetsDefinition]:
    """The one projection step and its checks."""
    return [weekly_projection]


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            key=key,
            deps=[_SOURCE],
            description=description,
            group_name="forecast",
            owners=["team:forecasting"],
            kinds={"python", "duckdb"},
            partitions_def=weeks,
        )
        for key, description in _DESCRIPTIONS.items()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "quantiles_in_order_and_not_negative",
            asset=FORECAST,
            blocking=True,
            description="Gate, owner forecasting. Quantiles rise with their level and no count is below zero. "
            "If it fails, the model is broken: last week's release stands until it is mended.",
        ),
        dg.AssetCheckSpec(
            "every_series_has_every_week",
            asset=FORECAST,
            blocking=True,
            description=f"Gate, owner forecasting. Each series has {HORIZON_WEEKS} weeks and {len(LEVELS)} "
            "quantiles. If it fails, look for a series that the step refused, in the step's log.",
        ),
        dg.AssetCheckSpec(
            "not_worse_than_seasonal_naive",
            asset=SCORE,
            description="Watch, owner forecasting. The chosen model's weighted interval score over past "
            "origins is at most that of last year's same week. If it warns, trust the interval, not the line.",
        ),
    ],
    partitions_def=weeks,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool=WAREHOUSE_WRITER,
)
def weekly_projection(context: dg.AssetExecutionContext, mids: MidsHome) -> Iterator[Any]:
    """Project each national series from what is known at the close of the as-of week."""
    from forecasting import project, reporting_triangle, weekly_series

    settings = mids.settings
    as_of_week = last_closed_week(run_as_of(context, settings))
    with open_warehouse(settings, read_only=True) as connection:
        counts = connection.execute("select * from marts.fct_weekly_count").df()
    announce(f"projecting {HORIZON_WEEKS} weeks from {week_label(as_of_week)}")
    triangle = reporting_triangle(counts, as_of_week=as_of_week, unit_code=UNIT)
    projection = project(
        weekly_series(counts, as_of_week=as_of_week, unit_code=UNIT),
        triangle=triangle,
        horizon=HORIZON_WEEKS,
        levels=LEVELS,
        origins=BACKTEST_ORIGINS,
        seed=settings.seed,
    )
    forecast = _forecast_table(
        projection, as_of_week, data_version(read_receipts(settings.home)), settings.seed
    )
    tables = {
        "weekly_forecast": forecast,
        "weekly_nowcast": projection.nowcast.rename(columns={"ds": "event_week"}).assign(
            event_week=lambda frame: pd.to_datetime(frame["event_week"]).dt.date
        ),
        "backtest_score": _scores(projection.scores),
    }
    revision = record_forecast(settings.forecasts, as_of_week, tables)
    with open_warehouse(settings) as connection:
        rows = load_record(settings.forecasts, connection)
    about: dict[str, Any] = {
        "as_of_week": week_label(as_of_week),
        "revision": revision,
        "models": projection.chosen,
    }
    for key in (FORECAST, NOWCAST, SCORE):
        table = key.path[-1]
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={"dagster/row_count": rows[table], "rows_this_week": len(tables[table]), **about},
        )
    yield from _evaluate(forecast, projection)


def _forecast_table(projection: Any, as_of_week: date, version: str, seed: int) -> pd.DataFrame:
    frame = projection.forecast
    return pd.DataFrame(
        {
            "unique_id": frame["unique_id"],
            "crime_type_code": frame["unique_id"].str.split("/").str[1],
            "unit_code": UNIT,
            "target_week": pd.to_datetime(frame["ds"]).dt.date,
            "horizon": frame["horizon"].astype(int),
            "quantile": frame["quantile"],
            "value": frame["value"],
            "model_name": frame["model_name"],
            "model_version": projection.model_version,
            "data_version": version,
            "seed": seed,
        }
    )


def _scores(scores: pd.DataFrame) -> pd.DataFrame:
    wanted = [name for name in TABLES["backtest_score"] if name not in {"as_of_week", "revision"}]
    return scores.reindex(columns=wanted)


def _evaluate(forecast: pd.DataFrame, projection: Any) -> Iterator[dg.AssetCheckResult]:
    ordered = forecast.sort_values(["unique_id", "target_week", "quantile"])
    steps = ordered.groupby(["unique_id", "target_week"])["value"].diff().dropna()
    yield dg.AssetCheckResult(
        asset_key=FORECAST,
        check_name="quantiles_in_order_and_not_negative",
        passed=bool((steps >= 0).all() and (forecast["value"] >= 0).all()),
        metadata={"smallest_value": float(forecast["value"].min()), "crossings": int((steps < 0).sum())},
    )
    per_series = forecast.groupby("unique_id").size()
    expected = HORIZON_WEEKS * len(LEVELS)
    yield dg.AssetCheckResult(
        asset_key=FORECAST,
        check_name="every_series_has_every_week",
        passed=bool(len(per_series) > 0 and (per_series == expected).all()),
        metadata={"series": len(per_series), "rows_expected_each": expected},
    )
    skill = _skill(projection)
    known = {name: value for name, value in skill.items() if value is not None}
    yield dg.AssetCheckResult(
        asset_key=SCORE,
        check_name="not_worse_than_seasonal_naive",
        passed=bool(known) and all(value <= 1 for value in known.values()),
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(
            f"{name}: {'NOT_ASSESSED' if value is None else f'{value:.2f}'}" for name, value in skill.items()
        ),
        metadata={"relative_wis": dg.MetadataValue.json(skill), "origins": BACKTEST_ORIGINS},
    )


def _skill(projection: Any) -> dict[str, float | None]:
    """Relative WIS of the model each series uses, over all horizons; None where it was not scored."""
    skill: dict[str, float | None] = {}
    for name, model in projection.chosen.items():
        scores = projection.scores
        mine = (
            scores[(scores["unique_id"] == name) & (scores["model_name"] == model)] if len(scores) else scores
        )
        naive = mine["wis_seasonal_naive"].sum() if len(mine) else 0
        skill[name] = float(mine["wis"].sum() / naive) if naive > 0 else None
    return skill

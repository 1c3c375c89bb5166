"""Gates and watches of the weekly projection: what must hold before a release may carry it."""

from collections.abc import Iterator, Mapping

import dagster as dg
import pandas as pd

from forecasting import Projection
from mids_orchestration import forecast_step as step

FORECAST = dg.AssetKey(["forecast", "weekly_forecast"])
SCORE = dg.AssetKey(["forecast", "backtest_score"])
SOURCE = dg.AssetKey(["forecast", "source_state"])

CHECKS = [
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
        description=f"Gate, owner forecasting. Each series has {step.HORIZON_WEEKS} weeks and {len(step.LEVELS)} "
        "quantiles. If it fails, look for a series that the step refused, in the step's log.",
    ),
    dg.AssetCheckSpec(
        "totals_add_up",
        asset=FORECAST,
        blocking=True,
        description="Gate, owner forecasting. In every sample path states and agencies add up to the national "
        "series. If it fails, reconciliation is broken: last week's release stands until it is mended.",
    ),
    dg.AssetCheckSpec(
        "not_worse_than_seasonal_naive",
        asset=SCORE,
        blocking=True,
        description="Gate, owner forecasting. Over the past year's origins, on what was known then, the "
        "combination's weighted interval score over all case series is at most that of last year's same week. If it "
        "fails, last week's release stands: look for a break in a series or a feed that fell silent.",
    ),
    dg.AssetCheckSpec(
        "intervals_cover_what_they_say",
        asset=SCORE,
        blocking=True,
        description="Gate, owner forecasting. Over the past year's origins the 80 % intervals held "
        f"{step.COVERAGE_BANDS[0.8]} and the 95 % intervals {step.COVERAGE_BANDS[0.95]} of counts (all case series, "
        "1 to 4 weeks, ties broken at random; wide because a year holds few independent weeks). If it fails, look at "
        "the score table by series: a delay or a level that changed makes intervals too narrow.",
    ),
    dg.AssetCheckSpec(
        "feeds_are_fresh_or_declared_stale",
        asset=SOURCE,
        blocking=True,
        description="Gate, owner forecasting. Every agency the projections rest on has its feed's state declared in "
        f"`source_state`, and no crime type has more than {step.BLIND_SHARE:.0%} of its past year's cases from feeds "
        f"silent for {step.SILENT_DAYS} days: such a projection is blind, and last week's release stands. Ask the "
        "agency for its deliveries; weeks they should have filled are estimated meanwhile, never read as zero.",
    ),
]


def evaluate(
    forecast: pd.DataFrame, projections: Mapping[str, Projection], sources: pd.DataFrame
) -> Iterator[dg.AssetCheckResult]:
    """The results of all checks on one week's projections (by unit); skill and coverage are judged on cases."""
    projection = projections["case"]
    ordered = forecast.sort_values(["unique_id", "target_week", "quantile"])
    steps = ordered.groupby(["unique_id", "target_week"])["value"].diff().dropna()
    yield dg.AssetCheckResult(
        asset_key=FORECAST,
        check_name="quantiles_in_order_and_not_negative",
        passed=bool((steps >= 0).all() and (forecast["value"] >= 0).all()),
        metadata={"smallest_value": float(forecast["value"].min()), "crossings": int((steps < 0).sum())},
    )
    per_series = forecast.groupby("unique_id").size()
    expected = step.HORIZON_WEEKS * len(step.LEVELS)
    yield dg.AssetCheckResult(
        asset_key=FORECAST,
        check_name="every_series_has_every_week",
        passed=bool(len(per_series) > 0 and (per_series == expected).all()),
        metadata={"series": len(per_series), "rows_expected_each": expected},
    )
    yield dg.AssetCheckResult(
        asset_key=FORECAST,
        check_name="totals_add_up",
        passed=all(one.incoherent == 0 for one in projections.values()),
        metadata={f"largest_gap_{unit}": one.incoherent for unit, one in projections.items()},
    )
    skill = step.skill(projection.scores)
    yield dg.AssetCheckResult(
        asset_key=SCORE,
        check_name="not_worse_than_seasonal_naive",
        # Too little history to judge is said, and holds nothing back: a first week has no past.
        passed=(skill.get("all") or 0.0) <= 1,
        description="; ".join(
            f"{name}: {'NOT_ASSESSED' if value is None else f'{value:.2f}'}" for name, value in skill.items()
        ),
        metadata={"relative_wis": dg.MetadataValue.json(skill), "origins": step.ORIGINS},
    )
    found = step.coverage(projection.scores)
    yield dg.AssetCheckResult(
        asset_key=SCORE,
        check_name="intervals_cover_what_they_say",
        passed=all(low <= found[c] <= high for c, (low, high) in step.COVERAGE_BANDS.items() if c in found),
        description="; ".join(f"{c:.0%}: {value:.3f}" for c, value in found.items()) or "NOT_ASSESSED",
    )
    blind = step.blind(sources)
    yield dg.AssetCheckResult(
        asset_key=SOURCE,
        check_name="feeds_are_fresh_or_declared_stale",
        passed=bool(len(sources)) and all(share <= step.BLIND_SHARE for share in blind.values()),
        description=", ".join(
            f"{row.agency_code} {row.status_code}"
            for row in sources.itertuples()
            if row.status_code != "FRESH"
        )
        or "all feeds fresh",
        metadata={"share_from_stale_feeds": dg.MetadataValue.json(blind)},
    )

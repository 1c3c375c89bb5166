"""Feed contracts as dbt source declarations: what dbt needs to know about the landing zone, said once.

Belongs here: the one pure function which writes ``dbt_project/models/staging/_landing_sources.yml`` from
the contracts, and the declaration of the tables which Python writes for dbt to read. Does not belong
here: reading contracts (:mod:`expectations.contract`) or any transformation.

The staging models take names, types and formats of their columns from this file at compile time, so a
column is described in its contract and nowhere else. ``python -m expectations.dbt_sources`` rewrites the
file; a test fails while the committed file differs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from expectations.contract import Column, Contract, RecordType

SOURCES_FILE = Path(__file__).resolve().parent.parent / "dbt_project/models/staging/_landing_sources.yml"

_HEADER = """\
# Generated from expectations/feeds by expectations/dbt_sources.py. Do not edit: change the contract,
# then run `python -m expectations.dbt_sources`.
"""

# Columns which the landing zone adds to every record.
_LINEAGE = (
    ("_receipt_id", "Receipt of the delivery the record came in."),
    ("_line_no", "Line, row or object number of the record in the delivery."),
    ("_known_on", "Day MIDS received the delivery, as ISO text."),
    (
        "_sent_on",
        "Day the delivery was sent that says something of this record from elsewhere, as ISO text; else NULL.",
    ),
    ("_change", "correction or deletion, where another delivery says it of this record; else NULL."),
)

_RECEIPTS = {
    "name": "receipts",
    "description": "One row per receipt and record type: what was delivered, when, and what became of it.",
    "config": {
        "meta": {
            "dagster": {"asset_key": ["landing", "receipts"]},
            "external_location": "read_parquet('{{ env_var(\"MIDS_LANDING\") }}/receipts.parquet')",
        }
    },
}

# Tables in the warehouse which Python writes: (source, table, one row per ..., columns).
_PYTHON_TABLES: tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "linked",
        "person_link",
        "One row per person record that was compared: the person it was found to belong to.",
        (
            ("person_record_id", "Record, as in conformed.cnf_person."),
            ("person_key", "Person found by record linkage; stable from week to week."),
            ("match_probability", "Probability of the weakest accepted pair that holds the record in."),
            ("match_weight", "The same as a weight, in bits."),
            ("model_version", "Version of the linkage model."),
            ("cluster_size", "Number of records of the person."),
        ),
    ),
    (
        "linked",
        "person_pair",
        "One row per pair of person records compared and scored above the floor.",
        (
            ("person_record_id_l", "One record."),
            ("person_record_id_r", "The other record."),
            ("match_probability", "Probability that both tell of the same person."),
            ("match_weight", "The same as a weight, in bits."),
            ("reasons_en", "What agrees and what does not, in English."),
            ("reasons_ms", "The same in Malay."),
        ),
    ),
    (
        "linked",
        "order_pair",
        "One row per protection order and person record compared and scored above the floor.",
        (
            ("order_record_id", "Order, as in conformed.cnf_protection_order."),
            ("person_record_id", "Person record, as in conformed.cnf_person."),
            ("match_probability", "Probability that both tell of the same person."),
            ("match_weight", "The same as a weight, in bits."),
            ("is_same_person", "The pair is accepted; else it is likely only."),
            ("reasons_en", "What agrees and what does not, in English."),
            ("reasons_ms", "The same in Malay."),
        ),
    ),
    (
        "linked",
        "unseen_estimate",
        "One row per population and year: how many persons there are, seen and unseen.",
        (
            ("population_code", "VICTIM or MISSING_ABROAD."),
            ("year_start", "First day of the year of the event."),
            ("list_names", "Agencies whose lists were used."),
            ("observed_count", "Persons on one list or more."),
            ("shared_count", "Persons on two lists or more."),
            ("estimate_count", "Persons, seen and unseen."),
            ("lower_count", "Lower end of the 95 % interval."),
            ("upper_count", "Upper end of the 95 % interval."),
            ("is_refused", "No estimate can be given."),
            ("reason_text", "Why not."),
            ("model_text", "The models used, in words."),
        ),
    ),
    (
        "forecast",
        "weekly_forecast",
        "One row per forecast week, revision, series, target week and quantile; forecasts are kept for ever.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            (
                "revision",
                "Which projection of that week: 1 the first, higher when the week was projected again.",
            ),
            ("unique_id", "Series, for example MY/TIP."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("state_code", "State, or ALL."),
            ("agency_code", "Agency, or ALL."),
            (
                "exploitation_group_code",
                "Group of exploitation (dim_code, domain exploitation_group), or ALL.",
            ),
            ("is_child_code", "Y under 18, N not, XX not known, or ALL."),
            ("unit_code", "case or person."),
            ("target_week", "Monday of the week foretold."),
            ("horizon", "Weeks ahead."),
            ("quantile", "Quantile level."),
            ("value", "Foretold count at that level."),
            ("model_name", "Model."),
            ("model_version", "Version of the model."),
            ("data_version", "Version of the data used."),
            ("seed", "Seed of everything random in it."),
        ),
    ),
    (
        "forecast",
        "monthly_forecast",
        "One row per forecast week, revision, series, target month and quantile: the running month and eleven more.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            (
                "revision",
                "Which projection of that week: 1 the first, higher when the week was projected again.",
            ),
            ("unique_id", "Series, for example MY/TIP; MY.person/TIP counts persons."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("state_code", "State, or ALL."),
            ("agency_code", "Agency (dim_agency), or ALL."),
            (
                "exploitation_group_code",
                "Group of exploitation (dim_code, domain exploitation_group), or ALL.",
            ),
            ("is_child_code", "Y under 18, N not, XX not known, or ALL."),
            ("unit_code", "case or person."),
            ("target_month", "First day of the month foretold; a week belongs to the month of its Thursday."),
            ("horizon", "Weeks ahead."),
            ("quantile", "Quantile level."),
            ("value", "Foretold count at that level."),
            ("model_version", "Version of the model."),
            ("data_version", "Version of the data used."),
            ("seed", "Seed of everything random in it."),
        ),
    ),
    (
        "forecast",
        "backtest_score",
        "One row per forecast week, revision, series, model and horizon: how the model did on past weeks.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            (
                "revision",
                "Which projection of that week: 1 the first, higher when the week was projected again.",
            ),
            ("unique_id", "Series."),
            ("model_name", "Model scored."),
            ("horizon", "Weeks ahead."),
            ("origins", "Past weeks it forecast from."),
            ("wis", "Mean weighted interval score; lower is better."),
            ("wis_seasonal_naive", "The same of the seasonal-naive forecast."),
            ("relative_wis", "The first divided by the second; below 1 is better than naive."),
            ("coverage_50", "Share of weeks inside the central 50 % interval."),
            ("coverage_80", "Share of weeks inside the central 80 % interval."),
            ("coverage_95", "Share of weeks inside the central 95 % interval."),
            ("midcoverage_80", "Coverage of the 80 % interval with ties broken at random, in expectation."),
            ("midcoverage_95", "The same of the 95 % interval."),
        ),
    ),
    (
        "forecast",
        "weekly_nowcast",
        "One row per forecast week, revision, series, recent event week and quantile: the count once all is in.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            (
                "revision",
                "Which projection of that week: 1 the first, higher when the week was projected again.",
            ),
            ("unique_id", "Series, for example MY/TIP."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("state_code", "State, or ALL."),
            ("agency_code", "Agency (dim_agency), or ALL."),
            (
                "exploitation_group_code",
                "Group of exploitation (dim_code, domain exploitation_group), or ALL.",
            ),
            ("is_child_code", "Y under 18, N not, XX not known, or ALL."),
            ("unit_code", "case or person."),
            ("event_week", "Monday of the week in which the cases happened."),
            ("silent_deliveries", "Newest deliveries judged missing, whose weeks are estimated."),
            ("reported", "Cases known when the estimate was made."),
            ("quantile", "Quantile level."),
            ("value", "Estimated final count at that level."),
        ),
    ),
    (
        "forecast",
        "weekly_total",
        "One row per forecast week, series, number of weeks and quantile: the sum over the weeks ahead.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            ("revision", "Which projection of that week."),
            ("unique_id", "Series, for example MY/TIP."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("state_code", "State, or ALL."),
            ("agency_code", "Agency, or ALL."),
            (
                "exploitation_group_code",
                "Group of exploitation (dim_code, domain exploitation_group), or ALL.",
            ),
            ("is_child_code", "Y under 18, N not, XX not known, or ALL."),
            ("unit_code", "case or person."),
            ("weeks", "Weeks summed, from the first one ahead."),
            ("quantile", "Quantile level."),
            ("value", "Foretold sum at that level, joint over weeks."),
        ),
    ),
    (
        "forecast",
        "weekly_trend",
        "One row per forecast week, series and window: whether it rises, falls or is stable, or cannot be told.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            ("revision", "Which projection of that week."),
            ("unique_id", "Series, for example MY/TIP."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("state_code", "State, or ALL."),
            ("agency_code", "Agency, or ALL."),
            (
                "exploitation_group_code",
                "Group of exploitation (dim_code, domain exploitation_group), or ALL.",
            ),
            ("is_child_code", "Y under 18, N not, XX not known, or ALL."),
            ("unit_code", "case or person."),
            ("weeks", "Weeks in each of the two windows compared."),
            ("recent", "Events in the newest window, late reports included."),
            ("before", "Events in the window before."),
            ("ratio", "Rate of the newest window over the one before, season taken out."),
            ("ratio_low", "Lower end of its 80 % interval."),
            ("ratio_high", "Upper end of its 80 % interval."),
            ("p_rising", "Probability that the rate rose by more than a quarter."),
            ("p_stable", "Probability that it is within a quarter."),
            ("p_falling", "Probability that it fell by more than a fifth."),
            ("call_code", "RISING, STABLE, FALLING or CANNOT_TELL."),
            ("statistic", "CUSUM against the two years before the last half year."),
            ("alert_limit", "Its limit: about 2 % of flat series pass it within a year."),
            ("expected", "Events expected since the CUSUM last stood at zero."),
            ("observed", "Events seen since then."),
            ("is_alert", "Whether the statistic is above its limit."),
        ),
    ),
    (
        "forecast",
        "change_point",
        "One row per forecast week, revision, series and week from which its level differs, with its probability.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            (
                "revision",
                "Which projection of that week: 1 the first, higher when the week was projected again.",
            ),
            ("unique_id", "Series, for example MY/TIP; MY.person/TIP counts persons."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("state_code", "State, or ALL."),
            ("agency_code", "Agency (dim_agency), or ALL."),
            (
                "exploitation_group_code",
                "Group of exploitation (dim_code, domain exploitation_group), or ALL.",
            ),
            ("is_child_code", "Y under 18, N not, XX not known, or ALL."),
            ("unit_code", "case or person."),
            ("change_week", "Monday of the week from which the level differs."),
            ("change_week_low", "Earliest such week, 80 % bound."),
            ("change_week_high", "Latest such week, 80 % bound."),
            ("before", "Mean a week before."),
            ("after", "Mean a week after."),
            ("probability", "Probability of a change there against none, its neighbours joined."),
            ("method_code", "How it was found."),
        ),
    ),
    (
        "forecast",
        "matured_score",
        "One row per recorded forecast of a week whose count has become final.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            ("revision", "Which projection of that week."),
            ("unique_id", "Series, for example MY/TIP."),
            (
                "level_code",
                "NATIONAL, or the dimensions the series is split by: STATE, AGENCY, EXPLOITATION, CHILD.",
            ),
            ("unit_code", "case or person."),
            ("target_week", "Monday of the week foretold."),
            ("horizon", "Weeks ahead."),
            ("model_name", "Model that made it."),
            ("count_value", "What the count came to be."),
            ("wis", "Weighted interval score."),
            ("dispersion", "Its part for the width of the intervals."),
            ("overprediction", "Its part for forecasts above the count."),
            ("underprediction", "Its part for forecasts below the count."),
            ("absolute_error", "Distance of the median from the count."),
            ("pit", "Probability integral transform of the count."),
            ("coverage_50", "1 inside the central 50 % interval, else 0."),
            ("coverage_80", "1 inside the central 80 % interval, else 0."),
            ("coverage_95", "1 inside the central 95 % interval, else 0."),
            ("midcoverage_80", "Coverage of the 80 % interval with ties broken at random, in expectation."),
            ("midcoverage_95", "The same of the 95 % interval."),
            ("wis_seasonal_naive", "Score of the seasonal-naive made from what was known then."),
            ("relative_wis", "The first divided by the second."),
        ),
    ),
    (
        "forecast",
        "matured_month",
        "One row per recorded forecast of a month whose count has become final.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            (
                "revision",
                "Which projection of that week: 1 the first, higher when the week was projected again.",
            ),
            ("unique_id", "Series, for example MY/TIP; MY.person/TIP counts persons."),
            (
                "level_code",
                "NATIONAL, or the dimensions the series is split by: STATE, AGENCY, EXPLOITATION, CHILD.",
            ),
            ("unit_code", "case or person."),
            ("target_month", "First day of the month foretold; a week belongs to the month of its Thursday."),
            ("horizon", "Weeks ahead."),
            ("model_name", "Model."),
            ("count_value", "What the count came to be."),
            ("wis", "Mean weighted interval score; lower is better."),
            ("dispersion", "Its part for the width of the intervals."),
            ("overprediction", "Its part for forecasts above the count."),
            ("underprediction", "Its part for forecasts below the count."),
            ("absolute_error", "Distance of the median from the count."),
            ("pit", "Probability integral transform of the count."),
            ("coverage_50", "Share of weeks inside the central 50 % interval."),
            ("coverage_80", "Share of weeks inside the central 80 % interval."),
            ("coverage_95", "Share of weeks inside the central 95 % interval."),
            ("midcoverage_80", "Coverage of the 80 % interval with ties broken at random, in expectation."),
            ("midcoverage_95", "The same of the 95 % interval."),
            ("wis_seasonal_naive", "The same of the seasonal-naive forecast."),
            ("relative_wis", "The first divided by the second; below 1 is better than naive."),
        ),
    ),
    (
        "forecast",
        "node_week",
        "One row per node, target week and quantile of the newest forecast: totals over every set of dimensions.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            ("unique_id", "Series, for example MY/TIP; MY.person/TIP counts persons."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("state_code", "State, or ALL."),
            ("agency_code", "Agency (dim_agency), or ALL."),
            (
                "exploitation_group_code",
                "Group of exploitation (dim_code, domain exploitation_group), or ALL.",
            ),
            ("is_child_code", "Y under 18, N not, XX not known, or ALL."),
            ("unit_code", "case or person."),
            ("target_week", "Monday of the week foretold."),
            ("horizon", "Weeks ahead."),
            ("quantile", "Quantile level."),
            ("value", "Foretold count at that level."),
        ),
    ),
    (
        "forecast",
        "source_state",
        "One row per crime type and agency that the newest forecast rests on: whether its feed is fresh.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("agency_code", "Agency (dim_agency), or ALL."),
            ("status_code", "FRESH, STALE (longer than the contract allows without a delivery) or NEVER."),
            ("last_known_on", "Day of the newest accepted delivery."),
            ("lateness_days", "Days without a delivery that the contract allows."),
            ("share", "Its part of the cases of the past 52 weeks."),
            ("treatment_code", "AS_RECEIVED, or ESTIMATED where weeks without deliveries are estimated."),
        ),
    ),
    (
        "forecast",
        "exposure_effect",
        "One row per crime type and exposure: how cases move with operations and border posts; an association.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("exposure_code", "OPERATION (immigration operations) or AKPS_POST (border posts open)."),
            ("elasticity", "Change of log cases per unit of log(1 + exposure), all lags together."),
            ("low", "Lower end of its 95 % interval."),
            ("high", "Upper end."),
            ("p_value", "Two-sided p value."),
            (
                "spread_between_states",
                "Standard deviation of states about the common elasticity (operations).",
            ),
            ("events", "Cases it rests on."),
            ("weeks", "Weeks it rests on."),
            ("states", "States it rests on."),
            ("call_code", "MORE, FEWER, CANNOT_TELL or NOT_ASSESSED."),
            ("statement_en", "The finding in English."),
            ("statement_ms", "The finding in Malay."),
        ),
    ),
    (
        "forecast",
        "scenario_week",
        "One row per scenario, series, target week and quantile, with the baseline beside; no forecast.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            ("scenario_code", "Scenario (seed scenarios)."),
            ("name_en", "Its name in English."),
            ("name_ms", "Its name in Malay."),
            ("unique_id", "Series, for example MY/TIP; MY.person/TIP counts persons."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("state_code", "State, or ALL."),
            ("unit_code", "case or person."),
            ("is_scenario", "Always true: what would be, not what is expected."),
            ("target_week", "Monday of the week foretold."),
            ("horizon", "Weeks ahead."),
            ("quantile", "Quantile level."),
            ("value", "Count at that level under the scenario."),
            ("baseline_value", "Count at that level without it: the forecast."),
        ),
    ),
    (
        "forecast",
        "scenario_change",
        "One row per scenario and series: how many more or fewer cases over its weeks, and how sure that is.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            ("scenario_code", "Scenario (seed scenarios)."),
            ("name_en", "Its name in English."),
            ("name_ms", "Its name in Malay."),
            ("unique_id", "Series, for example MY/TIP; MY.person/TIP counts persons."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("state_code", "State, or ALL."),
            ("unit_code", "case or person."),
            ("weeks", "Weeks the scenario lasts."),
            ("baseline_cases", "Cases expected over its weeks without it."),
            ("change", "Median change of the cases over its weeks."),
            ("change_low", "Lower end of its 80 % interval."),
            ("change_high", "Upper end."),
            ("p_more", "Probability of more cases than without it."),
            ("call_code", "MORE, FEWER, CANNOT_TELL or NOT_ASSESSED."),
            ("statement_en", "The finding in English."),
            ("statement_ms", "The finding in Malay."),
        ),
    ),
    (
        "forecast",
        "allocation",
        "One row per crime type and state: what one more operation in the next four weeks would bring to light.",
        (
            ("as_of_week", "Monday of the last closed week used."),
            ("crime_type_code", "TIP, SOM or JOBSCAM."),
            ("state_code", "State, or ALL."),
            ("rank", "1 where one more operation would bring most."),
            ("operations_per_week", "Operations a week as they go on."),
            ("expected_cases", "Cases expected in the next four weeks without it."),
            ("extra_cases", "Cases it would bring to light that stay unseen otherwise, median."),
            ("extra_low", "Lower end of the 80 % interval."),
            ("extra_high", "Upper end."),
            ("p_positive", "Probability that it brings any."),
            ("p_best", "Probability that nowhere else it would bring more."),
            ("call_code", "BEST where that is at least 0.8, else CANNOT_TELL."),
        ),
    ),
    (
        "forecast",
        "intervention_effect",
        "One row per intervention and outcome: the step at its date, against its control series.",
        (
            ("intervention_code", "Intervention (seed interventions)."),
            ("effective_on", "Day it took effect."),
            ("outcome_code", "What was counted by week."),
            ("control_code", "What it was compared with."),
            ("kind_code", "ratio_of_ratios, ratio or difference."),
            ("effect", "Estimated step."),
            ("low", "Lower end of its 95 % interval."),
            ("high", "Upper end of its 95 % interval."),
            ("p_value", "Two-sided p value."),
            ("p_placebo", "Share of placebo dates with a step as far from none."),
            ("placebos", "Number of placebo dates."),
            ("periods_before", "Weeks before."),
            ("periods_after", "Weeks after."),
            ("events_before", "Events before."),
            ("events_after", "Events after."),
            ("call_code", "HIGHER, LOWER, CANNOT_TELL or NOT_ASSESSED."),
            ("statement_en", "The finding in English."),
            ("statement_ms", "The finding in Malay."),
        ),
    ),
)


def _column(column: Column) -> dict[str, Any]:
    """One landed column: its text as sent, and what staging makes of it."""
    meta: dict[str, Any] = {"source_name": column.name, "type": column.type}
    if column.standard:
        meta["standard"] = column.standard
    if column.formats:
        meta["formats"] = list(column.formats)
    if column.key:
        meta["key"] = True
    if column.separator:
        meta["separator"] = column.separator
    meta["pii"] = column.pii
    return {
        "name": column.landed_as,
        "description": column.description or column.name,
        "config": {"meta": meta},
    }


def _table(contract: Contract, record: RecordType) -> dict[str, Any]:
    """One record type of one feed as a dbt source table over its Parquet files."""
    name = f"{contract.agency}__{record.name}"
    columns = {column.landed_as: column for column in record.columns}
    for earlier in contract.earlier:  # older layouts are still in the landing zone
        for column in (
            column for old in earlier.records if old.name == record.name for column in old.columns
        ):
            columns.setdefault(column.landed_as, column)
    landing = '{{ env_var("MIDS_LANDING") }}'
    place = f"{contract.agency}/{record.name}"
    files = [f"{landing}/{place}/*.parquet", f"{landing}/_changes/{place}.parquet"]
    meta: dict[str, Any] = {
        "agency": contract.agency,
        "feed": contract.feed,
        "source_class": contract.source_class,
        "cadence": contract.cadence,
        "lateness_days": contract.lateness_days,
        "delivery_kind": contract.delivery_kind,
    }
    if record.ordering:
        meta["ordering"] = record.ordering
    if record.deleted_column:
        meta["deleted_when"] = {"column": record.deleted_column, "values": list(record.deleted_values)}
    return {
        "name": name,
        "description": record.description,
        "config": {
            "meta": {
                **meta,
                "dagster": {"asset_key": ["landing", name]},
                "external_location": f"read_parquet({files}, union_by_name=true)",
            }
        },
        "columns": [
            *(_column(column) for column in columns.values()),
            *({"name": name, "description": text} for name, text in _LINEAGE),
        ],
    }


def _python_sources() -> Iterable[dict[str, Any]]:
    for source in dict.fromkeys(table[0] for table in _PYTHON_TABLES):
        yield {
            "name": source,
            "schema": source,
            "description": f"Tables of the warehouse's schema {source} which Python writes.",
            "tables": [
                {
                    "name": name,
                    "description": description,
                    "config": {"meta": {"dagster": {"asset_key": [source, name]}}},
                    "columns": [{"name": column, "description": text} for column, text in columns],
                }
                for owner, name, description, columns in _PYTHON_TABLES
                if owner == source
            ],
        }


def render_sources(contracts: Mapping[str, Contract]) -> str:
    """The text of ``_landing_sources.yml`` for these contracts, the same for the same contracts.

    Args:
        contracts: every feed's contract by ``agency.feed``.

    Returns:
        YAML with the source ``landing`` (a table ``<agency>__<record>`` for each record type, and
        ``receipts``) and the sources ``linked`` and ``forecast``.
    """
    tables = [
        _table(contract, record) for _, contract in sorted(contracts.items()) for record in contract.records
    ]
    landing = {
        "name": "landing",
        "description": "Accepted records as sent, every field text: Parquet files of the landing zone.",
        "tables": [*tables, _RECEIPTS],
    }
    document = {"version": 2, "sources": [landing, *_python_sources()]}
    body: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return _HEADER + body


def main() -> int:
    """Rewrite the committed file from the committed contracts."""
    from expectations.contract import load_contracts

    SOURCES_FILE.write_text(render_sources(load_contracts()), encoding="utf-8")
    print(f"wrote {SOURCES_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

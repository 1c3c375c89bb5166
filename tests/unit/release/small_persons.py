"""Persons with skewed attributes, and the count tables of them that a release protects."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import numpy as np
import pandas as pd

from mids_orchestration.release import Export, exports_from_manifest
from release import small_warehouse as small

GRAINS = {
    "fct_victim_year": [],
    "fct_victim_state_year": ["state_code"],
    "fct_victim_nationality_year": ["nationality_code"],
    "fct_victim_child_sex_year": ["is_child_code", "sex_code"],
    "fct_victim_age_sex_year": ["age_band_code", "is_child_code", "sex_code"],
}


def persons(seed: int, many: int = 900) -> pd.DataFrame:
    """Persons with skewed attributes over five years, 2022 to 2026."""
    rng = np.random.default_rng(seed)
    age = rng.choice(["00-08", "09-17", "18-20", "21-29", "30+"], many, p=[0.03, 0.09, 0.28, 0.35, 0.25])
    return pd.DataFrame(
        {
            "year_start": rng.choice([f"{y}-01-01" for y in range(2022, 2027)], many),
            "crime_type_code": rng.choice(["TIP", "SOM", "JOBSCAM"], many, p=[0.6, 0.36, 0.04]),
            "state_code": rng.choice([f"{s:02d}" for s in range(1, 17)], many, p=_zipf(16)),
            "nationality_code": rng.choice(list("ABCDEFGHIJKL"), many, p=_zipf(12)),
            "age_band_code": age,
            "is_child_code": np.where(pd.Series(age).isin(["00-08", "09-17"]), "Y", "N"),
            "sex_code": rng.choice(["F", "M", "U"], many, p=[0.6, 0.38, 0.02]),
        }
    )


def _zipf(n: int) -> np.ndarray:
    weights = 1 / np.arange(1, n + 1)
    return weights / weights.sum()


def counted(people: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The count tables of those persons, with a row for zero where a combination occurs in another year."""
    found = {}
    for name, columns in GRAINS.items():
        keys = ["year_start", "crime_type_code", *columns]
        years = people[["year_start"]].drop_duplicates()
        grid = years.merge(people[keys[1:]].drop_duplicates(), how="cross")
        counts = people.groupby(keys).size().rename("count_value").reset_index()
        frame = grid.merge(counts, how="left", on=keys).sort_values(keys, ignore_index=True)
        frame["count_value"] = frame["count_value"].fillna(0).astype("Int64")
        found[name] = frame.assign(count_status="published")
    return found


def funnel() -> pd.DataFrame:
    """Cases by year and stage, of two crime types."""
    rows = [
        (f"{year}-01-01", crime, stage, order, max(0, 40 - 12 * order - (year - 2022)))
        for year in range(2022, 2027)
        for crime in ("TIP", "SOM")
        for order, stage in enumerate(("OPENED", "CHARGED", "CONVICTED"), start=1)
    ]
    names = ["year_start", "crime_type_code", "stage_code", "stage_order", "case_count"]
    return pd.DataFrame(rows, columns=names)


def questions() -> dict[str, pd.DataFrame]:
    """Small marts of the panels on questions: section 14, the cross-check, lags, residents, deliveries."""
    effect = {
        "intervention_code": "A1644_S14", "effective_on": "2022-02-22", "outcome_code": "child_charge",
        "control_code": "other_charge", "kind_code": "ratio_of_ratios", "effect": 1.4, "low": 0.6, "high": 3.1,
        "p_value": 0.4, "p_placebo": 0.2, "events_before": 61.0, "events_after": 45.0, "call_code": "CANNOT_TELL",
        "statement_en": "From 2022-02-22 on no change can be told from chance.",
        "statement_ms": "Sejak 2022-02-22 perubahan tidak dapat dibezakan daripada kebetulan.",
    }  # fmt: skip
    checks = [
        (f"{year}-01-01", "JOBSCAM", check, status, n and n + year - 2022, "published" if n else "suppressed")
        for year in range(2022, 2026)
        for check, status, n in (
            ("NGO_REPORT", "KNOWN_POLICE", 14), ("NGO_REPORT", "BOTH", None), ("NGO_REPORT", "NEW", 60),
            ("WISMA_PUTRA_REPORT", "KNOWN_POLICE", 30), ("WISMA_PUTRA_REPORT", "NEW", 90),
        )
    ]  # fmt: skip
    lags = [
        (f"{year}-01-01", crime, lag, 12, days - 20, days + year - 2022, days + 40)
        for year in range(2022, 2026)
        for crime in ("TIP", "SOM")
        for lag, days in (("TO_CHARGE", 90), ("TO_DECISION", 400))
    ]
    weeks = pd.date_range(small.AS_OF, periods=20, freq="-7D")
    deliveries = [
        ("PDRM", "cases", week, code, status, value)
        for i, week in enumerate(weeks)
        for code, status, value in (
            ("DAYS_SINCE_DELIVERY", "FAIL" if i in {2, 3} else "PASS", 5),
            ("RECEIVED", "PASS", 100),
            ("QUARANTINED", "WARN" if i == 5 else "PASS", 7 if i == 5 else 0),
        )
    ]
    scenario = {
        "as_of_week": small.LAST_WEEK, "scenario_code": "SEASON_EARLIER", "name_en": "The season comes earlier",
        "name_ms": "Musim tiba lebih awal", "unique_id": "MY/SOM", "crime_type_code": "SOM", "state_code": "ALL",
        "unit_code": "case", "weeks": 12, "baseline_cases": 43.2, "change": 4.0, "change_low": 1.0, "change_high": 9.0,
        "p_more": 0.94, "call_code": "MORE", "statement_en": "Scenario, not a forecast: +4 of 43.",
        "statement_ms": "Senario, bukan ramalan: +4 daripada 43.",
    }  # fmt: skip
    of_state = {**scenario, "unique_id": "MY/SOM/10", "state_code": "10", "change": 1.0, "change_low": 0.0}
    allocation = [
        (
            small.LAST_WEEK,
            "SOM",
            state,
            rank,
            2.0,
            0.4 - 0.1 * rank,
            0.1 / rank,
            0.6 - 0.1 * rank,
            1.0,
            0.5,
            "BEST",
        )
        for rank, state in enumerate(("10", "01", "12"), start=1)
    ]
    return {
        "fct_scenario_change": pd.DataFrame([scenario, of_state]),
        "fct_allocation": pd.DataFrame(
            allocation,
            columns=["as_of_week", "crime_type_code", "state_code", "rank", "expected_cases",
                     "extra_cases", "extra_low", "extra_high", "p_positive", "p_best", "call_code"],
        ),
        "fct_forecast": pd.concat(
            [small.forecasts(), *[small.forecasts(small.LAST_WEEK - timedelta(weeks=12 * k)) for k in (1, 2)]]
        ),
        "fct_intervention_effect": pd.DataFrame([effect]),
        "fct_cross_check_year": pd.DataFrame(
            checks,
            columns=["year_start", "crime_type_code", "check_code", "status_code", "count_value", "count_status"],
        ),
        "fct_case_lag_year": pd.DataFrame(
            lags,
            columns=["year_start", "crime_type_code", "lag_code", "case_count", "days_lower_quartile", "days_median",
                     "days_upper_quartile"],
        ),
        "fct_population": pd.DataFrame(
            {
                "state_code": list(small.STATES), "census_year": 2020,
                "population": [10**6 + 10**5 * i for i in range(16)],
            }
        ),
        "dq_feed_week": pd.DataFrame(
            deliveries, columns=["agency_code", "feed_code", "week_start", "check_code", "check_status", "check_value"]
        ),
    }  # fmt: skip


def with_persons(people: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], list[Export]]:
    """The small warehouse's marts and exports with the tables of ``people`` and the funnel of cases."""
    marts = {**small.tables(), **counted(people), "fct_case_funnel_year": funnel(), **questions()}
    exports = []
    for export in exports_from_manifest(small.manifest(marts)):
        if export.name in GRAINS:
            keys = export.column_names[:-2]
            export = dataclasses.replace(export, disclosure="persons", primary_key=keys)
        if export.name == "fct_cross_check_year":
            export = dataclasses.replace(export, disclosure="events")  # as protected: one count is suppressed
        exports.append(export)
    return marts, exports

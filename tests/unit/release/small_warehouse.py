"""A small warehouse with the names the release relies on, and a manifest as dbt would write it."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from mids_orchestration.release import Bilingual, FeedState

AS_OF = date(2026, 6, 29)
LAST_WEEK = date(2026, 6, 22)
LEVELS = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
RATES = {"TIP": 3.0, "SOM": 5.5, "JOBSCAM": 8.0}
CODES = ("10", "14", "01", "12", "13", "02")
STATES = {
    "01": "Johor", "02": "Kedah", "03": "Kelantan", "04": "Melaka", "05": "Negeri Sembilan", "06": "Pahang",
    "07": "Pulau Pinang", "08": "Perak", "09": "Perlis", "10": "Selangor", "11": "Terengganu", "12": "Sabah",
    "13": "Sarawak", "14": "W.P. Kuala Lumpur", "15": "W.P. Labuan", "16": "W.P. Putrajaya",
}  # fmt: skip
#: A person the warehouse knows; nobody real.
NAME = "Contoh Binti Rekaan"
MYKAD = "900131-14-5678"
PASSPORT = "A09876543"
CASE_NO = "KL/D3/IP/000123/2026"

PERSONS = pd.DataFrame(
    {
        "person_record_id": ["a" * 32, "b" * 32, "c" * 32, "d" * 32],
        "full_name": [NAME, "Nguyễn Thị Rekaan", "Suharsonotest", "TIDAK DIKETAHUI"],
        "document_no": [MYKAD, PASSPORT, None, None],
        "source_case_no": [CASE_NO, CASE_NO, "AGC-2026-0099", None],
    }
)


def weekly_counts(weeks: int = 160, seed: int = 7) -> pd.DataFrame:
    """A copy of :func:`_weekly_counts`, made once."""
    return _weekly_counts(weeks, seed).copy()


@cache
def _weekly_counts(weeks: int, seed: int) -> pd.DataFrame:
    """Increments by event week and week of knowledge; about half of a week is known at its close."""
    rng = np.random.default_rng(seed)
    monday = pd.Timestamp(AS_OF)
    rows = []
    for back in range(weeks, 0, -1):
        event = monday - pd.Timedelta(weeks=back)
        for crime, rate in RATES.items():
            for _ in range(rng.poisson(rate)):
                known = event + pd.Timedelta(weeks=1 + int(rng.geometric(0.45)) - 1)
                state = rng.choice([*CODES, None], p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05])
                if known <= monday:
                    rows.append(
                        (event, known, crime, state, "KLN" if crime == "JOBSCAM" else "PDRM", "case", 1)
                    )
    names = [
        "event_week",
        "known_week",
        "crime_type_code",
        "state_code",
        "agency_code",
        "unit_code",
        "count_value",
    ]
    frame = pd.DataFrame(rows, columns=names)
    return frame.groupby(names[:-1], dropna=False, as_index=False)["count_value"].sum()


def forecasts(as_of_week: date = LAST_WEEK) -> pd.DataFrame:
    """Twelve weeks of quantiles for each crime type."""
    rng = np.random.default_rng(11)
    rows = []
    for crime, rate in RATES.items():
        for horizon in range(1, 13):
            draws = rng.poisson(rng.gamma(12, rate / 12, 4000))
            for level in LEVELS:
                target = as_of_week + timedelta(weeks=horizon)
                value = float(np.quantile(draws, level))
                rows.append((as_of_week, f"MY/{crime}", crime, "case", target, horizon, level, value))
    frame = pd.DataFrame(
        rows,
        columns=[
            "as_of_week", "unique_id", "crime_type_code", "unit_code", "target_week", "horizon", "quantile", "value",
        ],
    )  # fmt: skip
    return frame.assign(model_name="negbin_damped", model_version="1", data_version="v", seed=1)


def nowcasts() -> pd.DataFrame:
    """Likely final counts of the newest three weeks."""
    rows = []
    for crime, rate in RATES.items():
        for back in (2, 1, 0):
            for level, factor in ((0.1, 0.6), (0.5, 1.0), (0.9, 1.5)):
                week = LAST_WEEK - timedelta(weeks=back)
                rows.append((LAST_WEEK, f"MY/{crime}", crime, "case", week, level, rate * factor))
    names = ["as_of_week", "unique_id", "crime_type_code", "unit_code", "event_week", "quantile", "value"]
    return pd.DataFrame(rows, columns=names)


def scores() -> pd.DataFrame:
    """Backtest scores of two models by horizon."""
    rows = []
    for crime, gain in (("TIP", 0.82), ("SOM", 0.9), ("JOBSCAM", 1.02)):
        for model in ("negbin_damped", "seasonal_naive"):
            for horizon in range(1, 13):
                relative = gain + 0.01 * horizon if model == "negbin_damped" else 1.0
                rows.append(
                    (LAST_WEEK, f"MY/{crime}", model, horizon, 26, relative, 1.0, relative, 0.52, 0.81, 0.96)
                )
    names = [
        "as_of_week", "unique_id", "model_name", "horizon", "origins", "wis", "wis_seasonal_naive", "relative_wis",
        "coverage_50", "coverage_80", "coverage_95",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def tables(seed: int = 7) -> dict[str, pd.DataFrame]:
    """Every mart by name."""
    weekly = weekly_counts(seed=seed)
    cases = weekly.loc[weekly.index.repeat(weekly["count_value"])].reset_index(drop=True)
    case = pd.DataFrame(
        {
            "case_key": [f"case-{i:05d}" for i in range(len(cases))],
            "crime_type_code": cases["crime_type_code"],
            "event_week": cases["event_week"],
            "state_code": cases["state_code"],
        }
    )
    person = pd.DataFrame(
        {
            "person_key": [f"person-{i:05d}" for i in range(len(case))],
            "case_key": case["case_key"],
            "role_code": "VICTIM",
            "age_band": "25-34",
        }
    )
    state = pd.DataFrame(
        {
            "state_code": list(STATES),
            "state_name_en": list(STATES.values()),
            "state_name_ms": list(STATES.values()),
        }
    )
    weeks = pd.DataFrame({"week_start": sorted(set(weekly["event_week"]) | set(weekly["known_week"]))})
    agency = pd.DataFrame({"agency_code": ["PDRM", "KLN"], "agency_name_en": ["Police", "Foreign Affairs"]})
    offence = pd.DataFrame({"offence_code": ["12", "26A"], "offence_name_en": ["Trafficking", "Smuggling"]})
    return {
        "dim_agency": agency,
        "dim_date": weeks,
        "dim_offence": offence,
        "dim_state": state,
        "fct_weekly_count": weekly,
        "fct_forecast": forecasts(),
        "fct_forecast_score": scores(),
        "fct_case": case,
        "fct_person_in_case": person,
    }


RESTRICTED = {"fct_case", "fct_person_in_case"}
KEYS = {
    "dim_agency": ["agency_code"],
    "dim_date": ["week_start"],
    "dim_offence": ["offence_code"],
    "dim_state": ["state_code"],
    "fct_weekly_count": [],
    "fct_forecast": ["as_of_week", "unique_id", "target_week", "quantile"],
    "fct_forecast_score": ["as_of_week", "unique_id", "model_name", "horizon"],
    "fct_case": ["case_key"],
    "fct_person_in_case": ["person_key", "case_key"],
}


def write_warehouse(
    path: Path, marts: dict[str, pd.DataFrame] | None = None, persons: pd.DataFrame | None = PERSONS
) -> Path:
    """Write the warehouse file anew."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create schema conformed")
        for name, frame in (tables() if marts is None else marts).items():
            columns = ", ".join(f"cast({c} as {_sql_type(c, frame[c])}) as {c}" for c in frame.columns)
            connection.register("given", frame)
            connection.execute(f"create table marts.{name} as select {columns} from given order by random()")
        if persons is not None:
            connection.register("given", persons)
            connection.execute("create table conformed.cnf_person as select * from given")
    return path


def _sql_type(name: str, values: pd.Series) -> str:
    if name.endswith("week") or name == "week_start":
        return "date"
    if name == "count_value":
        return "hugeint"  # what sum() over BIGINT gives
    if pd.api.types.is_integer_dtype(values):
        return "bigint"
    return "double" if pd.api.types.is_float_dtype(values) else "varchar"


def manifest(marts: dict[str, pd.DataFrame] | None = None) -> dict[str, Any]:
    """A manifest in dbt's shape: contract types, keys, zones, labels, a relationships test."""
    nodes: dict[str, Any] = {}
    for name, frame in (tables() if marts is None else marts).items():
        columns = {
            column: {
                "name": column,
                "data_type": None if column == "count_value" else _sql_type(column, frame[column]),
                "description": f"What {column} means.",
                "config": {
                    "meta": {"pii": "none", "label_en": column.title(), "label_ms": f"{column.title()} (BM)"}
                },
                "meta": {},
                "constraints": [],
            }
            for column in frame.columns
        }
        zone = "restricted" if name in RESTRICTED else "public"
        nodes[f"model.mids.{name}"] = {
            "resource_type": "model",
            "name": name,
            "alias": name,
            "schema": "marts",
            "description": f"One row per {name}. More about it.",
            "config": {
                "meta": {
                    "zone": zone,
                    "label_en": f"Table {name}",
                    "label_ms": f"Jadual {name}",
                    **({"disclosure": "events"} if zone == "public" else {}),
                }
            },
            "meta": {},
            "columns": columns,
            "constraints": [{"type": "primary_key", "columns": KEYS[name]}] if KEYS.get(name) else [],
        }
    nodes["model.mids.stg_pdrm__cases"] = {
        "resource_type": "model", "name": "stg_pdrm__cases", "alias": "stg_pdrm__cases", "schema": "staging",
        "config": {"meta": {"owner": "x"}}, "columns": {}, "description": "",
    }  # fmt: skip
    nodes["test.mids.relationships_weekly_state"] = {
        "resource_type": "test",
        "name": "relationships_weekly_state",
        "attached_node": "model.mids.fct_weekly_count",
        "test_metadata": {
            "name": "relationships",
            "kwargs": {"column_name": "state_code", "to": "ref('dim_state')", "field": "state_code"},
        },
    }
    return copy.deepcopy({"nodes": nodes})


FEEDS = [
    FeedState(
        "pdrm", "cases", Bilingual("Investigation papers", "Kertas siasatan"), "agency", 10,
        AS_OF, 0, "fresh", 5200, 5188, 12,
    ),
    FeedState(
        "apmm", "interceptions", Bilingual("Boat interceptions", "Pintasan bot"), "agency", 10,
        date(2026, 6, 1), 28, "stale", 410, 410, 0,
    ),
    FeedState(
        "ctdc", "victims", Bilingual("CTDC victims, global", "Mangsa CTDC, global"), "comparator", 400,
        None, None, "never",
    ),
]  # fmt: skip

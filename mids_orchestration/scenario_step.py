"""What-if tables of one week: exposures from the warehouse, their estimated effects, scenarios, the allocation view.

Belongs here: which exposures there are, the shape of the tables, words in English and Malay.
Does not belong here: the estimates (forecasting.exposure), the arithmetic of scenarios (forecasting.scenario).

These tables are made anew with every projection and hold that week only; they are never part of the forecast record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from forecasting import Projection, SeriesError, weekly_series
from forecasting.exposure import Elasticity, elasticity
from forecasting.frames import HUB_LEVELS, Floats, Panel, to_panel
from forecasting.scenario import (
    ALL,
    SEASON,
    Scenario,
    allocation,
    beside,
    expected_change,
    read_scenarios,
    scenario_paths,
)

EXPOSURES = ("AKPS_POST", "OPERATION")
CRIME_TYPES = ("TIP", "SOM")
#: Newest weeks left out of estimates: cases become known late.
MATURE_WEEKS = 8
UNKNOWN_STATE = "XX"
WEEK = timedelta(weeks=1)

_EFFECT = {
    "elasticity": "double", "low": "double", "high": "double", "p_value": "double", "spread_between_states": "double",
    "events": "double", "weeks": "integer", "states": "integer", "call_code": "varchar", "statement_en": "varchar",
    "statement_ms": "varchar",
}  # fmt: skip
_NAMED = {
    "as_of_week": "date", "scenario_code": "varchar", "name_en": "varchar", "name_ms": "varchar",
    "unique_id": "varchar",    "crime_type_code": "varchar", "state_code": "varchar", "unit_code": "varchar",
}  # fmt: skip
#: Table in schema ``forecast`` -> its columns.
TABLES: dict[str, dict[str, str]] = {
    "exposure_effect": {"as_of_week": "date", "crime_type_code": "varchar", "exposure_code": "varchar", **_EFFECT},
    "scenario_week": {
        **_NAMED, "is_scenario": "boolean", "target_week": "date", "horizon": "integer", "quantile": "double",
        "value": "double", "baseline_value": "double",
    },
    "scenario_change": {
        **_NAMED, "weeks": "integer", "baseline_cases": "double", "change": "double", "change_low": "double",
        "change_high": "double", "p_more": "double", "call_code": "varchar", "statement_en": "varchar",
        "statement_ms": "varchar",
    },
    "allocation": {
        "as_of_week": "date", "crime_type_code": "varchar", "state_code": "varchar", "rank": "integer",
        "operations_per_week": "double", "expected_cases": "double", "extra_cases": "double", "extra_low": "double",
        "extra_high": "double", "p_positive": "double", "p_best": "double", "call_code": "varchar",
    },
}  # fmt: skip
#: Probability at which more or fewer is said.
SURE = 0.9
NONE_MS = "tiada perubahan yang dapat dibezakan daripada kebetulan"


@dataclass(frozen=True)
class WhatIf:
    """What the warehouse knows of scenarios: the seed's rows, operations, border posts, codes of all states."""

    listed: pd.DataFrame
    operations: pd.DataFrame
    posts: pd.DataFrame
    states: tuple[str, ...]


def read_exposures(connection: duckdb.DuckDBPyConnection) -> WhatIf:
    """Return the listed scenarios and what they may change."""
    states = connection.execute("select state_code from marts.dim_state order by 1").fetchall()
    return WhatIf(
        connection.execute("select * from conformed.scenarios").df(),
        connection.execute("select event_week, state_code, known_on from marts.fct_operation").df(),
        connection.execute("select state_code, first_week, known_on from marts.fct_border_post").df(),
        tuple(str(row[0]) for row in states if row[0] != UNKNOWN_STATE),
    )


def what_if_tables(
    projection: Projection,
    counts: pd.DataFrame,
    known: WhatIf,
    as_of_week: date,
    *,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Return one frame per name in :data:`TABLES` for the projection of ``as_of_week``.

    Raises ``SeriesError`` when a listed scenario is faulty. A crime type whose exposures cannot be estimated has its
    row in ``exposure_effect`` with call NOT_ASSESSED and the reason; scenarios that need it are told the same way.
    """
    series = weekly_series(counts, as_of_week=as_of_week, by=("crime_type_code", "state_code"))
    horizon = projection.paths.shape[2]
    scenarios = read_scenarios(
        known.listed, horizon=horizon, exposures=EXPOSURES, states=known.states, crime_types=CRIME_TYPES
    )
    names = known.listed.set_index("scenario_code")[["name_en", "name_ms"]]
    made: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for crime in CRIME_TYPES:
        own = series[
            series["unique_id"].str.startswith(f"MY/{crime}/") & series["unique_id"].isin(projection.ids)
        ]
        if own.empty:
            continue
        panel = to_panel(own)
        exposed = exposures_of(panel, known.operations, known.posts, as_of_week)
        places = tuple(name.split("/")[2] for name in panel.ids)
        slopes: Elasticity | None = None
        try:
            stop = panel.y.shape[1] - MATURE_WEEKS
            found = elasticity(panel.y[:, :stop], {c: v[:, :stop] for c, v in exposed.items()}, places)
        except SeriesError as error:
            made["exposure_effect"].append(_not_assessed(crime, str(error)))
        else:
            slopes = found
            made["exposure_effect"].append(_effects(crime, found))
        rows = [projection.ids.index(name) for name in panel.ids]
        base = projection.paths[rows]
        for scenario in (s for s in scenarios if s.crime_type == crime):
            week, change = _scenario(
                scenario, base, places, panel, slopes, exposed, projection.as_of_week, seed
            )
            about = names.loc[scenario.code]
            made["scenario_week"].append(week.assign(name_en=about["name_en"], name_ms=about["name_ms"]))
            made["scenario_change"].append(change.assign(name_en=about["name_en"], name_ms=about["name_ms"]))
        if slopes is not None and "OPERATION" in {c for c, _ in slopes.columns}:
            best = allocation(base, places, slopes, exposed, seed=seed).frame()
            made["allocation"].append(
                best.rename(columns={"call": "call_code"}).assign(
                    crime_type_code=crime, call_code=best["call"].str.replace(" ", "_").str.upper()
                )
            )
    return {name: _complete(made[name], columns, as_of_week) for name, columns in TABLES.items()}


def exposures_of(
    panel: Panel, operations: pd.DataFrame, posts: pd.DataFrame, as_of_week: date
) -> dict[str, Floats]:
    """Return operations a week and posts open (states, weeks) on the panel's axes, as known at the week's close."""
    close = pd.Timestamp(as_of_week + WEEK)
    where = {name.split("/")[2]: i for i, name in enumerate(panel.ids)}
    first, steps = pd.Timestamp(panel.ds[0]), panel.y.shape[1]
    raids, open_posts = np.zeros(panel.y.shape), np.zeros(panel.y.shape)
    known = operations[pd.to_datetime(operations["known_on"]) <= close]
    at = (pd.to_datetime(known["event_week"]) - first).dt.days // 7
    row = known["state_code"].map(where)
    keep = ((at >= 0) & (at < steps) & row.notna()).to_numpy(dtype=bool)
    np.add.at(raids, (row[keep].to_numpy(dtype=int), at[keep].to_numpy(dtype=int)), 1.0)
    seen = posts[pd.to_datetime(posts["known_on"]) <= close]
    begin = ((pd.to_datetime(seen["first_week"]) - first).dt.days // 7).clip(lower=0)
    for state, week in zip(seen["state_code"].astype(str), begin.to_numpy(dtype=int), strict=True):
        if state in where:
            open_posts[where[state], week:] += 1.0
    return {"OPERATION": raids, "AKPS_POST": open_posts}


def _effects(crime: str, slopes: Elasticity) -> pd.DataFrame:
    rows = []
    for code in sorted({c for c, _ in slopes.columns}):
        value, low, high, p = slopes.interval(code)
        call = "CANNOT_TELL" if low <= 0 <= high else "MORE" if low > 0 else "FEWER"
        span = f"{2**value - 1:+.0%} ({2**low - 1:+.0%} to {2**high - 1:+.0%})"
        span_ms = f"{2**value - 1:+.0%} ({2**low - 1:+.0%} hingga {2**high - 1:+.0%})"
        what = {"OPERATION": ("Twice the operations", "Operasi berganda"),
                "AKPS_POST": ("Twice the posts", "Pos berganda")}[code]  # fmt: skip
        sure = {
            "CANNOT_TELL": ("go with no change that can be told from chance", NONE_MS),
            "MORE": ("go with more cases", "disertai lebih banyak kes"),
            "FEWER": ("go with fewer cases", "disertai kurang kes"),
        }[call]  # fmt: skip
        rests = f"It rests on {slopes.events:,.0f} cases. An association, not proof of a cause."
        rests_ms = f"Ia berdasarkan {slopes.events:,.0f} kes. Ini perkaitan, bukan bukti sebab."
        rows.append(
            {
                "crime_type_code": crime, "exposure_code": code, "elasticity": value, "low": low, "high": high,
                "p_value": p, "spread_between_states": slopes.spread, "events": slopes.events, "weeks": slopes.weeks,
                "states": slopes.places, "call_code": call,
                "statement_en": f"{what[0]} {sure[0]}: {span}. {rests}",
                "statement_ms": f"{what[1]}: {sure[1]}: {span_ms}. {rests_ms}",
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _not_assessed(crime: str, reason: str) -> pd.DataFrame:
    rows = [
        {"crime_type_code": crime, "exposure_code": code, "call_code": "NOT_ASSESSED", "statement_en": reason,
         "statement_ms": ""} for code in EXPOSURES
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _scenario(
    scenario: Scenario,
    base: Floats,
    places: tuple[str, ...],
    panel: Panel,
    slopes: Elasticity | None,
    known: Mapping[str, Floats],
    last: pd.Timestamp,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the weekly and the summed rows of one scenario: its states and the whole country."""
    about: dict[str, Any] = {
        "scenario_code": scenario.code,
        "crime_type_code": scenario.crime_type,
        "unit_code": "case",
    }
    hit = [i for i, place in enumerate(places) if scenario.state in (ALL, place)]
    ids = [f"MY/{scenario.crime_type}", *(f"MY/{scenario.crime_type}/{places[i]}" for i in hit)]
    state = [ALL, *(places[i] for i in hit)]
    try:
        other = scenario_paths(scenario, base, places, panel=panel, slopes=slopes, exposures=known, seed=seed)
    except SeriesError as error:
        told = {"call_code": "NOT_ASSESSED", "statement_en": str(error), "statement_ms": ""}
        return pd.DataFrame(), pd.DataFrame(
            [{**about, "unique_id": ids[0], "state_code": scenario.state, **told}]
        )
    plain = np.concatenate([base.sum(0)[None], base[hit]])
    moved = np.concatenate([other.sum(0)[None], other[hit]])
    ds = last.to_datetime64().astype("datetime64[D]") + 7 * np.arange(1, base.shape[2] + 1)
    week = beside(plain, moved, ids, ds, HUB_LEVELS).rename(columns={"ds": "target_week"})
    week = week.assign(
        **about, is_scenario=True, state_code=week["unique_id"].map(dict(zip(ids, state, strict=True)))
    )
    window = slice(scenario.first_week - 1, scenario.first_week - 1 + scenario.weeks)
    rows = []
    for name, place, before, after in zip(ids, state, plain, moved, strict=True):
        middle, low, high, more = expected_change(before, after, window)
        fewer = float((after[:, window].sum(1) < before[:, window].sum(1)).mean())
        call = "MORE" if more >= SURE else "FEWER" if fewer >= SURE else "CANNOT_TELL"
        cases = float(before[:, window].sum(1).mean())
        en = {"MORE": "more cases come to light", "FEWER": "fewer cases come to light",
              "CANNOT_TELL": "no change can be told from chance"}[call]  # fmt: skip
        ms = {"MORE": "lebih banyak kes dikesan", "FEWER": "kurang kes dikesan",
              "CANNOT_TELL": NONE_MS}[call]  # fmt: skip
        rows.append(
            {
                **about, "unique_id": name, "state_code": place, "weeks": scenario.weeks, "baseline_cases": cases,
                "change": middle, "change_low": low, "change_high": high, "p_more": more, "call_code": call,
                "statement_en": f"Scenario, not a forecast: over {scenario.weeks} weeks {en}: {middle:+.0f} of "
                f"{cases:.0f} (80 % interval {low:+.0f} to {high:+.0f}).",
                "statement_ms": f"Senario, bukan ramalan: dalam {scenario.weeks} minggu {ms}: {middle:+.0f} daripada "
                f"{cases:.0f} (selang 80 % {low:+.0f} hingga {high:+.0f}).",
            }
        )  # fmt: skip
    return week, pd.DataFrame(rows)


def _complete(parts: list[pd.DataFrame], columns: dict[str, str], as_of_week: date) -> pd.DataFrame:
    parts = [part for part in parts if len(part)]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(columns))
    frame = frame.assign(as_of_week=as_of_week)
    if "target_week" in frame:
        frame["target_week"] = pd.to_datetime(frame["target_week"]).dt.date
    return frame.reindex(columns=list(columns))


__all__ = ["EXPOSURES", "SEASON", "TABLES", "exposures_of", "read_exposures", "what_if_tables"]

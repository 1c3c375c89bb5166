"""The states: how many cases and persons each has, for its size, as a map, a ranking and a table.

Belongs here: counts and rates by state, with how far chance alone carries them. Does not belong here: protecting counts
of persons (disclosure: what is suppressed comes suppressed), marks (map_charts).

Outlines (states.geojson): the Department of Statistics Malaysia's, simplified with topojson (tolerance 0.02°, islands
below 0.004 square degrees left out, three decimals), Sabah, Sarawak and Labuan moved 4° west: docs/dashboard.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from math import nan, sqrt
from typing import Any

import pandas as pd

from mids_orchestration.release.dashboard import words
from mids_orchestration.release.dashboard.figures import UNKNOWN_STATE, CrimeFigures
from mids_orchestration.release.dashboard.tables import Cell, Table, made_table
from mids_orchestration.release.dashboard.words import say
from mids_orchestration.release.model import Bilingual

TABLES = ("fct_population", "fct_victim_state_year")
#: What the map can show; each is a column of :func:`state_rows`.
MEASURES = ("cases", "cases_rate", "persons", "persons_rate")
_PER = 100_000
_Z = 1.96


@cache
def outlines() -> list[dict[str, Any]]:
    """GeoJSON features of the states, each with its ``state_code``."""
    told = json.loads(files(__package__).joinpath("states.geojson").read_text("utf-8"))
    features: list[dict[str, Any]] = told["features"]
    return features


def population(frames: Mapping[str, pd.DataFrame]) -> tuple[dict[str, int], int | None]:
    """Residents by state of the newest census, and its year."""
    frame = frames.get("fct_population")
    if frame is None or frame.empty:
        return {}, None
    newest = frame[frame["census_year"] == frame["census_year"].max()]
    summed = newest.groupby("state_code")["population"].sum()
    return {str(s): int(n) for s, n in summed.items() if n > 0}, int(newest["census_year"].iloc[0])


def rate_interval(count: float, residents: int) -> tuple[float, float, float]:
    """Events per 100,000 residents and the 95 % interval that chance alone gives it (Byar's approximation)."""
    scale = _PER / residents
    low = count * (1 - 1 / (9 * count) - _Z / (3 * sqrt(count))) ** 3 if count else 0.0
    more = count + 1
    high = more * (1 - 1 / (9 * more) + _Z / (3 * sqrt(more))) ** 3
    return count * scale, max(low, 0.0) * scale, high * scale


def state_rows(frames: Mapping[str, pd.DataFrame], crime: CrimeFigures) -> pd.DataFrame:
    """One row per year and state: cases of the last 52 weeks (the same in every year) and persons of that year.

    Rates are missing where a state is not known or the release has no population; ``hidden`` marks suppressed persons.
    """
    residents, _ = population(frames)
    rows = crime.states.assign(cases=lambda f: f["count"].astype(float))
    rates = [
        rate_interval(n, residents[s]) if s in residents else (nan, nan, nan)
        for s, n in zip(rows["state_code"], rows["cases"], strict=True)
    ]
    rows = rows.assign(
        cases_rate=[r[0] for r in rates], cases_low=[r[1] for r in rates], cases_high=[r[2] for r in rates]
    )
    persons = _persons(frames, crime)
    years = sorted(set(persons["year"]), reverse=True)
    if not years:
        return rows.assign(year="", persons=nan, persons_rate=nan, hidden=False)
    grid = pd.concat([rows.assign(year=year) for year in years], ignore_index=True)
    if "split" in persons.columns:
        grid = grid.merge(pd.DataFrame({"split": ["ALL", "Y", "N"]}), how="cross")
    told = grid.merge(
        persons, how="left", on=[c for c in ("year", "state_code", "split") if c in grid.columns]
    )
    told["hidden"] = told["hidden"].eq(True)
    size = told["state_code"].map(residents)
    return told.assign(persons_rate=_PER * told["persons"] / size)


def _persons(frames: Mapping[str, pd.DataFrame], crime: CrimeFigures) -> pd.DataFrame:
    frame = frames.get("fct_victim_state_year")
    if frame is None or frame.empty:
        return pd.DataFrame({"year": [], "state_code": [], "persons": [], "hidden": []})
    mine = frame[frame["crime_type_code"] == crime.code]
    known = set(crime.states["state_code"])
    split = {"split": mine["child_split_code"]} if "child_split_code" in mine.columns else {}
    return pd.DataFrame(
        {
            "year": pd.to_datetime(mine["year_start"]).dt.year.astype(str),
            "state_code": mine["state_code"].where(mine["state_code"].isin(known), UNKNOWN_STATE),
            "persons": mine["count_value"].astype("float64"),
            "hidden": mine["count_status"] == "suppressed",
            **split,
        }
    )


def states_table(rows: pd.DataFrame, crime: CrimeFigures, as_of: date) -> Table:
    """The same rows in words, widest first."""
    has_persons, has_rates = bool(rows["year"].astype(bool).any()), bool(rows["cases_rate"].notna().any())
    heads: list[tuple[Bilingual, bool]] = [
        (say("col_state"), False),
        (say(f"axis_{crime.unit}s_year"), True),
    ]
    heads += [(say("col_rate"), True), (say("col_rate_range"), True)] if has_rates else []
    heads += [(say("col_year"), True), (say("col_persons_found"), True)] if has_persons else []
    heads += [(say("col_persons_rate"), True)] if has_persons and has_rates else []
    shown: list[list[Cell]] = []
    plain: list[list[Any]] = []
    for row in rows.to_dict("records"):
        unknown = row["state_code"] == UNKNOWN_STATE
        name = say("state_unknown") if unknown else Bilingual(row["state_en"], row["state_ms"])
        cells: list[Cell] = [name, words.number(row["cases"])]
        if has_rates:
            cells += [words.decimal(row["cases_rate"]), _range(row["cases_low"], row["cases_high"])]
        if has_persons:
            cells += [str(row["year"]), _persons_cell(row["persons"], row["hidden"])]
        if has_persons and has_rates:
            cells.append(say("suppressed") if row["hidden"] else words.decimal(row["persons_rate"]))
        shown.append(cells)
        status = "suppressed" if row["hidden"] else "" if pd.isna(row["persons"]) else "published"
        numbers = [_plain(row[c], 2) for c in ("cases_rate", "cases_low", "cases_high")]
        persons = [_plain(row["persons"], 0), status, _plain(row["persons_rate"], 2)]
        code = "" if unknown else row["state_code"]
        plain.append(
            [
                crime.code,
                crime.unit,
                code,
                name.en,
                name.ms,
                int(row["cases"]),
                *numbers,
                row["year"],
                *persons,
                *([row["split"]] if "split" in row else []),
            ]
        )
    header = [
        "crime_type_code", "unit_code", "state_code", "state_en", "state_ms", "count_52_weeks", "rate_per_100000",
        "rate_low_95", "rate_high_95", "year", "persons", "count_status", "persons_per_100000",
        *(["child_split_code"] if "split" in rows.columns else []),
    ]  # fmt: skip
    return made_table(heads, shown, f"mids_states_{crime.code.lower()}_{as_of.isoformat()}", header, plain)


def _persons_cell(value: float, hidden: bool) -> Cell:
    if hidden:
        return say("suppressed")
    return "–" if pd.isna(value) else words.number(value)


def _range(low: float, high: float) -> str:
    return "–" if pd.isna(low) else f"{words.decimal(low)}–{words.decimal(high)}"


def _plain(value: float, digits: int) -> str:
    return "" if pd.isna(value) else f"{value:.{digits}f}"

"""What-if panels: what each listed scenario would change, and what one more operation would bring to light where.

Belongs here: choosing rows and words from the marts of scenarios. Does not belong here: estimating
(forecasting.scenario).
A scenario is not a forecast, and every sentence of it says so. A release without these marts has no such section.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from mids_orchestration.release.dashboard import palette, words
from mids_orchestration.release.dashboard.panels import Names, Panel
from mids_orchestration.release.dashboard.tables import Cell, made_table
from mids_orchestration.release.dashboard.words import say
from mids_orchestration.release.model import Bilingual

TABLES = ("fct_scenario_change", "fct_allocation")
#: The series of the whole country.
COUNTRY = "ALL"
_MOST = 10


def scenario_panels(frames: Mapping[str, pd.DataFrame], code: str, states: Names, as_of: date) -> list[Panel]:
    """The scenarios of one crime type, and where one more operation would find most."""
    return [*_changes(frames, code, states, as_of), *_allocation(frames, code, states, as_of)]


def _changes(frames: Mapping[str, pd.DataFrame], code: str, states: Names, as_of: date) -> list[Panel]:
    from mids_orchestration.release.dashboard.analysis_charts import range_chart

    frame = frames.get("fct_scenario_change")
    if frame is None or frame.empty:
        return []
    mine = frame[frame["crime_type_code"] == code].assign(first=lambda f: f["state_code"] != COUNTRY)
    if mine.empty:
        return []
    mine = mine.sort_values(["scenario_code", "first", "state_code"])
    rows: list[list[Cell]] = []
    plain: list[list[Any]] = []
    for row in mine.to_dict("records"):
        place = _place(row["state_code"], states)
        name = Bilingual(row["name_en"], row["name_ms"])
        change = f"{row['change']:+.0f}"
        interval = f"{row['change_low']:+.0f} – {row['change_high']:+.0f}"
        rows.append(
            [name, place, words.number(row["weeks"]), words.decimal(row["baseline_cases"]), change, interval]
        )
        state = "" if row["state_code"] == COUNTRY else row["state_code"]
        numbers = [row["weeks"], row["baseline_cases"], row["change"], row["change_low"], row["change_high"]]
        plain.append([code, row["scenario_code"], state, *numbers, row["p_more"], row["call_code"]])
    heads = [
        (say("col_scenario"), False), (say("col_state"), False), (say("col_weeks"), True), (say("col_baseline"), True),
        (say("col_scenario_change"), True), (say("col_range_80"), True),
    ]  # fmt: skip
    header = [
        "crime_type_code", "scenario_code", "state_code", "weeks", "baseline_cases", "change", "change_low_80",
        "change_high_80", "p_more", "call_code",
    ]  # fmt: skip
    table = made_table(heads, rows, f"mids_scenarios_{code.lower()}_{as_of.isoformat()}", header, plain)
    country = mine[mine["state_code"] == COUNTRY]
    drawn = country.rename(columns={"change": "value", "change_low": "low", "change_high": "high"})
    said = tuple(
        Bilingual(f"{row['name_en']}. {row['statement_en']}", f"{row['name_ms']}. {row['statement_ms']}")
        for row in country.to_dict("records")
    )
    chart = range_chart(
        drawn[["name_en", "name_ms", "value", "low", "high"]],
        palette.colour(code),
        "t:scenario_axis",
        "t:alt_scenario",
    )
    unit = say("scenario_unit")
    return [Panel(f"scenario-{code}", code, say("scenario_title"), table, chart, unit=unit, said=said)]


def _allocation(frames: Mapping[str, pd.DataFrame], code: str, states: Names, as_of: date) -> list[Panel]:
    from mids_orchestration.release.dashboard.analysis_charts import range_chart

    frame = frames.get("fct_allocation")
    if frame is None or frame.empty:
        return []
    mine = frame[frame["crime_type_code"] == code].sort_values("rank")
    if mine.empty:
        return []
    rows: list[list[Cell]] = []
    plain: list[list[Any]] = []
    for row in mine.to_dict("records"):
        interval = f"{row['extra_low']:.2f}–{row['extra_high']:.2f}"
        best = words.percent(row["p_best"])
        rows.append([_place(row["state_code"], states), words.decimal(row["extra_cases"], 2), interval, best])
        numbers = [
            row["expected_cases"],
            row["extra_cases"],
            row["extra_low"],
            row["extra_high"],
            row["p_best"],
        ]
        plain.append([code, row["state_code"], *numbers, row["call_code"]])
    heads = [
        (say("col_state"), False), (say("col_extra"), True), (say("col_range_80"), True), (say("col_best"), True),
    ]  # fmt: skip
    header = [
        "crime_type_code", "state_code", "expected_cases", "extra_cases", "extra_low_80", "extra_high_80", "p_best",
        "call_code",
    ]  # fmt: skip
    table = made_table(heads, rows, f"mids_allocation_{code.lower()}_{as_of.isoformat()}", header, plain)
    top = mine.head(_MOST)
    places = [_place(state, states) for state in top["state_code"]]
    drawn = pd.DataFrame(
        {
            "name_en": [p.en for p in places], "name_ms": [p.ms for p in places],
            "value": top["extra_cases"].to_numpy(), "low": top["extra_low"].to_numpy(),
            "high": top["extra_high"].to_numpy(),
            "state_code": top["state_code"].to_numpy(),
        }
    )  # fmt: skip
    chart = range_chart(drawn, palette.colour(code), "t:allocation_axis", "t:alt_allocation")
    chart["usermeta"] = {"pick": "rows"}
    unit = say("allocation_unit")
    return [
        Panel(f"allocation-{code}", code, say("allocation_title"), table, chart, by_state=True, unit=unit)
    ]


def _place(code: str, states: Names) -> Bilingual:
    return (
        say("whole_country") if code == COUNTRY else Bilingual(*states.get(str(code), (str(code), str(code))))
    )

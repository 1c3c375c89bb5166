"""Panels on who was found and what followed: rankings of persons by year, the funnel of cases, what has changed.

Belongs here: choosing rows and words from the public marts of persons and cases. Does not belong here: protecting them
(disclosure: what is suppressed comes suppressed), marks (charts, panel_charts), HTML (page.html.j2).

A mart that a release does not have gives no panel; a suppressed count is shown as such, never as zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from mids_orchestration.calendar import week_label
from mids_orchestration.release.dashboard import words
from mids_orchestration.release.dashboard.cards import crime_name
from mids_orchestration.release.dashboard.tables import Cell, Table, made_table
from mids_orchestration.release.dashboard.words import say
from mids_orchestration.release.model import Bilingual

if TYPE_CHECKING:
    from mids_orchestration.release.compare import Comparison

#: Marts read here, beside the names in dimensions.
TABLES = (
    "fct_victim_nationality_year", "fct_victim_exploitation_year", "fct_victim_age_sex_year",
    "fct_victim_child_sex_year", "fct_victim_protection_year", "fct_victim_state_year", "fct_case_funnel_year",
    "dim_nationality", "dim_exploitation", "dim_age_band", "dim_code",
)  # fmt: skip
STAGES = ("OPENED", "CHARGED", "CONVICTED")
_MOST_BARS = 12
#: In the officers' edition: the age group that a row of a ranking is of, or ALL.
_SPLIT = "child_split_code"
#: Members that say nothing of a person.
_UNTOLD = {"XX", "Unknown", "NotApplicable", "NA"}
_MOST_WEEKS = 12

Names = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Panel:
    """One card: ``chart`` (a Vega-Lite specification) and its numbers as a table.

    Attributes:
        by_state, by_child: whether it follows the filter; else it says that it does not.
        said: what it means, in sentences.
    """

    id: str
    crime: str
    title: Bilingual
    table: Table
    chart: dict[str, Any]
    by_state: bool = False
    by_child: bool = False
    unit: Bilingual | None = None
    said: tuple[Bilingual, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A ranking: the mart, its attribute columns, whether it is ordered by size, and whether it tells ages."""

    name: str
    table: str
    columns: tuple[str, ...]
    by_size: bool = True
    has_age: bool = False


KINDS = (
    Kind("nationality", "fct_victim_nationality_year", ("nationality_code",)),
    Kind("exploitation", "fct_victim_exploitation_year", ("exploitation_code",)),
    Kind("children", "fct_victim_child_sex_year", ("is_child_code", "sex_code"), by_size=False, has_age=True),
    Kind("age", "fct_victim_age_sex_year", ("age_band_code", "sex_code"), by_size=False, has_age=True),
    Kind("protection", "fct_victim_protection_year", ("protection_order_code",), by_size=False),
    Kind("where", "fct_victim_state_year", ("state_code",)),
)


def table_of_ranking(name: str) -> str:
    """The release's table behind a ranking of persons (``nationality``, ``age`` …)."""
    return next(kind.table for kind in KINDS if kind.name == name)


def years(frames: Mapping[str, pd.DataFrame]) -> list[int]:
    """Years that any mart of persons has, newest first."""
    found: set[int] = set()
    for kind in KINDS:
        frame = frames.get(kind.table)
        if frame is not None and len(frame):
            found |= set(pd.to_datetime(frame["year_start"]).dt.year)
    return sorted(found, reverse=True)


def person_panels(
    frames: Mapping[str, pd.DataFrame], code: str, states: Names, colour: str, as_of: date
) -> list[Panel]:
    """Rankings of the persons of one crime type, by year; a ranking with fewer than two known groups is left out."""
    from mids_orchestration.release.dashboard.panel_charts import ranking_chart

    panels = []
    for kind in KINDS:
        frame = frames.get(kind.table)
        if frame is None or frame.empty:
            continue
        mine = frame[frame["crime_type_code"] == code]
        mine = mine.assign(year=pd.to_datetime(mine["year_start"]).dt.year)
        if len(set(mine[kind.columns[0]]) - _UNTOLD) < 2:
            continue
        named = _named(mine, kind, {c: _names(frames, c, states) for c in kind.columns})
        panel_id = f"who-{kind.name}-{code}"
        panels.append(
            Panel(
                panel_id,
                code,
                say(f"who_{kind.name}"),
                _year_table(named, kind, panel_id, as_of),
                ranking_chart(_bars(named, kind), colour),
                by_state=kind.name == "where",
                by_child=kind.has_age or _SPLIT in mine.columns,
            )
        )
    return panels


def _named(mine: pd.DataFrame, kind: Kind, names: Mapping[str, Names]) -> pd.DataFrame:
    """Rows with names in both languages, in the order shown."""
    parts = {
        language: [
            mine[c].map(lambda code, c=c, at=at: names[c].get(str(code), (str(code),) * 2)[at])
            for c in kind.columns
        ]
        for at, language in enumerate(words.LANGUAGES)
    }
    rows = mine.copy()
    for language, columns in parts.items():
        text = columns[0]
        for more in columns[1:]:
            text = text + ", " + more.str.lower()
        rows[f"name_{language}"] = text
    rows["hidden"] = rows["count_status"] == "suppressed"
    rows["order"] = -rows["count_value"].fillna(0).astype(float) if kind.by_size else 0.0
    by = ["year", "order", *(["hidden"] if kind.by_size else []), *kind.columns]
    return rows.sort_values(by, ascending=[False, True, *[False] * kind.by_size, *[True] * len(kind.columns)])


def _bars(rows: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """What the chart shows: rows with a count or a suppressed one; of a ranking the largest of each year."""
    shown = rows[rows["hidden"] | (rows["count_value"].fillna(0) > 0)]
    if kind.by_size:
        shown = shown.groupby(["year", *_split(shown)], sort=False).head(_MOST_BARS)
    columns = ["year", "name_en", "name_ms", "count_value", "hidden"]
    for optional in ("state_code", "is_child_code", _SPLIT):
        if optional in shown.columns:
            columns.append(optional)
    bars = shown[columns].rename(columns={"count_value": "count", _SPLIT: "split"})
    if kind.name == "age":  # the names of ages are long beside a bar: "18–20, female"
        for language, (between, unit) in {"en": (" to ", " years"), "ms": (" hingga ", " tahun")}.items():
            name = bars[f"name_{language}"]
            bars[f"name_{language}"] = name.str.replace(between, "–").str.replace(unit, "")
    return bars.assign(count=bars["count"].astype("float64"), rank=range(len(bars)))


def _split(rows: pd.DataFrame) -> list[str]:
    return [_SPLIT] if _SPLIT in rows.columns else []


def _year_table(rows: pd.DataFrame, kind: Kind, panel_id: str, as_of: date) -> Table:
    heads = [(say("col_year"), False), (say(f"who_{kind.name}"), False), (say("unit_person"), True)]
    shown: list[list[Cell]] = []
    plain: list[list[Any]] = []
    for row in rows.to_dict("records"):
        name = Bilingual(row["name_en"], row["name_ms"])
        number: Cell = say("suppressed") if row["hidden"] else words.number(int(row["count_value"]))
        shown.append([str(row["year"]), name, number])
        codes = [row[c] for c in [*_split(rows), *kind.columns]]
        value = "" if row["hidden"] else int(row["count_value"])
        plain.append(
            [row["crime_type_code"], row["year"], *codes, name.en, name.ms, value, row["count_status"]]
        )
    header = [
        "crime_type_code",
        "year",
        *_split(rows),
        *kind.columns,
        "name_en",
        "name_ms",
        "persons",
        "count_status",
    ]
    file = f"mids_{panel_id}_{as_of.isoformat()}".lower().replace("-", "_")
    return made_table(heads, shown, file, header, plain)


def _names(frames: Mapping[str, pd.DataFrame], column: str, states: Names) -> Names:
    if column == "state_code":
        return {**states, "XX": (say("state_unknown").en, say("state_unknown").ms)}
    if column == "is_child_code":
        return {c: (say(f"child_{c}").en, say(f"child_{c}").ms) for c in ("Y", "N", "XX")}
    if column == "sex_code":
        return {c: (say(f"sex_{c}").en, say(f"sex_{c}").ms) for c in ("F", "M", "U")}
    table, code, prefix, domain = {
        "nationality_code": ("dim_nationality", "nationality_code", "country_name", None),
        "exploitation_code": ("dim_exploitation", "exploitation_code", "exploitation_name", None),
        "age_band_code": ("dim_age_band", "age_band_code", "age_band_name", None),
        "protection_order_code": ("dim_code", "code", "name", "protection_order"),
    }[column]
    frame = frames.get(table)
    if frame is None or frame.empty:
        return {}
    if domain is not None:
        frame = frame[frame["domain_code"] == domain]
    listed = zip(frame[code], frame[f"{prefix}_en"], frame[f"{prefix}_ms"], strict=True)
    return {str(c): (str(en), str(ms)) for c, en, ms in listed}


def funnel_panel(frames: Mapping[str, pd.DataFrame], code: str, colour: str, as_of: date) -> Panel | None:
    """Cases by year of the event and the stage they have reached by now."""
    from mids_orchestration.release.dashboard.panel_charts import funnel_chart

    frame = frames.get("fct_case_funnel_year")
    if frame is None or frame.empty:
        return None
    mine = frame[frame["crime_type_code"] == code]
    if mine.empty:
        return None
    mine = mine.assign(year=pd.to_datetime(mine["year_start"]).dt.year)
    wide = mine.pivot_table(
        index="year", columns="stage_code", values="case_count", aggfunc="sum", fill_value=0
    )
    wide = wide.reindex(columns=list(STAGES), fill_value=0).astype(int)
    heads = [(say("col_year"), False), *[(say(f"stage_{stage}"), True) for stage in STAGES]]
    heads += [(say("col_charged_share"), True), (say("col_convicted_share"), True)]
    rows: list[list[Cell]] = []
    plain: list[list[Any]] = []
    for year, opened, charged, convicted in wide.sort_index(ascending=False).itertuples():
        shares: list[Cell] = [words.percent(n / opened) if opened else "–" for n in (charged, convicted)]
        rows.append([str(year), *[words.number(n) for n in (opened, charged, convicted)], *shares])
        plain.append([code, year, opened, charged, convicted])
    header = ["crime_type_code", "opened_in", "cases_opened", "cases_charged", "cases_convicted"]
    long = mine[["year", "stage_code", "stage_order", "case_count"]].assign(
        stage=lambda f: "t:stage_" + f["stage_code"].astype(str)
    )
    return Panel(
        f"funnel-{code}",
        code,
        say("funnel_cases"),
        made_table(heads, rows, f"mids_funnel_{code.lower()}_{as_of.isoformat()}", header, plain),
        funnel_chart(long, colour),
    )


def change_rows(changes: Comparison | None) -> dict[str, Any] | None:
    """What differs from the release before, ready to print; None when there was none."""
    if changes is None:
        return None
    cases = [c for c in changes.history if c.unit_code == "case"]
    totals: dict[tuple[str, str], int] = {}
    for change in cases:
        key = (change.crime_type_code, change.reason)
        totals[key] = totals.get(key, 0) + change.change
    weeks: Sequence[Any] = cases[:_MOST_WEEKS]
    return {
        "before": changes.before,
        "before_as_of": words.both_days(changes.before_as_of),
        "same": changes.same,
        "tables": [t.table for t in changes.tables if not t.same],
        "totals": [
            {"code": crime, "crime": crime_name(crime), "reason": say(f"reason_{reason}"), "change": f"{change:+d}"}
            for (crime, reason), change in sorted(totals.items())
        ],
        "weeks": [
            (
                c.crime_type_code,
                [week_label(c.event_week), crime_name(c.crime_type_code), str(c.before), str(c.after), f"{c.change:+d}",
                 say(f"reason_{c.reason}")],
            )
            for c in weeks
        ],
        "more": max(0, len(cases) - _MOST_WEEKS),
    }  # fmt: skip

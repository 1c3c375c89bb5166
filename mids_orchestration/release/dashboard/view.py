"""From figures to what the template prints: every number formatted, every sentence chosen.

Belongs here: choosing words by numbers, tables and their CSV. Does not belong here: computing figures, HTML.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd
from markupsafe import Markup

from mids_orchestration.calendar import week_label
from mids_orchestration.release.dashboard import (
    analysis,
    cards,
    officers,
    palette,
    panels,
    quality,
    scenario,
    sources,
    states,
    words,
)
from mids_orchestration.release.dashboard.figures import (
    STATE_WEEKS,
    CrimeFigures,
    state_figures,
    state_names,
)
from mids_orchestration.release.dashboard.tables import Cell, Table, csv_link
from mids_orchestration.release.dashboard.words import say
from mids_orchestration.release.model import Bilingual, FeedState

if TYPE_CHECKING:
    from mids_orchestration.release.dashboard import PageFacts

_SECTIONS = (
    "glance", "trend", "states", "who", "children", "scams", "funnel", "whatif", "skill", "changes", "fresh", "read",
)  # fmt: skip
_MARKS = {"fresh": "✓", "stale": "▲", "never": "○"}
_LEVELS = ("0.025", "0.1", "0.25", "0.5", "0.75", "0.9", "0.975")


@cache
def environment() -> jinja2.Environment:
    """Jinja, escaping everything, failing on a name it does not know."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("mids_orchestration.release.dashboard", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def page_context(
    crimes: Sequence[CrimeFigures],
    facts: PageFacts,
    *,
    untyped: int = 0,
    frames: Mapping[str, pd.DataFrame] | None = None,
) -> dict[str, Any]:
    """Everything the template needs but its own assets; ``frames`` are the marts of the panels on persons."""
    # Altair takes longer to import than most commands take to run: only who draws pays for it.
    from mids_orchestration.release.dashboard import charts, map_charts

    agencies = [feed for feed in facts.feeds if feed.source_class != "comparator"]
    stale = [feed for feed in agencies if feed.status != "fresh"]
    week, from_week = facts.as_of_week, facts.as_of_week - timedelta(weeks=STATE_WEEKS - 1)
    skill, skill_groups = quality.skill_table(crimes, facts.as_of)
    marts = frames or {}
    specs: dict[str, Any] = {}
    told: list[dict[str, Any]] = []
    parts: dict[str, list[CrimeFigures]] = {}
    state_rows: dict[str, list[dict[str, Any]]] = {}
    for crime in crimes:
        card = cards.card(crime, facts.as_of_week)
        parts[crime.code] = state_figures(marts, facts.as_of, crime) if crime.last is not None else []
        if facts.officers:
            parts[crime.code] += officers.age_figures(marts, facts.as_of, crime)
        card["parts"] = [cards.card(own, facts.as_of_week) for own in parts[crime.code]]
        if not crime.weekly.empty:
            specs[f"trend-{crime.code}"] = charts.trend_chart(crime)
            card["trend"] = _trend_table(crime, facts.as_of, facts.officers)
        if not crime.states.empty:
            rows = states.state_rows(marts, crime)
            specs[f"map-{crime.code}"] = map_charts.map_chart(crime.code)
            specs[f"states-{crime.code}"] = map_charts.states_chart(crime.code)
            state_rows[crime.code] = map_charts.state_data(rows)
            card["states"] = states.states_table(rows, crime, facts.as_of)
        told.append(card)
    names = state_names(marts.get("dim_state"))
    groups = _panels(marts, crimes, names, facts.as_of)
    for panel in [p for listed in groups.values() for p in listed]:
        specs[panel.id] = panel.chart
    if chart := quality.skill_chart(crimes):
        specs["skill-horizons"] = chart
    residents, census = states.population(marts)
    return {
        **groups,
        "who": {code: [p for p in groups["who"] if p.crime == code] for code in (c.code for c in crimes)},
        "measures": [m for m in states.MEASURES if (residents or "rate" not in m) and _has(state_rows, m)],
        "any_who": bool(groups["who"]),
        "census": census,
        "years": panels.years(marts),
        "changes": panels.change_rows(facts.changes),
        "state_options": sorted(names.items(), key=lambda item: item[1][0]),
        "any_history": any(len(crime.history) for crime in crimes),
        "matured": quality.matured_sentence(marts),
        "say": say,
        "source": lambda chart: sources.source_line(chart, facts.as_of),
        "number": words.number,
        "facts": facts,
        "as_of": words.both_days(facts.as_of),
        "week": words.week_span(week),
        "week_name": week_label(week),
        "sections": [(n, f"nav_{n}") for n in _SECTIONS if n != "whatif" or groups["what_if"]],
        "untyped": untyped,
        "page_has_data": any(crime.last is not None for crime in crimes),
        "stale": stale,
        "agencies": agencies,
        "stale_names": _names(stale),
        "crimes": told,
        "any_forecast": any(crime.outlook for crime in crimes),
        "any_nowcast": any("0.5" in crime.nowcast.columns for crime in crimes),
        "any_cautious": any(crime.outlook and not crime.outlook.joint for crime in crimes),
        "state_span": {"from": words.both_days(from_week), "to": words.both_days(week)},
        "skill": skill,
        "skill_groups": skill_groups,
        "feeds": [_feed(feed) for feed in facts.feeds],
        "page_data": _script_json(
            {
                "charts": specs,
                "shapes": states.outlines() if state_rows else [],
                "states": state_rows,
                "parts": {
                    code: {own.place: _part_series(own) for own in listed} for code, listed in parts.items()
                },
                "officers": facts.officers,
                "labels": {key: text for key, text in words.labels().items() if "{" not in text["en"]},
                "locales": {language: words.time_locale(language) for language in words.LANGUAGES},
                "asOf": facts.as_of.isoformat(),
                "held": dataclasses.asdict(say("held", as_of=words.both_days(facts.as_of), day="{day}")),
                "titles": {language: words.labels()["title"][language] for language in words.LANGUAGES},
            }
        ),
    }


def _panels(
    marts: Mapping[str, pd.DataFrame], crimes: Sequence[CrimeFigures], names: panels.Names, as_of: date
) -> dict[str, list[panels.Panel]]:
    """Every panel by section, in the order shown."""
    who: list[panels.Panel] = []
    children: list[panels.Panel] = []
    funnel: list[panels.Panel] = []
    what_if: list[panels.Panel] = []
    for crime in crimes:
        tint = palette.colour(crime.code)
        who += panels.person_panels(marts, crime.code, names, tint, as_of)
        children += analysis.child_panels(marts, crime.code, as_of)
        what_if += scenario.scenario_panels(marts, crime.code, names, as_of)
        own = panels.funnel_panel(marts, crime.code, tint, as_of)
        funnel += [own] if own else []
        funnel += analysis.lag_panels(marts, crime.code, as_of)
    effect = analysis.effect_panel(marts, as_of)
    told = quality.quality_panel(marts, as_of)
    return {
        "who": who,
        "children": [*children, *([effect] if effect else [])],
        "scams": analysis.job_scam_panels(marts, as_of),
        "funnel": funnel,
        "what_if": what_if,
        "agency_quality": [told] if told else [],
    }


def _has(rows: Mapping[str, list[dict[str, Any]]], measure: str) -> bool:
    return any(row[measure] is not None for listed in rows.values() for row in listed)


def _part_series(own: CrimeFigures) -> dict[str, Any]:
    """A state's or an age group's weeks and projection, for the page's script to put in the place of the country's."""
    levels = [level for level in _LEVELS if level in own.fan.columns]
    fan = own.fan[levels].round(2).to_numpy().tolist() if levels else []
    return {"counts": list(own.longer), "levels": levels, "fan": fan}


def _names(feeds: Sequence[FeedState]) -> Bilingual:
    return Bilingual(", ".join(feed.title.en for feed in feeds), ", ".join(feed.title.ms for feed in feeds))


def _script_json(value: Any) -> Markup:
    """JSON that can stand in a script element: no ``<`` that could end it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def _trend_table(crime: CrimeFigures, as_of: date, officers_edition: bool = False) -> Table:
    """Projection, recorded weeks and earlier projections, newest first; the CSV has them oldest first."""
    levels = [level for level in _LEVELS if level in crime.fan.columns]
    heads = [
        (say("col_week"), False),
        (say("col_from"), False),
        (say("col_kind"), False),
        (say("col_count"), True),
    ]
    for level in levels:
        percent = Bilingual(*[f"{float(level):.1%}".replace(".0%", "%")] * 2)
        heads.append((say("col_median") if level == "0.5" else percent, True))
    lines: list[tuple[pd.Timestamp, str, Bilingual, str, str, list[float]]] = []
    for week, count, complete in crime.weekly[["week", "count", "complete"]].itertuples(index=False):
        kind = say("kind_recorded" if complete else "kind_incomplete")
        lines.append((week, "recorded", kind, "", str(int(count)), []))
    for week, *values in crime.fan[["week", *levels]].itertuples(index=False):
        lines.append((week, "projected", say("kind_projected"), "", "", values))
    if len(crime.history) and set(levels) <= set(crime.history.columns):
        for made, week, *values in crime.history[["made", "week", *levels]].itertuples(index=False):
            kind = say("kind_earlier", week=week_label(made.date()))
            lines.append((week, "earlier", kind, str(made.date()), "", values))
    rows: list[list[Cell]] = []
    keys: list[dict[str, str]] = []
    plain: list[list[Any]] = []
    for week, key, kind, _, count, values in reversed(lines):
        shown = [words.decimal(float(v)) for v in values] or [""] * len(levels)
        rows.append([*_week_cells(week), kind, words.number(int(count)) if count else "", *shown])
        keys.append({"week": str(week.date()), "kind": key})
    for week, _, kind, made, count, values in lines:
        told = [crime.code, crime.unit, "", str(week.date()), kind.en.partition(" (")[0], made, count]
        ages = ["ALL"] if officers_edition else []
        plain.append([*told, *values, *[""] * (len(levels) - len(values)), *ages])
    header = ["crime_type_code", "unit_code", "state_code", "week_start", "kind", "made_after_week", "count"]
    name = f"mids_weekly_{crime.code.lower()}_{as_of.isoformat()}"
    header += [*[f"q{level}" for level in levels], *(["is_child_code"] if officers_edition else [])]
    return Table(heads, rows, *csv_link(name, header, plain), keys)


def _week_cells(week: pd.Timestamp) -> list[Cell]:
    return [week_label(week.date()), words.both_days(week.date())]


def _feed(feed: FeedState) -> dict[str, Any]:
    last = words.both_days(feed.last_known_on) if feed.last_known_on else say("never")
    days = "–" if feed.days_since is None else words.number(feed.days_since)
    return {"state": feed, "mark": _MARKS[feed.status], "last": last, "days": days}

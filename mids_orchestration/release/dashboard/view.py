"""From figures to what the template prints: every number formatted, every sentence chosen.

Belongs here: choosing words by numbers, tables and their CSV. Does not belong here: computing figures, HTML.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd
from markupsafe import Markup

from mids_orchestration.calendar import week_label
from mids_orchestration.release.dashboard import palette, panels, words
from mids_orchestration.release.dashboard.figures import (
    STATE_WEEKS,
    UNKNOWN_STATE,
    CrimeFigures,
    Outlook,
    Skill,
    state_names,
)
from mids_orchestration.release.dashboard.words import say
from mids_orchestration.release.model import Bilingual, FeedState

if TYPE_CHECKING:
    from mids_orchestration.release.dashboard import PageFacts

_SECTIONS = ("glance", "trend", "states", "who", "funnel", "skill", "changes", "fresh", "read")
_MARKS = {"fresh": "✓", "stale": "▲", "never": "○"}
#: Half the width of the 80 % interval against the expected total: below, "fairly" / "moderately" sure.
_FAIRLY, _MODERATELY = 0.3, 0.6
_SHOWN_HORIZONS = (1, 4, 8, 12)
#: Below this relative gain a model is called "about the same" as its benchmark.
_SAME = 0.03
_LEVELS = ("0.025", "0.1", "0.25", "0.5", "0.75", "0.9", "0.975")

Cell = str | Bilingual


@dataclass(frozen=True)
class Table:
    """A table as shown, and as CSV in a ``data:`` address."""

    heads: list[tuple[Bilingual, bool]]
    rows: list[list[Cell]]
    file: str
    href: str


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
    from mids_orchestration.release.dashboard import charts

    agencies = [feed for feed in facts.feeds if feed.source_class != "comparator"]
    stale = [feed for feed in agencies if feed.status != "fresh"]
    week, from_week = facts.as_of_week, facts.as_of_week - timedelta(weeks=STATE_WEEKS - 1)
    skill, skill_groups = _skill_table(crimes, facts.as_of)
    specs: dict[str, Any] = {}
    for crime in crimes:
        if not crime.weekly.empty:
            specs[f"trend-{crime.code}"] = charts.trend_chart(crime)
        if not crime.states.empty:
            specs[f"states-{crime.code}"] = charts.states_chart(crime)
    marts = frames or {}
    names = state_names(marts.get("dim_state"))
    who: dict[str, list[panels.Panel]] = {}
    funnel: list[panels.Panel] = []
    for crime in crimes:
        tint = palette.colour(crime.code)
        who[crime.code] = panels.person_panels(marts, crime.code, names, tint, facts.as_of)
        own = panels.funnel_panel(marts, crime.code, tint, facts.as_of)
        funnel += [own] if own else []
    for panel in [*(p for listed in who.values() for p in listed), *funnel]:
        specs[panel.id] = panel.chart
    return {
        "who": who,
        "any_who": any(who.values()),
        "funnel": funnel,
        "years": panels.years(marts),
        "changes": panels.change_rows(facts.changes),
        "state_options": sorted(names.items(), key=lambda item: item[1][0]),
        "say": say,
        "number": words.number,
        "facts": facts,
        "as_of": words.both_days(facts.as_of),
        "week": words.week_span(week),
        "week_name": week_label(week),
        "sections": [(name, f"nav_{name}") for name in _SECTIONS],
        "untyped": untyped,
        "page_has_data": any(crime.last is not None for crime in crimes),
        "stale": stale,
        "agencies": agencies,
        "stale_names": _names(stale),
        "crimes": [_crime(crime, facts) for crime in crimes],
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
                "byState": {crime.code: dict(crime.by_state) for crime in crimes},
                "labels": {key: text for key, text in words.labels().items() if "{" not in text["en"]},
                "locales": {language: words.time_locale(language) for language in words.LANGUAGES},
                "titles": {language: words.labels()["title"][language] for language in words.LANGUAGES},
            }
        ),
    }


def _names(feeds: Sequence[FeedState]) -> Bilingual:
    return Bilingual(", ".join(feed.title.en for feed in feeds), ", ".join(feed.title.ms for feed in feeds))


def _script_json(value: Any) -> Markup:
    """JSON that can stand in a script element: no ``<`` that could end it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def crime_name(code: str) -> Bilingual:
    """What people call a crime type; an unknown code stands for itself."""
    return say(code) if words.known(code) else Bilingual(code, code)


def _crime(crime: CrimeFigures, facts: PageFacts) -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": crime.code,
        "name": crime_name(crime.code),
        "colour": palette.colour(crime.code),
        "unit": crime.unit,
        "last": crime.last,
        "outlook": _outlook(crime.outlook, crime.skill, facts) if crime.outlook else None,
        "trend": _trend_table(crime, facts.as_of) if not crime.weekly.empty else None,
        "states": _states_table(crime, facts.as_of) if not crime.states.empty else None,
        "incomplete": say("trend_incomplete", weeks=crime.incomplete_weeks)
        if crime.incomplete_weeks
        else say("trend_complete"),
    }
    if crime.last is None or crime.before is None:
        return told
    change = crime.last - crime.before
    told |= {
        "before": words.decimal(crime.before),
        "before_value": f"{crime.before:g}",
        "change_value": f"{change:g}",
        "arrow": "▲" if change > 0.05 else "▼" if change < -0.05 else "＝",
        "change": _change(change),
        "usual": _usual(crime),
        "strip": _strip(crime),
        "arriving": _arriving(crime),
    }
    total = int(crime.states["count"].sum())
    unknown = int(crime.states.loc[crime.states["state_code"] == UNKNOWN_STATE, "count"].sum())
    told["states_known"] = say("states_known", known=total - unknown, total=total)
    return told


def _change(change: float) -> Bilingual:
    if abs(change) <= 0.05:
        return say("change_same")
    return say("change_more" if change > 0 else "change_fewer", n=words.decimal(abs(change)))


def _usual(crime: CrimeFigures) -> Bilingual | None:
    if crime.usual is None or crime.last is None:
        return None
    low, high = crime.usual
    where = "above" if crime.last > high else "below" if crime.last < low else "within"
    return say(f"usual_{where}", low=low, high=high)


def _strip(crime: CrimeFigures) -> dict[str, str] | None:
    """Where this week stands on a bar from zero: the usual range and the week, in percent of the bar."""
    if crime.usual is None or crime.last is None or crime.before is None:
        return None
    low, high = crime.usual
    end = max(high * 1.5, crime.last * 1.1, crime.before * 1.1, 1.0)
    at = {"low": low, "high": high, "now": float(crime.last), "before": crime.before}
    return {name: f"{100 * value / end:.1f}%" for name, value in at.items()}


def _arriving(crime: CrimeFigures) -> Bilingual | None:
    newest = crime.nowcast.iloc[-1] if len(crime.nowcast) and crime.incomplete_weeks else None
    sentences = []
    if crime.share_at_close is not None:
        key = "still_arriving" if crime.incomplete_weeks else "mostly_known"
        sentences.append(say(key, share=words.percent(crime.share_at_close)))
    if newest is not None and {"0.1", "0.9"} <= set(newest.index):
        sentences.append(say("likely_final", low=float(newest["0.1"]), high=float(newest["0.9"])))
    if not sentences:
        return None
    return Bilingual(" ".join(s.en for s in sentences), " ".join(s.ms for s in sentences))


def _outlook(outlook: Outlook, skill: Skill | None, facts: PageFacts) -> dict[str, Any]:
    half_width = (outlook.high - outlook.low) / 2 / max(outlook.expected, 1.0)
    sure = (
        "sure_high" if half_width <= _FAIRLY else "sure_medium" if half_width <= _MODERATELY else "sure_low"
    )
    made_after = outlook.made_after.date()
    key = "interval_80" if outlook.joint else "interval_cautious"
    return {
        "weeks": outlook.weeks,
        "expected": words.number(outlook.expected),
        "expected_value": f"{outlook.expected:.4f}",
        "low_value": f"{outlook.low:.4f}",
        "high_value": f"{outlook.high:.4f}",
        "interval": say(key, low=outlook.low, high=outlook.high),
        "sure": sure,
        "skill": _skill_sentence(skill),
        "stale": say("outlook_stale", week=words.week_span(made_after))
        if made_after != facts.as_of_week
        else None,
    }


def _skill_sentence(skill: Skill | None) -> Bilingual:
    if skill is None or skill.relative_wis is None:
        return say("skill_unknown")
    if skill.relative_wis > 1 - _SAME:
        return say("skill_same")
    return say("skill_better", percent=words.percent(1 - skill.relative_wis))


def _trend_table(crime: CrimeFigures, as_of: date) -> Table:
    heads = [(say("col_week"), False), (say("col_from"), False)]
    heads += [(say("col_kind"), False), (say("col_count"), True)]
    levels = [level for level in _LEVELS if level in crime.fan.columns]
    heads += [
        (
            say("col_median")
            if level == "0.5"
            else Bilingual(*[f"{float(level):.1%}".replace(".0%", "%")] * 2),
            True,
        )
        for level in levels
    ]
    rows: list[list[Cell]] = []
    plain: list[list[Any]] = []
    for week, count, complete in reversed(
        list(crime.weekly[["week", "count", "complete"]].itertuples(index=False))
    ):
        kind = "kind_recorded" if complete else "kind_incomplete"
        rows.append([*_week_cells(week), say(kind), words.number(count), *[""] * len(levels)])
        plain.append([crime.code, crime.unit, week.date(), say(kind).en, int(count), *[""] * len(levels)])
    ahead, plain_ahead = [], []
    for week, *values in crime.fan[["week", *levels]].itertuples(index=False):
        shown = [words.decimal(float(value)) for value in values]
        ahead.append([*_week_cells(week), say("kind_projected"), "", *shown])
        plain_ahead.append([crime.code, crime.unit, week.date(), say("kind_projected").en, "", *values])
    header = [
        "crime_type_code",
        "unit_code",
        "week_start",
        "kind",
        "count",
        *[f"q{level}" for level in levels],
    ]
    file, href = _csv(
        f"mids_weekly_{crime.code.lower()}_{as_of.isoformat()}", header, plain[::-1] + plain_ahead
    )
    return Table(heads, ahead[::-1] + rows, file, href)


def _week_cells(week: pd.Timestamp) -> list[Cell]:
    return [week_label(week.date()), words.both_days(week.date())]


def _states_table(crime: CrimeFigures, as_of: date) -> Table:
    unknown = say("state_unknown")
    rows: list[list[Cell]] = []
    plain: list[list[Any]] = []
    for code, en, ms, count in crime.states.itertuples(index=False):
        name = unknown if code == UNKNOWN_STATE else Bilingual(en, ms)
        rows.append([name, words.number(count)])
        plain.append(
            [crime.code, crime.unit, "" if code == UNKNOWN_STATE else code, name.en, name.ms, int(count)]
        )
    header = ["crime_type_code", "unit_code", "state_code", "state_en", "state_ms", "count_52_weeks"]
    file, href = _csv(f"mids_states_{crime.code.lower()}_{as_of.isoformat()}", header, plain)
    return Table([(say("col_state"), False), (say("col_count"), True)], rows, file, href)


def _skill_table(
    crimes: Sequence[CrimeFigures], as_of: date
) -> tuple[Table | None, list[tuple[Bilingual, str, list[list[Cell]]]]]:
    """The backtest table with its CSV, and its rows grouped by crime type and model."""
    covers = ("50", "80", "95")
    heads = [(say("col_ahead"), False), (say("col_relative"), True), (say("col_verdict"), False)]
    heads += [(say("col_cover", level=level), True) for level in covers] + [(say("col_origins"), True)]
    groups: list[tuple[Bilingual, str, list[list[Cell]]]] = []
    plain: list[list[Any]] = []
    for crime in crimes:
        if crime.skill is None:
            continue
        rows: list[list[Cell]] = []
        for row in crime.skill.by_horizon.to_dict("records"):
            horizon, relative = int(row["horizon"]), row["relative_wis"]
            values = [row[f"coverage_{level}"] for level in covers]
            plain.append([crime.code, crime.skill.model, horizon, relative, *values, row["origins"]])
            if horizon in _SHOWN_HORIZONS or not rows:
                cells: list[Cell] = [str(horizon), words.decimal(relative, 2), _verdict(relative)]
                rows.append([*cells, *[words.percent(v) for v in values], words.number(row["origins"])])
        groups.append((crime_name(crime.code), crime.skill.model, rows))
    if not groups:
        return None, []
    header = ["crime_type_code", "model_name", "horizon", "relative_wis", *[f"coverage_{c}" for c in covers]]
    file, href = _csv(f"mids_projection_skill_{as_of.isoformat()}", [*header, "origins"], plain)
    return Table(heads, [], file, href), groups


def _verdict(relative: float) -> Cell:
    if pd.isna(relative):
        return "–"
    if abs(1 - relative) < _SAME:
        return say("verdict_same")
    return say(
        "verdict_better" if relative < 1 else "verdict_worse", percent=words.percent(abs(1 - relative))
    )


def _feed(feed: FeedState) -> dict[str, Any]:
    last = words.both_days(feed.last_known_on) if feed.last_known_on else say("never")
    days = "–" if feed.days_since is None else words.number(feed.days_since)
    return {"state": feed, "mark": _MARKS[feed.status], "last": last, "days": days}


def _csv(name: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[str, str]:
    """File name and ``data:`` address of a CSV; the byte-order mark tells Excel that it is UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    encoded = base64.b64encode(out.getvalue().encode("utf-8-sig")).decode()
    return f"{name}.csv", f"data:text/csv;charset=utf-8;base64,{encoded}"

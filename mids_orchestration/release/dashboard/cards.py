"""The cards at a glance: what the newest week and the next ones say, in numbers and sentences.

Belongs here: choosing sentences by numbers for one crime type, of the country or of one state. Does not belong here:
computing the numbers (figures), HTML (page.html.j2).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from mids_orchestration.release.dashboard import palette, words
from mids_orchestration.release.dashboard.figures import UNKNOWN_STATE, CrimeFigures, Outlook, Skill
from mids_orchestration.release.dashboard.words import say
from mids_orchestration.release.model import Bilingual

#: Half the width of the 80 % interval against the expected total: below, "fairly" / "moderately" sure.
_FAIRLY, _MODERATELY = 0.3, 0.6
#: Below this relative gain a model is called "about the same" as its benchmark.
SAME = 0.03


def crime_name(code: str) -> Bilingual:
    """What people call a crime type; an unknown code stands for itself."""
    return say(code) if words.known(code) else Bilingual(code, code)


def card(crime: CrimeFigures, as_of_week: date) -> dict[str, Any]:
    """What one card says."""
    told: dict[str, Any] = {
        "code": crime.code,
        "place": crime.place,
        "name": crime_name(crime.code),
        "colour": palette.colour(crime.code),
        "unit": crime.unit,
        "trend": None,
        "states": None,
        "parts": [],
        "last": crime.last,
        "outlook": _outlook(crime, as_of_week),
        "incomplete": _incomplete(crime.incomplete_weeks),
    }
    if crime.last is None or crime.before is None:
        return told
    change = crime.last - crime.before
    told |= {
        "before": words.decimal(crime.before),
        "before_value": f"{crime.before:g}",
        "change_value": f"{change:g}",
        "arrow": "▲" if change > 0.05 else "▼" if change < -0.05 else "=",
        "change": _change(change),
        "usual": _usual(crime),
        "strip": _strip(crime),
        "arriving": _arriving(crime),
    }
    if len(crime.states):
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


def _outlook(crime: CrimeFigures, as_of_week: date) -> dict[str, Any] | None:
    outlook: Outlook | None = crime.outlook
    if outlook is None:
        return None
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
        "skill": say("skill_state") if crime.state else _skill_sentence(crime.skill),
        "stale": say("outlook_stale", week=words.week_span(made_after)) if made_after != as_of_week else None,
    }


def _skill_sentence(skill: Skill | None) -> Bilingual:
    if skill is None or skill.relative_wis is None:
        return say("skill_unknown")
    if skill.relative_wis > 1 - SAME:
        return say("skill_same")
    return say("skill_better", percent=words.percent(1 - skill.relative_wis))


def _incomplete(weeks: int) -> Bilingual:
    """How many of the newest weeks reports still come in for."""
    if weeks == 1:
        return say("trend_incomplete_one")
    return say("trend_incomplete", weeks=weeks) if weeks else say("trend_complete")

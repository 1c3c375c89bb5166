"""Labels, numbers and dates as English and Malay readers write them.

Belongs here: the dictionary (labels.yml), filling it in, formatting. Does not belong here: which label is
shown where (page.html.j2), any number's computation (figures).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
import yaml

from mids_orchestration.release.model import Bilingual

LANGUAGES = ("en", "ms")
MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "ms": ("Jan", "Feb", "Mac", "Apr", "Mei", "Jun", "Jul", "Ogos", "Sep", "Okt", "Nov", "Dis"),
}
_LONG_MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
    "ms": ("Januari", "Februari", "Mac", "April", "Mei", "Jun", "Julai", "Ogos", "September", "Oktober",
           "November", "Disember"),
}  # fmt: skip
_DAYS = {
    "en": ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    "ms": ("Ahad", "Isnin", "Selasa", "Rabu", "Khamis", "Jumaat", "Sabtu"),
}


@cache
def labels() -> dict[str, dict[str, str]]:
    """The whole dictionary: key → language → text."""
    told: dict[str, dict[str, str]] = yaml.safe_load(
        files(__package__).joinpath("labels.yml").read_text("utf-8")
    )
    return told


def say(key: str, **fill: Any) -> Bilingual:
    """The label ``key`` in both languages. A filling may itself be bilingual, a date or a number.

    Raises:
        KeyError: when the dictionary lacks the key or a filling.
    """
    entry = labels()[key]
    texts = {
        language: entry[language].format(**{name: _fit(value, language) for name, value in fill.items()})
        for language in LANGUAGES
    }
    return Bilingual(texts["en"], texts["ms"])


def _fit(value: Any, language: str) -> str:
    if isinstance(value, Bilingual):
        return value.en if language == "en" else value.ms
    if isinstance(value, date):
        return day(value, language)
    if isinstance(value, (int, float)):
        return number(value)
    return str(value)


def known(key: str) -> bool:
    """Whether the dictionary has ``key``."""
    return key in labels()


def number(value: float) -> str:
    """A whole number with thousands separated by commas, as both languages do in Malaysia."""
    return f"{round(value):,}"


def decimal(value: float | None, digits: int = 1) -> str:
    """A number with a fixed count of decimals; a dash where there is none."""
    return "–" if value is None or pd.isna(value) else f"{value:,.{digits}f}"


def percent(value: float | None) -> str:
    """A share as a whole percentage; a dash where there is none."""
    return "–" if value is None or pd.isna(value) else f"{round(100 * value)}%"


def day(value: date, language: str) -> str:
    """``29 Jun 2026`` / ``29 Jun 2026``; months differ (Mac, Mei, Ogos, Okt, Dis)."""
    return f"{value.day} {MONTHS[language][value.month - 1]} {value.year}"


def both_days(value: date) -> Bilingual:
    """A date in both languages."""
    return Bilingual(day(value, "en"), day(value, "ms"))


def week_span(monday: date) -> Bilingual:
    """``22–28 Jun 2026``: Monday to Sunday, as short as it can be said."""
    sunday = monday + timedelta(days=6)
    texts = {}
    for language in LANGUAGES:
        end = day(sunday, language)
        if monday.month == sunday.month:
            texts[language] = f"{monday.day}–{end}"
        elif monday.year == sunday.year:
            texts[language] = f"{monday.day} {MONTHS[language][monday.month - 1]} – {end}"
        else:
            texts[language] = f"{day(monday, language)} – {end}"
    return Bilingual(texts["en"], texts["ms"])


def time_locale(language: str) -> Mapping[str, Any]:
    """How Vega writes dates in this language (d3's time locale)."""
    return {
        "dateTime": "%A, %e %B %Y",
        "date": "%d/%m/%Y",
        "time": "%H:%M",
        "periods": ["AM", "PM"] if language == "en" else ["PG", "PTG"],
        "days": list(_DAYS[language]),
        "shortDays": [name[:3] for name in _DAYS[language]],
        "months": list(_LONG_MONTHS[language]),
        "shortMonths": list(MONTHS[language]),
    }

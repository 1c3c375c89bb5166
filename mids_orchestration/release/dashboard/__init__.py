"""The page people open on Monday: one self-contained HTML file, offline, English and Malay.

Belongs here: putting figures, charts and words together. Does not belong here: computing numbers
(figures), words (labels.yml, words), marks (charts), layout (page.html.j2, style.css), behaviour (page.js).

The charts are Vega-Lite, drawn by the Vega bundle that vl-convert carries, inlined into the page. The page
forbids itself any connection (Content-Security-Policy), so it cannot need or leak one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import pandas as pd
from markupsafe import Markup

from mids_orchestration.release.compare import Comparison
from mids_orchestration.release.dashboard import (
    analysis,
    figures,
    officers,
    panels,
    quality,
    scenario,
    states,
    view,
)
from mids_orchestration.release.model import Bilingual, FeedState

_ASSETS = (
    "__init__.py", "figures.py", "charts.py", "palette.py", "words.py", "view.py", "cards.py", "tables.py",
    "states.py", "map_charts.py", "states.geojson", "analysis.py", "analysis_charts.py", "quality.py", "scenario.py",
    "sources.py", "officers.py",
    "panels.py", "panel_charts.py", "labels.yml", "page.html.j2", "style.css", "page.js",
)  # fmt: skip


#: Tables the page reads when a release has them.
TABLES = (
    "fct_weekly_count", "dim_state", "fct_forecast", "fct_forecast_score", "fct_nowcast", "fct_forecast_total",
    *panels.TABLES, *states.TABLES, *analysis.TABLES, *quality.TABLES,
    *scenario.TABLES,
)  # fmt: skip


@dataclass(frozen=True)
class PageFacts:
    """What the page says about the release itself; ``officers`` makes the edition of the restricted zone."""

    release_id: str
    as_of: date
    as_of_week: date
    data_version: str
    feeds: tuple[FeedState, ...] = ()
    notice: Bilingual | None = None
    changes: Comparison | None = None
    officers: bool = False


def render(frames: Mapping[str, pd.DataFrame], facts: PageFacts) -> str:
    """Return the page.

    Args:
        frames: public tables of the release by name; of :data:`TABLES`, a missing or empty one is told on
            the page, in words.
        facts: the release.
    """
    return render_with_headline(frames, facts)[0]


def render_for_officers(
    public: Mapping[str, pd.DataFrame], restricted: Mapping[str, pd.DataFrame], facts: PageFacts
) -> str:
    """Return the officers' edition of the page: for the restricted zone only.

    Args:
        public: as for :func:`render`.
        restricted: restricted tables by name, of :data:`officers.TABLES`.
        facts: the release.
    """
    return render(officers.officers_frames(public, restricted), replace(facts, officers=True))


def render_with_headline(frames: Mapping[str, pd.DataFrame], facts: PageFacts) -> tuple[str, dict[str, Any]]:
    """Return the page and its :func:`headline`, computing the figures once."""
    crimes = figures.crime_figures(frames, facts.as_of)
    context = view.page_context(
        crimes, facts, untyped=figures.untyped_cases(frames, facts.as_of), frames=frames
    )
    page = (
        view.environment()
        .get_template("page.html.j2")
        .render(
            **context,
            css=Markup(_asset("style.css")),
            script=Markup(_asset("page.js")),
            bundle=Markup(script_bundle()),
        )
    )
    return page, _headline(crimes)


def headline(frames: Mapping[str, pd.DataFrame], as_of: date) -> dict[str, Any]:
    """The page's main numbers by crime type, as plain JSON, for ``release.json`` and the command line."""
    return _headline(figures.crime_figures(frames, as_of))


def _headline(crimes: Sequence[figures.CrimeFigures]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for crime in crimes:
        outlook = crime.outlook
        told[crime.code] = {
            "unit": crime.unit,
            "last_week": crime.last,
            "mean_of_4_weeks_before_same_age": crime.before,
            "share_known_at_close": _rounded(crime.share_at_close),
            "next_weeks": outlook
            and {
                "weeks": outlook.weeks,
                "expected": _rounded(outlook.expected),
                "low_80": _rounded(outlook.low),
                "high_80": _rounded(outlook.high),
                "interval_is_joint": outlook.joint,
            },
        }
    return told


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


@cache
def script_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, from vl-convert; safe to stand in a script element.

    Raises:
        RuntimeError: when the bundle holds what would end a script element.
    """
    import vl_convert

    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # its stub is behind
    if "</script" in bundle.lower() or "<!--" in bundle:
        raise RuntimeError(
            "the Vega bundle cannot be inlined as it is: pin vl-convert-python to a version that can"
        )
    return bundle


@cache
def assets_digest() -> str:
    """A digest of everything the page is made of but its data: a new design is a new release."""
    parts = [_asset(name) for name in _ASSETS]
    return digest("\0".join([*parts, version("vl-convert-python"), version("altair")]))


def digest(text: str) -> str:
    """SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


__all__ = [
    "TABLES",
    "PageFacts",
    "assets_digest",
    "digest",
    "headline",
    "render",
    "render_for_officers",
    "render_with_headline",
    "script_bundle",
]

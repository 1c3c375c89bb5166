"""The map and the ranking of states, as Vega-Lite.

Belongs here: marks, scales, colours. Does not belong here: numbers and words (states). The page's script chooses what
is shown: ``usermeta.states`` tells it to put the chosen measure of the chosen year into ``value``, and the outlines,
which all maps share, into ``shapes``.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from mids_orchestration.release.dashboard.charts import _Data, _finished
from mids_orchestration.release.dashboard.figures import UNKNOWN_STATE
from mids_orchestration.release.dashboard.palette import INK, QUIET, SHADES, UNKNOWN, colour

_COLUMNS = ["year", "state_code", "cases", "cases_rate", "persons", "persons_rate", "hidden"]
#: Territories too small to be seen as areas: circles.
_SMALL = {"14": (101.69, 3.14), "15": (111.24, 5.31), "16": (101.69, 2.93)}
_HIDDEN = "#c5ced6"


def state_data(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of both charts of a crime type, which the page holds once and puts in when it draws."""
    data = _Data()
    data.chart("states", _rows(rows))
    return data.sets["states"]


def _rows(rows: pd.DataFrame) -> pd.DataFrame:
    unknown = rows["state_code"] == UNKNOWN_STATE
    named = rows.assign(unknown=unknown)
    for language in ("en", "ms"):
        named[f"state_{language}"] = rows[f"state_{language}"].mask(unknown, "t:state_unknown")
    return named[[*_COLUMNS, *[c for c in ("split",) if c in named], "state_en", "state_ms", "unknown"]]


def _told() -> list[alt.Tooltip]:
    """Whatever is shown, the pointer tells all four numbers; a suppressed one is told as such."""
    return [
        alt.Tooltip("state_@lang:N", title="t:col_state"),
        alt.Tooltip("cases:Q", title="t:axis_cases_year", format=",d"),
        alt.Tooltip("cases_rate:Q", title="t:col_rate", format=",.1f"),
        alt.Tooltip("persons_told:N", title="t:col_persons_found"),
    ]


def map_chart(code: str) -> dict[str, Any]:
    """Shades of one colour, darker = more; white = none; grey with a broken edge = suppressed.

    The page's script sets the end of the scale to five round steps.
    """
    data = _Data()
    data.sets |= {"states": [], "shapes": []}
    data.sets["circles"] = [{"state_code": s, "lon": lon, "lat": lat} for s, (lon, lat) in _SMALL.items()]
    fields = ["value", "shown", "cases", "cases_rate", "persons_told", "state_en", "state_ms", "chosen"]
    states = alt.LookupData(data=alt.NamedData("states"), key="state_code", fields=fields)
    shade = alt.Color(
        "value:Q",
        scale=alt.Scale(
            type="quantize", domain=[0, 1], range=list(SHADES[code] if code in SHADES else SHADES[""])
        ),
        legend=alt.Legend(
            title=None,
            orient="bottom",
            direction="horizontal",
            symbolType="square",
            format="~g",
            labelFontSize=11,
        ),
    )
    edge: dict[str, Any] = {"stroke": "#5b6875", "strokeWidth": 0.6}
    areas = alt.Chart(alt.NamedData("shapes")).transform_lookup(lookup="properties.state_code", from_=states)
    circles = alt.Chart(alt.NamedData("circles")).transform_lookup(lookup="state_code", from_=states)
    spot: dict[str, Any] = {"longitude": "lon:Q", "latitude": "lat:Q"}
    layers = [
        areas.mark_geoshape(fill="#ffffff", **edge).encode(tooltip=_told()),
        areas.transform_filter("datum.shown == 'hidden'")
        .mark_geoshape(fill=_HIDDEN, strokeDash=[2, 2], **edge)
        .encode(tooltip=_told()),
        areas.transform_filter("datum.shown == 'value' && datum.value > 0")
        .mark_geoshape(**edge)
        .encode(color=shade, tooltip=_told()),
        circles.mark_circle(size=44, opacity=1, fill="#ffffff", **edge).encode(**spot, tooltip=_told()),
        circles.transform_filter("datum.shown == 'hidden'")
        .mark_circle(size=44, opacity=1, fill=_HIDDEN, strokeDash=[2, 2], **edge)
        .encode(**spot, tooltip=_told()),
        circles.transform_filter("datum.shown == 'value' && datum.value > 0")
        .mark_circle(size=44, opacity=1, **edge)
        .encode(**spot, color=shade, tooltip=_told()),
        areas.transform_filter("datum.chosen").mark_geoshape(fill=None, stroke=INK, strokeWidth=2.4),
    ]
    spec = _finished(alt.layer(*layers).project(type="mercator"), data, "t:alt_map", height=150)
    spec["usermeta"] = {"states": "map"}
    return spec


def states_chart(code: str) -> dict[str, Any]:
    """Ranking by what is chosen; what has no state stands last, in grey; a suppressed count is a word, not a bar."""
    data = _Data()
    data.sets["states"] = []
    base = alt.Chart(alt.NamedData("states")).encode(
        y=alt.Y(
            "state_@lang:N",
            title=None,
            sort=None,
            axis=alt.Axis(ticks=False, domain=False, labelLimit=150, labelPadding=6),
        )
    )
    none = alt.Axis(values=[], title=None, grid=False, domain=False, ticks=False, labels=False)
    x = alt.X(
        "value:Q", axis=none, scale=alt.Scale(domainMin=0, nice=False, range=[0, alt.ExprRef("width - 44")])
    )
    fill = alt.condition(alt.datum.unknown, alt.value(UNKNOWN), alt.value(colour(code)))
    valued = base.transform_filter("datum.shown == 'value'")
    bars = valued.mark_bar(height=13).encode(x=x, color=fill, tooltip=_told())
    text = valued.mark_text(align="left", dx=4, color=INK, fontSize=12).encode(x=x, text="label:N")
    hidden = base.transform_filter("datum.shown == 'hidden'").mark_text(
        align="left", dx=4, color=QUIET, fontSize=12, fontStyle="italic"
    )
    words = hidden.encode(x=alt.value(0), text=alt.value("t:suppressed"))
    spec = _finished(alt.layer(bars, text, words), data, "t:alt_states", height=22 * 17)
    spec["usermeta"] = {"states": "ranking"}
    return spec


__all__ = ["map_chart", "state_data", "states_chart"]

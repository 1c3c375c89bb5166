"""The page's charts as Vega-Lite, written with Altair.

Belongs here: marks, scales, colours. Does not belong here: numbers (figures) or words: a text in a chart is
the token ``t:<key>``, and ``@lang`` in a field name stands for the reader's language; the page's script puts
the words in, so that one chart serves both languages.
"""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import pandas as pd

from mids_orchestration.release.dashboard.figures import CrimeFigures
from mids_orchestration.release.dashboard.palette import GRID, INK, QUIET, colour

#: Named in full: Vega measures text with it.
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif"
#: Interval bands from the widest to the narrowest: lower level, upper level, opacity.
BANDS = (("0.025", "0.975", 0.16), ("0.1", "0.9", 0.2), ("0.25", "0.75", 0.3))
_HALF_WEEK = pd.Timedelta(hours=84)
_WEEK = pd.Timedelta(days=7)
_WEEK_SHOWN = pd.Timedelta(days=6)


class _Data:
    """The rows of one chart, by name: kept out of Altair, which would copy them at every step."""

    def __init__(self) -> None:
        self.sets: dict[str, list[dict[str, Any]]] = {}

    def chart(self, name: str, rows: pd.DataFrame) -> alt.Chart:
        """A chart on ``rows``; times are written without a zone, so that every reader sees the same day."""
        if name not in self.sets:
            plain = rows.copy()
            for column in plain.select_dtypes("datetime"):
                plain[column] = plain[column].dt.strftime("%Y-%m-%dT%H:%M:%S")
            self.sets[name] = json.loads(plain.to_json(orient="records", double_precision=4))
        return alt.Chart(alt.NamedData(name=name))


def trend_chart(figures: CrimeFigures) -> dict[str, Any]:
    """Two years of weekly counts, their 8-week average, and the projection's fan."""
    axis_title = "t:axis_cases" if figures.unit == "case" else "t:axis_persons"
    weekly = figures.weekly.assign(
        week_end=lambda f: f["week"] + _WEEK_SHOWN,
        middle=lambda f: f["week"] + _HALF_WEEK,
        kind=lambda f: f["complete"].map({True: "t:kind_recorded", False: "t:kind_incomplete"}),
    )
    tint, data = colour(figures.code), _Data()
    bars = (
        data.chart("weekly", weekly)
        .mark_rect(color=tint)
        .encode(
            x=_x("week"),
            x2="week_end:T",
            y=_y("count", axis_title),
            y2=alt.datum(0),
            opacity=alt.condition(alt.datum.complete, alt.value(0.62), alt.value(0.26)),
            tooltip=[
                alt.Tooltip("week:T", title="t:col_from", format="%e %b %Y"),
                alt.Tooltip("count:Q", title="t:col_count", format=",d"),
                alt.Tooltip("kind:N", title="t:col_kind"),
            ],
        )
    )
    line = (
        data.chart("average", weekly[weekly["average"].notna()])
        .mark_line(color=INK, strokeWidth=1.6, interpolate="monotone")
        .encode(x=_x("middle"), y=_y("average", axis_title))
    )
    layers: list[Any] = [
        *_history_layers(data, figures, axis_title),
        bars,
        line,
        *_nowcast_layers(data, figures, axis_title),
        *_fan_layers(data, figures, tint, axis_title),
    ]
    return _finished(alt.layer(*layers), data, "t:alt_trend", height=250)


def _nowcast_layers(data: _Data, figures: CrimeFigures, axis_title: str) -> list[Any]:
    if not {"0.1", "0.9"} <= set(figures.nowcast.columns):
        return []
    rows = figures.nowcast.rename(columns={"0.1": "low", "0.9": "high"})[["week", "low", "high"]]
    rows = rows.assign(middle=rows["week"] + _HALF_WEEK)
    rule = (
        data.chart("nowcast", rows)
        .mark_rule(color=INK, strokeWidth=1.4)
        .encode(
            x=_x("middle"),
            y=_y("low", axis_title),
            y2="high:Q",
            tooltip=[
                alt.Tooltip("week:T", title="t:col_from", format="%e %b %Y"),
                alt.Tooltip("low:Q", title="10%", format=",.0f"),
                alt.Tooltip("high:Q", title="90%", format=",.0f"),
            ],
        )
    )
    return [rule]


def _history_layers(data: _Data, figures: CrimeFigures, axis_title: str) -> list[Any]:
    """Earlier projections: behind the bars that came after, the 80 % band and the middle of each."""
    if not {"0.1", "0.5", "0.9"} <= set(figures.history.columns):
        return []
    rows = figures.history.rename(columns={"0.1": "low", "0.5": "middle_value", "0.9": "high"})
    rows = rows[["made", "week", "low", "middle_value", "high"]]
    ends = rows.groupby("made", as_index=False).tail(1).assign(week=lambda f: f["week"] + _WEEK)
    runs = pd.concat([rows, ends]).sort_values(["made", "week"])
    runs = runs[runs["week"] <= figures.weekly["week"].max() + _WEEK]
    base = data.chart("history", runs)
    band = base.mark_area(color=QUIET, opacity=0.22, interpolate="step-after").encode(
        x=_x("week"), y=_y("low", axis_title), y2="high:Q", detail="made:N"
    )
    line = base.mark_line(color=QUIET, strokeWidth=1.6, strokeDash=[3, 2], interpolate="step-after").encode(
        x=_x("week"), y=_y("middle_value", axis_title), detail="made:N"
    )
    return [band, line]


def _fan_layers(data: _Data, figures: CrimeFigures, tint: str, axis_title: str) -> list[Any]:
    fan = figures.fan
    if "0.5" not in fan.columns:
        return []
    names = {name: "q" + name.replace(".", "_") for name in fan.columns if name != "week"}
    rows = fan.rename(columns=names).assign(middle=lambda f: f["week"] + _HALF_WEEK)
    # A band is a step per week, as the bars are; the last week needs an end of its own.
    steps = pd.concat([rows, rows.tail(1).assign(week=lambda f: f["week"] + _WEEK)])
    layers: list[Any] = []
    for low, high, opacity in BANDS:
        if low in names and high in names:
            layers.append(
                data.chart("steps", steps)
                .mark_area(color=tint, opacity=opacity, interpolate="step-after")
                .encode(x=_x("week"), y=_y(names[low], axis_title), y2=f"{names[high]}:Q")
            )
    told = [alt.Tooltip("week:T", title="t:col_from", format="%e %b %Y")]
    for level in ("0.5", "0.1", "0.9"):
        if level in names:
            title = "t:col_median" if level == "0.5" else f"{float(level):.0%}"
            told.append(alt.Tooltip(f"{names[level]}:Q", title=title, format=",.1f"))
    median = _y("q0_5", axis_title)
    line = data.chart("steps", steps).mark_line(
        color=tint, strokeWidth=2.2, strokeDash=[5, 3], interpolate="step-after"
    )
    layers.append(line.encode(x=_x("week"), y=median))
    points = data.chart("fan", rows).mark_point(color=tint, opacity=0, size=160)
    layers.append(points.encode(x=_x("middle"), y=median, tooltip=told))
    return layers


def _x(field: str) -> alt.X:
    """The shared time axis; every layer names it alike, or Vega-Lite would join their titles."""
    quarter = "month(datum.value) == 0 ? timeFormat(datum.value, '%b %Y') : timeFormat(datum.value, '%b')"
    axis = alt.Axis(
        labelExpr=quarter, tickCount={"interval": "month", "step": 3}, grid=False, labelFlush=False
    )
    return alt.X(f"{field}:T", title=None, axis=axis)


def _y(field: str, title: str) -> alt.Y:
    """The shared count axis, from zero, in whole numbers."""
    axis = alt.Axis(
        titleAngle=0, titleAlign="left", titleAnchor="end", titleX=0, titleY=-9,
        tickMinStep=1, tickCount=5, format=",d", grid=True, gridColor=GRID,
    )  # fmt: skip
    return alt.Y(f"{field}:Q", title=title, axis=axis, scale=alt.Scale(domainMin=0, nice=True))


def _finished(
    chart: alt.LayerChart | alt.FacetChart, data: _Data, description: str, height: int
) -> dict[str, Any]:
    spec: dict[str, Any] = (
        chart.properties(width="container", height=height, description=description)
        .configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK, titleColor=QUIET, labelFontSize=12, titleFontSize=12, titleFontWeight="normal"
        )
        .configure_legend(labelFontSize=12, labelColor=INK)
        .to_dict(validate=False)  # a test validates them: it would double the time of a release
    )
    spec["datasets"] = data.sets
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec

"""Charts of the panels on questions and on quality, as Vega-Lite.

Belongs here: marks, scales, colours. Does not belong here: numbers or words (analysis, quality). Shapes, dashes and
words tell what colours tell, so that nothing depends on seeing them.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from mids_orchestration.release.dashboard.charts import _Data, _finished
from mids_orchestration.release.dashboard.palette import CRIMES, GRID, INK, OTHER, QUIET

_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")


def _above(title: str | None, **more: Any) -> alt.Axis:
    """A count axis with its title written above it, as a reader reads it."""
    named = (
        {}
        if title is None
        else {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -9}
    )
    return alt.Axis(**{"tickCount": 4, "grid": True, "gridColor": GRID, "format": ",d", **named, **more})


def _years() -> alt.Axis:
    return alt.Axis(labelAngle=0, ticks=False, labelExpr="datum.value % 2 ? '' : datum.value")


def children_chart(rows: pd.DataFrame, tint: str) -> dict[str, Any]:
    """Columns by year, girls beside boys, or the same of adults; a suppressed count is an open dot, not a gap."""
    data = _Data()
    base = data.chart("children", rows).encode(
        x=alt.X("year:O", title=None, axis=_years()),
        xOffset=alt.XOffset("sex_code:N"),
        tooltip=[
            alt.Tooltip("year:O", title="t:col_year"),
            alt.Tooltip("sex:N", title="t:col_sex"),
            alt.Tooltip("count:Q", title="t:unit_person", format=",d"),
        ],
    )
    shade = alt.Opacity("sex_code:O", scale=alt.Scale(domain=["F", "M"], range=[1, 0.45]), legend=None)
    y = alt.Y("count:Q", title="t:unit_person", axis=_above("t:unit_person"))
    bars = base.transform_filter("!datum.hidden").mark_bar(color=tint).encode(y=y, opacity=shade)
    hidden = base.transform_filter("datum.hidden").mark_point(
        shape="circle", size=26, stroke=QUIET, fill="#ffffff", opacity=1, strokeWidth=1.4
    )
    layers = alt.layer(bars, hidden.encode(y=alt.datum(0), yOffset=alt.value(-6)))
    spec = _finished(layers, data, "t:alt_children", height=190)
    return {**spec, "usermeta": {**spec.get("usermeta", {}), "age": "children"}}


def effect_chart(rows: pd.DataFrame) -> dict[str, Any]:
    """Each estimate with its interval on a scale of doublings; the line at 1 is "no change"."""
    data = _Data()
    domain = [min(0.25, float(rows["low"].min())), max(4.0, float(rows["high"].max()))]
    x = alt.X(
        "low:Q",
        title="t:effect_axis",
        scale=alt.Scale(type="log", base=2, domain=domain, clamp=True),
        axis=alt.Axis(values=[0.25, 0.5, 1, 2, 4, 8, 16, 32], format="~g", gridColor=GRID, labelOverlap=True),
    )
    y = alt.Y(
        "name_@lang:N",
        title=None,
        sort=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=330, labelPadding=8),
    )
    told = [
        alt.Tooltip("name_@lang:N", title="t:col_outcome"),
        alt.Tooltip("effect:Q", title="t:col_effect", format=".2f"),
        alt.Tooltip("low:Q", title="2.5%", format=".2f"),
        alt.Tooltip("high:Q", title="97.5%", format=".2f"),
    ]
    base = data.chart("effects", rows).encode(y=y)
    one = data.chart("effects", rows.head(1)).mark_rule(color=INK, strokeDash=[4, 3]).encode(x=alt.datum(1))
    range_ = base.mark_rule(color=CRIMES["TIP"], strokeWidth=3).encode(x=x, x2="high:Q", tooltip=told)
    point = base.mark_point(shape="diamond", filled=True, size=130, color=INK, opacity=1).encode(
        x=alt.X("effect:Q"), tooltip=told
    )
    return _finished(alt.layer(one, range_, point), data, "t:alt_effect", height=54 * max(len(rows), 1) + 10)


def figures_chart(rows: pd.DataFrame, tint: str) -> dict[str, Any]:
    """Totals as published over time, by measure."""
    data = _Data()
    told = [
        alt.Tooltip("on:T", title="t:col_until", format="%e %b %Y"),
        alt.Tooltip("measure:N", title="t:col_measure"),
        alt.Tooltip("value:Q", title="t:unit_person", format=",d"),
    ]
    names = sorted(set(rows["measure"]))
    shape = alt.Shape(
        "measure:N",
        scale=alt.Scale(domain=names, range=list(_SHAPES[: len(names)])),
        legend=alt.Legend(
            title=None, orient="bottom", direction="vertical", symbolFillColor=tint, labelLimit=320
        ),
    )
    base = data.chart("said", rows).encode(
        x=alt.X("on:T", title=None, axis=alt.Axis(format="%b %Y", tickCount=4, grid=False)),
        y=alt.Y("value:Q", title="t:unit_person", axis=_above("t:unit_person"), scale=alt.Scale(domainMin=0)),
    )
    line = base.mark_line(color=tint, strokeWidth=1.2, opacity=0.6).encode(detail="measure:N")
    points = base.mark_point(filled=True, size=80, color=tint, opacity=1).encode(shape=shape, tooltip=told)
    return _finished(alt.layer(line, points), data, "t:alt_said", height=170)


def lag_chart(rows: pd.DataFrame, tint: str) -> dict[str, Any]:
    """Half of the cases between the ends of a line, the middle one at its mark, by year of the event."""
    data = _Data()
    names = ["t:lag_TO_CHARGE", "t:lag_TO_DECISION"]
    shape = alt.Shape(
        "step:N",
        scale=alt.Scale(domain=names, range=["circle", "square"]),
        legend=alt.Legend(
            title=None, orient="bottom", direction="vertical", symbolFillColor=tint, labelLimit=320
        ),
    )
    told = [
        alt.Tooltip("year:O", title="t:col_year"),
        alt.Tooltip("step:N", title="t:col_step"),
        alt.Tooltip("days_median:Q", title="t:col_half", format=",d"),
        alt.Tooltip("days_lower_quartile:Q", title="t:col_quarter", format=",d"),
        alt.Tooltip("days_upper_quartile:Q", title="t:col_three_quarters", format=",d"),
        alt.Tooltip("case_count:Q", title="t:unit_case", format=",d"),
    ]
    base = data.chart("lags", rows).encode(
        x=alt.X("year:O", title=None, axis=_years()), xOffset=alt.XOffset("step:N", sort=names)
    )
    days = _above("t:lags_unit")
    scale = alt.Scale(domainMin=0)
    lines = base.mark_rule(color=tint, strokeWidth=2.4, opacity=0.55).encode(
        y=alt.Y("days_lower_quartile:Q", title="t:lags_unit", axis=days, scale=scale),
        y2="days_upper_quartile:Q",
    )
    points = base.mark_point(filled=True, size=60, color=tint, opacity=1).encode(
        y=alt.Y("days_median:Q", title="t:lags_unit", axis=days, scale=scale), shape=shape, tooltip=told
    )
    return _finished(alt.layer(lines, points), data, "t:alt_lags", height=200)


def horizon_chart(rows: pd.DataFrame) -> dict[str, Any]:
    """Relative error by weeks ahead; below the line at 1 the projection was closer than repeating last year."""
    data = _Data()
    codes = sorted(set(rows["crime_type_code"]), key=lambda c: [*CRIMES, c].index(c))
    names = [rows.loc[rows["crime_type_code"] == c, "name"].iloc[0] for c in codes]
    tints = [CRIMES.get(c, OTHER) for c in codes]
    legend = alt.Legend(title=None, orient="bottom", labelLimit=260)
    color = alt.Color("name:N", scale=alt.Scale(domain=names, range=tints), legend=legend)
    shape = alt.Shape(
        "name:N", scale=alt.Scale(domain=names, range=list(_SHAPES[: len(names)])), legend=legend
    )
    y = alt.Y(
        "relative_wis:Q",
        title="t:col_relative",
        axis=_above("t:col_relative", format=".1f"),
        scale=alt.Scale(domainMin=0),
    )
    x = alt.X("horizon:O", title="t:col_ahead", axis=alt.Axis(labelAngle=0, ticks=False))
    base = data.chart("scores", rows)
    told = [
        alt.Tooltip("name:N", title="t:col_crime"),
        alt.Tooltip("horizon:O", title="t:col_ahead"),
        alt.Tooltip("relative_wis:Q", title="t:col_relative", format=".2f"),
    ]
    one = base.mark_rule(color=INK, strokeDash=[4, 3]).encode(y=alt.datum(1))
    line = base.mark_line(strokeWidth=1.8).encode(x=x, y=y, color=color)
    points = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=x, y=y, color=color, shape=shape, tooltip=told
    )
    spec = _finished(alt.layer(line, points, one), data, "t:alt_horizon", height=210)
    spec["usermeta"] = {"crimes": "scores"}
    return spec


def deliveries_chart(rows: pd.DataFrame) -> dict[str, Any]:
    """One square for each agency and week; colour and sign both say what came."""
    data = _Data()
    order = ["good", "held", "late", "unassessed"]
    fills = ["#cfe3ee", "#f3d37a", "#a33b00", "#ffffff"]
    base = data.chart("deliveries", rows).encode(
        x=alt.X(
            "week:O",
            title=None,
            sort=None,
            axis=alt.Axis(labelAngle=0, ticks=False, domain=False, labelOverlap=True),
        ),
        y=alt.Y("agency:N", title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=6)),
        tooltip=[
            alt.Tooltip("name_@lang:N", title="t:col_agency"),
            alt.Tooltip("from:T", title="t:col_from", format="%e %b %Y"),
            alt.Tooltip("told:N", title="t:col_status"),
        ],
    )
    squares = base.mark_rect(stroke="#b9c5d0", strokeWidth=0.6).encode(
        color=alt.Color("verdict:N", scale=alt.Scale(domain=order, range=fills), legend=None)
    )
    sign = "datum.verdict == 'late' ? '▲' : datum.verdict == 'held' ? '•' : datum.verdict == 'unassessed' ? '–' : ''"
    ink = alt.condition("datum.verdict == 'late'", alt.value("#ffffff"), alt.value(INK))
    signs = base.transform_calculate(sign=sign).mark_text(fontSize=11).encode(text="sign:N", color=ink)
    tall = 24 * rows["agency"].nunique() + 4
    return _finished(alt.layer(squares, signs), data, "t:alt_quality", height=tall)


def range_chart(rows: pd.DataFrame, tint: str, axis: str, described: str) -> dict[str, Any]:
    """A mark and its interval by name, from a line at nought."""
    data = _Data()
    y = alt.Y(
        "name_@lang:N",
        title=None,
        sort=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=280, labelPadding=8),
    )
    x = alt.X("low:Q", title=axis, axis=alt.Axis(gridColor=GRID, tickCount=5, format="~g"))
    told = [
        alt.Tooltip("name_@lang:N", title="t:col_name"),
        alt.Tooltip("value:Q", title="t:col_median", format=".2f"),
        alt.Tooltip("low:Q", title="10%", format=".2f"),
        alt.Tooltip("high:Q", title="90%", format=".2f"),
    ]
    base = data.chart("rows", rows).encode(y=y)
    nought = data.chart("rows", rows).mark_rule(color=INK, strokeDash=[4, 3]).encode(x=alt.datum(0))
    line = base.mark_rule(color=tint, strokeWidth=3).encode(x=x, x2="high:Q", tooltip=told)
    point = base.mark_point(shape="diamond", filled=True, size=90, color=INK, opacity=1).encode(
        x="value:Q", tooltip=told
    )
    return _finished(alt.layer(nought, line, point), data, described, height=max(21 * len(rows), 50))

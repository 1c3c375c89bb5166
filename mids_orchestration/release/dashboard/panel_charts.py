"""Charts of the panels on persons and on the funnel of cases, as Vega-Lite.

Belongs here: marks, scales, colours. Does not belong here: numbers or words (panels). The page's script chooses the
year: ``usermeta.pick`` tells it which dataset to filter.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from mids_orchestration.release.dashboard.charts import _Data, _finished
from mids_orchestration.release.dashboard.palette import GRID, INK, QUIET


def ranking_chart(rows: pd.DataFrame, tint: str) -> dict[str, Any]:
    """Bars by name, largest first; a suppressed count has no bar but a word in its place."""
    data = _Data()
    axis = alt.Axis(ticks=False, domain=False, labelLimit=190, labelPadding=6)
    # Bars and words are layers of their own: in the rows' order, or all the words would stand at the end.
    by_rank = alt.EncodingSortField(field="rank", op="min", order="ascending")
    base = data.chart("rows", rows).encode(y=alt.Y("name_@lang:N", title=None, sort=by_rank, axis=axis))
    none = alt.Axis(values=[], title=None, grid=False, domain=False, ticks=False, labels=False)
    x = alt.X(
        "count:Q", axis=none, scale=alt.Scale(domainMin=0, nice=False, range=[0, alt.ExprRef("width - 44")])
    )
    told = [
        alt.Tooltip("name_@lang:N", title="t:col_name"),
        alt.Tooltip("count:Q", title="t:unit_person", format=",d"),
    ]
    bars = base.transform_filter("!datum.hidden").mark_bar(height=13, color=tint).encode(x=x, tooltip=told)
    text = base.transform_filter("!datum.hidden").mark_text(align="left", dx=4, color=INK, fontSize=12)
    numbers = text.encode(x=x, text=alt.Text("count:Q", format=",d"))
    hidden = base.transform_filter("datum.hidden").mark_text(
        align="left", dx=4, color=QUIET, fontSize=12, fontStyle="italic"
    )
    words = hidden.encode(x=alt.value(0), text=alt.value("t:suppressed"))
    spec = _finished(alt.layer(bars, numbers, words), data, "t:alt_ranking", height=200)
    spec["usermeta"] = {"pick": "rows"}
    return spec


def funnel_chart(rows: pd.DataFrame, tint: str) -> dict[str, Any]:
    """For each year the cases opened, and inside that bar those charged and convicted."""
    data = _Data()
    width = alt.Size("stage_order:O", scale=alt.Scale(domain=[1, 2, 3], range=[18, 11, 5]), legend=None)
    shade = alt.Opacity("stage_order:O", scale=alt.Scale(domain=[1, 2, 3], range=[0.28, 0.6, 1]), legend=None)
    axis = alt.Axis(
        titleAngle=0, titleAlign="left", titleAnchor="end", titleX=0, titleY=-9,
        tickCount=4, tickMinStep=1, grid=True, gridColor=GRID, format=",d",
    )  # fmt: skip
    bars = (
        data.chart("stages", rows)
        .mark_bar(color=tint)
        .encode(
            x=alt.X(
                "year:O",
                title=None,
                axis=alt.Axis(labelAngle=0, ticks=False, labelExpr="datum.value % 2 ? '' : datum.value"),
            ),
            y=alt.Y("case_count:Q", title="t:axis_cases_of_year", stack=None, axis=axis),
            size=width,
            opacity=shade,
            order=alt.Order("stage_order:Q"),
            tooltip=[
                alt.Tooltip("year:O", title="t:col_year"),
                alt.Tooltip("stage:N", title="t:col_stage"),
                alt.Tooltip("case_count:Q", title="t:unit_case", format=",d"),
            ],
        )
    )
    return _finished(bars, data, "t:alt_funnel", height=190)

"""Panels on questions: children and section 14, job scams and their cross-check, how long cases take.

Belongs here: choosing rows and words from the release's public marts. Does not belong here: estimating (forecasting),
protecting (disclosure), marks (analysis_charts). A mart that a release does not have gives no panel.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from mids_orchestration.release.dashboard import words
from mids_orchestration.release.dashboard.palette import colour
from mids_orchestration.release.dashboard.panels import Panel
from mids_orchestration.release.dashboard.tables import Cell, made_table
from mids_orchestration.release.dashboard.words import say
from mids_orchestration.release.model import Bilingual

TABLES = (
    "fct_victim_child_sex_year", "fct_intervention_effect", "fct_cross_check_year", "fct_published_figure",
    "fct_case_lag_year",
)  # fmt: skip
CHECKS = ("NGO_REPORT", "WISMA_PUTRA_REPORT")
STATUSES = ("BOTH", "KNOWN_POLICE", "KNOWN_WISMA", "LIKELY", "NEW")
LAGS = ("TO_CHARGE", "TO_DECISION")
#: What has been said in public of Malaysians held abroad.
_SCAM_MEASURES = ("ABROAD_REPORTED", "ABROAD_RESCUED")

Frames = Mapping[str, pd.DataFrame]


def _held(frames: Frames, name: str) -> pd.DataFrame | None:
    frame = frames.get(name)
    return None if frame is None or frame.empty else frame


def _year(frame: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(frame["year_start"]).dt.year


def _count(value: Any, hidden: bool) -> Cell:
    return say("suppressed") if hidden else words.number(value)


def child_panels(frames: Frames, code: str, as_of: date) -> list[Panel]:
    """Children, or adults where the filter says so, found by year and sex."""
    from mids_orchestration.release.dashboard.analysis_charts import children_chart

    frame = _held(frames, "fct_victim_child_sex_year")
    if frame is None:
        return []
    mine = frame[(frame["crime_type_code"] == code) & frame["is_child_code"].isin(["Y", "N"])]
    mine = mine[mine["sex_code"].isin(["F", "M"])].assign(
        year=_year, hidden=lambda f: f["count_status"] == "suppressed"
    )
    if mine.loc[mine["is_child_code"] == "Y", "count_value"].fillna(0).sum() <= 0:
        return []
    mine = mine.sort_values(["year", "is_child_code", "sex_code"], ascending=[False, False, True])
    rows: list[list[Cell]] = []
    plain: list[list[Any]] = []
    for row in mine.to_dict("records"):
        age, sex = row["is_child_code"], row["sex_code"]
        rows.append(
            [
                str(row["year"]),
                say(f"child_{age}"),
                say(f"sex_{sex}"),
                _count(row["count_value"], row["hidden"]),
            ]
        )
        value = "" if row["hidden"] else int(row["count_value"])
        plain.append([code, row["year"], age, sex, value, row["count_status"]])
    heads = [(say(f"col_{name}"), False) for name in ("year", "age", "sex")] + [(say("unit_person"), True)]
    # A history in years is not cut down to one of them: its column is not called ``year``.
    header = ["crime_type_code", "event_year", "is_child_code", "sex_code", "persons", "count_status"]
    table = made_table(heads, rows, f"mids_children_{code.lower()}_{as_of.isoformat()}", header, plain)
    long = mine[["year", "is_child_code", "sex_code", "count_value", "hidden"]].assign(
        sex=lambda f: "t:sex_" + f["sex_code"], count=lambda f: f["count_value"].astype("float64")
    )
    chart = children_chart(long.drop(columns="count_value"), colour(code))
    return [
        Panel(
            f"children-{code}",
            code,
            say("children_by_year"),
            table,
            chart,
            by_child=True,
            unit=say("unit_person"),
        )
    ]


def effect_panel(frames: Frames, as_of: date) -> Panel | None:
    """The step of listed interventions, each against its control, with its 95 % interval."""
    from mids_orchestration.release.dashboard.analysis_charts import effect_chart

    frame = _held(frames, "fct_intervention_effect")
    if frame is None:
        return None
    frame = frame.sort_values(["effective_on", "intervention_code", "outcome_code"])
    rows: list[list[Cell]] = []
    plain: list[list[Any]] = []
    names: list[Bilingual] = []
    for row in frame.to_dict("records"):
        name = _outcome(row["outcome_code"])
        names.append(name)
        interval = f"{words.decimal(row['low'], 2)}–{words.decimal(row['high'], 2)}"
        events = words.number(row["events_before"] + row["events_after"])
        on = words.both_days(pd.Timestamp(row["effective_on"]).date())
        chance = words.decimal(row["p_placebo"], 2)
        rows.append([name, on, words.decimal(row["effect"], 2), interval, events, chance])
        plain.append(
            [
                row["intervention_code"], on.en, row["outcome_code"], row["control_code"], row["effect"], row["low"],
                row["high"], row["p_value"], row["p_placebo"], row["events_before"], row["events_after"],
                row["call_code"],
            ]
        )  # fmt: skip
    heads = [
        (say("col_outcome"), False), (say("col_since"), False), (say("col_effect"), True),
        (say("col_effect_range"), True), (say("col_events"), True), (say("col_placebo"), True),
    ]  # fmt: skip
    header = [
        "intervention_code", "effective_on", "outcome_code", "control_code", "effect", "low_95", "high_95", "p_value",
        "p_placebo", "events_before", "events_after", "call_code",
    ]  # fmt: skip
    table = made_table(heads, rows, f"mids_section_14_{as_of.isoformat()}", header, plain)
    drawn = frame[["effect", "low", "high"]].assign(
        name_en=[name.en for name in names], name_ms=[name.ms for name in names]
    )
    said = tuple(
        Bilingual(f"{name.en}: {row['statement_en']}", f"{name.ms}: {row['statement_ms']}")
        for name, row in zip(names, frame.to_dict("records"), strict=True)
    )
    chart = effect_chart(drawn)
    return Panel(
        "effect-s14",
        "TIP",
        say("effect_title"),
        table,
        chart,
        by_child=True,
        unit=say("effect_unit"),
        said=said,
    )


def _outcome(code: str) -> Bilingual:
    key = f"outcome_{code}"
    return say(key) if words.known(key) else Bilingual(code, code)


def job_scam_panels(frames: Frames, as_of: date) -> list[Panel]:
    """Who of those reported abroad is known to whom, by year; and what has been said in public."""
    return [*_check_panels(frames, as_of), *_figure_panels(frames, as_of)]


def _check_panels(frames: Frames, as_of: date) -> list[Panel]:
    from mids_orchestration.release.dashboard.panel_charts import ranking_chart

    frame = _held(frames, "fct_cross_check_year")
    if frame is None:
        return []
    panels = []
    for check in CHECKS:
        mine = frame[(frame["check_code"] == check) & (frame["crime_type_code"] == "JOBSCAM")].assign(
            year=_year,
            hidden=lambda f: f["count_status"] == "suppressed",
            order=lambda f: f["status_code"].map({s: i for i, s in enumerate(STATUSES)}),
        )
        if mine.empty:
            continue
        mine = mine.sort_values(["year", "order"], ascending=[False, True])
        rows: list[list[Cell]] = []
        plain: list[list[Any]] = []
        for row in mine.to_dict("records"):
            status = say(f"check_{row['status_code']}")
            rows.append([str(row["year"]), status, _count(row["count_value"], row["hidden"])])
            value = "" if row["hidden"] else int(row["count_value"])
            plain.append(["JOBSCAM", row["year"], check, row["status_code"], value, row["count_status"]])
        heads = [(say("col_year"), False), (say("col_known_to"), False), (say("unit_reported"), True)]
        header = ["crime_type_code", "year", "check_code", "status_code", "persons_reported", "count_status"]
        table = made_table(heads, rows, f"mids_{check.lower()}_{as_of.isoformat()}", header, plain)
        bars = mine.assign(
            name_en=[say(f"check_{s}").en for s in mine["status_code"]],
            name_ms=[say(f"check_{s}").ms for s in mine["status_code"]],
            count=mine["count_value"].astype("float64"),
        )
        chart = ranking_chart(bars[["year", "name_en", "name_ms", "count", "hidden"]], colour("JOBSCAM"))
        panels.append(
            Panel(
                f"check-{check}",
                "JOBSCAM",
                say(f"check_title_{check}"),
                table,
                chart,
                unit=say("unit_reported"),
            )
        )
    return panels


def _figure_panels(frames: Frames, as_of: date) -> list[Panel]:
    from mids_orchestration.release.dashboard.analysis_charts import figures_chart

    frame = _held(frames, "fct_published_figure")
    if frame is None:
        return []
    mine = frame[frame["measure_code"].isin(_SCAM_MEASURES)].sort_values(["period_end", "measure_code"])
    if mine.empty:
        return []
    rows: list[list[Cell]] = []
    plain: list[list[Any]] = []
    for row in mine.to_dict("records"):
        on = pd.Timestamp(row["period_end"]).date()
        name = Bilingual(row["measure_name_en"], row["measure_name_ms"])
        about = "≈ " if row["is_approximate"] else ""
        rows.append(
            [words.both_days(on), name, about + words.number(row["published_value"]), row["publisher"]]
        )
        plain.append(
            [
                "JOBSCAM",
                on,
                row["measure_code"],
                row["published_value"],
                row["is_approximate"],
                row["publisher"],
                row["source"],
            ]
        )
    heads = [
        (say("col_until"), False), (say("col_measure"), False), (say("unit_person"), True),
        (say("col_publisher"), False),
    ]  # fmt: skip
    header = [
        "crime_type_code",
        "until",
        "measure_code",
        "published_value",
        "is_approximate",
        "publisher",
        "source",
    ]
    table = made_table(heads, rows, f"mids_job_scams_said_{as_of.isoformat()}", header, plain)
    drawn = pd.DataFrame(
        {
            "on": pd.to_datetime(mine["period_end"]).astype("datetime64[ns]"),
            "value": mine["published_value"].astype(float),
            "measure": "t:scam_" + mine["measure_code"],
        }
    )
    chart = figures_chart(drawn, colour("JOBSCAM"))
    return [Panel("scam-said", "JOBSCAM", say("scam_said"), table, chart, unit=say("scam_said_unit"))]


def lag_panels(frames: Frames, code: str, as_of: date) -> list[Panel]:
    """Days from report to charge and from charge to decision, by year of the event."""
    from mids_orchestration.release.dashboard.analysis_charts import lag_chart

    frame = _held(frames, "fct_case_lag_year")
    if frame is None:
        return []
    mine = frame[(frame["crime_type_code"] == code) & frame["lag_code"].isin(LAGS)].assign(year=_year)
    if mine["days_median"].notna().sum() < 2:
        return []
    mine = mine.sort_values(["year", "lag_code"], ascending=[False, True])
    rows: list[list[Cell]] = []
    plain: list[list[Any]] = []
    quartiles = ["days_lower_quartile", "days_median", "days_upper_quartile"]
    for row in mine.to_dict("records"):
        days = [None if pd.isna(row[q]) else int(row[q]) for q in quartiles]
        told: list[Cell] = ["–" if n is None else words.number(n) for n in days]
        rows.append([str(row["year"]), say(f"lag_{row['lag_code']}"), words.number(row["case_count"]), *told])
        plain.append(
            [code, row["year"], row["lag_code"], row["case_count"], *["" if n is None else n for n in days]]
        )
    heads = [
        (say("col_year"), False), (say("col_step"), False), (say("unit_case"), True), (say("col_quarter"), True),
        (say("col_half"), True), (say("col_three_quarters"), True),
    ]  # fmt: skip
    header = ["crime_type_code", "event_year", "lag_code", "cases", *quartiles]
    table = made_table(heads, rows, f"mids_lags_{code.lower()}_{as_of.isoformat()}", header, plain)
    drawn = mine[mine["days_median"].notna()].assign(step=lambda f: "t:lag_" + f["lag_code"])
    columns = ["year", "step", "case_count", *quartiles]
    chart = lag_chart(drawn[columns].astype(dict.fromkeys(quartiles, "float64")), colour(code))
    return [Panel(f"lags-{code}", code, say("lags_title"), table, chart, unit=say("lags_unit"))]

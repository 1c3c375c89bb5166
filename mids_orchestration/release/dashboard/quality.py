"""Panels on what can be relied on: how past projections did, and how each agency's data arrive.

Belongs here: choosing rows and words. Does not belong here: scores (forecasting), checks (the quality marts).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from mids_orchestration.calendar import week_label
from mids_orchestration.release.dashboard import words
from mids_orchestration.release.dashboard.cards import SAME, crime_name
from mids_orchestration.release.dashboard.figures import CrimeFigures
from mids_orchestration.release.dashboard.panels import Panel
from mids_orchestration.release.dashboard.tables import Cell, Table, csv_link, made_table
from mids_orchestration.release.dashboard.words import say
from mids_orchestration.release.model import Bilingual

TABLES = ("dq_feed_week", "dim_agency", "fct_forecast_matured")
_SHOWN_HORIZONS = (1, 4, 8, 12)
QUALITY_WEEKS = 13
#: What a week of an agency's deliveries came to, from worst to best.
VERDICTS = ("late", "held", "unassessed", "good")


def skill_table(
    crimes: Sequence[CrimeFigures], as_of: date
) -> tuple[Table | None, list[tuple[str, Bilingual, str, list[list[Cell]]]]]:
    """The backtest table with its CSV, and its rows grouped by crime type and model."""
    covers = ("50", "80", "95")
    heads = [(say("col_ahead"), False), (say("col_relative"), True), (say("col_verdict"), False)]
    heads += [(say("col_cover", level=level), True) for level in covers] + [(say("col_origins"), True)]
    groups: list[tuple[str, Bilingual, str, list[list[Cell]]]] = []
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
        groups.append((crime.code, crime_name(crime.code), crime.skill.model, rows))
    if not groups:
        return None, []
    header = ["crime_type_code", "model_name", "horizon", "relative_wis", *[f"coverage_{c}" for c in covers]]
    file, href = csv_link(f"mids_projection_skill_{as_of.isoformat()}", [*header, "origins"], plain)
    return Table(heads, [], file, href), groups


def _verdict(relative: float) -> Cell:
    if pd.isna(relative):
        return "–"
    if abs(1 - relative) < SAME:
        return say("verdict_same")
    return say(
        "verdict_better" if relative < 1 else "verdict_worse", percent=words.percent(abs(1 - relative))
    )


def skill_chart(crimes: Sequence[CrimeFigures]) -> dict[str, Any] | None:
    """Relative error by weeks ahead, one line for each crime type."""
    from mids_orchestration.release.dashboard.analysis_charts import horizon_chart

    tested = [c for c in crimes if c.skill is not None]
    if not tested:
        return None
    rows = pd.concat(
        [
            c.skill.by_horizon[["horizon", "relative_wis"]].assign(crime_type_code=c.code, name=f"t:{c.code}")
            for c in tested
            if c.skill is not None
        ]
    )
    return horizon_chart(rows.assign(name=[n if words.known(n[2:]) else n[2:] for n in rows["name"]]))


def matured_sentence(frames: Mapping[str, pd.DataFrame]) -> Bilingual | None:
    """How often the projections that were really made held, of the country's series whose weeks are now known."""
    frame = frames.get("fct_forecast_matured")
    if frame is None or frame.empty:
        return None
    own = frame[frame["unique_id"].astype(str).str.count("/") == 1]
    held = pd.to_numeric(own["coverage_80"], errors="coerce").dropna()
    if held.empty:
        return None
    return say("matured", n=len(held), share=words.percent(float(held.mean())))


def quality_panel(frames: Mapping[str, pd.DataFrame], as_of: date) -> Panel | None:
    """Each agency's last 13 weeks: delivered in time and clean, delivered with records held back, late."""
    from mids_orchestration.release.dashboard.analysis_charts import deliveries_chart

    frame = frames.get("dq_feed_week")
    if frame is None or frame.empty:
        return None
    checks = frame.assign(week=pd.to_datetime(frame["week_start"]).astype("datetime64[ns]"))
    checks = checks[checks["week"] <= pd.Timestamp(as_of)]
    weeks = sorted(set(checks["week"]))[-QUALITY_WEEKS:]
    checks = checks[checks["week"].isin(weeks)]
    names = _agency_names(frames.get("dim_agency"))
    drawn: list[dict[str, Any]] = []
    rows: list[list[Cell]] = []
    plain: list[list[Any]] = []
    for agency, mine in checks.groupby("agency_code"):
        by_week = {
            week: _week_verdict(mine[mine["week"] == week]) for week in weeks if (mine["week"] == week).any()
        }
        if set(by_week.values()) <= {"unassessed"}:
            continue  # nothing is ever expected of it: the feeds below tell what it is
        name = names.get(str(agency), Bilingual(str(agency), str(agency)))
        sums = {
            c: mine.loc[mine["check_code"] == c, "check_value"].sum() for c in ("RECEIVED", "QUARANTINED")
        }
        counted = [sum(v == verdict for v in by_week.values()) for verdict in ("good", "held", "late")]
        share = sums["QUARANTINED"] / sums["RECEIVED"] if sums["RECEIVED"] else None
        rows.append(
            [name, *[words.number(n) for n in counted], words.number(sums["RECEIVED"]),
             words.number(sums["QUARANTINED"]), "–" if share is None else f"{share:.1%}"]
        )  # fmt: skip
        plain.append([agency, *counted, int(sums["RECEIVED"]), int(sums["QUARANTINED"])])
        drawn += [
            {
                "agency": str(agency), "week": week_label(week.date())[-3:],
                "from": week, "verdict": verdict, "told": f"t:quality_{verdict}",
                "name_en": name.en, "name_ms": name.ms,
            }
            for week, verdict in by_week.items()
        ]  # fmt: skip
    if not rows:
        return None
    heads = [(say("col_agency"), False), *[(say(f"quality_{v}"), True) for v in ("good", "held", "late")]]
    heads += [(say("col_received"), True), (say("col_quarantined"), True), (say("col_held_share"), True)]
    header = ["agency_code", "weeks_good", "weeks_with_records_held", "weeks_late", "received", "quarantined"]
    table = made_table(heads, rows, f"mids_quality_{as_of.isoformat()}", header, plain)
    chart = deliveries_chart(pd.DataFrame(drawn))
    return Panel("quality-agencies", "", say("quality_title"), table, chart, unit=say("quality_unit"))


def _week_verdict(checks: pd.DataFrame) -> str:
    status = dict(
        zip(checks["check_code"] + "/" + checks["check_status"], checks["check_status"], strict=True)
    )
    if "DAYS_SINCE_DELIVERY/FAIL" in status:
        return "late"
    if "QUARANTINED/WARN" in status or "REFUSED/FAIL" in status or "REFUSED/WARN" in status:
        return "held"
    return "good" if "DAYS_SINCE_DELIVERY/PASS" in status else "unassessed"


def _agency_names(frame: pd.DataFrame | None) -> dict[str, Bilingual]:
    if frame is None or frame.empty or "agency_name_ms" not in frame.columns:
        return {}
    listed = zip(frame["agency_code"], frame["agency_name_en"], frame["agency_name_ms"], strict=True)
    return {str(code): Bilingual(str(en), str(ms)) for code, en, ms in listed}

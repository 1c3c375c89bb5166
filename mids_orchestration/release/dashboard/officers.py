"""The officers' edition: the same page over persons counted without protection, so that every filter acts.

Belongs here: making, of restricted tables, the frames and figures for which the public page has too few persons. Does
not belong here: drawing them (as in the public edition), protecting them: this page stays in the restricted zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pandas as pd

from mids_orchestration.release.dashboard import figures, panels
from mids_orchestration.release.dashboard.figures import CrimeFigures

#: Restricted tables read here.
TABLES = ("fct_person_in_case", "fct_forecast_node")
AGES = ("Y", "N")
ALL = "ALL"


def officers_frames(
    public: Mapping[str, pd.DataFrame], restricted: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """The page's frames, those of persons counted anew from ``fct_person_in_case``: every year, nothing suppressed.

    Rankings that the public release does not split by age get ``child_split_code``: ``ALL``, ``Y``, ``N`` or ``XX``.
    """
    told = {**public, **restricted}
    people = restricted.get("fct_person_in_case")
    if people is None or people.empty:
        return told
    counted = people[people["is_counted"].astype(bool)]
    counted = counted.assign(year_start=pd.to_datetime(counted["event_on"]).dt.to_period("Y").dt.start_time)
    return told | {kind.table: _by_year(counted, kind) for kind in panels.KINDS}


def _by_year(people: pd.DataFrame, kind: panels.Kind) -> pd.DataFrame:
    if kind.has_age:
        keys = dict.fromkeys(["year_start", "crime_type_code", *kind.columns, "is_child_code"])
    else:
        split = [people.assign(child_split_code=code) for code in (ALL, people["is_child_code"])]
        people = pd.concat(split, ignore_index=True)
        keys = dict.fromkeys(["year_start", "crime_type_code", *kind.columns, "child_split_code"])
    counts = people.groupby(list(keys)).size().rename("count_value").reset_index()
    return counts.assign(count_status="published")


def age_figures(frames: Mapping[str, pd.DataFrame], as_of: date, crime: CrimeFigures) -> list[CrimeFigures]:
    """Children's and adults' weeks and projection, of the country and of each state, counted in persons."""
    people = frames.get("fct_person_in_case")
    if people is None or people.empty:
        return []
    mine = people[people["is_counted"].astype(bool) & (people["crime_type_code"] == crime.code)]
    weeks = mine[["event_week", "crime_type_code", "state_code", "is_child_code"]].assign(
        event_week=pd.to_datetime(mine["event_week"]).astype("datetime64[ns]"),
        # Everything becomes known on the Monday of its delivery.
        known_week=pd.to_datetime(mine["known_on"]).astype("datetime64[ns]"),
        unit_code="person",
        count_value=1,
    )
    found = []
    for child in AGES:
        own = weeks[weeks["is_child_code"] == child]
        if own.empty:
            continue
        projected = {"fct_forecast": _nodes(frames.get("fct_forecast_node"), crime.code, child)}
        country = figures.figures_of(crime.code, own, projected, as_of)
        states = figures.state_figures({**projected, "fct_weekly_count": own}, as_of, country)
        found += [replace(told, child=child) for told in (country, *states)]
    return found


def _nodes(frame: pd.DataFrame | None, code: str, child: str) -> pd.DataFrame:
    """The country's and the states' projections of one age group, named as the public ones are."""
    if frame is None or frame.empty:
        return pd.DataFrame()
    every = (frame["agency_code"] == ALL) & (frame["exploitation_group_code"] == ALL)
    rows = frame[every & (frame["crime_type_code"] == code) & (frame["is_child_code"] == child)]
    rows = rows[rows["unit_code"] == "person"]
    place = rows["state_code"].where(rows["state_code"] != ALL, "")
    return rows.assign(unique_id=("MY/" + code + "/" + place).str.rstrip("/"))


__all__ = ["AGES", "TABLES", "age_figures", "officers_frames"]

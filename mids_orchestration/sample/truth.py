"""The truth beside the feeds: who is who, which case is which, how much really happened.

Belongs here: tables for tests and scoring. The pipeline never reads them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .agencies.base import Links
from .horizon import FIRST_DAY, to_dates, week_starts
from .places import state
from .world import World

FirstSound = Mapping[tuple[str, str], Mapping[int, date]]


def person_id(no: int) -> str:
    """Identifier of a true person."""
    return f"P{no:06d}"


def case_id(no: int) -> str:
    """Identifier of a true case."""
    return f"C{no:06d}"


def persons(world: World) -> pd.DataFrame:
    """One row per true person: name as on the papers, sex, birth date, nationality, documents (JSON)."""
    rows = []
    for p in world.people.person:
        papers = [{"type": k, "number": n} for k, n in
                  (("mykad", p.mykad), ("passport", p.passport), ("unhcr", p.unhcr)) if n]  # fmt: skip
        rows.append((person_id(p.no), p.name.full(), p.sex, p.birth, p.birth_known, p.nationality, p.name.form,
                     p.state_code, json.dumps(papers)))  # fmt: skip
    columns = ["true_person_id", "true_name", "sex_code", "birth_date", "birth_known", "nationality_code",
               "name_form", "birth_state_code", "documents"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def record_persons(links: Links, first: FirstSound) -> pd.DataFrame:
    """One row per source record about a person that was ever delivered in a sound version."""
    rows = [
        (agency, feed, record, key, person_id(no), case_id(case), role, first[agency, record][rid])
        for agency, feed, record, rid, key, no, case, role in links.person
        if rid in first[agency, record]
    ]
    columns = [
        "agency",
        "feed",
        "record",
        "source_key",
        "true_person_id",
        "true_case_id",
        "role",
        "first_sent_on",
    ]
    return pd.DataFrame(rows, columns=columns)


def record_cases(world: World, links: Links, first: FirstSound) -> pd.DataFrame:
    """One row per source record about a case that was ever delivered in a sound version."""
    crime = world.case["crime_type"].to_numpy()
    rows = [
        (agency, feed, record, number, case_id(case), crime[case], first[agency, record][rid])
        for agency, feed, record, rid, number, case in links.case
        if rid in first[agency, record]
    ]
    columns = [
        "agency",
        "feed",
        "record",
        "source_case_no",
        "true_case_id",
        "crime_type_code",
        "first_sent_on",
    ]
    return pd.DataFrame(rows, columns=columns)


def record_orders(links: Links, first: FirstSound) -> pd.DataFrame:
    """One row per protection order or stay that was ever delivered in a sound version: whose, and in which case."""
    rows = [
        (agency, feed, record, key, person_id(no), case_id(case), first[agency, record][rid])
        for agency, feed, record, rid, key, no, case in links.order
        if rid in first[agency, record]
    ]
    columns = ["agency", "feed", "record", "source_key", "true_person_id", "true_case_id", "first_sent_on"]
    return pd.DataFrame(rows, columns=columns)


def cases(world: World) -> pd.DataFrame:
    """One row per true case. `is_official` is false for what only NGOs or missions know."""
    case = world.case
    return pd.DataFrame(
        {
            "true_case_id": [case_id(n) for n in case["case_no"]],
            "crime_type_code": case["crime_type"],
            "occurred_on": to_dates(case["occurred"]),
            "state_code": case["state_code"].astype("int64"),
            "state_name": [state(int(c)).name for c in case["state_code"]],
            "country_code": case["country"],
            "lead_agency_code": case["lead"],
            "exploitation": case["exploitation"],
            "victims": case["n_victims"].astype("int64"),
            "smuggled_migrants": case["n_migrants"].astype("int64"),
            "suspects": case["n_suspects"].astype("int64"),
            "has_child_victim": case["has_child"].astype(bool),
            "is_official": case["is_official"].astype(bool),
        }
    )


def weekly_counts(world: World) -> pd.DataFrame:
    """Official cases, and the persons in them (victims, smuggled migrants, missing abroad), by week of the event."""
    starts = week_starts()
    official = world.case[world.case["is_official"]]
    week = (official["occurred"].to_numpy() - FIRST_DAY) // 7
    found = np.where(official["crime_type"] == "SOM", official["n_migrants"], official["n_victims"])
    blocks = []
    for crime in ("TIP", "SOM", "JOBSCAM"):
        chosen = (official["crime_type"] == crime).to_numpy()
        for unit, weight in (("case", np.ones(len(official))), ("person", found)):
            counts = np.bincount(week[chosen], weights=weight[chosen], minlength=len(starts)).astype("int64")
            blocks.append(pd.DataFrame({"event_week": to_dates(starts), "crime_type_code": crime, "unit_code": unit,
                                        "true_count": counts}))  # fmt: skip
    return pd.concat(blocks, ignore_index=True)


def overlap_shares(record_person: pd.DataFrame) -> dict[str, float]:
    """Share of listed persons who are on two or more agencies' lists: all lists, and without the prosecutors'."""

    def share(frame: pd.DataFrame) -> float:
        lists = frame.groupby("true_person_id")["agency"].nunique()
        return float((lists >= 2).mean())

    return {"all_lists": share(record_person),
            "without_prosecutors": share(record_person[record_person["agency"] != "agc"])}  # fmt: skip


def write(folder: Path, tables: dict[str, pd.DataFrame], manifest: dict[str, Any]) -> None:
    """Write the tables as Parquet and the manifest as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "manifest.json").write_text(
        json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )

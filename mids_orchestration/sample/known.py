"""Who each landed record of the sample truly is, for whoever judges links.

Belongs here: reading ``truth/`` beside a data home. Not: judging (``linkage.evaluate``). No step that decides anything
may read it; the check of linkage does, after the deciding, because a register without known answers cannot be judged.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd


def has_truth(home: Path) -> bool:
    """True for a data home of the sample; real agencies have no truth."""
    return (home / "truth" / "record_person.parquet").is_file()


def truth_of(home: Path) -> pd.DataFrame:
    """Who each landed person record truly is: person_record_id, true_person_id, role, name_form …"""
    records = pd.read_parquet(home / "truth" / "record_person.parquet")
    persons = pd.read_parquet(home / "truth" / "person.parquet")
    return records.assign(person_record_id=_ids(records)).merge(persons, on="true_person_id")


def truth_of_orders(home: Path) -> pd.DataFrame:
    """Who each protection order is about: order_record_id, true_person_id."""
    orders = pd.read_parquet(home / "truth" / "record_order.parquet")
    orders = orders[orders["record"] == "protection_orders"]
    return orders.assign(order_record_id=_ids(orders))[["order_record_id", "true_person_id"]]


def _ids(records: pd.DataFrame) -> list[str]:
    """The warehouse derives a record's id from the same words."""
    names = records[["agency", "record", "source_key"]].agg("|".join, axis=1)
    return [hashlib.md5(name.encode(), usedforsecurity=False).hexdigest() for name in names]

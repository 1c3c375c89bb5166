"""Stable identity: the key of a person, and what happened to keys between two runs.

What belongs here: giving each group of records a key, keeping the keys of an earlier run, and recording
merges and splits. What does not: forming the groups.

A key is made from the smallest record id of the group at the moment the group first appears, so two
machines that meet the same records name them alike. After that the key is kept, never recomputed: the
group that holds most of a key's earlier records keeps it (ties go to the group with the key's smallest
record). When two earlier people meet in one group, the key with more records in it survives.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

import pandas as pd

EVENT_COLUMNS = ["event", "person_key_before", "person_key_after", "records", "record_ids"]


def new_key(smallest_record: str, taken: set[str]) -> str:
    """`P` and sixteen hexadecimal digits; a taken key (a split took the founder away) is salted."""
    salt = 0
    while True:
        text = smallest_record if not salt else f"{smallest_record}#{salt}"
        key = "P" + hashlib.sha256(text.encode()).hexdigest()[:16]
        if key not in taken:
            return key
        salt += 1


def assign_keys(
    groups: dict[str, str],
    records: list[str],
    previous: pd.DataFrame | None,
    taken: Iterable[str] = (),
) -> tuple[dict[str, str], pd.DataFrame]:
    """Name every record's person.

    groups: record → group label (records absent from it stand alone). records: all record ids of this run.
    previous: earlier links (person_record_id, person_key), or None on the first run. taken: keys of persons that are
    not asked for here.
    Returns (record → person_key, events). Events: `merged` (before: the key that ended), `split` (after: the
    new key), `moved` (records that changed between two surviving keys), `withdrawn` (key without records).
    """
    before: dict[str, str] = {}
    if previous is not None and len(previous):
        before = dict(
            zip(previous["person_record_id"].astype(str), previous["person_key"].astype(str), strict=True)
        )
    holders = Counter(before.values())
    # Whoever stood alone and stands alone keeps the key: nobody else can claim it. In a week that is nearly everybody.
    keys = {r: before[r] for r in records if r not in groups and r in before and holders[before[r]] == 1}
    members: dict[str, list[str]] = {}
    for record in records:
        if record not in keys:
            members.setdefault(groups.get(record, record), []).append(record)
    taken = set(holders).union(taken)
    claims: list[tuple[int, str, str, str]] = []
    founder: dict[str, str] = {}
    for record, key in before.items():
        if holders[key] > 1 and (key not in founder or record < founder[key]):
            founder[key] = record
    for group, of_group in members.items():
        held: dict[str, int] = {}
        for record in of_group:
            if record in before:
                held[before[record]] = held.get(before[record], 0) + 1
        inside = set(of_group) if held else set()
        for key, count in held.items():
            # A key of one record has no founder on file: that record is in this group.
            claims.append((-count, "0" if founder.get(key, of_group[0]) in inside else "1", key, group))
    key_of_group: dict[str, str] = {}
    given: set[str] = set()
    for _, _, key, group in sorted(claims):
        if group not in key_of_group and key not in given:
            key_of_group[group] = key
            given.add(key)
    for group in sorted(members):
        if group not in key_of_group:
            key = new_key(min(members[group]), taken)
            taken.add(key)
            key_of_group[group] = key
    keys |= {record: key_of_group[group] for group, of_group in members.items() for record in of_group}
    return keys, _events(before, keys)


def _events(before: dict[str, str], after: dict[str, str]) -> pd.DataFrame:
    """Compare two namings record by record."""
    moves: dict[tuple[str, str], list[str]] = {}
    for record, key in before.items():
        now = after.get(record)
        if now is not None and now != key:
            moves.setdefault((key, now), []).append(record)
    alive = set(after.values())
    old_keys = set(before.values())
    rows: list[tuple[str, str, str | None, int, list[str]]] = []
    for (key, now), records in sorted(moves.items()):
        if key not in alive:
            event = "merged"
        elif now not in old_keys:
            event = "split"
        else:
            event = "moved"
        rows.append((event, key, now, len(records), sorted(records)))
    moved_from = {key for key, _ in moves}
    gone: dict[str, list[str]] = {}
    for record, key in before.items():
        if key not in alive and key not in moved_from:
            gone.setdefault(key, []).append(record)
    rows.extend(("withdrawn", key, None, len(r), sorted(r)) for key, r in sorted(gone.items()))
    return pd.DataFrame(rows, columns=EVENT_COLUMNS)

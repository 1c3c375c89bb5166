"""Stable identity: keys survive, and every change of a key is an event."""

from __future__ import annotations

import pandas as pd

from mids_orchestration.linkage.keys import assign_keys


def run(groups: dict[str, str], records: list[str], before: dict[str, str] | None = None):
    previous = None
    if before is not None:
        previous = pd.DataFrame({"person_record_id": list(before), "person_key": list(before.values())})
    return assign_keys(groups, records, previous)


def test_first_keys_do_not_depend_on_order() -> None:
    a, _ = run({"r1": "r1", "r2": "r1"}, ["r1", "r2", "r3"])
    b, _ = run({"r2": "r1", "r1": "r1"}, ["r3", "r2", "r1"])
    assert a == b
    assert a["r1"] == a["r2"] != a["r3"]


def test_same_records_again_change_nothing() -> None:
    before, _ = run({"r1": "r1", "r2": "r1"}, ["r1", "r2", "r3"])
    after, events = run({"r1": "r1", "r2": "r1"}, ["r1", "r2", "r3"], before)
    assert after == before
    assert events.empty


def test_a_smaller_record_id_joining_does_not_rename() -> None:
    before, _ = run({}, ["r5"])
    after, events = run({"r1": "r1", "r5": "r1"}, ["r1", "r5"], before)
    assert after["r1"] == after["r5"] == before["r5"]
    assert events.empty


def test_merge_keeps_the_larger_and_is_recorded() -> None:
    before, _ = run({"r1": "r1", "r2": "r1"}, ["r0", "r1", "r2"])
    after, events = run({"r0": "r0", "r1": "r0", "r2": "r0"}, ["r0", "r1", "r2"], before)
    assert set(after.values()) == {before["r1"]}
    assert events.to_dict("records") == [
        {"event": "merged", "person_key_before": before["r0"], "person_key_after": before["r1"],
         "records": 1, "record_ids": ["r0"]}
    ]  # fmt: skip


def test_split_gives_a_new_key_and_never_reuses_one() -> None:
    before, _ = run({"r1": "r1", "r2": "r1", "r3": "r1"}, ["r1", "r2", "r3"])
    after, events = run({"r2": "r2", "r3": "r2"}, ["r1", "r2", "r3"], before)
    assert after["r2"] == after["r3"] == before["r1"], "most of the key's records keep it"
    assert after["r1"] != before["r1"], "the founder left and may not take the key's name along"
    assert events["event"].tolist() == ["split"]


def test_even_split_goes_to_the_founder() -> None:
    before, _ = run({"r1": "r1", "r2": "r1"}, ["r1", "r2"])
    after, _ = run({}, ["r1", "r2"], before)
    assert after["r1"] == before["r1"] != after["r2"]


def test_a_key_without_records_is_withdrawn() -> None:
    before, _ = run({}, ["r1", "r2"])
    _, events = run({}, ["r2"], before)
    assert events["event"].tolist() == ["withdrawn"]


def test_a_key_of_somebody_not_asked_for_is_not_given_again() -> None:
    first, _ = run({}, ["r1"])
    again, _ = assign_keys({}, ["r1"], None, taken=first.values())
    assert again["r1"] != first["r1"]

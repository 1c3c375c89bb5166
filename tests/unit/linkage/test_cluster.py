"""Grouping under constraints."""

from __future__ import annotations

import pandas as pd

from mids_orchestration.linkage.cluster import cluster


def pairs(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(a, b, 1 / (1 + 2**-w), w) for a, b, w in rows],
        columns=["record_id_l", "record_id_r", "match_probability", "match_weight"],
    )


def test_surest_pairs_first_and_threshold() -> None:
    groups, _ = cluster(pairs(("a", "b", 9), ("b", "c", 8), ("c", "d", 1)), threshold=0.95)
    assert groups["a"] == groups["b"] == groups["c"] == "a"
    assert "d" not in groups


def test_two_people_of_one_list_never_meet_through_a_third() -> None:
    groups, refused = cluster(
        pairs(("a", "x", 12), ("b", "x", 9)),
        threshold=0.9,
        exclusive={"a": "case1", "b": "case1", "x": "case9"},
    )
    assert groups["a"] == groups["x"] != groups["b"]
    assert refused["same_list_and_case"] == 1


def test_decisions_bind() -> None:
    frame = pairs(("a", "b", 20), ("b", "c", 9))
    groups, refused = cluster(frame, threshold=0.9, must_not=[("c", "a")])
    assert groups["a"] == groups["b"] != groups["c"]
    assert refused["decided_different"] == 1
    groups, _ = cluster(pairs(("a", "b", -3)), threshold=0.9, must=[("b", "a")])
    assert groups["a"] == groups["b"]


def test_groups_stay_within_the_limit() -> None:
    frame = pairs(*((f"r{i}", f"r{i + 1}", 10.0 - i / 10) for i in range(6)))
    groups, refused = cluster(frame, threshold=0.9, max_size=3)
    sizes = pd.Series(groups).value_counts()
    assert sizes.max() == 3
    assert refused["too_large"] >= 1


def test_two_groups_do_not_join_by_a_single_pair() -> None:
    inside = [("a", "b", 30.0), ("b", "c", 30.0), ("x", "y", 30.0), ("y", "z", 30.0)]
    groups, refused = cluster(pairs(*inside, ("c", "x", 9)), threshold=0.9)
    assert groups["a"] != groups["x"]
    assert refused["one_pair_only"] == 1
    groups, _ = cluster(pairs(*inside, ("c", "x", 9), ("b", "y", 1), ("a", "z", -1)), threshold=0.9)
    assert groups["a"] == groups["x"], "a third of the pairs between them is worth a look"

"""Pair counts and intervals."""

from __future__ import annotations

import pandas as pd
import pytest

from mids_orchestration.linkage.evaluate import evaluate, wilson


def test_counts_pairs_inside_groups() -> None:
    truth = pd.DataFrame({"person_record_id": list("abcde"), "true_person_id": [1, 1, 1, 2, 3]})
    links = pd.DataFrame({"person_record_id": list("abcde"), "person_key": ["x", "x", "y", "y", "z"]})
    total = evaluate(links, truth)["all"]
    assert (total.true_pairs, total.found_pairs, total.correct_pairs) == (3, 2, 1)
    assert total.precision == 0.5
    assert total.recall == pytest.approx(1 / 3)
    assert total.f1 == pytest.approx(0.4)
    low, high = total.f1_interval
    assert low < 0.4 < high


def test_no_pairs_is_no_rate() -> None:
    truth = pd.DataFrame({"person_record_id": ["a", "b"], "true_person_id": [1, 2]})
    links = pd.DataFrame({"person_record_id": ["a", "b"], "person_key": ["x", "y"]})
    total = evaluate(links, truth)["all"]
    assert total.precision is None and total.recall is None and total.f1 is None


def test_groups_see_pairs_of_either_record() -> None:
    truth = pd.DataFrame({"person_record_id": list("abcd"), "true_person_id": [1, 1, 2, 2]})
    links = pd.DataFrame({"person_record_id": list("abcd"), "person_key": ["x", "x", "y", "z"]})
    scores = evaluate(links, truth, pd.Series({"a": "MM", "b": "BD", "c": "BD", "d": "BD"}))
    assert scores["MM"].recall == 1.0
    assert (scores["BD"].true_pairs, scores["BD"].correct_pairs) == (2, 1)


def test_wilson_matches_the_published_example() -> None:
    low, high = wilson(81, 263)
    assert (round(low, 3), round(high, 3)) == (0.255, 0.366)

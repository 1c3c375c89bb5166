"""How good the links are, against known truth, at the prevalence they were made at.

What belongs here: pair counts, precision, recall and F1 with intervals, by group. What does not: truth
itself (only the sample and labelled lists have it; no pipeline code may read it).

Every pair of records in one group is counted, not only the pairs that were scored, so an over-merged
group is paid for in full. Intervals of precision and recall are Wilson's; F1 is a monotone function of
F* = TP / (TP + FP + FN), itself a proportion, so its interval is Wilson's carried through
F1 = 2F* / (1 + F*) (Hand, Christen & Kirielle 2021, "F*"). Pairs of one group are not independent, so
the intervals are somewhat too narrow where groups are large.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Score:
    """Counts and rates of one group; a rate without any case is None, never 0 or 1."""

    group: str
    true_pairs: int
    found_pairs: int
    correct_pairs: int
    precision: float | None
    precision_interval: tuple[float, float] | None
    recall: float | None
    recall_interval: tuple[float, float] | None
    f1: float | None
    f1_interval: tuple[float, float] | None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON-able form."""
        return asdict(self)


def wilson(successes: int, trials: int) -> tuple[float, float] | None:
    """95 % Wilson interval of a proportion; None without trials."""
    if trials == 0:
        return None
    p, n = successes / trials, trials
    centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n * n)) / (1 + _Z**2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def score_counts(group: str, true_pairs: int, found: int, correct: int) -> Score:
    """Rates and intervals from three counts."""
    union = true_pairs + found - correct
    star = wilson(correct, union)
    return Score(
        group,
        true_pairs,
        found,
        correct,
        correct / found if found else None,
        wilson(correct, found),
        correct / true_pairs if true_pairs else None,
        wilson(correct, true_pairs),
        2 * correct / (true_pairs + found) if true_pairs + found else None,
        (2 * star[0] / (1 + star[0]), 2 * star[1] / (1 + star[1])) if star else None,
    )


def evaluate(links: pd.DataFrame, truth: pd.DataFrame, groups: pd.Series | None = None) -> dict[str, Score]:
    """Score links against truth.

    links: person_record_id, person_key. truth: person_record_id, true_person_id. groups: group by record
    id (index), e.g. nationality, name form or role; a pair counts in the group of either of its records.
    Returns group → Score, with `all` first. Records missing from truth are left out of both sides.
    """
    merged = truth[["person_record_id", "true_person_id"]].merge(
        links[["person_record_id", "person_key"]], on="person_record_id", how="inner"
    )
    of = {} if groups is None else {str(k): str(v) for k, v in groups.items()}
    true_pairs = _pairs(merged, "true_person_id")
    found = _pairs(merged, "person_key")
    correct = true_pairs & found
    out = {"all": score_counts("all", len(true_pairs), len(found), len(correct))}
    for group in sorted(set(of.values())):
        counts = [
            sum(1 for a, b in pairs if of.get(a) == group or of.get(b) == group)
            for pairs in (true_pairs, found, correct)
        ]
        out[group] = score_counts(group, *counts)
    return out


def _pairs(frame: pd.DataFrame, column: str) -> set[tuple[str, str]]:
    """All pairs of record ids with the same value, smaller id first."""
    out: set[tuple[str, str]] = set()
    repeated = frame[frame.duplicated(column, keep=False)]
    for _, ids in repeated.groupby(column, sort=False)["person_record_id"]:
        members = sorted(ids.astype(str).tolist())
        out.update((a, b) for i, a in enumerate(members) for b in members[i + 1 :])
    return out

"""From scored pairs to people.

What belongs here: grouping records under constraints. What does not: scores (`engine.py`) and names for
the groups (`keys.py`).

Pairs are taken from the surest to the least sure. Two groups join only if no pair of their records is
forbidden (a reviewer said "different", or one agency lists both in one case), enough of the pairs between
them look alike, and the joined group stays within the size limit. Plain connected components would let one
doubtful pair chain two certain people.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

#: Two groups join when at least this part of the pairs between them was worth a look (is in `pairs`).
_LEAST_ALIKE = 0.3
_MANY = 400


class _Groups:
    """Union by size over record ids, with members and conflict labels per group."""

    def __init__(self, labels: dict[str, str | None]) -> None:
        self.parent: dict[str, str] = {}
        self.members: dict[str, list[str]] = {}
        self.labels: dict[str, set[str]] = {}
        self.twice: set[tuple[str, str]] = set()
        self._label_of = labels

    def find(self, record: str) -> str:
        if record not in self.parent:
            self.parent[record] = record
            self.members[record] = [record]
            label = self._label_of.get(record)
            self.labels[record] = {label} if label else set()
        root = record
        while self.parent[root] != root:
            root = self.parent[root]
        while self.parent[record] != root:
            self.parent[record], record = root, self.parent[record]
        return root

    def clash(self, a: str, b: str) -> bool:
        """True when both groups hold a record of one label and the two are not known to be one."""
        shared = self.labels[a] & self.labels[b]
        if not shared:
            return False
        return any(
            self._label_of.get(x) in shared
            and self._label_of.get(x) == self._label_of.get(y)
            and ((x, y) if x < y else (y, x)) not in self.twice
            for x in self.members[a]
            for y in self.members[b]
        )

    def join(self, a: str, b: str) -> None:
        if len(self.members[a]) < len(self.members[b]):
            a, b = b, a
        self.parent[b] = a
        self.members[a].extend(self.members.pop(b))
        self.labels[a] |= self.labels.pop(b)


def cluster(
    pairs: pd.DataFrame,
    *,
    threshold: float,
    exclusive: dict[str, str | None] | None = None,
    must: Iterable[tuple[str, str]] = (),
    must_not: Iterable[tuple[str, str]] = (),
    max_size: int = 30,
) -> tuple[dict[str, str], dict[str, int]]:
    """Group the records of `pairs` (record_id_l, record_id_r, match_probability, match_weight).

    exclusive: record → label; two records with the same label share a group only when their own pair is
        accepted (an agency typed one person twice in a case), never through a third record.
    must / must_not: decided pairs; `must` joins first and overrides scores, `must_not` always separates.
    Returns (record → smallest record id of its group, counts of refused joins by reason). Records
    that occur in no accepted pair are absent from the mapping.
    """
    groups = _Groups(exclusive or {})
    apart: dict[str, set[str]] = {}
    for a, b in must_not:
        apart.setdefault(a, set()).add(b)
        apart.setdefault(b, set()).add(a)
    refused = {"decided_different": 0, "same_list_and_case": 0, "one_pair_only": 0, "too_large": 0}
    alike = set(zip(pairs["record_id_l"].tolist(), pairs["record_id_r"].tolist(), strict=True))
    for a, b in sorted(must):
        ra, rb = groups.find(a), groups.find(b)
        if ra != rb and not _separated(groups, ra, rb, apart):
            groups.join(ra, rb)
    taken = pairs[pairs["match_probability"] >= threshold].sort_values(
        ["match_weight", "record_id_l", "record_id_r"], ascending=[False, True, True], kind="stable"
    )
    label_of = exclusive or {}
    for a, b in zip(taken["record_id_l"].tolist(), taken["record_id_r"].tolist(), strict=True):
        if label_of.get(a) and label_of.get(a) == label_of.get(b):
            groups.twice.add((a, b) if a < b else (b, a))
    for a, b in zip(taken["record_id_l"].tolist(), taken["record_id_r"].tolist(), strict=True):
        ra, rb = groups.find(a), groups.find(b)
        if ra == rb:
            continue
        if _separated(groups, ra, rb, apart):
            refused["decided_different"] += 1
        elif groups.clash(ra, rb):
            refused["same_list_and_case"] += 1
        elif not _alike(groups.members[ra], groups.members[rb], alike):
            refused["one_pair_only"] += 1
        elif len(groups.members[ra]) + len(groups.members[rb]) > max_size:
            refused["too_large"] += 1
        else:
            groups.join(ra, rb)
    out: dict[str, str] = {}
    for members in groups.members.values():
        smallest = min(members)
        for record in members:
            out[record] = smallest
    return out, refused


def _alike(left: list[str], right: list[str], alike: set[tuple[str, str]]) -> bool:
    """Enough of the pairs between two groups are alike; a single record joins whatever it resembles."""
    between = len(left) * len(right)
    if min(len(left), len(right)) == 1 or between > _MANY:
        return True
    met = sum(((a, b) if a < b else (b, a)) in alike for a in left for b in right)
    return met >= _LEAST_ALIKE * between


def _separated(groups: _Groups, ra: str, rb: str, apart: dict[str, set[str]]) -> bool:
    if not apart:
        return False
    small, large = sorted((ra, rb), key=lambda r: len(groups.members[r]))
    return any(groups.find(other) == large for m in groups.members[small] for other in apart.get(m, ()))

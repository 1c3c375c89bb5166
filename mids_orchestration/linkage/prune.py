"""Pairs that no name can save.

What belongs here: leaving out, before Splink scores them, the pairs whose cheap comparisons (birth, event, sex …)
are so bad that the best agreement of the dear ones (names, addresses) would not lift them to the weight that
counts. What does not: scores; a pair that stays is scored in full, so the answer is the same with and without.

Most pairs that share two common name sounds differ in birth and event, and comparing names is what costs.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from mids_orchestration.linkage.model_config import Comparison, TrainedModel
from mids_orchestration.linkage.workspace import Workspace

_DEAR = ("shared_bits(", "readings_found(", "jaro_winkler_similarity(")
_COLUMN = re.compile(r"\b([a-z][a-z0-9_]*)_([lr])\b")
# Bits by which a sum of rounded logarithms may err; Splink multiplies factors instead.
_SLACK = 0.01


@dataclass(frozen=True, slots=True)
class _Bound:
    """A comparison's greatest weight in bits as SQL over one pair; `dear` ones are a constant."""

    sql: str
    dear: bool


def prune_pairs(
    work: Workspace, model: TrainedModel, pairs_table: str, out: str, *, threshold_weight: float
) -> bool:
    """Write table `out`: the pairs of `pairs_table` that may reach a match weight. False: nothing to gain by it.

    Both tables: match_key, join_key_l, join_key_r. `records` must carry the model's terms.
    """
    bounds = [_bound(work, c, model.parameters[c.name]) for c in model.config.comparisons]
    if not any(b.dear for b in bounds) or all(b.dear for b in bounds):
        return False
    prior = math.log2(model.prior / (1 - model.prior))
    total = " + ".join([_double(prior + _SLACK), *(b.sql for b in bounds)])
    used = {m.group(1) for b in bounds if not b.dear for m in _COLUMN.finditer(b.sql)} & _columns(work)
    sides = ", ".join(f"{s}.{c} AS {c}_{s}" for c in sorted(used) for s in ("l", "r"))
    work.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {out} AS SELECT match_key, join_key_l, join_key_r FROM (
                SELECT p.*{", " + sides if sides else ""} FROM {pairs_table} p
                JOIN records l ON l.record_id = p.join_key_l JOIN records r ON r.record_id = p.join_key_r)
            WHERE {total} >= {_double(threshold_weight)}"""
    )
    return True


def _double(value: float) -> str:
    """A number that SQL reads as floating point, not as a decimal of few digits."""
    return f"{value:.12e}"


def _columns(work: Workspace) -> set[str]:
    return {row[0] for row in work.con.execute("DESCRIBE records").fetchall()}


def _bound(work: Workspace, comparison: Comparison, numbers: list[tuple[float, float]]) -> _Bound:
    """What this comparison can add at most: per level for a cheap one, over all levels for a dear one."""
    weights: list[float] = []
    given = iter(numbers)
    for level in comparison.levels:
        if level.is_null:
            weights.append(0.0)
            continue
        m, u = next(given)
        rare = _rarest(work, level.tf_column) if level.tf_column else None
        # Splink puts a value's own share in the place of u.
        weights.append(math.log2(m / (min(rare, u) if rare else u)))
    if any(word in level.sql for level in comparison.levels for word in _DEAR):
        return _Bound(_double(max(weights)), dear=True)
    cases = [
        f"WHEN {level.sql} THEN {_double(weight)}"
        for level, weight in zip(comparison.levels[:-1], weights[:-1], strict=True)
    ]
    return _Bound(f"(CASE {' '.join(cases)} ELSE {_double(weights[-1])} END)", dear=False)


def _rarest(work: Workspace, column: str) -> float | None:
    row = work.con.execute(f"SELECT min(tf_{column}) FROM records WHERE tf_{column} > 0").fetchone()
    return float(row[0]) if row and row[0] is not None else None

"""One to one: each record of a list takes at most one partner of the other list.

What belongs here: choosing among scored pairs of two lists. What does not: grouping within a list
(`cluster.py`).
"""

from __future__ import annotations

import pandas as pd


def one_to_one(pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep the pairs (record_id_l, record_id_r, match_weight) that a surest-first choice takes.

    Ties are settled by record ids, so the result does not depend on row order.
    """
    ordered = pairs.sort_values(
        ["match_weight", "record_id_l", "record_id_r"], ascending=[False, True, True], kind="stable"
    )
    taken: set[str] = set()
    keep = []
    for row, (a, b) in enumerate(
        zip(ordered["record_id_l"].tolist(), ordered["record_id_r"].tolist(), strict=True)
    ):
        if a not in taken and b not in taken:
            taken.update((a, b))
            keep.append(row)
    return ordered.iloc[keep].sort_values(["record_id_l", "record_id_r"]).reset_index(drop=True)

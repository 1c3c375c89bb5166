"""Which agencies report at a pace of their own, judged from the reporting triangle itself.

Belongs here: the test of equal delay, the merging of strata that do not differ or are too thin to tell.
Does not belong here: nowcasting (nowcast.py), building triangles (series.py).

A nowcast by stratum follows each agency's own delay and silence, and costs precision where the delay is the same:
so an agency stands alone only where its delays differ from the rest's beyond chance.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

#: Name of everything that is nowcast together.
REST = "*"
#: Reports an agency must have in the weeks judged, the chance below which its delay differs, weeks judged.
MIN_REPORTS, DIFFERS, JUDGED_WEEKS, MATURE = 60, 1e-3, 156, 26
#: It must bring something new in this share of the newest deliveries: of one that seldom reports nobody can say
#: whether it is silent. (Border agency, persons: alone it was taken for silent, and the national score fell by 6 %.)
STEADY, STEADY_WEEKS = 0.6, 104
#: Delays (weeks) told apart: up to each bound, and beyond.
BOUNDS = (0, 1, 2, 4, 8)


def own_strata(triangle: pd.DataFrame, *, as_of_week: pd.Timestamp) -> pd.DataFrame:
    """Return the triangle with ``stratum`` kept where its delay differs, else ``REST``.

    ``triangle``: ``unique_id, stratum, event_week, known_week, delay, count`` as known at ``as_of_week``. Only events
    old enough to have been reported whole are judged, by a chi-square test of delay against the series' other strata.
    """
    newest = as_of_week - pd.Timedelta(weeks=MATURE)
    old = triangle[
        (triangle["event_week"] <= newest)
        & (triangle["event_week"] > newest - pd.Timedelta(weeks=JUDGED_WEEKS))
        & (triangle["delay"] <= MATURE)
    ]
    late = np.searchsorted(BOUNDS, old["delay"].to_numpy())
    table = (
        old.assign(late=late).pivot_table(
            index=["unique_id", "stratum"], columns="late", values="count", aggfunc="sum", fill_value=0
        ).clip(lower=0)
    )  # fmt: skip
    newest_known = triangle["known_week"].max()
    recent = triangle[triangle["known_week"] > newest_known - pd.Timedelta(weeks=STEADY_WEEKS)]
    heard = recent.groupby(["unique_id", "stratum"])["known_week"].nunique()
    steady = set(heard[heard >= STEADY * STEADY_WEEKS].index)
    own = set()
    for name, part in table.groupby(level="unique_id"):
        held = part.to_numpy(dtype=float)
        for k, stratum in enumerate(part.index.get_level_values("stratum")):
            mine = held[k]
            rest = held.sum(0) - mine
            if mine.sum() < MIN_REPORTS or rest.sum() < MIN_REPORTS or (name, stratum) not in steady:
                continue
            both = np.stack([mine, rest])
            both = both[:, both.sum(0) >= 5]
            if both.shape[1] > 1 and scipy.stats.chi2_contingency(both, correction=False).pvalue < DIFFERS:
                own.add((name, stratum))
    keys = list(zip(triangle["unique_id"], triangle["stratum"], strict=True))
    stratum = np.array([k[1] if k in own else REST for k in keys], dtype=object)
    merged = triangle.assign(stratum=stratum)
    by = ["unique_id", "stratum", "event_week", "known_week", "delay"]
    return merged.groupby(by, as_index=False)[["count"]].sum()

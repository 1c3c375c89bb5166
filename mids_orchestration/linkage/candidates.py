"""The only candidate: evidence that no single pair holds.

What belongs here: the extra weight of a pair whose records, of two lists that tell of one event, resemble nobody else
of the other list. What does not: the weight of a pair by itself (`engine.py`) and the grouping (`cluster.py`).

Where two agencies list the people of one event, most of one list stand on the other. A name half written is little
evidence among all persons and much where nobody else of that list comes near it. The weight is a stored number of bits:
it is given anew in every run, so a new record that is a rival takes it away again.
"""

from __future__ import annotations

import pandas as pd

from mids_orchestration.linkage.model_config import LinkageConfig

ONLY = "only_candidate"


def weigh_candidates(
    pairs: pd.DataFrame, agency_of: dict[str, str | None], config: LinkageConfig
) -> pd.DataFrame:
    """The pairs with `only_candidate` (bool) and with weight and probability accordingly.

    pairs: record_id_l, record_id_r, match_probability, match_weight, gamma_<comparison>; all pairs worth a look. An
    earlier run's `only_candidate` is taken back first. agency_of: record → list.
    """
    if not config.only_candidate_bits or not len(pairs):
        return pairs.assign(**{ONLY: False})
    weight = pairs["match_weight"]
    before = pairs[ONLY].fillna(False).astype(bool) if ONLY in pairs else pd.Series(False, pairs.index)
    left, right = pairs["record_id_l"], pairs["record_id_r"]
    of_left, of_right = (side.map(agency_of) for side in (left, right))
    # How many records of the partner's list each record resembles.
    met = pd.concat(
        [
            pd.DataFrame({"record": left.to_numpy(), "list": of_right.to_numpy()}),
            pd.DataFrame({"record": right.to_numpy(), "list": of_left.to_numpy()}),
        ]
    )
    rivals = met.groupby(["record", "list"])["list"].transform("size").to_numpy()
    alone = (rivals[: len(pairs)] == 1) & (rivals[len(pairs) :] == 1)
    now = alone & (of_left != of_right).to_numpy() & _one_event(pairs, config).to_numpy()
    changed = now != before.to_numpy()
    weight = weight + config.only_candidate_bits * (now.astype(int) - before.astype(int))
    probability = (1.0 / (1.0 + 2.0**-weight)).round(9)
    return pairs.assign(
        match_weight=weight.round(6),
        match_probability=pairs["match_probability"].where(~changed, probability),
        **{ONLY: now},
    )


def _one_event(pairs: pd.DataFrame, config: LinkageConfig) -> pd.Series:
    """True where a level says that both records tell of one event."""
    out = pd.Series(False, pairs.index)
    for comparison in config.comparisons:
        said = [level for level in comparison.levels if not level.is_null]
        numbers = [len(said) - 1 - i for i, level in enumerate(said) if level.one_event]
        if numbers:
            out |= pairs[f"gamma_{comparison.name}"].isin(numbers)
    return out

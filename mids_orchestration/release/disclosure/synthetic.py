"""A synthetic case file: rows in which no row is a person, made under differential privacy.

Belongs here: making it, judging its utility and its risk. Does not belong here: what it cost so far and whether
another may be made (disclosure_step, ledger), its columns (the mart).

The maker is PAC Synth (``pac-synth``), written for the public file of the Counter-Trafficking Data Collaborative. It
releases noisy counts of short attribute combinations and builds rows from them. Its noise comes from the system's
generator and takes no seed: noise that can be made again protects nobody. A file is therefore made once, kept in the
ledger, and taken over from there by every later release.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from mids_orchestration.release.disclosure.policy import Policy

#: What stands where the maker withheld a value: neither unknown (XX) nor empty.
WITHHELD = "WITHHELD"
#: Fewer persons than this carry no file of use beside the noise.
FEWEST_PERSONS = 500
_SPLIT_SEED = 20_260_629
_BELOW_NOBODY = "number of records resulted in a negative number"


@dataclass(frozen=True)
class Evaluation:
    """How like the real persons a file is, and how much it gives away. Shares, rounded to two decimals.

    Attributes:
        one_way, one_way_worst: total variation distance of single attributes, mean and largest (0 = the same).
        two_way, two_way_worst: the same of pairs.
        withheld: share of values withheld.
        unique_matched: share of persons alone with their values whose values stand in the file.
        membership_auc: how well an attacker who knows a person's values tells from a file made of one half of all
            persons whether the person was in that half; 0.5 = not at all.
    """

    one_way: float
    one_way_worst: float
    two_way: float
    two_way_worst: float
    withheld: float
    unique_matched: float
    membership_auc: float


def synthesise(persons: pd.DataFrame, policy: Policy) -> tuple[pd.DataFrame, Evaluation]:
    """A synthetic file of ``persons`` and what it is worth.

    Args:
        persons: one row per person, every column a code as text, nothing missing.
        policy: ``synthetic_epsilon`` is spent on every person by this call.

    Returns:
        Rows with the columns of ``persons``, ordered; and the evaluation, which costs no budget because only rounded
        averages of it are told.
    """
    file = _made(persons, policy)
    half = np.random.default_rng(_SPLIT_SEED).permutation(len(persons)) < len(persons) // 2
    auc = _membership(_made(persons[half], policy), persons[half], persons[~half])
    return file, _evaluated(persons, file, auc)


def as_told(file: pd.DataFrame, evaluation: Evaluation, policy: Policy, years: list[str]) -> dict[str, Any]:
    """A file for the ledger: distinct rows with how often each stands, and what it cost."""
    counted = file.groupby(list(file.columns)).size().reset_index(name="rows")
    return {
        "years": years,
        "epsilon": policy.synthetic_epsilon,
        "delta": policy.synthetic_delta,
        "evaluation": asdict(evaluation),
        "columns": list(file.columns),
        "rows": [[*map(str, row[:-1]), int(row[-1])] for row in counted.to_numpy(dtype=object).tolist()],
    }


def as_rows(told: Mapping[str, Any]) -> pd.DataFrame:
    """The file of a ledger entry again, row by row in the order of its values."""
    rows = [row[:-1] for row in told["rows"] for _ in range(row[-1])]
    return pd.DataFrame(rows, columns=told["columns"], dtype="str")


def _made(persons: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    import pacsynth

    pacsynth.set_number_of_threads(1)
    parameters = (
        pacsynth.DpAggregateSeededParametersBuilder()
        .epsilon(policy.synthetic_epsilon)
        .delta(policy.synthetic_delta)
        .reporting_length(2)  # of 3 the noise eats more than it adds: measured in docs/decisions/0019
        .use_synthetic_counts(True)  # without it rows lose most ties between attributes (same place)
        .empty_value("")
        .build()
    )
    maker = pacsynth.DpAggregateSeededSynthesizer(parameters)
    try:
        maker.fit(pacsynth.Dataset.from_data_frame(persons.reset_index(drop=True)))
        rows = maker.sample(maker.get_dp_number_of_records())
    except BaseException as panic:  # Rust's panics are no Exception
        if _BELOW_NOBODY not in str(panic):
            raise
        # The noise has fallen below nobody: that is the answer, and a second try would spend the budget twice.
        return pd.DataFrame(columns=persons.columns, dtype="str")
    file = pacsynth.Dataset.raw_data_to_data_frame(rows)
    missing = [column for column in persons.columns if column not in file.columns]
    file = file.assign(**dict.fromkeys(missing, ""))[list(persons.columns)].astype("str")
    return file.replace("", WITHHELD).sort_values(list(persons.columns), ignore_index=True)


def _membership(file: pd.DataFrame, inside: pd.DataFrame, outside: pd.DataFrame) -> float:
    """Area under the curve of the attack: how often a person's exact values stand in the file."""
    columns = list(file.columns)
    often = file.groupby(columns).size()
    scores = [_scores(often, people[columns]) for people in (inside, outside)]
    values = np.concatenate(scores)
    ranks = pd.Series(values).rank().to_numpy()
    n, m = len(scores[0]), len(scores[1])
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def _scores(often: pd.Series, people: pd.DataFrame) -> np.ndarray:
    return often.reindex(pd.MultiIndex.from_frame(people)).fillna(0).to_numpy(dtype=float)


def _evaluated(persons: pd.DataFrame, file: pd.DataFrame, auc: float) -> Evaluation:
    columns = list(persons.columns)
    single = [_distance(persons, file, [column]) for column in columns]
    pairs = [_distance(persons, file, list(pair)) for pair in itertools.combinations(columns, 2)]
    alone = ~persons.duplicated(keep=False)
    found = persons[alone].merge(file.drop_duplicates(), on=columns)
    numbers = (
        np.mean(single), max(single), np.mean(pairs), max(pairs),
        (file == WITHHELD).to_numpy().mean() if len(file) else 1.0, len(found) / max(1, int(alone.sum())), auc,
    )  # fmt: skip
    return Evaluation(*(round(float(number), 2) for number in numbers))


def _distance(one: pd.DataFrame, other: pd.DataFrame, columns: list[str]) -> float:
    """Half the sum of the absolute differences of shares."""
    shares = [frame.groupby(columns).size() / len(frame) for frame in (one, other)]
    return float(shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)

"""How well the sample's persons could be linked at all: recall at a precision of 0.99, ours and a supervised rival's.

Usage: ``python -m benchmarks.linkage_ceiling [HOME]``. The rival is a gradient-boosted classifier that is told the
truth of four fifths of the persons and judges the rest (five-fold, by person), on everything the model compares and
more: agreement levels, frequencies, ages, agencies, roles, ranks among rivals. Nothing of it is used by MIDS; what
even it cannot tell apart at this precision is not in the records.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd

from benchmarks._sample import finished_sample
from mids_orchestration.linkage.blocking import build_keys, count_and_cap, form_pairs
from mids_orchestration.linkage.engine import score, train
from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.prepare import prepare_persons
from mids_orchestration.linkage.workspace import open_workspace

_FLOOR, _SEED, _PRECISION = -8.0, 20260629, 0.99


def _scored(persons: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All pairs worth a look with their levels, and the records with their frequencies."""
    work = open_workspace(prepare_persons(persons))
    model, _ = train(work, DEFAULT, seed=_SEED)
    build_keys(work.con, "records", DEFAULT.blocking, "keys")
    form_pairs(
        work.con,
        "records",
        "keys",
        count_and_cap(work.con, "keys", DEFAULT.blocking, DEFAULT.max_pairs),
        "pairs",
    )
    pairs = score(work, model, "pairs", threshold_weight=_FLOOR)
    records = work.con.execute("SELECT * FROM records").df().set_index("record_id")
    work.con.close()
    return pairs, records


def _features(pairs: pd.DataFrame, records: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    left, right = pairs["record_id_l"], pairs["record_id_r"]
    out = pairs[[c for c in pairs if c.startswith("gamma_")] + ["match_weight"]].copy()
    for column in [c for c in records if c.startswith("tf_")]:
        values = records[column].astype(float)
        a, b = left.map(values), right.map(values)
        out[f"{column}_most"], out[f"{column}_least"] = np.log(np.fmax(a, b)), np.log(np.fmin(a, b))
    for column in ("birth_year", "event_day"):
        values = records[column].astype(float)
        out[column] = (left.map(values) - right.map(values)).abs()
    known = records["dob"].notna().astype(int)
    out["dates"] = left.map(known) + right.map(known)
    words = records["tokens"].map(lambda t: len(t) if isinstance(t, np.ndarray | list) else 0)
    out["words"] = np.minimum(left.map(words), right.map(words))
    by_id = persons.set_index("person_record_id")
    for column in ("source_agency_code", "role_code"):
        a, b = (side.map(by_id[column]).fillna("").astype(str) for side in (left, right))
        out[column] = (
            pd.Series([min(x) + max(x) for x in zip(a, b, strict=True)], out.index)
            .astype("category")
            .cat.codes
        )
    for side in ("record_id_l", "record_id_r"):
        out[f"rank_{side}"] = pairs.groupby(side)["match_weight"].rank(ascending=False)
    return out


def _told_the_truth(features: pd.DataFrame, true: np.ndarray, groups: pd.Series) -> np.ndarray:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import GroupKFold

    chance = np.zeros(len(features))
    for learn, judge in GroupKFold(5).split(features, true, groups):
        model = HistGradientBoostingClassifier(
            max_iter=150, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=15, random_state=0
        ).fit(features.iloc[learn], true[learn])
        chance[judge] = model.predict_proba(features.iloc[judge])[:, 1]
    return chance


def _recall(weights: np.ndarray, true: np.ndarray, chosen: np.ndarray, pairs: int) -> float:
    order = np.argsort(-weights[chosen], kind="stable")
    right = np.cumsum(true[chosen][order])
    good = np.flatnonzero(right / np.arange(1, len(right) + 1) >= _PRECISION)
    return float(right[good[-1]] / pairs) if len(good) else 0.0


def main() -> None:
    """Print both recalls, by role and name form."""
    sample = finished_sample()
    if sample is None:
        return
    home, truth = sample
    with duckdb.connect(str(home / "warehouse" / "mids.duckdb"), read_only=True) as connection:
        persons = connection.execute("select * from conformed.cnf_person").df()
    who = truth.set_index("person_record_id")["true_person_id"]
    pairs, records = _scored(persons)
    a, b = (pairs[c].map(who).fillna("none") for c in ("record_id_l", "record_id_r"))
    true = ((a == b) & (a != "none")).to_numpy()
    told = _told_the_truth(_features(pairs, records, persons), true, a)
    ours = pairs["match_weight"].to_numpy()
    groups = {
        "role": persons.set_index("person_record_id")["role_code"],
        "name form": truth.set_index("person_record_id")["name_form"],
    }
    both = truth.merge(truth, on="true_person_id", suffixes=("_l", "_r"))
    both = both[both["person_record_id_l"] < both["person_record_id_r"]]
    everything = np.ones(len(pairs), bool)
    print(f"recall at a precision of {_PRECISION}   ours (unsupervised)   told the truth")
    whole = [_recall(w, true, everything, len(both)) for w in (ours, told)]
    print(f"{'all':<24} {whole[0]:>14.4f} {whole[1]:>20.4f}   ({len(both)} true pairs)")
    for title, of in groups.items():
        for group in sorted(set(of.dropna())):
            inside = (pairs["record_id_l"].map(of) == group) | (pairs["record_id_r"].map(of) == group)
            n = int(
                (
                    (both["person_record_id_l"].map(of) == group)
                    | (both["person_record_id_r"].map(of) == group)
                ).sum()
            )
            if n:
                chosen = inside.to_numpy()
                rates = [_recall(w, true, chosen, n) for w in (ours, told)]
                print(f"{title + ' ' + group:<24} {rates[0]:>14.4f} {rates[1]:>20.4f}   ({n} true pairs)")


if __name__ == "__main__":
    main()

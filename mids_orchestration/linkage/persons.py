"""Link persons: the room's main verb.

What belongs here: the order of work (prepare, block, train or take a model, score, cluster, name) and
its result. What does not: any of these steps' own logic.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mids_orchestration.linkage.blocking import build_keys, count_and_cap, form_pairs
from mids_orchestration.linkage.candidates import weigh_candidates
from mids_orchestration.linkage.cluster import cluster
from mids_orchestration.linkage.collecting import without_collecting
from mids_orchestration.linkage.engine import score, train
from mids_orchestration.linkage.keys import EVENT_COLUMNS, assign_keys
from mids_orchestration.linkage.model_config import LinkageConfig, TrainedModel
from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.prepare import prepare_persons
from mids_orchestration.linkage.workspace import Workspace, attach_terms, open_workspace

LINK_COLUMNS = [
    "person_record_id", "person_key", "match_probability", "match_weight", "model_version", "cluster_size",
]  # fmt: skip
PAIR_COLUMNS = ["person_record_id_l", "person_record_id_r", "match_probability", "match_weight"]


@dataclass(slots=True)
class LinkageResult:
    """What a run of linkage gives.

    links: one row per person record. match_probability and match_weight are those of its strongest pair
        inside its own group, null for a record that stands alone.
    pairs: one row per scored pair at or above the review threshold, with `gamma_<comparison>` levels.
    events: one row per key that merged, split, moved or was withdrawn since `previous`.
    model: the model used; give it to the next run to keep identities still.
    metrics: plain numbers for checks and reports.
    prepared: the comparable rows, for the search index and for charts.
    """

    links: pd.DataFrame
    pairs: pd.DataFrame
    events: pd.DataFrame
    model: TrainedModel | None
    metrics: dict[str, Any] = field(default_factory=dict)
    prepared: pd.DataFrame = field(default_factory=pd.DataFrame)


@without_collecting()
def link_persons(
    persons: pd.DataFrame,
    *,
    config: LinkageConfig = DEFAULT,
    previous: pd.DataFrame | None = None,
    seed: int,
    model: TrainedModel | None = None,
    same: Iterable[tuple[str, str]] = (),
    different: Iterable[tuple[str, str]] = (),
    threads: int = 2,
) -> LinkageResult:
    """Decide which person records are the same person.

    persons: columns of `conformed.cnf_person`, one row per person record (any row order).
    previous: links of an earlier run (person_record_id, person_key); its keys are kept.
    model: a model to use as it stands; without it one is trained on `persons` with `seed`.
    same / different: decided pairs of record ids; they bind whatever the scores say.
    Raises `PersonFrameError` when ids are missing or repeated.
    """
    prepared = prepare_persons(persons)
    records = prepared["record_id"].tolist()
    active = model.config if model else config
    if len(records) < 2:
        return _without_pairs(records, active, model, previous, seed)
    work = open_workspace(prepared, threads=threads)
    try:
        report: dict[str, Any]
        if model is None:
            model, report = train(work, config, seed=seed)
        else:
            attach_terms(work, model.config, model.terms, model.bits, model.records)
            report = {"training": "given model", "prior": model.prior, "em_passes": []}
        pairs, counts = score_pairs(work, model)
    finally:
        work.con.close()
    rows = list(zip(records, prepared["list_case"].tolist(), prepared["agency"].tolist(), strict=True))
    result = finish(rows, pairs, model, active, previous, same, different, counts | report)
    result.metrics["mykad_conflicts"] = int(prepared["mykad_conflict"].sum())
    result.prepared = prepared
    return result


def finish(
    records: list[tuple[str, str | None, str | None]],
    pairs: pd.DataFrame,
    model: TrainedModel,
    config: LinkageConfig,
    previous: pd.DataFrame | None,
    same: Iterable[tuple[str, str]],
    different: Iterable[tuple[str, str]],
    report: dict[str, Any],
    alone: pd.DataFrame | None = None,
) -> LinkageResult:
    """From scored pairs to people with keys. records: (record id, case within its list, list) in order of id.

    alone: further records (person_record_id, person_key) which stood alone, do so still and keep their keys; neither
        `records` nor `previous` holds them.
    """
    pairs = weigh_candidates(pairs, {record: agency for record, _, agency in records}, config)
    groups, refused = cluster(
        pairs,
        threshold=config.threshold,
        exclusive={record: case for record, case, _ in records},
        must=same,
        must_not=different,
        max_size=config.max_cluster,
    )
    ids = [record for record, _, _ in records]
    keys, events = assign_keys(
        groups, ids, previous, taken=() if alone is None else alone["person_key"].tolist()
    )
    links = link_table(ids, keys, pairs, model.version)
    if alone is not None and len(alone):
        kept = alone.assign(model_version=model.version, cluster_size=1).astype(
            {"person_record_id": "str", "person_key": "str", "model_version": "str"}
        )
        links = pd.concat([links, kept]).sort_values("person_record_id", ignore_index=True)
    metrics = _metrics(links, pairs, config, events, refused) | report
    out = pairs.rename(columns={"record_id_l": PAIR_COLUMNS[0], "record_id_r": PAIR_COLUMNS[1]})
    return LinkageResult(links, out, events, model, metrics)


def score_pairs(
    work: Workspace, model: TrainedModel, only_with: str | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Block and score the table `records` of a workspace; returns pairs from the review threshold up."""
    config = model.config
    build_keys(work.con, "records", config.blocking, "block_keys")
    count = count_and_cap(work.con, "block_keys", config.blocking, config.max_pairs)
    form_pairs(
        work.con, "records", "block_keys", count, "blocked_pairs",
        cannot_link_sql=config.cannot_link_sql, only_with=only_with,
    )  # fmt: skip
    if count.pairs == 0:
        return no_pairs(config), count.as_dict()
    floor = math.log2(config.review_threshold / (1 - config.review_threshold))
    return score(work, model, "blocked_pairs", threshold_weight=floor), count.as_dict()


def no_pairs(config: LinkageConfig) -> pd.DataFrame:
    """Scored pairs of which there are none."""
    columns = ["record_id_l", "record_id_r", "match_probability", "match_weight"]
    empty = pd.DataFrame({c: pd.Series(dtype=float if "match" in c else str) for c in columns})
    for comparison in config.comparisons:
        empty[f"gamma_{comparison.name}"] = pd.Series(dtype=int)
    return empty


def link_table(records: list[str], keys: dict[str, str], pairs: pd.DataFrame, version: str) -> pd.DataFrame:
    """One row per record in `LINK_COLUMNS`, sorted by record id."""
    best: dict[str, tuple[float, float]] = {}
    rows = zip(
        pairs["record_id_l"].tolist(), pairs["record_id_r"].tolist(),
        pairs["match_probability"].tolist(), pairs["match_weight"].tolist(), strict=True,
    )  # fmt: skip
    for left, right, probability, weight in rows:
        if keys.get(left) == keys.get(right):
            for record in (left, right):
                if record not in best or weight > best[record][1]:
                    best[record] = (probability, weight)
    sizes = Counter(keys.values())
    nothing = (float("nan"), float("nan"))
    found = [best.get(r, nothing) for r in records]
    of = [keys[r] for r in records]
    columns = (
        records, of, [f[0] for f in found], [f[1] for f in found], version, [sizes[k] for k in of],
    )  # fmt: skip
    frame = pd.DataFrame(dict(zip(LINK_COLUMNS, columns, strict=True)), index=range(len(records)))
    return frame.astype(
        {"person_record_id": "str", "person_key": "str", "match_probability": float, "match_weight": float,
         "model_version": "str", "cluster_size": "int64"}
    )  # fmt: skip


def _metrics(
    links: pd.DataFrame,
    pairs: pd.DataFrame,
    config: LinkageConfig,
    events: pd.DataFrame,
    refused: dict[str, int],
) -> dict[str, Any]:
    probability = pairs["match_probability"]
    return {
        "records": len(links),
        "clusters": int(links["person_key"].nunique()),
        "largest_cluster": int(links["cluster_size"].max()) if len(links) else 0,
        "linked_records": int((links["cluster_size"] > 1).sum()),
        "threshold": config.threshold,
        "pairs_at_threshold": int((probability >= config.threshold).sum()),
        "pairs_in_review": int((probability < config.threshold).sum()),
        "refused_joins": refused,
        "events": {str(k): int(v) for k, v in events["event"].value_counts().items()},
    }


def _without_pairs(
    records: list[str],
    config: LinkageConfig,
    model: TrainedModel | None,
    previous: pd.DataFrame | None,
    seed: int,
) -> LinkageResult:
    """No pair can exist among fewer than two records."""
    keys, events = assign_keys({}, records, previous)
    empty = pd.DataFrame({c: pd.Series(dtype=float if "match" in c else str) for c in PAIR_COLUMNS})
    pairs = empty.rename(columns={PAIR_COLUMNS[0]: "record_id_l", PAIR_COLUMNS[1]: "record_id_r"})
    version = model.version if model else f"{config.version}.untrained"
    links = link_table(records, keys, pairs, version)
    metrics = _metrics(links, pairs, config, events, {}) | {
        "pairs": 0, "pairs_by_rule": {}, "training": "none", "prior": None, "seed": seed,
    }  # fmt: skip
    return LinkageResult(
        links, empty, events if len(events) else pd.DataFrame(columns=EVENT_COLUMNS), model, metrics
    )

"""Link any two lists of persons, or find the repeats of one.

What belongs here: the order of work for lists that come with a map of roles, and its outputs. What does
not: files and the command line (the caller reads and writes), and the agencies' own persons
(`persons.py`).
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import pandas as pd

from mids_orchestration.linkage.assign import one_to_one
from mids_orchestration.linkage.blocking import BlockingCount, build_keys, count_and_cap, form_pairs
from mids_orchestration.linkage.cluster import cluster
from mids_orchestration.linkage.em import refine
from mids_orchestration.linkage.engine import (
    pattern_counts,
    round_parameters,
    score,
    stored_parameters,
    train,
)
from mids_orchestration.linkage.evaluate import Score, score_counts
from mids_orchestration.linkage.keys import new_key
from mids_orchestration.linkage.list_model import list_config
from mids_orchestration.linkage.list_roles import ListMap, ListMapError, prepare_list, unread, usable
from mids_orchestration.linkage.model_config import LinkageConfig, TrainedModel
from mids_orchestration.linkage.workspace import Workspace, open_workspace

# Two lists are taken to be free of repeats when they hold fewer twins inside than this share of the pairs
# between them: a model that errs once in ten inside a list without repeats errs as often between lists.
_REPEAT_SHARE = 0.1
_SURE = 0.95
_ANY_WEIGHT = -1000.0
# From this share of repeats in one list on, values are counted by person in a second pass.
_REPEATED = 0.05


@dataclass(slots=True)
class ListsResult:
    """What linking lists gives.

    pairs: left_id, right_id, match_probability, match_weight; the accepted pairs and those that they imply (of three
        records of one person the third pair, with the lower probability it has by itself). For one list both ids
        are of that list, left_id < right_id.
    clusters: cluster_id, list, id; one row per record of either list.
    candidates: every scored pair from the review threshold up, with `gamma_<comparison>` levels.
    summary: plain numbers and `notes` in words; with truth also precision, recall and F1 with intervals.
    prepared: the comparable rows of both lists, for charts.
    """

    pairs: pd.DataFrame
    clusters: pd.DataFrame
    candidates: pd.DataFrame
    model: TrainedModel
    summary: dict[str, Any]
    prepared: pd.DataFrame

    def drawable(self) -> pd.DataFrame:
        """The candidates under the record ids of `prepared`, as `model_charts` wants them."""
        between = self.summary["right"] is not None
        ids = [
            ("left_id", "record_id_l", "left|"),
            ("right_id", "record_id_r", "right|" if between else "left|"),
        ]
        out = self.candidates.copy()
        for column, name, prefix in ids:
            out[name] = prefix + out[column]
        return out


def link_lists(
    left: pd.DataFrame,
    right: pd.DataFrame | None,
    mapping: ListMap,
    *,
    seed: int,
    truth: pd.DataFrame | None = None,
    threshold: float | None = None,
    one_to_one_lists: bool | None = None,
    threads: int = 2,
) -> ListsResult:
    """Link `left` with `right`, or dedupe `left` alone. Nothing is supervised; truth only scores.

    one_to_one_lists: each record takes at most one partner; None (default) decides from the lists
        themselves, whether either repeats people inside.
    truth: left_id, right_id of the true pairs (any column names, first two columns).
    Raises `ListMapError` when the map or the truth does not fit.
    """
    parts = [prepare_list(left, mapping, "left")]
    if right is not None:
        parts.append(prepare_list(right, mapping, "right"))
    prepared = pd.concat(parts, ignore_index=True).sort_values("record_id").reset_index(drop=True)
    whole = prepared
    prepared, notes = usable(whole)
    if not list_columns(prepared):
        notes.append("no column of the map holds anything that can be compared: no pair can be found")
        prepared = whole
    config = _config(prepared, threshold, notes)
    for frame, part, side in zip((left, right), parts, ("left", "right"), strict=False):
        if frame is not None:
            notes += unread(frame, mapping, part, side)
    known_pairs = None if truth is None else _known_pairs(truth, whole, right is None)
    sizes = [len(p) for p in parts]
    work = open_workspace(prepared, threads=threads)
    try:
        found = _find(work, config, sizes, seed)
        people = _people(found.scored, prepared, config) if right is None else None
        if people is not None:
            work.con.close()
            work = open_workspace(prepared.assign(person=people), threads=threads)
            found = _find(work, config, sizes, seed)
        model, scored, count, report = found.model, found.scored, found.count, found.report
        across, within = _by_side(scored, right is not None)
        repeated = _sure(within) / max(_sure(across), 1)
        if one_to_one_lists is None:
            one_to_one_lists = right is not None and repeated < _REPEAT_SHARE
        taken, clusters = _decide(across, within, prepared, config, one_to_one_lists)
        accepted = len(taken)
        taken = _with_implied(work, model, taken, clusters, right is not None)
    finally:
        work.con.close()
    lost = sum(count.left_out_by_rule.values())
    if lost and not count.pairs:
        notes.append(
            f"every value that records share is shared by too many ({lost:,} pairs not formed): "
            "map columns that tell persons apart"
        )
    compared = [c.name for c in config.comparisons]
    if len(taken) and set(compared) <= {"full_name", "given_name", "surname"}:
        notes.append("names alone were compared: many of these pairs will be namesakes; map more columns")
    if len(across) and not len(taken):
        notes.append(
            f"no pair reached {config.threshold:g}; {len(across)} lie between {config.review_threshold:g} and it: "
            "these columns hardly tell namesakes apart, map more of them or lower the threshold"
        )
    summary: dict[str, Any] = {
        "left": sizes[0], "right": sizes[1] if right is not None else None, "pairs": len(taken),
        "implied_pairs": len(taken) - accepted, "clusters": int(clusters["cluster_id"].nunique()),
        "threshold": config.threshold,
        "one_to_one": one_to_one_lists, "twins_inside_per_pair_between": round(repeated, 5),
        "model_version": model.version, "notes": notes,
    } | {f"blocking_{k}": v for k, v in count.as_dict().items()} | report  # fmt: skip
    if known_pairs is not None:
        score_of = _against(taken, known_pairs, right is None)
        summary |= {"precision": score_of.precision, "recall": score_of.recall, "f1": score_of.f1}
        summary["truth"] = score_of.as_dict()
    return ListsResult(_strip(taken), clusters, _strip(scored), model, summary, prepared)


@dataclass(slots=True)
class _Found:
    """What one pass over the lists gives: the model, the pairs worth a look, the cost of blocking, a report."""

    model: TrainedModel
    scored: pd.DataFrame
    count: BlockingCount
    report: dict[str, Any]


def _find(work: Workspace, config: LinkageConfig, sizes: list[int], seed: int) -> _Found:
    """Train, block, refine and score what a workspace holds."""
    model, report = train(work, config, seed=seed)
    build_keys(work.con, "records", config.blocking, "block_keys")
    count = count_and_cap(work.con, "block_keys", config.blocking, config.max_pairs)
    form_pairs(work.con, "records", "block_keys", count, "blocked_pairs")
    if count.pairs and config.refine:
        model = _refined(work, model, sizes, report)
    if not count.pairs:
        return _Found(model, _no_pairs(config), count, report)
    floor = math.log2(config.review_threshold / (1 - config.review_threshold))
    return _Found(model, score(work, model, "blocked_pairs", threshold_weight=floor), count, report)


def _people(scored: pd.DataFrame, prepared: pd.DataFrame, config: LinkageConfig) -> pd.Series | None:
    """Who is surely whom in a list that repeats its people, by row of `prepared`; None where it hardly does.

    A name on four records of one person is one person's name. Counted four times it looks common, and random pairs
    hold his records as if they were strangers': what they share would speak against itself. One comparison alone
    takes every namesake for a repeat, so there nothing is counted anew.
    """
    if len(config.comparisons) == 1:
        return None
    groups, _ = cluster(scored, threshold=_SURE, max_size=config.max_cluster)
    people = prepared["record_id"].map(lambda record: groups.get(record, record))
    return people if len(people) - people.nunique() > _REPEATED * len(people) else None


def list_columns(frame: pd.DataFrame) -> list[str]:
    """The comparable columns of a prepared frame."""
    return [c for c in frame.columns if c not in ("record_id", "side")]


def _config(prepared: pd.DataFrame, threshold: float | None, notes: list[str]) -> LinkageConfig:
    """The model for the usable columns; when none holds anything, one that compares no pair."""
    config = list_config(prepared.columns)
    if notes and not list_columns(prepared.dropna(axis=1, how="all")):
        config = config.with_(blocking=(), min_records_to_train=sys.maxsize)
    if not config.blocking and not notes:
        notes.append("the mapped columns are too coarse to find anybody by: no pair was compared")
    if threshold is not None:
        config = config.with_(threshold=threshold, review_threshold=min(config.review_threshold, threshold))
    return config


def _refined(work: Workspace, model: TrainedModel, sizes: list[int], report: dict[str, Any]) -> TrainedModel:
    """Estimate the prior and m over all candidate pairs; for two lists over the pairs between them."""
    config = model.config
    n = sum(sizes)
    everything = n * (n - 1) / 2
    table, universe = "blocked_pairs", everything
    if len(sizes) > 1:
        table, universe = "cross_pairs", float(sizes[0] * sizes[1])
        work.con.execute(
            "CREATE OR REPLACE TEMP TABLE cross_pairs AS SELECT p.* FROM blocked_pairs p"
            " WHERE split_part(join_key_l, '|', 1) <> split_part(join_key_r, '|', 1)"
        )
    levels, term_weights, counts = pattern_counts(work, model, table)
    if len(counts) == 0:
        return model
    names = [c.name for c in config.comparisons]
    # Where a value has a share of its own, `term_weights` are relative to the sampled u: it must not move.
    fixed = {
        c.name: [lv.fixed_u or lv.tf_column is not None for lv in c.levels if not lv.is_null]
        for c in config.comparisons
    }
    result = refine(
        names, levels, counts, term_weights, model.parameters,
        prior=model.prior, universe=universe, fixed_u=fixed,
        # Random pairs without the records of one person hold no match that could be taken out of them.
        sampled_universe=math.inf if "person" in work.columns else everything,
        most_matches=float(min(sizes)) if len(sizes) > 1 else 2.0 * n, anchor=stored_parameters(config),
        sure=config.extra["sure"],
    )  # fmt: skip
    report["expected_matches"] = round(result.expected_matches, 1)
    report["prior"] = result.prior
    report["em_over_all_pairs_iterations"] = result.iterations
    prior = float(f"{result.prior:.6g}")
    return replace(model, prior=prior, parameters=round_parameters(result.parameters))


def _no_pairs(config: LinkageConfig) -> pd.DataFrame:
    columns = {"record_id_l": str, "record_id_r": str, "match_probability": float, "match_weight": float}
    return pd.DataFrame({c: pd.Series(dtype=t) for c, t in columns.items()})


def _by_side(scored: pd.DataFrame, link: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs that count as answers, and pairs inside one list when two are linked."""
    if not link:
        return scored, scored.iloc[0:0]
    crossing = scored["record_id_l"].str.startswith("left|") & scored["record_id_r"].str.startswith("right|")
    return scored[crossing], scored[~crossing]


def _sure(pairs: pd.DataFrame) -> int:
    return int((pairs["match_probability"] >= _SURE).sum())


def _decide(
    across: pd.DataFrame, within: pd.DataFrame, prepared: pd.DataFrame, config: LinkageConfig, one: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    sure = across[across["match_probability"] >= config.threshold]
    if one:
        sure = one_to_one(sure)
        groups = dict(zip(sure["record_id_r"], sure["record_id_l"], strict=True))
        groups |= dict(zip(sure["record_id_l"], sure["record_id_l"], strict=True))
    else:
        both = pd.concat([across, within], ignore_index=True)
        groups, _ = cluster(both, threshold=config.threshold, max_size=config.max_cluster)
        same = [
            groups.get(a) == groups.get(b) and a in groups
            for a, b in zip(sure["record_id_l"], sure["record_id_r"], strict=True)
        ]
        # An empty list of truths would choose no columns instead of no rows.
        sure = sure[pd.Series(same, index=sure.index, dtype=bool)]
    taken_keys: set[str] = set()
    names: dict[str, str] = {}
    rows = []
    for record in prepared["record_id"]:
        group = groups.get(record, record)
        if group not in names:
            names[group] = new_key(group, taken_keys)
            taken_keys.add(names[group])
        side, _, identity = record.partition("|")
        rows.append((names[group], side, identity))
    return sure, pd.DataFrame(rows, columns=["cluster_id", "list", "id"])


def _with_implied(
    work: Workspace, model: TrainedModel, taken: pd.DataFrame, clusters: pd.DataFrame, link: bool
) -> pd.DataFrame:
    """The accepted pairs and those that a third record implies, with the weight each has by itself.

    Pairs and clusters then tell the same: whoever is in one cluster is a pair.
    """
    records = clusters["list"] + "|" + clusters["id"]
    known = set(zip(taken["record_id_l"], taken["record_id_r"], strict=True))
    implied: list[tuple[str, str]] = []
    for members in records.groupby(clusters["cluster_id"]).agg(list):
        for a, b in combinations(sorted(members), 2):
            if (a, b) not in known and (not link or (a.startswith("left|") and b.startswith("right|"))):
                implied.append((a, b))
    if not implied:
        return taken
    frame = pd.DataFrame(implied, columns=["join_key_l", "join_key_r"]).assign(match_key="0")
    work.con.register("implied_frame", frame)
    work.con.execute(
        "CREATE TEMP TABLE implied_pairs AS SELECT match_key, join_key_l, join_key_r FROM implied_frame"
    )
    work.con.unregister("implied_frame")
    scored = score(work, model, "implied_pairs", threshold_weight=_ANY_WEIGHT)
    both = pd.concat([taken, scored], ignore_index=True)
    return both.sort_values(["record_id_l", "record_id_r"], kind="stable").reset_index(drop=True)


def _strip(pairs: pd.DataFrame) -> pd.DataFrame:
    out = pairs.rename(columns={"record_id_l": "left_id", "record_id_r": "right_id"}).reset_index(drop=True)
    for column in ("left_id", "right_id"):
        out[column] = out[column].astype("str").str.replace(r"^\w+\|", "", n=1, regex=True)
    kept = ["left_id", "right_id", "match_probability", "match_weight"]
    return out[kept + [c for c in out.columns if c.startswith("gamma_")]]


def _known_pairs(truth: pd.DataFrame, whole: pd.DataFrame, dedupe: bool) -> set[tuple[str, str]]:
    """The true pairs as (left id, right id); for one list the smaller id first and nobody with himself.

    Columns left_id and right_id, else the first two. Raises `ListMapError` when they name nobody here.
    """
    if truth.shape[1] < 2:
        raise ListMapError("the truth needs two columns, left_id and right_id")
    named = {"left_id", "right_id"} <= set(truth.columns)
    columns = ["left_id", "right_id"] if named else list(truth.columns[:2])
    a, b = (truth[c].astype(str).str.strip().tolist() for c in columns)
    if dedupe:
        return {(min(p), max(p)) for p in zip(a, b, strict=True) if p[0] != p[1]}
    ids = set(whole["record_id"])
    straight = sum(f"left|{x}" in ids for x in a) + sum(f"right|{x}" in ids for x in b)
    turned = sum(f"right|{x}" in ids for x in a) + sum(f"left|{x}" in ids for x in b)
    if a and not straight and not turned:
        raise ListMapError(
            f"the truth names nobody in these lists (first pair {a[0]!r}, {b[0]!r}): give the ids of the map's id"
        )
    return set(zip(b, a, strict=True) if turned > straight else zip(a, b, strict=True))


def _against(taken: pd.DataFrame, true: set[tuple[str, str]], dedupe: bool) -> Score:
    """Pair-level score; for one list a pair has no direction."""
    ids = _strip(taken)
    pairs = zip(ids["left_id"], ids["right_id"], strict=True)
    found = {(min(p), max(p)) for p in pairs} if dedupe else set(pairs)
    return score_counts("all", len(true), len(found), len(found & true))

"""Training and scoring with Splink on DuckDB.

What belongs here: the only imports of splink in this room; from a prepared table, its pairs and a
configuration to a trained model, and from a trained model to scored pairs. What does not: choosing
pairs (`blocking.py`), grouping them (`cluster.py`), or what the columns mean (`person_model.py`).

Training is unsupervised: u from a seeded random sample of pairs, m by expectation maximisation within
each training rule, then shrunk towards the stored values by a fixed number of pseudo-matches, so that
few matches move the model little and no matches move it not at all. The numbers are rounded and frozen
before anything is scored: scoring is then a sum of constants per pair and does not depend on threads.
"""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from mids_orchestration.linkage.em import clean_u
from mids_orchestration.linkage.model_config import Comparison, Level, LinkageConfig, TrainedModel
from mids_orchestration.linkage.prune import prune_pairs
from mids_orchestration.linkage.workspace import (
    Workspace,
    attach_terms,
    count_of,
    learn_terms,
    sample_pairs,
)

_FLOOR = 1e-9
_DIGITS = 6


def stored_parameters(config: LinkageConfig) -> dict[str, list[tuple[float, float]]]:
    """The m and u of the configuration, each comparison's scaled to add up to one."""
    out: dict[str, list[tuple[float, float]]] = {}
    for comparison in config.comparisons:
        levels = [lv for lv in comparison.levels if not lv.is_null]
        m_sum = sum(lv.m or _FLOOR for lv in levels)
        u_sum = sum(lv.u or _FLOOR for lv in levels)
        out[comparison.name] = [((lv.m or _FLOOR) / m_sum, (lv.u or _FLOOR) / u_sum) for lv in levels]
    return out


def splink_settings(
    config: LinkageConfig,
    prior: float,
    parameters: dict[str, list[tuple[float, float]]],
    *,
    retain: bool = False,
    drawn: bool = False,
) -> dict[str, Any]:
    """The configuration and its numbers as a Splink settings dictionary; `drawn`: for charts."""
    comparisons = [_splink_comparison(c, parameters[c.name]) for c in config.comparisons]
    terms = {lv.tf_column for c in config.comparisons for lv in c.levels if lv.tf_column}
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "record_id",
        "comparisons": comparisons,
        # Pairs are registered; Splink only wants to see that a rule exists.
        "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.record_id = r.record_id"}],
        "probability_two_random_records_match": prior,
        "retain_matching_columns": retain,
        "retain_intermediate_calculation_columns": retain,
        # A waterfall names the value whose frequency it shows.
        "additional_columns_to_retain": sorted(terms) if drawn else [],
        "max_iterations": 30,
        "em_convergence": 1e-4,
    }


def _splink_comparison(comparison: Comparison, numbers: list[tuple[float, float]]) -> dict[str, Any]:
    levels: list[dict[str, Any]] = []
    position = 0
    for level in comparison.levels:
        entry: dict[str, Any] = {"sql_condition": level.sql, "label_for_charts": level.label}
        if level.is_null:
            entry["is_null_level"] = True
        else:
            entry["m_probability"], entry["u_probability"] = numbers[position]
            position += 1
            if level.fixed_u:
                entry["fix_u_probability"] = True
            if level.fixed_m:
                entry["fix_m_probability"] = True
            if level.tf_column:
                entry["tf_adjustment_column"] = level.tf_column
                entry["disable_tf_exact_match_detection"] = True
        levels.append(entry)
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def train(work: Workspace, config: LinkageConfig, *, seed: int) -> tuple[TrainedModel, dict[str, Any]]:
    """Train on table `records`; returns the model and a report of what was trained and what was not.

    With too few records (`min_records_to_train`) or training rules that meet too few matches, the stored
    probabilities stand, and the report says so.
    """
    n = work.records
    prior = _rounded(min(0.2, max(1e-9, 2 * config.links_per_record / max(n - 1, 1))))
    terms, bits = learn_terms(work, config)
    attach_terms(work, config, terms, bits, n)
    trained = {c.name: "stored" for c in config.comparisons}
    model = TrainedModel(
        config, prior, round_parameters(stored_parameters(config)), terms, bits, n, seed, trained
    )
    report: dict[str, Any] = {"training": "stored", "prior": prior, "em_passes": []}
    if n < config.min_records_to_train:
        report["training_note"] = f"{n} records are fewer than {config.min_records_to_train}: stored values"
        return model, report
    model = replace(model, parameters=sampled_u(work, model, seed))
    sessions = _run_em(work, model, report)
    parameters, trained = combine_m(config, model.parameters, sessions)
    report["training"] = "em" if sessions else "sampled u, stored m"
    return replace(model, parameters=round_parameters(parameters), trained=trained), report


def sampled_u(work: Workspace, model: TrainedModel, seed: int) -> dict[str, list[tuple[float, float]]]:
    """u of every comparison from random pairs, cleaned of the matches that any random sample contains.

    Where the records have a column `person`, the pairs hold no match that is known, and nothing is cleaned.
    """
    config = model.config
    prior = 0.0 if "person" in work.columns else model.prior
    out: dict[str, list[tuple[float, float]]] = {}
    for given in sorted({c.u_given for c in config.comparisons}, key=str):
        agree = sample_pairs(work, "random_pairs", pairs=config.u_pairs, seed=seed, given=given)
        asked = tuple(c for c in config.comparisons if c.u_given == given)
        levels, _, counts = pattern_counts(
            work, replace(model, config=config.with_(comparisons=asked)), "random_pairs", floor_weight=None
        )
        for i, comparison in enumerate(asked):
            m = np.array([p[0] for p in model.parameters[comparison.name]])
            stored = np.array([p[1] for p in model.parameters[comparison.name]])
            seen = levels[:, i] >= 0
            found = np.bincount(levels[seen, i], weights=counts[seen], minlength=len(m))
            # A level that the sample hardly shows keeps some of what is stored.
            u = (found + config.u_pseudo_pairs) / (found.sum() + config.u_pseudo_pairs / stored)
            u = clean_u(u, m, min(prior / agree, 0.5))
            u = hold_u(u, stored, [lv for lv in comparison.levels if not lv.is_null])
            out[comparison.name] = list(zip(m.tolist(), u.tolist(), strict=True))
    return round_parameters(out)


def hold_u(u: np.ndarray, stored: np.ndarray, levels: list[Level]) -> np.ndarray:
    """Sampled u with the stored one where a level holds it: as a share of its group, or as it stands without one.

    Two papers of one kind are rare where that kind is: a refugee file met in one pair of two hundred makes equal file
    numbers among strangers two hundred times rarer over all pairs, but not among pairs that both show one.
    """
    out = u.copy()
    for i, level in enumerate(levels):
        if level.fixed_u:
            inside = np.array([level.group != "" and other.group == level.group for other in levels])
            out[i] = stored[i] * (u[inside].sum() / stored[inside].sum() if inside.any() else 1.0)
    return out


def round_parameters(
    parameters: dict[str, list[tuple[float, float]]],
) -> dict[str, list[tuple[float, float]]]:
    """Six significant digits: what a model keeps, so that sums of floats cannot differ by machine."""
    return {name: [(_rounded(m), _rounded(u)) for m, u in values] for name, values in parameters.items()}


Sessions = list[tuple[int, float, dict[str, list[float | None]]]]


def _run_em(work: Workspace, model: TrainedModel, report: dict[str, Any]) -> Sessions:
    """One Splink expectation maximisation per training rule: position, matches it rests on, m by comparison."""
    config = model.config
    linker = _linker(work, model, retain=False)
    sessions: Sessions = []
    for position, rule in enumerate(config.training_rules):
        outcome: dict[str, Any] = {"rule": rule, "used": False}
        report["em_passes"].append(outcome)
        outcome["pairs"] = pairs = count_of(
            work,
            f"SELECT count(*) FROM records l JOIN records r ON {rule} WHERE l.record_id < r.record_id",
        )
        if pairs < config.min_matches_to_train:
            outcome["note"] = "too few pairs"
            continue
        try:
            session = linker.training.estimate_parameters_using_expectation_maximisation(
                rule,
                estimate_without_term_frequencies=True,
                max_pairs=config.em_pairs,
                record_sample_proportion=1.0,
            )
        except Exception as error:  # EM may fail on degenerate data in many ways; stored values stand
            outcome["note"] = f"{type(error).__name__}: {str(error)[:120]}"
            continue
        share = session.core_model_settings.probability_two_random_records_match
        matches = share * min(pairs, config.em_pairs)
        outcome["expected_matches"] = round(matches, 1)
        if not math.isfinite(matches) or matches < config.min_matches_to_train:
            outcome["note"] = "too few matches"
        elif matches > config.max_matches_factor * config.links_per_record * work.records:
            outcome["note"] = "more matches than can be: namesakes taken for matches"
        else:
            outcome["used"] = True
            comparisons = session.core_model_settings.comparisons
            found = {c.output_column_name: _m_values(c) for c in comparisons}
            sessions.append((position, matches, found))
    return sessions


def _m_values(comparison: Any) -> list[float | None]:
    """m of the non-null levels, None where the data showed none."""
    raw = [level._m_probability for level in comparison._comparison_levels_excluding_null]
    return [float(v) if isinstance(v, (int, float)) and math.isfinite(v) else None for v in raw]


def combine_m(
    config: LinkageConfig, current: dict[str, list[tuple[float, float]]], sessions: Sessions
) -> tuple[dict[str, list[tuple[float, float]]], dict[str, str]]:
    """Trained m shrunk towards the stored one, then balanced by group; u as it is."""
    out: dict[str, list[tuple[float, float]]] = {}
    trained: dict[str, str] = {}
    for comparison in config.comparisons:
        levels = [lv for lv in comparison.levels if not lv.is_null]
        wanted = comparison.train_with
        seen = [
            (w, s[comparison.name])
            for i, w, s in sessions
            if comparison.name in s and (not wanted or i in wanted)
        ]
        m = np.array([p[0] for p in current[comparison.name]])
        u = np.array([p[1] for p in current[comparison.name]])
        if seen:
            weight = median(w for w, _ in seen)
            k = config.shrink_pseudo_matches
            for i, level in enumerate(levels):
                if not level.fixed_m:
                    value = median(s[i] or 0.0 for _, s in seen)
                    m[i] = (weight * value + k * m[i]) / (weight + k)
        m = balance(m, u, [lv.group for lv in levels], [lv.fixed_m for lv in levels])
        trained[comparison.name] = "em" if seen else "stored"
        out[comparison.name] = [
            (max(float(a), _FLOOR), max(float(b), _FLOOR)) for a, b in zip(m, u, strict=True)
        ]
    return out, trained


def balance(m: np.ndarray, u: np.ndarray, groups: list[str], fixed: list[bool]) -> np.ndarray:
    """Scale m so that each named group of levels holds as much m as u; held levels stay."""
    out = m.copy()
    for group in set(groups) - {""}:
        inside = np.array([g == group for g in groups])
        free = inside & ~np.array(fixed)
        room = u[inside].sum() - m[inside & ~free].sum()
        if free.any() and room > 0 and m[free].sum() > 0:
            out[free] = m[free] * room / m[free].sum()
    return out


def _linker(work: Workspace, model: TrainedModel, *, retain: bool) -> Any:
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(connection=work.con)
    settings = splink_settings(model.config, model.prior, model.parameters, retain=retain)
    linker = Linker(api.register("records"), settings, log_level=None, validate_settings=False)
    logging.getLogger("splink").setLevel(logging.ERROR)
    return linker


def _predict(work: Workspace, linker: Any, pairs_table: str, threshold_weight: float | None) -> str:
    pairs = linker._db_api.register(pairs_table)
    linker.table_management.register_blocked_pairs_for_predict(pairs)
    scored = linker.inference.predict(threshold_match_weight=threshold_weight, warning_mode="never")
    return str(scored.physical_name)


def score(
    work: Workspace, model: TrainedModel, pairs_table: str, *, threshold_weight: float, retain: bool = True
) -> pd.DataFrame:
    """Score the pairs of `pairs_table`; returns those at or above a match weight.

    Columns: record_id_l, record_id_r, match_probability, match_weight and one `gamma_<comparison>` each.
    Table `records` must carry the model's terms (`attach_terms`).
    """
    if prune_pairs(work, model, pairs_table, "hopeful_pairs", threshold_weight=threshold_weight):
        pairs_table = "hopeful_pairs"
    linker = _linker(work, model, retain=retain)
    table = _predict(work, linker, pairs_table, threshold_weight)
    gammas = "".join(f", gamma_{c.name}" for c in model.config.comparisons) if retain else ""
    frame = work.con.execute(
        f"SELECT record_id_l, record_id_r, match_probability, match_weight{gammas}"
        f" FROM {table} ORDER BY record_id_l, record_id_r"
    ).df()
    linker.table_management.delete_tables_created_by_splink_from_db()
    frame["match_weight"] = frame["match_weight"].round(6)
    frame["match_probability"] = frame["match_probability"].round(9)
    return frame


def pattern_counts(
    work: Workspace, model: TrainedModel, pairs_table: str, *, floor_weight: float | None = -12.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Agreement patterns of the candidate pairs: (level positions, term weights in bits, counts).

    Level position 0 is the first non-null level of a comparison, -1 is null. Pairs below `floor_weight`
    cannot be matches under any reasonable model and are left out; None keeps all.
    """
    linker = _linker(work, model, retain=True)
    table = _predict(work, linker, pairs_table, floor_weight)
    comparisons = model.config.comparisons
    terms = [f"mw_tf_adj_{c.name}" for c in comparisons if any(lv.tf_column for lv in c.levels)]
    term_sum = " + ".join(terms) if terms else "0"
    gammas = ", ".join(f"gamma_{c.name}" for c in comparisons)
    rows = work.con.execute(
        f"SELECT {gammas}, round({term_sum}, 1) AS t, count(*) AS n FROM {table} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    linker.table_management.delete_tables_created_by_splink_from_db()
    grid = np.array([r[:-2] for r in rows], dtype=int).reshape(len(rows), len(comparisons))
    top = np.array([sum(not lv.is_null for lv in c.levels) - 1 for c in comparisons])
    levels = np.where(grid >= 0, top - grid, -1)
    return levels, np.array([float(r[-2]) for r in rows]), np.array([int(r[-1]) for r in rows])


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")

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
from statistics import median
from typing import Any

import pandas as pd

from mids_orchestration.linkage.model_config import Comparison, LinkageConfig, TrainedModel
from mids_orchestration.linkage.workspace import Workspace, attach_terms, count_of, learn_terms

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
) -> dict[str, Any]:
    """The configuration and its numbers as a Splink settings dictionary."""
    comparisons = [_splink_comparison(c, parameters[c.name]) for c in config.comparisons]
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "record_id",
        "comparisons": comparisons,
        # Pairs are registered; Splink only wants to see that a rule exists.
        "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.record_id = r.record_id"}],
        "probability_two_random_records_match": prior,
        "retain_matching_columns": retain,
        "retain_intermediate_calculation_columns": retain,
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
    prior = min(0.2, max(1e-9, 2 * config.links_per_record / max(n - 1, 1)))
    terms, bits = learn_terms(work, config)
    attach_terms(work, terms, bits, n)
    parameters = stored_parameters(config)
    report: dict[str, Any] = {"training": "stored", "prior": prior, "em_passes": []}
    trained = {c.name: "stored" for c in config.comparisons}
    if n >= config.min_records_to_train:
        u_values, sessions = _run_splink_training(work, config, prior, parameters, seed, report)
        parameters, trained = _combine(config, parameters, u_values, sessions)
        report["training"] = "em" if any(v == "em" for v in trained.values()) else "sampled u, stored m"
    else:
        report["training_note"] = f"{n} records are fewer than {config.min_records_to_train}: stored values"
    rounded = {name: [(_rounded(m), _rounded(u)) for m, u in numbers] for name, numbers in parameters.items()}
    model = TrainedModel(config, prior, rounded, terms, bits, n, seed, trained)
    return model, report


def _run_splink_training(
    work: Workspace, config: LinkageConfig, prior: float, parameters: dict[str, list[tuple[float, float]]],
    seed: int, report: dict[str, Any],
) -> tuple[dict[str, list[float | None]], list[tuple[float, dict[str, list[float | None]]]]]:  # fmt: skip
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(connection=work.con)
    linker = Linker(
        api.register("records"), splink_settings(config, prior, parameters), log_level=None,
        validate_settings=False,
    )  # fmt: skip
    logging.getLogger("splink").setLevel(logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=config.u_pairs, seed=seed)
    u_values = {c.output_column_name: _values(c, "u") for c in linker._settings_obj.comparisons}
    sessions = []
    for rule in config.training_rules:
        outcome = {"rule": rule, "used": False, "expected_matches": 0.0}
        report["em_passes"].append(outcome)
        pairs = count_of(
            work,
            f"SELECT count(*) FROM records l JOIN records r ON {rule} WHERE l.record_id < r.record_id",
        )
        outcome["pairs"] = pairs
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
            continue
        if matches > config.max_matches_factor * config.links_per_record * work.records:
            outcome["note"] = "more matches than can be: namesakes taken for matches"
            continue
        outcome["used"] = True
        sessions.append(
            (
                matches,
                {c.output_column_name: _values(c, "m") for c in session.core_model_settings.comparisons},
            )
        )
    return u_values, sessions


def _values(comparison: Any, kind: str) -> list[float | None]:
    """Probabilities of the non-null levels, None where the data showed none."""
    out: list[float | None] = []
    for level in comparison._comparison_levels_excluding_null:
        raw = level._trained_u_median if kind == "u" else level._m_probability
        out.append(float(raw) if isinstance(raw, (int, float)) and math.isfinite(raw) else None)
    return out


def _combine(
    config: LinkageConfig,
    stored: dict[str, list[tuple[float, float]]],
    u_values: dict[str, list[float | None]],
    sessions: list[tuple[float, dict[str, list[float | None]]]],
) -> tuple[dict[str, list[tuple[float, float]]], dict[str, str]]:
    """Merge stored and trained numbers: m shrunk by pseudo-matches, sampled u where seen and not fixed."""
    out: dict[str, list[tuple[float, float]]] = {}
    trained: dict[str, str] = {}
    for comparison in config.comparisons:
        levels = [lv for lv in comparison.levels if not lv.is_null]
        seen = [(w, s[comparison.name]) for w, s in sessions if comparison.name in s]
        numbers = []
        for i, level in enumerate(levels):
            m0, u0 = stored[comparison.name][i]
            values = [s[i] if s[i] is not None else 0.0 for _, s in seen]
            if values and not level.fixed_m:
                weight = median(w for w, _ in seen)
                k = config.shrink_pseudo_matches
                m = (weight * median(v or 0.0 for v in values) + k * m0) / (weight + k)
            else:
                m = m0
            u = u_values.get(comparison.name, [None] * len(levels))[i]
            if level.fixed_u or u is None:
                numbers.append((m, u0))
            else:
                k = config.u_pseudo_pairs
                numbers.append((m, (u * config.u_pairs + k) / (config.u_pairs + k / u0)))
        trained[comparison.name] = "em" if seen else "stored"
        m_sum, u_sum = sum(m for m, _ in numbers), sum(u for _, u in numbers)
        out[comparison.name] = [(max(m / m_sum, _FLOOR), max(u / u_sum, _FLOOR * 10)) for m, u in numbers]
    return out, trained


def score(
    work: Workspace, model: TrainedModel, pairs_table: str, *, threshold_weight: float, retain: bool = True
) -> pd.DataFrame:
    """Score the pairs of `pairs_table`; returns those at or above a match weight.

    Columns: record_id_l, record_id_r, match_probability, match_weight and one `gamma_<comparison>` each.
    Table `records` must carry the model's terms (`attach_terms`).
    """
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(connection=work.con)
    settings = splink_settings(model.config, model.prior, model.parameters, retain=retain)
    linker = Linker(api.register("records"), settings, log_level=None, validate_settings=False)
    logging.getLogger("splink").setLevel(logging.ERROR)
    linker.table_management.register_blocked_pairs_for_predict(api.register(pairs_table))
    scored = linker.inference.predict(threshold_match_weight=threshold_weight, warning_mode="never")
    gammas = ", ".join(f"gamma_{c.name}" for c in model.config.comparisons) if retain else ""
    frame = work.con.execute(
        f"SELECT record_id_l, record_id_r, match_probability, match_weight{', ' + gammas if gammas else ''}"
        f" FROM {scored.physical_name} ORDER BY record_id_l, record_id_r"
    ).df()
    linker.table_management.delete_tables_created_by_splink_from_db()
    frame["match_weight"] = frame["match_weight"].round(6)
    frame["match_probability"] = frame["match_probability"].round(9)
    return frame


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")

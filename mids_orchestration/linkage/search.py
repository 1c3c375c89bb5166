"""Search before create: who in the register may be the person in front of the officer.

What belongs here: the index that finds candidates by sound and document, and their ranking by the linkage
model's own weights. What does not: reading the warehouse's files or the command line.

Candidates come from the index (records that share most sounds of the name, or the document); only they are
prepared and compared, so the time hardly depends on the number of persons.
"""

from __future__ import annotations

import math
from typing import Any

import duckdb
import pandas as pd

from mids_orchestration.linkage.identity import clean_document
from mids_orchestration.linkage.model_config import Comparison, TrainedModel
from mids_orchestration.linkage.names import parse_name
from mids_orchestration.linkage.prepare import core_tokens, prepare_persons
from mids_orchestration.linkage.reasons import describe_pairs
from mids_orchestration.linkage.workspace import attach_terms, open_workspace

#: The index as the warehouse holds it: one row per key (s + sound, or d + document) and record, by key.
INDEX_TABLE = "linked.person_search"
_COMPARED = ("name", "birth", "document", "nationality", "sex")
#: What preparing reads for these; places and cases are not asked for.
_READ = (
    "person_record_id", "full_name", "sex_code", "birth_date", "birth_date_precision", "age_years", "nationality_code",
    "document_type", "document_no", "event_on", "known_on",
)  # fmt: skip
_CANDIDATES = 1000
_ASKED = "?"


def search_index(prepared: pd.DataFrame) -> pd.DataFrame:
    """Columns search_key, person_record_id, sorted by key, from prepared persons (`prepare_persons`)."""
    parts = []
    sounds = prepared[["record_id", "sounds"]].explode("sounds").dropna()
    parts.append(
        pd.DataFrame({"search_key": "s" + sounds["sounds"], "person_record_id": sounds["record_id"]})
    )
    for column in ("mykad", "passport", "other_document"):
        held = prepared[["record_id", column]].dropna()
        parts.append(pd.DataFrame({"search_key": "d" + held[column], "person_record_id": held["record_id"]}))
    index = pd.concat(parts, ignore_index=True).astype("str")
    return index.sort_values(["search_key", "person_record_id"], kind="stable").reset_index(drop=True)


def search_persons(
    connection: duckdb.DuckDBPyConnection,
    model: TrainedModel,
    *,
    name: str,
    birth_year: int | None = None,
    birth_date: str | None = None,
    nationality: str | None = None,
    sex: str | None = None,
    document: str | None = None,
    limit: int = 10,
) -> pd.DataFrame:
    """The likeliest records first: person_record_id, match_weight (bits), reasons_en, reasons_ms.

    connection: a warehouse with `conformed.cnf_person` and `linked.person_search`. nationality: ISO 3166
    alpha-2. A weight of 0 bits is what a random stranger is as likely to reach; each bit doubles the odds.
    """
    asked = pd.DataFrame(
        [
            {
                "person_record_id": _ASKED, "full_name": name, "nationality_code": nationality, "sex_code": sex,
                "document_no": document, "birth_date": birth_date or (f"{birth_year}-01-01" if birth_year else None),
                "birth_date_precision": "day" if birth_date else "year",
            }
        ]
    )  # fmt: skip
    found = _candidates(connection, name, nationality, document)
    if not len(found):
        return pd.DataFrame(columns=["person_record_id", "match_weight", "reasons_en", "reasons_ms"])
    columns = ", ".join(f"person.{c}" for c in _READ)
    connection.register("search_found", found)
    persons = connection.execute(
        f"select {columns} from conformed.cnf_person as person"
        " where person_record_id in (select person_record_id from search_found)"
    ).df()
    connection.unregister("search_found")
    prepared = prepare_persons(
        pd.concat([persons, asked.reindex(columns=persons.columns)], ignore_index=True)
    )
    return _ranked(prepared, model).head(limit).reset_index(drop=True)


def _candidates(
    connection: duckdb.DuckDBPyConnection, name: str, nationality: str | None, document: str | None
) -> pd.DataFrame:
    keys = ["s" + sound for sound in core_tokens(parse_name(name, nationality))[1]]
    number = clean_document(document)
    if number:
        keys.append("d" + number)
    return connection.execute(
        f"""select person_record_id, count(*) as shared,
                   max(case when starts_with(search_key, 'd') then 1 else 0 end) as by_document
            from {INDEX_TABLE} where search_key in (select unnest(?::varchar[]))
            group by person_record_id order by by_document desc, shared desc, person_record_id limit {_CANDIDATES}""",
        [keys],
    ).df()


def _ranked(prepared: pd.DataFrame, model: TrainedModel) -> pd.DataFrame:
    work = open_workspace(prepared, threads=1)
    try:
        attach_terms(work, model.config, model.terms, model.bits, model.records)
        names = [row[0] for row in work.con.execute("select column_name from (describe records)").fetchall()]
        sides = [
            f"(select {', '.join(f'{n} as {n}_{side}' for n in names)} from records where record_id {sign} '{_ASKED}')"
            for side, sign in (("l", "="), ("r", "<>"))
        ]
        chosen = [c for c in model.config.comparisons if c.name in _COMPARED]
        parts = [_case(c, model.parameters[c.name]) for c in chosen]
        gammas = ", ".join(f"{gamma} as gamma_{c.name}" for c, (gamma, _) in zip(chosen, parts, strict=True))
        weight = " + ".join(weight for _, weight in parts)
        scored = work.con.execute(
            f"select record_id_r as person_record_id, round({weight}, 3) as match_weight, {gammas}"
            f" from {sides[0]} cross join {sides[1]} order by match_weight desc, person_record_id"
        ).df()
    finally:
        work.con.close()
    return scored[["person_record_id", "match_weight"]].join(describe_pairs(scored, model.config))


def _case(comparison: Comparison, numbers: list[tuple[float, float]]) -> tuple[str, str]:
    """SQL of the level (as the engine numbers it) and of its weight in bits."""
    gammas, weights, position = [], [], 0
    for level in comparison.levels:
        condition = "true" if level.sql == "ELSE" else f"({level.sql})"
        if level.is_null:
            gamma, weight = "-1", "0.0"
        else:
            m, u = numbers[position]
            gamma = str(len(numbers) - 1 - position)
            position += 1
            weight = f"{math.log2(m / u):.6f}"
            if level.tf_column:
                shares = ", ".join(f"tf_{level.tf_column}_{side}" for side in "lr")
                # A search never ranks the very name below one that only resembles it, however common it is.
                least = max((math.log2(a / b) for a, b in numbers[position:]), default=0.0)
                weight = f"greatest(log2({m} / coalesce(greatest({shares}), {u})), {least:.6f})"
        gammas.append(f"when {condition} then {gamma}")
        weights.append(f"when {condition} then {weight}")
    return f"case {' '.join(gammas)} end", f"case {' '.join(weights)} end"


def as_rows(found: pd.DataFrame, persons: pd.DataFrame) -> list[dict[str, Any]]:
    """Plain rows for a page or JSON: what is found joined with what the record says."""
    merged = found.merge(persons, on="person_record_id", how="left")
    return [
        {str(k): (None if not isinstance(v, str) and pd.isna(v) else v) for k, v in row.items()}
        for row in merged.to_dict("records")
    ]

"""The working database of a run, and how common every word is in it.

What belongs here: loading prepared records into one in-memory DuckDB, learning term frequencies and
information in bits, and attaching them from frozen tables. What does not: training and scoring
(`engine.py`), or which columns have terms (`person_model.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from mids_orchestration.linkage.blocking import install_macros
from mids_orchestration.linkage.model_config import LinkageConfig


@dataclass(slots=True)
class Workspace:
    """One in-memory DuckDB with the prepared records in table `records`."""

    con: duckdb.DuckDBPyConnection
    columns: list[str]
    records: int


def open_workspace(prepared: pd.DataFrame, *, threads: int = 2) -> Workspace:
    """Load prepared records (column record_id, sorted) into a fresh in-memory database."""
    con = duckdb.connect(":memory:", config={"threads": threads})
    con.execute("SET preserve_insertion_order = true; SET enable_progress_bar = false")
    install_macros(con)
    con.register("prepared_frame", prepared)
    casts = ", ".join(_typed(prepared, c) for c in prepared.columns)
    con.execute(f"CREATE TABLE records AS SELECT {casts} FROM prepared_frame ORDER BY record_id")
    con.unregister("prepared_frame")
    return Workspace(con, list(prepared.columns), len(prepared))


_LIST_COLUMNS = frozenset(("tokens", "sounds"))
_INT_COLUMNS = frozenset(("birth_year", "event_day"))
_BOOL_COLUMNS = frozenset(("year_exact", "mykad_conflict"))


def _typed(frame: pd.DataFrame, column: str) -> str:
    """A cast that also holds for a column that is wholly null."""
    if column in _LIST_COLUMNS:
        return f'CAST("{column}" AS VARCHAR[]) AS "{column}"'
    if column in _INT_COLUMNS:
        return f'CAST("{column}" AS INTEGER) AS "{column}"'
    if column in _BOOL_COLUMNS:
        return f'CAST("{column}" AS BOOLEAN) AS "{column}"'
    return f'CAST("{column}" AS VARCHAR) AS "{column}"'


def learn_terms(work: Workspace, config: LinkageConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Term frequencies (columns) and information in bits (list columns) of this population."""
    terms: dict[str, dict[str, float]] = {}
    for column in config.term_columns:
        total = count_of(work, f"SELECT count({column}) FROM records")
        rows = work.con.execute(
            f"SELECT {column}, count(*) FROM records WHERE {column} IS NOT NULL"
            " GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
        ).fetchall()
        terms[column] = {value: round(n / total, 9) for value, n in rows}
    bits: dict[str, dict[str, float]] = {}
    for column in config.bits_columns:
        total = count_of(work, f"SELECT count({column}) FROM records")
        rows = work.con.execute(
            f"SELECT t, count(*) FROM (SELECT unnest({column}) AS t FROM records)"
            " GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
        ).fetchall()
        bits[column] = {token: round(math.log2(total / n), 3) for token, n in rows}
    return terms, bits


def attach_terms(
    work: Workspace, terms: dict[str, dict[str, float]], bits: dict[str, dict[str, float]], records: int
) -> None:
    """Add `tf_<column>` and `<token column>_bits` to table `records` from frozen tables.

    A value that the tables do not hold was seen at most once among `records` records.
    """
    joins, selects = [], []
    rare = 1.0 / max(records, 1)
    for column, table in terms.items():
        _load(work, f"term_{column}", table)
        joins.append(f"LEFT JOIN term_{column} ON term_{column}.v = r.{column}")
        selects.append(
            f"CASE WHEN r.{column} IS NOT NULL THEN coalesce(term_{column}.x, {rare}) END AS tf_{column}"
        )
    for column, table in bits.items():
        _load(work, f"bits_{column}", table)
        most = round(math.log2(max(records, 2)), 3)
        work.con.execute(
            f"""CREATE OR REPLACE TEMP TABLE record_bits_{column} AS
                SELECT record_id, list(coalesce(x, {most}) ORDER BY i)::FLOAT[] AS bits FROM (
                    SELECT record_id, unnest({column}) AS t, generate_subscripts({column}, 1) AS i
                    FROM records)
                LEFT JOIN bits_{column} ON v = t GROUP BY 1"""
        )
        joins.append(f"LEFT JOIN record_bits_{column} USING (record_id)")
        selects.append(f"record_bits_{column}.bits AS {column[:-1]}_bits")
    if selects:
        work.con.execute(
            f"CREATE OR REPLACE TABLE records AS SELECT r.*, {', '.join(selects)} FROM records r"
            f" {' '.join(joins)} ORDER BY r.record_id"
        )


def _load(work: Workspace, name: str, table: dict[str, float]) -> None:
    """A table of v (text) and x (number) from a dictionary."""
    frame = pd.DataFrame({"v": list(table), "x": list(table.values())})
    work.con.register("term_frame", frame)
    work.con.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT v::VARCHAR AS v, x::DOUBLE AS x FROM term_frame"
    )
    work.con.unregister("term_frame")


def count_of(work: Workspace, sql: str) -> int:
    """The single whole number a query returns; 0 for none."""
    row = work.con.execute(sql).fetchone()
    return int(row[0]) if row and row[0] is not None else 0

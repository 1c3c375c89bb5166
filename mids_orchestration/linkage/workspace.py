"""The working database of a run, and how common every word is in it.

What belongs here: loading prepared records into one in-memory DuckDB, learning term frequencies and
information in bits, and attaching them from frozen tables. What does not: training and scoring
(`engine.py`), or which columns have terms (`person_model.py`).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import duckdb
import pandas as pd

from mids_orchestration.linkage.blocking import install_macros
from mids_orchestration.linkage.model_config import LinkageConfig, LiveCount


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


_RAREST_NAME = 1e-8

_LIST_COLUMNS = frozenset(("tokens", "sounds", "readings", "address_words"))
_INT_COLUMNS = frozenset(("birth_year", "born_first", "born_last", "event_day"))
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


def learn_terms(
    work: Workspace, config: LinkageConfig
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Term frequencies (columns) and information in bits (list columns) of this population.

    A frequency is the share of *other* records that hold the value: (n - 1) / total. Within the records of one
    value of another column (`term_within`) the keys are `<other>|<value>`, and `|<value>` has the share among all.
    Where the records have a column `person`, a value that one person's records repeat counts once.
    """
    once, who = ("count(DISTINCT person)", ", person") if "person" in work.columns else ("count(*)", "")
    terms: dict[str, dict[str, float]] = {}
    within = dict(config.term_within)
    for column in config.term_columns:
        other = within.get(column)
        group = f", {other}" if other else ""
        over = f"OVER (PARTITION BY {other})" if other else "OVER ()"
        rows = work.con.execute(
            f"SELECT v, max(n), max(total) FROM (SELECT {column} AS v, {once} AS n,"
            f" sum({once}) {over} AS total FROM records WHERE {column} IS NOT NULL"
            f" {f'AND {other} IS NOT NULL' if other else ''} GROUP BY {column}{group})"
            " WHERE n > 2 GROUP BY v ORDER BY v"
        ).fetchall()
        terms[column] = {value: round((n - 1) / float(total), 9) for value, n, total in rows}
        if other:
            # Of a record that does not say the other column only the frequency among all can be known.
            rows = work.con.execute(
                f"SELECT v, n, (SELECT {once} FROM records WHERE {column} IS NOT NULL) FROM (SELECT"
                f" '|' || split_part({column}, '|', 2) AS v, {once} AS n FROM records"
                f" WHERE {column} IS NOT NULL GROUP BY 1) WHERE n > 2 ORDER BY v"
            ).fetchall()
            terms[column] |= {value: round((n - 1) / float(total), 9) for value, n, total in rows}
    bits: dict[str, dict[str, float]] = {}
    for column in config.bits_columns:
        total = count_of(work, f"SELECT {once} FROM records WHERE {column} IS NOT NULL")
        rows = work.con.execute(
            f"SELECT t, {once} AS n FROM (SELECT unnest({column}) AS t{who} FROM records)"
            " GROUP BY 1 HAVING n > 1 ORDER BY 1"
        ).fetchall()
        bits[column] = {token: round(math.log2(total / n), 3) for token, n in rows}
    return terms, bits


def attach_terms(
    work: Workspace,
    config: LinkageConfig,
    terms: dict[str, dict[str, float]],
    bits: dict[str, dict[str, float]],
    records: int,
    only: str | None = None,
    counted: str | None = None,
) -> None:
    """Add `tf_<column>`, `<token column>_bits` and the live counts to table `records`.

    The configuration's `extra["alone"]` may say how rare a value of a column is at least when one record
    holds it.

    only: a table of record_id; `records` is then a view, and afterwards a table of these alone, with the shares they
        have among all.
    counted: a table that holds the live counts of all records already (`recount_live`).
    `extra["alone_bits"]`: column → list column; the information of its members, times `extra["alone_hold"]`, bounds
    that share further.
    `terms` and `bits` are frozen tables learnt from `records` records; a value they do not hold counts as
    held by one record.
    """
    if only and config.live_counts:
        _live_of(work, config, counted or count_live(work, config))
    if only:
        work.con.execute(f"CREATE TABLE chosen AS SELECT * FROM records SEMI JOIN {only} USING (record_id)")
        work.con.execute("DROP VIEW records")
        work.con.execute("ALTER TABLE chosen RENAME TO records")
    joins, selects = [], []
    one = max(records, 1)
    within = dict(config.term_within)
    size = {
        c: f"({one} * CASE WHEN r.{c} IS NULL THEN 1.0 ELSE coalesce(term_{c}.x, {1.0 / one}) END)"
        for c in set(within.values())
    }
    for column, table in terms.items():
        _load(work, f"term_{column}", table)
        joins.append(f"LEFT JOIN term_{column} ON term_{column}.v = r.{column}")
        least = config.extra.get("alone", {}).get(column, 1.0)
        alone = (
            f"least(1.0 / greatest({size[within[column]]}, 1), {least})"
            if column in within
            else f"{min(1.0 / one, least)}"
        )
        words = config.extra.get("alone_bits", {}).get(column)
        if words in bits:
            by_words = f"pow(2, -{config.extra['alone_hold']} * list_sum(record_bits_{words}.bits))"
            alone = f"least({alone}, greatest({by_words}, {_RAREST_NAME}))"
        selects.append(
            f"CASE WHEN r.{column} IS NOT NULL THEN coalesce(term_{column}.x, {alone}) END AS tf_{column}"
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
    if config.live_counts:
        if not only:
            _live_of(work, config, count_live(work, config))
        _attach_live(work, config, one)


def count_live(work: Workspace, config: LinkageConfig) -> str:
    """Table counted: how many records each record of `records` shares its events with (`<name>_count`)."""
    counts = "".join(f", {c.sql} AS {c.name}_count" for c in config.live_counts)
    work.con.execute(
        f"CREATE OR REPLACE TEMP TABLE counted AS SELECT record_id, nationality{counts} FROM records"
    )
    return "counted"


def count_columns(config: LinkageConfig) -> list[str]:
    """The columns in which a state keeps the live counts."""
    return [f"{c.name}_count" for c in config.live_counts]


def recount_live(work: Workspace, config: LinkageConfig, table: str, news: str) -> None:
    """Bring the live counts of `table` up to date after the records of `news` came or went.

    Both tables have the columns of `records`; those of `news` are as they are now and as they were. Only records that
    share a key with one of them, and lie within the days, can have another count; each is counted among all whom it
    shares a key with, so the numbers are those of a full count.
    """
    for count in config.live_counts:
        touched = _sharing(table, news, count)
        work.con.execute(f"CREATE OR REPLACE TEMP TABLE touched AS SELECT * FROM ({touched})")
        peers = _sharing(table, "touched", count)
        work.con.execute(
            f"CREATE OR REPLACE TEMP TABLE recounted AS SELECT * FROM"
            f" (SELECT record_id, {count.sql} AS n FROM ({peers})) SEMI JOIN touched USING (record_id)"
        )
        column = f"{count.name}_count"
        work.con.execute(
            f"UPDATE {table} SET {column} = n FROM recounted r WHERE {table}.record_id = r.record_id"
        )
        # Without a key there is nobody to share with.
        work.con.execute(f"UPDATE {table} SET {column} = 0 WHERE {column} IS NULL")
    work.con.execute("DROP TABLE IF EXISTS touched; DROP TABLE IF EXISTS recounted")


def _sharing(table: str, others: str, count: LiveCount) -> str:
    """SQL: the records of `table` that agree with one of `others` on a key, within the days; all where none is told."""
    found = [] if count.keys else [f"SELECT * FROM {table}"]
    for key in count.keys:
        if count.days:
            span = f"range(event_day - {count.days}, event_day + {count.days} + 1)"
            keys = f"SELECT DISTINCT {key} AS k, unnest({span})::INTEGER AS d FROM {others} WHERE event_day IS NOT NULL"
            found.append(f"SELECT t.* FROM {table} t SEMI JOIN ({keys}) ON ({key}) = k AND event_day = d")
        else:
            keys = f"SELECT DISTINCT {key} AS k FROM {others} WHERE {key} IS NOT NULL"
            found.append(f"SELECT t.* FROM {table} t SEMI JOIN ({keys}) ON ({key}) = k")
    return found[0] if len(found) == 1 else " UNION ".join(found)


def _live_of(work: Workspace, config: LinkageConfig, counted: str) -> None:
    """Table live: the counts of `counted` and which part of a record's nationality shares an event at all."""
    met = ", ".join(
        f"greatest(count(*) FILTER ({c.name}_count > 0) OVER (PARTITION BY nationality), 1)"
        f" / count(*) OVER (PARTITION BY nationality) AS {c.name}_met"
        for c in config.live_counts
        if c.shared
    )
    # Apart from the counts: nested in one statement, DuckDB runs those windows again for every outer one.
    work.con.execute(
        "CREATE OR REPLACE TEMP TABLE live AS SELECT"
        f" record_id, {', '.join(count_columns(config))}, {met} FROM {counted}"
    )
    work.con.execute("DROP TABLE IF EXISTS temp.counted")


def _attach_live(work: Workspace, config: LinkageConfig, records: int) -> None:
    """Shares of an event: its records of one nationality over all records of that nationality."""
    total = f"greatest({records} * coalesce(tf_nationality, 1.0), 1)"
    # Never below one record: the pair itself may be one person.
    shares = ", ".join(
        f"least(greatest({c.name}_count, 1) / {total}{f' * {c.name}_met' if c.shared else ''}, 1.0)::DOUBLE"
        f" AS tf_{c.name}, record_id AS {c.name}"
        for c in config.live_counts
    )
    work.con.execute(
        f"CREATE OR REPLACE TABLE records AS SELECT records.*, {shares} FROM records JOIN live USING (record_id)"
        " ORDER BY record_id"
    )
    work.con.execute("DROP TABLE live")


def sample_pairs(work: Workspace, out: str, *, pairs: int, seed: int, given: str | None = None) -> float:
    """Write table `out` (match_key, join_key_l, join_key_r): about `pairs` random pairs of records.

    Records stand in an order shuffled by `seed`; each is paired with those at seeded distances from it, so
    every record takes part and the same rows give the same pairs. `given`: only pairs that agree on this
    column. Returns the share of all pairs that agree on it (1.0 without `given`). Records of one `person`, where
    the column is there, are no random pair.
    """
    apart = ", r.person" if "person" in work.columns else ""
    n = count_of(work, f"SELECT count(*) FROM records WHERE {given or 'record_id'} IS NOT NULL")
    part = f"PARTITION BY {given}" if given else ""
    work.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE shuffled AS SELECT record_id, {given or "''"} AS g,
            row_number() OVER ({part} ORDER BY hash(record_id || '#{seed}'), record_id) - 1 AS i,
            count(*) OVER ({part}) AS size{apart} FROM records r WHERE {given or "record_id"} IS NOT NULL"""
    )
    rng = random.Random(seed)
    steps = sorted({rng.randrange(1, 1_000_003) for _ in range(max(1, round(pairs / max(n, 1))))})
    work.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {out} AS
            SELECT '0' AS match_key, least(a.record_id, b.record_id) AS join_key_l,
                   greatest(a.record_id, b.record_id) AS join_key_r
            FROM shuffled a JOIN (SELECT unnest({steps}) AS step) ON a.size > 1
            JOIN shuffled b ON b.g = a.g AND b.i = (a.i + 1 + step % (a.size - 1)) % a.size
            {"WHERE a.person <> b.person" if apart else ""} GROUP BY ALL"""
    )
    share = work.con.execute("SELECT sum(c * (c - 1.0)) FROM (SELECT count(*) AS c FROM shuffled GROUP BY g)")
    row = share.fetchone()
    work.con.execute("DROP TABLE shuffled")
    return float(row[0]) / (n * (n - 1.0)) if row and row[0] and n > 1 else 1.0


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

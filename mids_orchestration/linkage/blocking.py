"""Which pairs are compared: counted first, capped, then formed.

What belongs here: turning the rules of a configuration into one table of keys, counting what they
would yield, leaving out keys that are too common, and forming distinct pairs. What does not: scoring.

Names are skewed (a few hold much of a population), so a plain join on a name explodes. Every rule is
therefore a list of keys per record, every key has a size, and the pairs of a rule are known exactly
(Σ n(n−1)/2) before a single one is formed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb

from mids_orchestration.linkage.model_config import BlockingRule

MACROS = (
    """CREATE OR REPLACE MACRO shared_bits(a, bits, b) AS
       coalesce(list_sum(list_transform(list_intersect(a, b), lambda s: bits[list_position(a, s)])), 0)""",
    """CREATE OR REPLACE MACRO day_month_swapped(a, b) AS
       substr(a, 1, 4) = substr(b, 1, 4) AND substr(a, 6, 2) = substr(b, 9, 2)
       AND substr(a, 9, 2) = substr(b, 6, 2)""",
    # Counting slips costs more than anything else here: it is asked only of what is not wholly unlike. Two texts of
    # four letters or more that are one slip apart always reach 0.75.
    """CREATE OR REPLACE MACRO one_slip(a, b) AS
       CASE WHEN abs(length(a) - length(b)) <= 1 AND jaro_winkler_similarity(a, b) >= 0.75
            THEN damerau_levenshtein(a, b) <= 1 ELSE false END""",
    """CREATE OR REPLACE MACRO readings_found(a, b) AS
       list_bool_and(list_transform(a, lambda x: list_bool_or(list_transform(b, lambda y:
           list_has_any(string_split(x, ' '), string_split(y, ' '))))))""",
    # A text without each of its letters in turn; two texts within one slip share such a rest or one is the other's.
    """CREATE OR REPLACE MACRO without_one(a) AS
       list_transform(CASE WHEN length(a) >= 5 THEN range(1, length(a) + 1) ELSE [] END,
           lambda i: substr(a, 1, i - 1) || substr(a, i + 1))""",
    """CREATE OR REPLACE MACRO sound_pairs(s) AS
       list_filter(flatten(list_transform(s, lambda x: list_transform(s, lambda y:
           CASE WHEN x < y THEN x || '|' || y END))), lambda p: p IS NOT NULL)""",
)


@dataclass(slots=True)
class BlockingCount:
    """What blocking would cost and what was left out."""

    by_rule: dict[str, int] = field(default_factory=dict)
    left_out_by_rule: dict[str, int] = field(default_factory=dict)
    caps: dict[str, int] = field(default_factory=dict)
    pairs: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain form for metrics."""
        return {
            "pairs": self.pairs,
            "pairs_by_rule": dict(self.by_rule),
            "pairs_left_out_by_rule": dict(self.left_out_by_rule),
            "block_caps": dict(self.caps),
        }


def install_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Create the SQL macros that rules and comparisons use."""
    for statement in MACROS:
        con.execute(statement)


def build_keys(
    con: duckdb.DuckDBPyConnection,
    table: str,
    rules: tuple[BlockingRule, ...],
    out: str,
    *,
    only_keys: str | None = None,
) -> None:
    """Write table `out`: rule (position), key hash, record_id; one row per record, rule and distinct key.

    only_keys: a table of the same form; other keys than its own are left out.
    """
    held = f" AND hash(k) IN (SELECT key FROM {only_keys} WHERE rule = {{}})" if only_keys else ""
    # A first part without rows: a configuration may have no rule at all.
    parts = [f"SELECT 0::UTINYINT AS rule, hash('') AS key, record_id FROM {table} WHERE false"]
    parts += [
        f"SELECT DISTINCT {i}::UTINYINT AS rule, hash(k) AS key, record_id FROM"
        f" (SELECT record_id, unnest({rule.keys_sql}) AS k FROM {table}) WHERE k IS NOT NULL{held.format(i)}"
        for i, rule in enumerate(rules)
    ]
    con.execute(f"CREATE OR REPLACE TEMP TABLE {out} AS " + " UNION ALL ".join(parts))


def count_and_cap(
    con: duckdb.DuckDBPyConnection, keys: str, rules: tuple[BlockingRule, ...], max_pairs: int
) -> BlockingCount:
    """Choose a block cap per rule so that the pairs of all rules together stay within `max_pairs`.

    The caps start at the rules' own and are halved together until the count fits; a cap below 2 would
    leave no pair, so it stops at 2 and the count says what remains.
    """
    sizes = con.execute(
        f"SELECT rule, n, count(*) AS blocks FROM (SELECT rule, key, count(*) AS n FROM {keys} GROUP BY ALL)"
        " WHERE n > 1 GROUP BY ALL"
    ).fetchall()
    factor = 1
    while True:
        count = BlockingCount()
        for i, rule in enumerate(rules):
            cap = max(2, rule.max_block // factor)
            kept = sum(b * n * (n - 1) // 2 for r, n, b in sizes if r == i and n <= cap)
            lost = sum(b * n * (n - 1) // 2 for r, n, b in sizes if r == i and n > cap)
            count.by_rule[rule.name], count.left_out_by_rule[rule.name] = kept, lost
            count.caps[rule.name] = cap
        if sum(count.by_rule.values()) <= max_pairs or all(c == 2 for c in count.caps.values()):
            return count
        factor *= 2


def form_pairs(
    con: duckdb.DuckDBPyConnection,
    table: str,
    keys: str,
    count: BlockingCount,
    out: str,
    *,
    cannot_link_sql: str = "false",
    only_with: str | None = None,
) -> None:
    """Write table `out` (match_key, join_key_l, join_key_r): distinct pairs with l < r.

    `match_key` is the position of the first rule that found the pair. `only_with` names a table of
    record_id: pairs without any of these records are not formed (incremental linking).
    Fills `count.pairs`.
    """
    # A rule that is no rule, so that a configuration without rules forms an empty table.
    caps = " UNION ALL ".join(
        ["SELECT 255 AS rule, 0 AS cap"]
        + [f"SELECT {i} AS rule, {c} AS cap" for i, c in enumerate(count.caps.values())]
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {out}_keys AS
            SELECT k.rule, k.key, k.record_id FROM {keys} k
            JOIN (SELECT rule, key, count(*) AS n FROM {keys} GROUP BY ALL HAVING count(*) > 1) s
              USING (rule, key) JOIN ({caps}) c USING (rule) WHERE s.n <= c.cap"""
    )
    new = f"AND (a.record_id IN (FROM {only_with}) OR b.record_id IN (FROM {only_with}))" if only_with else ""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {out} AS
            SELECT p.match_key::VARCHAR AS match_key, p.join_key_l, p.join_key_r FROM (
                SELECT min(a.rule) AS match_key, a.record_id AS join_key_l, b.record_id AS join_key_r
                FROM {out}_keys a JOIN {out}_keys b USING (rule, key)
                WHERE a.record_id < b.record_id {new} GROUP BY 2, 3) p
            JOIN {table} l ON l.record_id = p.join_key_l JOIN {table} r ON r.record_id = p.join_key_r
            WHERE NOT coalesce(({cannot_link_sql}), false)"""
    )
    con.execute(f"DROP TABLE {out}_keys")
    row = con.execute(f"SELECT count(*) FROM {out}").fetchone()
    count.pairs = int(row[0]) if row else 0

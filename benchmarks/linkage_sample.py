"""How good the person links of a home are against the sample's truth, by role and name form.

Usage: ``python -m benchmarks.linkage_sample [HOME]`` after ``make demo`` (default: ``MIDS_HOME``, else ``.mids``).
Without ``truth/`` in the home (real agencies have none) it says so and prints no number.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks._sample import finished_sample
from mids_orchestration.linkage.evaluate import Score, evaluate
from mids_orchestration.linkage.person_model import DEFAULT

#: By role a pair counts where either record has it; here both records have one of these.
_BOTH = {
    "both found in Malaysia": ["VICTIM"],
    "both victims anywhere": ["VICTIM", "MISSING_ABROAD"],
}
_STEPS = (0.2, 0.4, 0.6, 0.8, 0.9, 0.99, 1.0)


def main() -> None:
    """Print precision and recall with 95 % intervals."""
    sample = finished_sample()
    if sample is None:
        return
    home, truth = sample
    with duckdb.connect(str(home / "warehouse" / "mids.duckdb"), read_only=True) as connection:
        links = connection.execute("select person_record_id, person_key from linked.person_link").df()
        role = connection.execute("select person_record_id, role_code from conformed.cnf_person").df()
    print(f"{len(links):,} person records, {links['person_key'].nunique():,} persons")
    for title, groups in (
        ("role", role.set_index("person_record_id")["role_code"]),
        ("name form", truth.set_index("person_record_id")["name_form"]),
    ):
        print(f"\nby {title}")
        for score in evaluate(links, truth, groups).values():
            print(_line(score))
    for title, roles in _BOTH.items():
        both = truth[
            truth["person_record_id"].isin(role.loc[role["role_code"].isin(roles), "person_record_id"])
        ]
        print(_line(replace(evaluate(links, both)["all"], group=title)))
    _where_the_missed_are(home, links, truth)
    _how_true_a_probability_is(home, truth)


def _where_the_missed_are(home: Path, links: pd.DataFrame, truth: pd.DataFrame) -> None:
    """Print how far the missed pairs came, and how many of the pairs in review are true."""
    kept = home / "linkage" / "pairs.parquet"
    if not kept.exists():
        return
    with duckdb.connect() as con:
        con.register("links", links)
        con.register("truth", truth)
        con.execute(
            "CREATE TABLE known AS SELECT person_record_id AS id, true_person_id AS who, name_form, person_key"
            " FROM truth JOIN links USING (person_record_id)"
        )
        con.execute(
            "CREATE TABLE pairs AS SELECT person_record_id_l AS l, person_record_id_r AS r, match_probability AS p"
            f" FROM read_parquet('{kept}')"
        )
        rows = con.execute(
            f"""SELECT CASE WHEN p IS NULL THEN 'scored below the review threshold, or never compared'
                       WHEN p < {DEFAULT.threshold} THEN 'in review' ELSE 'join refused' END AS stage,
                   count(*), count(*) FILTER (a.name_form = 'rohingya')
                FROM known a JOIN known b ON a.who = b.who AND a.id < b.id AND a.person_key <> b.person_key
                LEFT JOIN pairs ON l = a.id AND r = b.id GROUP BY 1 ORDER BY 2 DESC"""
        ).fetchall()
        review = con.execute(
            f"""SELECT count(*), count(*) FILTER (a.who = b.who) FROM pairs
                JOIN known a ON a.id = l JOIN known b ON b.id = r WHERE p < {DEFAULT.threshold}"""
        ).fetchone()
    print("\ntrue pairs that are apart (of them Rohingya names)")
    for stage, count, rohingya in rows:
        print(f"{count:>5} ({rohingya})  {stage}")
    if review:
        print(f"pairs in review {review[0]:,}, of them true {review[1]:,}")


def _how_true_a_probability_is(home: Path, truth: pd.DataFrame) -> None:
    """Print what the model believed of the pairs it kept beside how many of them are true."""
    kept = home / "linkage" / "pairs.parquet"
    if not kept.exists():
        return
    pairs = pd.read_parquet(kept, columns=["person_record_id_l", "person_record_id_r", "match_probability"])
    who = truth.set_index("person_record_id")["true_person_id"]
    a, b = (pairs[f"person_record_id_{side}"].map(who) for side in ("l", "r"))
    pairs = pairs.assign(true=(a == b) & a.notna())[a.notna() & b.notna()]
    print("\nprobability        pairs   believed   true")
    for low, high in pairwise(_STEPS):
        inside = pairs[
            pairs["match_probability"].between(low, high, inclusive="left" if high < 1 else "both")
        ]
        if len(inside):
            believed, true = inside["match_probability"].mean(), inside["true"].mean()
            print(f"{low:.2f} to {high:.2f} {len(inside):>12,} {believed:>10.3f} {true:>6.3f}")


def _line(score: Score) -> str:
    def told(value: float | None, interval: tuple[float, float] | None) -> str:
        return "   not assessed         " if value is None or interval is None else (
            f"{value:.4f} [{interval[0]:.4f}, {interval[1]:.4f}]")  # fmt: skip

    return (
        f"{score.group:<22} true pairs {score.true_pairs:>5}   precision "
        f"{told(score.precision, score.precision_interval)}   recall {told(score.recall, score.recall_interval)}"
    )


if __name__ == "__main__":
    main()

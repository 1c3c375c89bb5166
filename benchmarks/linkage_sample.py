"""How good the person links of a home are against the sample's truth, by role and name form.

Usage: ``python -m benchmarks.linkage_sample [HOME]`` after ``make demo`` (default: ``MIDS_HOME``, else ``.mids``).
Without ``truth/`` in the home (real agencies have none) it says so and prints no number.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb

from mids_orchestration.linkage.evaluate import Score, evaluate
from mids_orchestration.sample.known import has_truth, truth_of


def main() -> None:
    """Print precision and recall with 95 % intervals."""
    home = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MIDS_HOME", ".mids"))
    warehouse = home / "warehouse" / "mids.duckdb"
    if not warehouse.exists() or not has_truth(home):
        print(f"not measured: {home} holds no finished cycle with truth beside it (make demo makes one)")
        return
    truth = truth_of(home)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
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


def _line(score: Score) -> str:
    def told(value: float | None, interval: tuple[float, float] | None) -> str:
        return "   not assessed         " if value is None or interval is None else (
            f"{value:.4f} [{interval[0]:.4f}, {interval[1]:.4f}]")  # fmt: skip

    return (
        f"{score.group:<20} true pairs {score.true_pairs:>5}   precision "
        f"{told(score.precision, score.precision_interval)}   recall {told(score.recall, score.recall_interval)}"
    )


if __name__ == "__main__":
    main()

"""Twenty questions an analyst asks, each one statement (``benchmarks/questions/``), timed on a warehouse that is there.

``MIDS_HOME=… python -m benchmarks warehouse_questions`` asks the warehouse of that data home; MIDS_BENCH_WAREHOUSE
names another DuckDB file. Two threads; each question is asked three times and the median counts. Aim: each under
500 ms.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import duckdb

QUESTIONS = Path(__file__).parent / "questions"
AIM_MS = 500


def questions() -> dict[str, str]:
    """The statements by name, in order."""
    return {path.stem: path.read_text("utf-8") for path in sorted(QUESTIONS.glob("*.sql"))}


def opened(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """The warehouse read-only, its marts found without a schema's name, as in a release."""
    connection = duckdb.connect(str(warehouse), read_only=True, config={"threads": 2})
    connection.execute("set search_path = 'marts,quality'")
    return connection


def ask(warehouse: Path) -> list[tuple[str, float, int]]:
    """Median milliseconds and rows of each question."""
    told = []
    with opened(warehouse) as connection:
        for name, sql in questions().items():
            times, rows = [], 0
            for _ in range(3):
                started = time.perf_counter()
                rows = len(connection.execute(sql).fetchall())
                times.append((time.perf_counter() - started) * 1000)
            told.append((name, statistics.median(times), rows))
    return told


def main() -> None:
    """Print every question's time, and how many stay under the aim."""
    home = os.environ.get("MIDS_HOME", "")
    warehouse = Path(os.environ.get("MIDS_BENCH_WAREHOUSE") or Path(home) / "warehouse" / "mids.duckdb")
    if not warehouse.exists():
        print("not measured: no warehouse there; set MIDS_HOME to a data home that has run (make demo)")
        return
    told = ask(warehouse)
    print(f"{'':<52}{'ms':>8}{'rows':>8}")
    for name, milliseconds, rows in told:
        print(f"{name:<52}{milliseconds:>8.1f}{rows:>8,}")
    slow = [name for name, milliseconds, _ in told if milliseconds >= AIM_MS]
    print(f"{len(told) - len(slow)} of {len(told)} questions under {AIM_MS} ms")


if __name__ == "__main__":
    main()

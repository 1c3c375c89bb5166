"""One week of new deliveries: building what is new beside building everything, and whether their rows agree.

``python -m benchmarks warehouse_week`` measures 300 thousand, 1 and 3 million records; MIDS_BENCH_RECORDS another
number. Upon the records of ``warehouse_build`` a week lands that is a five-hundredth of them: new papers with their
persons, and corrections of papers of all years. Each way is timed from the choice of what is built (news.py) to
the end of dbt's second stride, without data tests, DuckDB limited to 2 GiB. Every table is then compared, row by row.
The least size at which the news are cheaper is what ``ONLY_NEWS_FROM`` in that module should be.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.warehouse_build import build_dbt, write_zone

SIZES = [int(n) for n in os.environ.get("MIDS_BENCH_RECORDS", "300000 1000000 3000000").split()]
DAY = date(2026, 7, 6)
WEEKS = 500
LAYERS = ("conformed", "linked", "marts", "quality")


def land_a_week(home: Path) -> int:
    """Add a week's deliveries to a zone that ``write_zone`` has made; returns how many records."""
    landing = home / "landing"
    number = "cast(regexp_extract(no_kertas_siasatan, '/([0-9]+)/', 1) as bigint)"
    renumbered = "replace(no_kertas_siasatan, '/20', '9/20') as no_kertas_siasatan"
    receipts = pq.read_table(landing / "receipts.parquet")
    rows, landed = receipts.to_pylist(), 0
    with duckdb.connect() as connection:
        for record in ("cases", "persons"):
            folder, receipt = landing / "pdrm" / record, f"pdrm-{record}-{DAY}"
            lineage = f"'{receipt}' as _receipt_id, '{DAY}' as _known_on"
            told = f"read_parquet('{folder / 'bench.parquet'}')"
            new = f"select * replace ({lineage}, {renumbered}) from {told} where {number} % {WEEKS} = 6"
            if record == "cases":
                new += f""" union all select * replace ({lineage}, 'SABAH' as negeri,
                    '{DAY:%d/%m/%Y} 08:00' as kemaskini_pada) from {told} where {number} % {WEEKS} = 5"""
            path = folder / f"{receipt}.parquet"
            connection.execute(f"copy ({new}) to '{path}' (format parquet)")
            count = pq.read_metadata(path).num_rows
            like = next(row for row in rows if row["agency"] == "pdrm" and row["record"] == record)
            days = dict.fromkeys(("sent_on", "known_on", "first_sent_on", "first_known_on"), DAY)
            rows.append(like | days | {"receipt_id": receipt, "received": count, "accepted": count})
            landed += count
    pq.write_table(pa.Table.from_pylist(rows, schema=receipts.schema), landing / "receipts.parquet")
    return landed


def build(home: Path, *, only_news: bool) -> float:
    """Build as a run of the week does, only the news or everything; returns the seconds it took."""
    from expectations.contract import load_contracts
    from mids_orchestration import news

    started = time.monotonic()
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        contracts = load_contracts()
        scope = news.begin(
            connection, home / "landing", contracts, "bench", smallest=0 if only_news else 10**12
        )
        assert scope.only_news == only_news, scope.reason
    build_dbt(home)
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        news.finish(connection)
    return time.monotonic() - started


def differing(one: Path, other: Path) -> list[str]:
    """Tables whose rows, each counted as often as it stands there, are not the same in both warehouses."""
    with duckdb.connect(config={"memory_limit": "2GiB", "threads": 2}) as connection:
        connection.execute(f"attach '{one}' as one (read_only); attach '{other}' as other (read_only)")
        tables = connection.execute(
            f"""select schema_name || '.' || table_name from duckdb_tables() where database_name = 'one'
            and schema_name in {LAYERS} and table_name not in ('cnf_touched', 'lnk_touched')"""
        ).fetchall()
        sums = "select count(*), sum(cast(hash(told) as hugeint)), bit_xor(hash(told)) from"
        return [
            table
            for (table,) in tables
            if connection.execute(f"{sums} one.{table} as told").fetchone()
            != connection.execute(f"{sums} other.{table} as told").fetchone()
        ]


def main() -> None:
    """Print the seconds of both ways for each size, and the tables whose rows differ (none should)."""
    print(
        f"{'records':>12}{'of the week':>12}{'everything':>12}{'the news':>10}{'share':>8}  tables that differ"
    )
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="mids-week-") as folder:
            home = Path(folder) / "weekly"
            home.mkdir()
            records = write_zone(home, size)
            build(home, only_news=False)
            week = land_a_week(home)
            whole = Path(folder) / "whole"
            shutil.copytree(home, whole)
            news_seconds = build(home, only_news=True)
            whole_seconds = build(whole, only_news=False)
            found = differing(home / "warehouse.duckdb", whole / "warehouse.duckdb")
            print(
                f"{records:>12,}{week:>12,}{whole_seconds:>12.1f}{news_seconds:>10.1f}"
                f"{news_seconds / whole_seconds:>8.0%}  {', '.join(found) or 'none'}",
                flush=True,
            )
            if found:
                raise SystemExit(1)


if __name__ == "__main__":
    main()

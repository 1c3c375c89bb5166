"""The warehouse on Spark: builds the small warehouse of the tests on a local Spark session and on DuckDB, and compares.

``python -m benchmarks warehouse_spark`` needs Java 17 and, in this environment, ``pip install 'dbt-spark[session]'``
(pyspark is too large for the lock, so it is not in it). Prints how many tables agree row by row, and which do not.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

#: What Python writes into the schema of the linked layer, for dbt to read.
LINKED = ("person_link", "person_pair", "order_pair", "unseen_estimate")
LAYERS = ("conformed", "linked", "marts", "quality")


def main() -> None:
    """Build twice, compare every table beyond staging."""
    missing = [name for name in ("pyspark", "dbt.adapters.spark") if importlib.util.find_spec(name) is None]
    if missing or shutil.which("java") is None:
        print(
            f"not measured: needs {', '.join(missing) or 'java'} (pip install 'dbt-spark[session]', Java 17)"
        )
        return
    from tests.dbt.conftest import Built, prepare

    with tempfile.TemporaryDirectory(prefix="mids-spark-") as folder:
        built = Built(Path(folder))
        prepare(built)
        started = time.monotonic()
        built.dbt(*(["build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test",
                     "--selector", s, "--vars", VARS] for s in ("to_conformed", "from_linked")))  # fmt: skip
        print(f"DuckDB: {time.monotonic() - started:.0f} s")
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.warehouse_spark", folder],
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                "MIDS_LANDING": str(built.home / "landing"),
                "MIDS_WAREHOUSE": str(built.warehouse),
            },
        )
        print(f"Spark: {time.monotonic() - started:.0f} s")
        if done.returncode:
            print((done.stdout + done.stderr)[-6000:])
            raise SystemExit(1)
        spark = json.loads((built.home / "spark.json").read_text())
        import duckdb

        with duckdb.connect(str(built.warehouse), read_only=True) as connection:
            different = []
            for name, told in sorted(spark.items()):
                columns = ", ".join(f'"{column}"' for column in told["columns"])
                held = connection.execute(f"select {columns} from {name}").fetchall()
                ours = Counter(tuple(map(plain, row)) for row in held)
                theirs = Counter(tuple(row) for row in told["rows"])
                if ours != theirs:
                    different.append(name)
                    print(
                        f"differs: {name}: {len(ours - theirs)} rows only in DuckDB, {len(theirs - ours)} only in Spark"
                    )
                    for row in list(ours - theirs)[:2]:
                        print("   duckdb", row)
                    for row in list(theirs - ours)[:2]:
                        print("   spark ", row)
        print(f"{len(spark) - len(different)} of {len(spark)} tables are the same row by row on both")
        if different:
            raise SystemExit(1)


VARS = '{"max_unmapped_share": 0.9, "max_cast_failure_share": 0.9}'


def plain(value: Any) -> Any:
    """A value as both engines' results can be compared: text, rounded."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (float, Decimal)):
        return "nan" if math.isnan(value) else str(round(float(value), 6))
    if isinstance(value, int):
        return str(float(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value


def _on_spark(home: Path) -> None:
    """Register the landed Parquet and Python's tables, run dbt in this process, write every table as JSON."""
    import duckdb
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.warehouse.dir", str(home / "spark-warehouse"))
        .config("spark.hadoop.javax.jdo.option.ConnectionURL", f"jdbc:derby:{home / 'metastore'};create=true")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "false")
        .config("spark.driver.memory", "2g")
        .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={home}")
        .enableHiveSupport()
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    for schema in ("landing", "staging", "forecast", *LAYERS):
        spark.sql(f"create database if not exists {schema}")
    landing = home / "landing"
    for folder in sorted(p for p in landing.glob("*/*") if p.is_dir() and p.parent.name != "_changes"):
        # What other deliveries say of these records stands beside them.
        changes = landing / "_changes" / folder.parent.name / f"{folder.name}.parquet"
        records = spark.read.option("mergeSchema", "true").parquet(str(folder), str(changes))
        records.write.mode("overwrite").saveAsTable(f"landing.{folder.parent.name}__{folder.name}")
    spark.sql(f"create table landing.receipts using parquet options (path '{landing / 'receipts.parquet'}')")
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        for name in LINKED:
            target = home / f"{name}.parquet"
            connection.execute(f"copy linked.{name} to '{target}' (format parquet)")
            spark.sql(f"create table linked.{name} using parquet options (path '{target}')")
    from dbt.adapters.spark import session
    from dbt.cli.main import dbtRunner

    # dbt-spark 1.11 writes values of seeds between quotes as they are: "Attorney General's" ends too early, and an
    # empty cell is the text None.
    bare = session.SessionConnectionWrapper._fix_binding.__func__  # type: ignore[attr-defined]

    def _bound(cls: type, value: Any) -> Any:
        if value is None:
            return "null"
        if isinstance(value, str):
            value = value.replace("\\", "\\\\").replace("'", "\\'")
        return bare(cls, value)

    session.SessionConnectionWrapper._fix_binding = classmethod(_bound)

    from tests.dbt.conftest import Built

    # The copy that has the sources of the zone's own contracts: one feed of snapshots, one of tombstones.
    project = Built(home).project
    where = ["--project-dir", str(project), "--profiles-dir", str(project), "--target", "spark"]
    where += ["--target-path", str(home / "spark-target"), "--log-path", str(home / "spark-logs")]
    for stride in ("to_conformed", "from_linked"):
        result = dbtRunner().invoke(
            ["build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test",
             "--selector", stride, "--vars", VARS, *where]
        )  # fmt: skip
        if not result.success:
            failed = [one for one in getattr(result.result, "results", []) if one.status in ("error", "fail")]
            sys.exit("\n".join(f"{one.node.name}: {one.message}" for one in failed) or str(result.exception))
    found = {}
    for schema in LAYERS:
        for table in spark.sql(f"show tables in {schema}").collect():
            name = f"{schema}.{table['tableName']}"
            if table["tableName"] in LINKED:
                continue
            frame = spark.table(name)
            found[name] = {
                "columns": frame.columns,
                "rows": [[plain(value) for value in row] for row in frame.collect()],
            }
    (home / "spark.json").write_text(json.dumps(found))


if __name__ == "__main__":
    _on_spark(Path(sys.argv[1])) if len(sys.argv) > 1 else main()

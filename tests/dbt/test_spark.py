"""The same project compiles for Spark; ``python -m benchmarks warehouse_spark`` runs it there and compares the rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot

from tests.dbt.conftest import PROJECT

# Words of DuckDB that Spark does not have, or has with another meaning.
ONLY_DUCKDB = re.compile(
    r"\b(read_parquet|try_strptime|string_split|unnest|generate_series|strptime)\s*\(|::|\bgroup by all\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What dbt makes of every model for Spark; no server is asked."""
    target = tmp_path_factory.mktemp("spark")
    command = [
        str(Path(sys.executable).parent / "dbt"),
        "compile",
        "--target",
        "spark",
        "--no-populate-cache",
    ]
    command += ["--no-introspect", "--select", "resource_type:model", "--indirect-selection", "empty"]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target)]
    done = subprocess.run(
        [*command, "--log-path", str(target)],
        env={
            **os.environ,
            "MIDS_SPARK_METHOD": "thrift",
            "MIDS_WAREHOUSE": str(target / "not_used.duckdb"),
            "MIDS_LANDING": str(target),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert not (target / "not_used.duckdb").exists()
    return {path.stem: path.read_text() for path in (target / "compiled").rglob("models/**/*.sql")}


def test_every_model_compiles_and_is_spark_sql(compiled: dict[str, str]) -> None:
    assert len(compiled) == len(list((PROJECT / "models").rglob("*.sql")))
    for name, sql in compiled.items():
        # Parsed as Spark's dialect: a statement, and not what sqlglot falls back to when it gives up.
        parsed = sqlglot.parse_one(sql, read="spark")
        assert parsed.key in ("select", "union", "except"), (name, parsed.key)
        assert not ONLY_DUCKDB.search(re.sub(r"--.*", "", sql)), (name, ONLY_DUCKDB.search(sql))
        # Spark makes rows only where they are a column of their own.
        for rows in parsed.find_all(sqlglot.exp.Explode):
            assert isinstance(rows.parent, (sqlglot.exp.Select, sqlglot.exp.Alias)), (name, rows.parent.sql())


def test_only_an_offset_is_cut_off_a_time(compiled: dict[str, str]) -> None:
    patterns = {
        p for sql in compiled.values() for p in re.findall(r"regexp_replace\([^']*'([^']+)', '\$1'\)", sql)
    }
    assert len(patterns) == 1
    cut = re.compile(patterns.pop())
    for text, kept in {
        "24-02-2022": "24-02-2022",
        "2022-02-24": "2022-02-24",
        "24-02-2022 09:30": "24-02-2022 09:30",
        "2022-02-24T09:30:00+08:00": "2022-02-24T09:30:00",
        "2022-02-24T09:30:00.250Z": "2022-02-24T09:30:00.250",
        "2022-02-24 09:30 +0800": "2022-02-24 09:30",
    }.items():
        assert cut.sub(r"\1", text) == kept, text


def test_landed_files_are_tables_of_a_schema_there(compiled: dict[str, str]) -> None:
    assert "from landing.pdrm__cases" in compiled["stg_pdrm__cases"]

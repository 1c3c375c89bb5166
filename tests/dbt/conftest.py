"""Builds the warehouse once per test run, with the dbt of this environment, on landing zones made here."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.dbt_sources import SOURCES_FILE, render_sources
from mids_orchestration import scenario_step
from mids_orchestration.forecast_record import TABLES
from mids_orchestration.forecast_score import MATURED_COLUMNS, MATURED_MONTH_COLUMNS
from mids_orchestration.forecast_step import EFFECT_COLUMNS, NODE_WEEK_COLUMNS, SOURCE_COLUMNS
from mids_orchestration.warehouse import STORAGE_VERSION
from tests.dbt.landing_zone import RECORDS, Records, write_landing, zone_contracts

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
SELECTIONS = ("to_conformed", "from_linked", "forecast_marts")

# The bounds of the bound tests are for thousands of rows; a zone of twenty has its odd ones on purpose.
WIDE_BOUNDS = '{"max_unmapped_share": 0.9, "max_cast_failure_share": 0.9}'

# A reported person who may be another consular case: for a reviewer to say.
MAYBE = ("ngo|reports|ORG-2024-00001", "kln|consular_cases|KLN/KONS/2024/00002")

# One man, as the foreign ministry and the police have him.
ALI = ("kln|consular_cases|KLN/KONS/2024/00001", "pdrm|persons|D3/TIP/00045/2024|1")

# A victim of the police and her protection order.
PROTECTED = ("jkm|protection_orders|JKM/PP/2022/00001", "pdrm|persons|D3/TIP/00123/2022|1")

RUN_DBT = """
import json, sys
from dbt.cli.main import dbtRunner
for command in json.loads(sys.argv[1]):
    if not dbtRunner().invoke(command).success:
        sys.exit(1)
"""

PYTHON_TABLES = """
create schema linked;
create table linked.person_link(person_record_id varchar, person_key varchar, match_probability double,
    match_weight double, model_version varchar, cluster_size bigint);
create table linked.person_pair(person_record_id_l varchar, person_record_id_r varchar,
    match_probability double, match_weight double, reasons_en varchar, reasons_ms varchar);
create table linked.order_pair(order_record_id varchar, person_record_id varchar, match_probability double,
    match_weight double, is_same_person boolean, reasons_en varchar, reasons_ms varchar);
create table linked.unseen_estimate(population_code varchar, year_start date, list_names varchar,
    observed_count bigint, shared_count bigint, estimate_count bigint, lower_count bigint, upper_count bigint,
    is_refused boolean, reason_text varchar, model_text varchar);
insert into linked.unseen_estimate values
    ('VICTIM', '2024-01-01', 'JIM, NGO, PDRM', 464, 18, 1200, 900, 1800, false, null, 'by hand'),
    ('MISSING_ABROAD', '2024-01-01', 'KLN, NGO', 30, 2, null, null, null, true, 'too few lists', 'none');
create schema forecast;
"""

FORECAST_ROW = """
insert into forecast.weekly_forecast (as_of_week, revision, unique_id, crime_type_code, state_code, agency_code,
    unit_code, target_week, horizon, quantile, value, model_name, model_version, data_version, seed)
values ('2024-07-08', 1, 'MY/TIP', 'TIP', 'ALL', 'ALL', 'case', '2024-07-15', 1, 0.5, 2, 'm', '1', 'd', 1);
"""

#: Tables of the forecast step whose columns its own modules declare.
DECLARED = {
    **TABLES,
    **scenario_step.TABLES,
    "matured_score": MATURED_COLUMNS,
    "matured_month": MATURED_MONTH_COLUMNS,
    "node_week": NODE_WEEK_COLUMNS,
    "source_state": SOURCE_COLUMNS,
    "intervention_effect": EFFECT_COLUMNS,
}


@dataclass(frozen=True)
class Built:
    """A warehouse that dbt has built, and dbt's own account of it."""

    home: Path

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def project(self) -> Path:
        """The dbt project, with the sources of this zone's contracts."""
        copy = self.home / "dbt_project"
        if not copy.exists():
            shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
            sources = copy / SOURCES_FILE.relative_to(PROJECT)
            sources.write_text(render_sources(zone_contracts()), encoding="utf-8")
        return copy

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self.home / "target" / "manifest.json").read_text())

    def dbt(self, *commands: list[str]) -> None:
        """Run dbt commands on this warehouse, one after the other in one process of their own.

        One process, because starting dbt and reading the project take longer than building this warehouse.
        """
        environment = {
            **os.environ,
            "MIDS_WAREHOUSE": str(self.warehouse),
            "MIDS_LANDING": str(self.home / "landing"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
        where = ["--project-dir", str(self.project), "--profiles-dir", str(self.project)]
        where += ["--target-path", str(self.home / "target"), "--log-path", str(self.home / "logs")]
        result = subprocess.run(
            [sys.executable, "-c", RUN_DBT, json.dumps([[*command, *where] for command in commands])],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, (
            f"dbt {commands} failed:\n{result.stdout[-6000:]}{result.stderr[-2000:]}"
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query on the built warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()


def _once(folder: Path, build: Callable[[Built], None]) -> Built:
    """Build in a folder that parallel test processes share; the first builds, the others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            build(Built(folder))
            (folder / "done").touch()
    return Built(folder)


def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def _build_tiny(built: Built) -> None:
    prepare(built)
    built.dbt(
        *(["build", "--selector", name, "--vars", WIDE_BOUNDS] for name in SELECTIONS),
        ["test", "--select", "test_type:unit", "--vars", WIDE_BOUNDS],
    )


def prepare(built: Built, records: Records = RECORDS) -> None:
    """Landing zone and the tables that Python makes, for dbt to build on."""
    write_landing(built.home / "landing", zone_contracts(), records)
    config = {"storage_compatibility_version": STORAGE_VERSION}
    with duckdb.connect(str(built.warehouse), config=config) as connection:
        connection.execute(PYTHON_TABLES)
        for name, columns in DECLARED.items():
            spec = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            connection.execute(f"create table forecast.{name} ({spec})")
        connection.execute(FORECAST_ROW)
        for key in ALI:  # what record linkage would find
            record_id = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
            connection.execute(
                "insert into linked.person_link values (?, 'p-ali', 0.99, 6.6, 'by hand', 2)", [record_id]
            )
        left, right = (hashlib.md5(key.encode(), usedforsecurity=False).hexdigest() for key in MAYBE)
        connection.execute(
            "insert into linked.person_pair values (?, ?, 0.5, 0.0, 'names look alike', 'nama hampir serupa')",
            [left, right],
        )
        order, victim = (hashlib.md5(key.encode(), usedforsecurity=False).hexdigest() for key in PROTECTED)
        connection.execute(
            "insert into linked.order_pair values (?, ?, 0.97, 5.0, true, 'same name', 'nama sama')",
            [order, victim],
        )


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The warehouse of the landing zone made by hand."""
    yield _once(_shared(tmp_path_factory) / "tiny_warehouse", _build_tiny)

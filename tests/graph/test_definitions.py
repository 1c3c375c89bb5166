"""What Dagster shows: it loads quickly and validates, and every asset says what it is and who owns it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from expectations.contract import load_contracts
from mids_orchestration.definitions import build_defs
from mids_orchestration.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
LAYERS = {"landing", "staging", "conformed", "linked", "marts", "quality", "forecast", "release"}

pytestmark = pytest.mark.xdist_group("definitions")


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    home = tmp_path_factory.mktemp("definitions")
    return build_defs(Settings(home=home, inbox=home / "inbox"))


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> dg.AssetGraph:
    return definitions.resolve_asset_graph()


def test_code_location_validates_and_loads_in_ten_seconds(
    tmp_path: Path, definitions: dg.Definitions
) -> None:
    environment = {**os.environ, "MIDS_HOME": str(tmp_path), "DAGSTER_HOME": str(tmp_path)}
    dagster = Path(sys.executable).parent / "dagster"
    command = [str(dagster), "definitions", "validate", "-w", "workspace.yaml"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    load = "import mids_orchestration.definitions as d; d.defs().resolve_asset_graph()"
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", load], cwd=REPOSITORY, env=environment, check=True)
    assert time.monotonic() - started < 10


def test_groups_are_layers_and_keys_are_layer_and_table(graph: dg.AssetGraph) -> None:
    for key in graph.materializable_asset_keys:
        assert len(key.path) == 2, key
        assert graph.get(key).group_name in LAYERS, key
        assert graph.get(key).group_name == key.path[0], key


def test_every_asset_says_what_it_is_and_whose(graph: dg.AssetGraph) -> None:
    silent = [
        key.to_user_string() for key in graph.materializable_asset_keys if not graph.get(key).description
    ]
    assert not silent
    ownerless = [key.to_user_string() for key in graph.materializable_asset_keys if not graph.get(key).owners]
    assert not ownerless
    unkind = [key.to_user_string() for key in graph.materializable_asset_keys if not graph.get(key).kinds]
    assert not unkind


def test_every_landed_table_of_every_contract_is_an_asset(graph: dg.AssetGraph) -> None:
    for contract in load_contracts().values():
        for record in contract.records:
            key = dg.AssetKey(["landing", f"{contract.agency}__{record.name}"])
            assert key in graph.materializable_asset_keys
            assert graph.get(key).is_partitioned


def test_the_line_is_unbroken_from_feed_to_release(graph: dg.AssetGraph) -> None:
    upstream: set[dg.AssetKey] = set()
    frontier = {dg.AssetKey(["release", "published"])}
    while frontier:
        upstream |= frontier
        frontier = {parent for key in frontier for parent in graph.get(key).parent_keys} - upstream
    for name in ("pdrm__cases", "pdrm__persons", "jim__operations", "apmm__interceptions", "agc__charges",
                 "kln__consular_cases", "ngo__reports", "jkdm__cases", "jtk__complaints",
                 "akps__encounters"):  # fmt: skip
        assert dg.AssetKey(["landing", name]) in upstream, name


def test_jobs_schedule_and_sensor_are_there(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    jobs = {"weekly_cycle", "land_feed", "weekly_projection", "rebuild_all", "publish_release"}
    assert jobs <= set(repository.job_names)
    schedules = {schedule.job_name: schedule for schedule in repository.schedule_defs}
    assert set(schedules) == {"weekly_cycle", "weekly_projection"}
    # After landing, on the same Monday.
    assert [schedules[name].cron_schedule for name in ("weekly_cycle", "weekly_projection")] == [
        "0 6 * * 1",
        "0 8 * * 1",
    ]
    projection = repository.get_job("weekly_projection")
    assert projection.partitions_def == repository.get_job("weekly_cycle").partitions_def
    assert {node.name for node in projection.nodes} == {"project_as_of_week"}
    sensors = {sensor.name for sensor in repository.sensor_defs}
    assert sensors == {"inbox_sensor", "sftp_sensor", "http_sensor", "postgres_sensor"}

"""The whole line on a small sample: what an agency, an analyst and a data engineer would look for."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
import pytest

from mids_orchestration.linkage.evaluate import evaluate
from mids_orchestration.sample.known import truth_of
from tests.world import AS_OF, World

pytestmark = pytest.mark.xdist_group("world")


def test_cycle_succeeds_and_every_gate_passes(world: World) -> None:
    assert world.summary["succeeded"], world.summary["failed_steps"]
    gates = [check for check in world.summary["checks"]["failed"] if check["severity"] == "ERROR"]
    assert not gates
    assert world.summary["checks"]["passed"] > 50


def test_every_record_written_was_received_and_balanced(world: World) -> None:
    manifest = json.loads((world.home / "truth" / "manifest.json").read_text())
    received = {row["table"]: row["received"] for row in world.summary["feeds"]}
    written = {name.replace(".", "__"): told["rows"] for name, told in manifest["totals"].items()}
    assert written == {table: received[table] for table in written}
    assert all(row["balanced"] for row in world.summary["feeds"])
    assert sum(row["quarantined"] for row in world.summary["feeds"]) > 0


def test_the_contract_suite_fails_where_records_are_quarantined(world: World) -> None:
    """The suite looked at every record of the run and failed those that landing's own rules refused."""
    said = {c["asset"]: c["said"] for c in world.summary["checks"]["failed"] if c["name"] == "contract_suite"}
    held = {f"landing/{f['table']}": f for f in world.summary["feeds"] if f["quarantined"]}
    assert held
    assert said == {
        asset: f"{f['quarantined']:,} failing records among all {f['received']:,} received"
        for asset, f in held.items()
    }


def test_running_again_changes_nothing(world: World) -> None:
    before = _files(world.home)
    again = json.loads(world.mids("run", "--as-of", AS_OF, "--json").stdout)
    assert again["ran"] is False
    assert again["release"] == world.summary["release"]
    assert _files(world.home) == before


def test_the_run_is_recorded_as_one_of_the_ui(world: World) -> None:
    """The UI's timeline and its button to run again know a run by the code location it came from."""
    with dg.DagsterInstance.from_config(str(world.home / "dagster")) as instance:
        runs = instance.get_runs()
    assert runs
    for run in runs:
        assert run.remote_job_origin is not None
        assert run.remote_job_origin.location_name == "mids"
        assert (run.job_name, run.tags["dagster/partition"]) == ("weekly_cycle", "2026-06-22")
    kept = {path.parent.name for path in (world.home / "dagster" / "storage").rglob("*") if path.is_file()}
    assert kept == {"compute_logs"}, "an asset's value was kept beside its tables"


def test_forced_rerun_gives_the_same_release(world: World) -> None:
    again = json.loads(world.mids("run", "--as-of", AS_OF, "--force", "--json").stdout)
    assert again["ran"] is True
    assert again["release"] == world.summary["release"]
    assert len(list((world.home / "forecasts" / "weekly_forecast").glob("*.parquet"))) == 1


def test_release_verifies_and_lists(world: World) -> None:
    listed = json.loads(world.mids("release", "list", "--json").stdout)
    assert [row["release"] for row in listed if row["current"]] == [world.summary["release"]]
    assert "as published" in world.mids("release", "verify").stdout
    page = (world.home / "releases" / "current" / "dashboard.html").read_text("utf-8")
    assert "Simulated data: no real person or case." in page


def test_projection_covers_twelve_weeks_of_each_series(world: World) -> None:
    rows = world.sql(
        "select unique_id, count(distinct target_week) as weeks, count(distinct quantile) as levels, min(value) as low "
        "from fct_forecast group by unique_id order by unique_id"
    )
    assert {row["unique_id"] for row in rows} >= {"MY/TIP", "MY/SOM"}
    assert all((row["weeks"], row["levels"]) == (12, 23) and row["low"] >= 0 for row in rows)


def test_the_release_carries_hub_and_card_and_no_projection_of_persons(world: World) -> None:
    current = world.home / "releases" / "current"
    assert list((current / "hub" / "model-output").rglob("*.parquet"))
    assert "## Limits / Had" in (current / "MODEL-CARD.md").read_text()
    assert (current / "model-card.html").exists()
    for table in (
        "fct_forecast",
        "fct_nowcast",
        "fct_forecast_month",
        "fct_forecast_trend",
        "fct_forecast_total",
    ):
        assert {row["unit_code"] for row in world.sql(f"select distinct unit_code from {table}")} == {
            "case"
        }, table
    held = world.sql("select unit_code, count(*) as n from fct_forecast_node group by all", restricted=True)
    assert {row["unit_code"] for row in held} == {"case", "person"}
    told = world.sql("select distinct call_code from fct_scenario_change")
    assert told and not world.sql("select 1 from fct_scenario where not is_scenario")


def test_weekly_counts_add_up_to_cases(world: World) -> None:
    counted = world.sql("select sum(count_value) as n from fct_weekly_count where unit_code = 'case'")[0]["n"]
    cases = world.sql("select count(*) as n from fct_case", restricted=True)[0]["n"]
    assert counted == cases > 0


def test_no_identity_leaves_the_warehouse(world: World) -> None:
    truth = pd.read_parquet(world.home / "truth" / "person.parquet")
    column = next(name for name in ("full_name", "name", "true_name") if name in truth.columns)
    names = [name for name in truth[column].dropna().unique() if len(name) > 12][:400]
    release = (world.home / "releases" / "current").resolve()
    everything = b"".join(path.read_bytes() for path in sorted(release.rglob("*")) if path.is_file())
    assert names
    assert not [name for name in names if name.encode() in everything]


def test_person_marts_are_only_in_the_restricted_zone(world: World) -> None:
    assert world.mids("sql", "from fct_person_in_case limit 1", check=False).returncode == 2
    assert world.sql("select count(*) as n from fct_person_in_case", restricted=True)[0]["n"] > 0


def test_linkage_against_the_truth(world: World) -> None:
    """Prints precision and recall of the person links; the floors are those a release may not fall below."""
    with duckdb.connect(str(world.home / "warehouse" / "mids.duckdb"), read_only=True) as connection:
        links = connection.execute("select * from linked.person_link").df()
    truth = truth_of(world.home)
    assert set(truth["person_record_id"]) == set(links["person_record_id"])
    score = evaluate(links, truth)["all"]
    print(
        f"linkage: precision {score.precision:.4f}, recall {score.recall:.4f}, {score.true_pairs} true pairs"
    )
    assert score.true_pairs > 50
    assert score.precision is not None and score.precision >= 0.97
    assert score.recall is not None and score.recall >= 0.85


def _files(home: Path) -> dict[str, tuple[int, int]]:
    kept = [
        p for p in sorted(home.rglob("*")) if p.is_file() and "dagster" not in p.relative_to(home).parts[:1]
    ]
    return {str(p.relative_to(home)): (p.stat().st_size, p.stat().st_mtime_ns) for p in kept}

"""What Dagster shows when a gate refuses a release: the step fails, and its event says which gate and what to do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from release import small_warehouse as small

from mids_orchestration.defs.release.assets import PUBLISHED, build_release_assets
from mids_orchestration.defs.release.held import tell_why_no_newer_release
from mids_orchestration.defs.resources import MidsHome
from mids_orchestration.release import last_refusal

RECEIPTS = ("agency", "feed", "known_on", "status", "received", "accepted", "quarantined")


def test_a_refused_release_says_why_in_the_event_of_its_step(tmp_path: Path) -> None:
    marts = small.tables()
    marts["dim_agency"].loc[0, "agency_name_en"] = small.NAME
    (tmp_path / "warehouse").mkdir()
    small.write_warehouse(tmp_path / "warehouse" / "mids.duckdb", marts)
    (tmp_path / "landing").mkdir()
    pd.DataFrame({name: [] for name in RECEIPTS}).to_parquet(tmp_path / "landing" / "receipts.parquet")
    result = dg.materialize(
        build_release_assets(small.manifest(marts)),
        resources={"mids": MidsHome(home=str(tmp_path), inbox=str(tmp_path / "inbox"), seed=1)},
        tags={"mids/as_of": small.AS_OF.isoformat()},
        raise_on_error=False,
        selection=[PUBLISHED],
    )
    assert not result.success
    failed = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    told = failed[0].step_failure_data.user_failure_data
    assert told is not None and "identities_absent" in (told.description or "")
    table = told.metadata["gates"].value
    assert "✗ identities_absent" in table and "what to do" in table
    assert small.NAME not in table
    assert not (tmp_path / "releases" / "current").exists()
    assert (tmp_path / "releases" / "refused.json").exists()


def test_a_gate_before_the_release_is_why_there_is_no_newer_one(tmp_path: Path) -> None:
    """Its own words stay inside: what a gate of the warehouse found may quote a record."""

    @dg.asset(check_specs=[dg.AssetCheckSpec("balance", asset="early", blocking=True)])
    def early() -> dg.MaterializeResult:
        failed = dg.AssetCheckResult(passed=False, description=f"{small.NAME} stands twice")
        return dg.MaterializeResult(check_results=[failed])

    @dg.asset(deps=[early])
    def later() -> None:
        raise AssertionError("never runs")

    def refusal_of(broken: bool, **tags: str) -> dict[str, Any] | None:
        @dg.asset
        def crash() -> None:
            raise OSError("no space left")

        job = dg.define_asset_job(
            "weekly", hooks={tell_why_no_newer_release}, executor_def=dg.in_process_executor
        )
        mids = MidsHome(home=str(tmp_path), inbox=str(tmp_path / "inbox"), seed=1)
        defs = dg.Definitions([crash] if broken else [early, later], jobs=[job], resources={"mids": mids})
        result = defs.resolve_job_def("weekly").execute_in_process(tags=tags, raise_on_error=False)
        assert not result.success
        return last_refusal(tmp_path / "releases")

    told = refusal_of(False, **{"mids/as_of": "2026-07-06"})
    assert told is not None and told["as_of"] == "2026-07-06"
    assert [(g["name"], g["found"]) for g in told["gates"]] == [
        ("balance", "this gate on early did not pass")
    ]
    told = refusal_of(True, **{"dagster/partition": "2026-07-06"})
    assert told is not None and told["as_of"] == "2026-07-13"
    assert [(g["name"], g["found"]) for g in told["gates"]] == [("step_failed", "the step crash failed")]

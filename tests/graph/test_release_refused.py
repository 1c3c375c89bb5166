"""What Dagster shows when a gate refuses a release: the step fails, and its event says which gate and what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import dagster as dg
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from release import small_warehouse as small

from mids_orchestration.defs.release.assets import PUBLISHED, build_release_assets
from mids_orchestration.defs.resources import MidsHome

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

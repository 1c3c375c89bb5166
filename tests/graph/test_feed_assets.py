"""Feed assets in a real Dagster instance: a feed at fault stops no other, a year is one run, no bad file is retried."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from mids_orchestration.calendar import delivery_week
from mids_orchestration.defs.landing import assets as landing_assets
from mids_orchestration.defs.landing.assets import build_landing_assets
from mids_orchestration.defs.resources import AS_OF_TAG, MidsHome
from mids_orchestration.release import build_release, current_release, exports_from_manifest, switch
from mids_orchestration.release.freshness import feed_states
from mids_orchestration.settings import Settings
from tests.unit.landing.desk import COLUMNS, Desk, contract_text
from tests.unit.release import small_warehouse as small

HEAD = "ref;seen_on;state;persons;note\n"
PERSON = [c | {"pii": "direct"} if c["name"] == "note" else c for c in COLUMNS]
FIRST = date(2025, 1, 6)
RANGE = "dagster/asset_partition_range_"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as made:
        yield made


@pytest.fixture
def two(tmp_path: Path) -> Desk:
    """Two feeds, things and others, with a name in a column that says it is personal."""
    desk = Desk(tmp_path)
    desk.home.mkdir()
    pattern = {"kind": "delta", "file_pattern": r"others_(?P<sent_on>\d{8})\..*", "sent_on_format": "%Y%m%d"}
    desk.agree(
        contract_text(records=[{"name": "things", "columns": PERSON}]),
        contract_text(feed="others", delivery=pattern, records=[{"name": "others", "columns": PERSON}]),
    )
    return desk


def _run(
    desk: Desk, instance: dg.DagsterInstance, feed: str | None = None, **tags: str
) -> dg.ExecuteInProcessResult:
    chosen = {k: c for k, c in desk.contracts.items() if feed in (None, k)}
    return dg.materialize(
        build_landing_assets(chosen),
        instance=instance,
        partition_key=None if any(tag.startswith(RANGE) for tag in tags) else "2026-06-22",
        tags=tags,
        resources={"mids": MidsHome.of(Settings(home=desk.home, inbox=desk.inbox))},
        raise_on_error=False,
    )


def _checks(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], bool]:
    return {(c.asset_key.path[-1], c.check_name): c.passed for c in result.get_asset_check_evaluations()}


def test_drift_stops_one_feed_and_the_release_names_it(
    two: Desk, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    for day in ("20260601", "20260622"):  # the same bytes again: nothing new, and no silence
        two.send(HEAD + "A1;01/02/2024;JOHOR;3;x\n", f"others_{day}.csv", "aaa/others")
    two.send(HEAD + "A1;01/02/2024;JOHOR;3;x\n", "aaa_things_20260601.csv")
    drifted = HEAD.replace("state", "negeri") + "A2;01/02/2024;JOHOR;3;x\n"
    two.send(drifted, "aaa_things_20260622.csv")
    result = _run(two, instance, **{AS_OF_TAG: "2026-06-29"})
    assert result.success
    checks = _checks(result)
    assert not checks["aaa__things", "deliveries_accepted"] and not checks["aaa__things", "fresh"]
    assert checks["aaa__others", "deliveries_accepted"] and checks["aaa__others", "fresh"]
    assert checks["aaa__things", "row_balance"]  # what was refused unbalances nothing
    feeds = feed_states(
        pd.read_parquet(two.home / "landing" / "receipts.parquet"), two.contracts, as_of=date(2026, 6, 29)
    )
    releases = tmp_path / "releases"
    built = build_release(
        small.write_warehouse(tmp_path / "mids.duckdb"), releases, as_of=date(2026, 6, 29),
        exports=exports_from_manifest(small.manifest()), data_version="1", feeds=feeds,
    )  # fmt: skip
    switch(built)
    release = current_release(releases)
    assert release is not None
    assert [(f.feed, f.status) for f in release.feeds] == [("others", "fresh"), ("things", "stale")]
    told = json.loads((release.path / "release.json").read_text(encoding="utf-8"))["feeds"]
    assert {f["feed"]: f["status"] for f in told} == {"others": "fresh", "things": "stale"}
    readme = (release.path / "README.md").read_text(encoding="utf-8")
    assert "Not fresh" in readme and "aaa/things" in readme.split("Not fresh")[1]
    page = (release.path / "dashboard.html").read_text(encoding="utf-8")
    assert "Things" in page


def test_a_year_of_one_feed_is_backfilled_in_one_run(two: Desk, instance: dg.DagsterInstance) -> None:
    days = [FIRST + timedelta(weeks=n) for n in range(52)]
    for n, day in enumerate(days):
        two.send(HEAD + f"A{n + 1};01/02/2024;JOHOR;3;SITI CONTOH\n", f"aaa_things_{day:%Y%m%d}.csv")
    two.send(HEAD + "B1;01/02/2024;JOHOR;3;x\n", "others_20250106.csv", "aaa/others")
    weeks = [delivery_week(day) for day in days]
    span = {f"{RANGE}start": weeks[0].isoformat(), f"{RANGE}end": weeks[-1].isoformat()}
    result = _run(two, instance, "aaa.things", **span)
    assert result.success
    assert len(instance.get_runs()) == 1
    key = dg.AssetKey(["landing", "aaa__things"])
    materialized = instance.get_materialized_partitions(key)
    assert {week.isoformat() for week in weeks} <= materialized
    assert len(two.rows("things")) == 52
    assert not (two.home / "landing" / "aaa" / "others").exists()
    assert _checks(result)["aaa__things", "fresh"]  # as of the end of the year it asked for
    # The next run of the same year finds nothing to do.
    again = _run(two, instance, "aaa.things", **span)
    assert again.success and len(two.rows("things")) == 52


def test_every_feed_asset_shows_receipts_counts_lateness_and_a_preview_of_nobody(
    two: Desk, instance: dg.DagsterInstance
) -> None:
    two.send(HEAD + "A1;01/02/2024;JOHOR;3;SITI CONTOH\nA2;31/02/2024;KEDAH;1;ALI CONTOH\n",
             "aaa_things_20260622.csv")  # fmt: skip
    result = _run(two, instance, **{AS_OF_TAG: "2026-06-29"})
    shown = {
        m.asset_key.path[-1]: m.metadata for m in result.asset_materializations_for_node("land_aaa_things")
    }
    facts = {name: value.value for name, value in shown["aaa__things"].items()}
    assert (facts["rows_received"], facts["rows_accepted"], facts["rows_quarantined"]) == (2, 1, 1)
    assert (facts["days_since_newest"], facts["days_allowed"]) == (7, 10)
    assert "aaa-things-" in facts["receipts"] and "aaa_things_20260622.csv" in facts["receipts"]
    assert "01/02/2024" in facts["preview"] and "JOHOR" in facts["preview"]
    everything = json.dumps({name: str(value) for name, value in facts.items()})
    assert "CONTOH" not in everything
    said = " ".join(str(c.metadata) + str(c.description) for c in result.get_asset_check_evaluations())
    assert "CONTOH" not in said


def test_a_bad_file_is_not_tried_again(two: Desk, instance: dg.DagsterInstance) -> None:
    two.send(b"\x00\x01\x02", "aaa_things_20260622.csv")
    result = _run(two, instance, **{AS_OF_TAG: "2026-06-29"})
    assert result.success
    assert not [e for e in result.all_events if e.event_type == dg.DagsterEventType.STEP_UP_FOR_RETRY]
    assert not _checks(result)["aaa__things", "deliveries_accepted"]


def test_a_disk_that_fails_for_a_while_is_tried_again(
    two: Desk, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing_assets, "_RETRY_AFTER_SECONDS", 0)
    two.send(HEAD + "A1;01/02/2024;JOHOR;3;x\n")
    land, tries = landing_assets.land, []

    def full_once(*words, **options):
        tries.append(1)
        if len(tries) == 1:
            raise OSError(28, os.strerror(28))
        return land(*words, **options)

    monkeypatch.setattr(landing_assets, "land", full_once)
    result = _run(two, instance, "aaa.things", **{AS_OF_TAG: "2026-06-29"})
    assert result.success and len(tries) == 2
    assert len(two.rows("things")) == 1

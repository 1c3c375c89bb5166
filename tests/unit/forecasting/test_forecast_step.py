"""What one week's projection puts on record, and how it is scored once its weeks are final."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest

from forecasting import weekly_series
from forecasting.frames import HUB_LEVELS
from mids_orchestration import forecast_score
from mids_orchestration import forecast_step as step
from mids_orchestration.defs.forecast import checks
from mids_orchestration.forecast_record import TABLES, load_record, record_forecast, recorded_weeks
from mids_orchestration.release.model import Bilingual, FeedState

WEEK = date(2025, 12, 1)


@pytest.fixture(scope="module")
def fact(counts):
    n = np.arange(len(counts))
    case = counts.assign(
        state_code=np.where(n % 3 == 0, "10", "12"),
        agency_code=np.where(n % 4 == 0, "JIM", "PDRM"),
        exploitation_group_code=np.where(n % 5 == 0, "SEXUAL", "LABOUR"),
        is_child_code="NA",
    )
    person = case.assign(unit_code="person", is_child_code=np.where(n % 6 == 0, "Y", "N"))
    return pd.concat([case, person], ignore_index=True)


@pytest.fixture(scope="module")
def projections(fact):
    return {unit: step.project_week(fact, WEEK, seed=1, unit=unit, origins=4) for unit in step.UNITS}


@pytest.fixture(scope="module")
def tables(projections):
    return step.recorded_tables(projections, data_version="d", seed=1)


def test_every_table_has_its_columns_and_the_totals_on_record(tables):
    for name, frame in tables.items():
        assert set(TABLES[name]) - {"as_of_week", "revision"} <= set(frame.columns), name
    ids = set(tables["weekly_forecast"]["unique_id"])
    assert {"MY/TIP", "MY/TIP/10", "MY/TIP/*/PDRM", "MY/TIP/*/*/SEXUAL", "MY.person/TIP/*/*/*/Y"} <= ids
    assert {"MY.person/TIP/*/*/SEXUAL/Y"} <= ids and "MY/TIP/10/PDRM" not in ids
    assert set(tables["weekly_forecast"]["quantile"]) == set(HUB_LEVELS)
    child = tables["weekly_forecast"].query("unique_id == 'MY.person/TIP/*/*/*/Y'").iloc[0]
    assert (child["state_code"], child["is_child_code"], child["unit_code"]) == ("ALL", "Y", "person")


def test_every_node_there_is_adds_up_to_the_country(projections):
    found = step.every_node(projections, WEEK)
    ids = set(found["unique_id"])
    assert {"MY/TIP/10/PDRM/SEXUAL", "MY.person/TIP/12/*/LABOUR/N", "MY.person/SOM/*/JIM/*/Y"} <= ids
    assert list(found.columns) == list(step.NODE_WEEK_COLUMNS)
    for one in projections.values():
        assert one.incoherent == 0
        where = {name: i for i, name in enumerate(one.ids)}
        root = next(name for name in one.ids if name.endswith("/TIP"))
        for parts in (("10", "12"), ("*/JIM", "*/PDRM"), ("*/*/LABOUR", "*/*/SEXUAL")):
            assert (sum(one.paths[where[f"{root}/{part}"]] for part in parts) == one.paths[where[root]]).all()


def test_twelve_months_are_foretold_and_the_running_month_holds_what_is_known(tables, fact):
    months = (
        tables["monthly_forecast"].query("unique_id == 'MY/TIP' and quantile == 0.5").sort_values("horizon")
    )
    assert months["target_month"].astype(str).tolist()[0] == "2025-12-01"
    assert len(months) == 12 and months["horizon"].tolist() == list(range(1, 13))
    known = weekly_series(fact, as_of_week=WEEK)
    first = known[(known["unique_id"] == "MY/TIP") & (known["ds"] == pd.Timestamp(WEEK))]["y"].sum()
    low = (
        tables["monthly_forecast"]
        .query("unique_id == 'MY/TIP' and quantile == 0.01 and horizon == 1")["value"]
        .iloc[0]
    )
    assert low >= first  # the week that began on 1 December is part of December


def test_what_was_recorded_is_scored_when_final(tables, fact, tmp_path):
    assert record_forecast(tmp_path, WEEK, tables) == 1
    assert record_forecast(tmp_path, WEEK, tables) == 1
    assert recorded_weeks(tmp_path) == {WEEK}
    with duckdb.connect() as connection:
        assert load_record(tmp_path, connection)["weekly_trend"] > 0
        assert forecast_score.matured_tables(connection, fact, WEEK)["matured_score"].empty
        found = forecast_score.matured_tables(connection, fact, date(2026, 6, 22))
    scored = found["matured_score"]
    assert list(scored.columns) == list(forecast_score.MATURED_COLUMNS)
    assert {"MY/TIP", "MY/SOM/10", "MY.person/SOM/*/*/*/Y"} <= set(scored["unique_id"])
    assert {"NATIONAL", "STATE", "AGENCY", "EXPLOITATION", "CHILD"} <= set(scored["level_code"])
    assert scored["horizon"].max() == 12 and scored["wis_seasonal_naive"].notna().all()
    assert scored["wis"].mean() < scored["wis_seasonal_naive"].mean()
    truth = weekly_series(fact, as_of_week=date(2026, 6, 22))
    one = scored[(scored["unique_id"] == "MY/TIP") & (scored["horizon"] == 3)].iloc[0]
    week = pd.Timestamp(one["target_week"])
    assert one["count_value"] == truth[(truth["unique_id"] == "MY/TIP") & (truth["ds"] == week)]["y"].iloc[0]
    months = found["matured_month"]
    assert months["wis"].notna().all() and set(months["horizon"]) == {1, 2, 3}


def test_projecting_weeks_in_a_row_gives_what_each_alone_gives(fact):
    memo: dict = {}
    weeks = [WEEK - timedelta(weeks=1), WEEK]
    rows = [step.project_week(fact, week, seed=1, origins=3, memo=memo).forecast for week in weeks]
    alone = step.project_week(fact, WEEK, seed=1, origins=3).forecast
    pd.testing.assert_frame_equal(rows[1], alone)


def test_a_stale_feed_is_declared_and_too_many_make_blind(fact):
    def feed(agency, status, known=date(2025, 10, 1)):
        return FeedState(agency.lower(), "cases", Bilingual("", ""), "agency", 10, known, 9, status, 1, 1, 0)

    fresh = step.source_states(fact, [feed("PDRM", "fresh"), feed("JIM", "stale")], WEEK)
    assert fresh.set_index(["crime_type_code", "agency_code"])["treatment_code"]["TIP", "JIM"] == "ESTIMATED"
    assert max(step.blind(fresh).values()) < step.BLIND_SHARE
    dark = step.source_states(fact, [feed("PDRM", "stale"), feed("JIM", "fresh")], WEEK)
    assert min(step.blind(dark).values()) > step.BLIND_SHARE
    # One missed week is declared, not blindness.
    late = step.source_states(fact, [feed("PDRM", "stale", date(2025, 11, 24)), feed("JIM", "fresh")], WEEK)
    assert "STALE" in set(late["status_code"]) and max(step.blind(late).values()) == 0
    assert set(step.source_states(fact, [], WEEK)["status_code"]) == {"NEVER"}


def gates(frame, projections, sources):
    return {r.check_name: r.passed for r in checks.evaluate(frame, projections, sources)}


def test_each_gate_passes_what_is_right_and_stops_what_is_not(projections, tables, fact):
    frame = tables["weekly_forecast"]
    feeds = [
        FeedState(a, "cases", Bilingual("", ""), "agency", 10, WEEK, 7, "fresh", 1, 1, 0)
        for a in ("pdrm", "jim")
    ]
    sources = step.source_states(fact, feeds, WEEK)
    scored = pd.DataFrame(
        {"unique_id": "MY/TIP", "model_name": "mids", "horizon": [1, 2, 3, 4], "wis": 1.0, "wis_seasonal_naive": 1.5,
         "midcoverage_80": 0.8, "midcoverage_95": 0.95}
    )  # fmt: skip
    right = {**projections, "case": replace(projections["case"], scores=scored)}
    good = gates(frame, right, sources)
    assert set(good) == {spec.name for spec in checks.CHECKS} and all(good.values()), good

    def stopped(frame=frame, sources=sources, **change):
        broken = {**right, "case": replace(right["case"], **change)}
        found = gates(frame, broken, sources)
        return {name for name, passed in found.items() if not passed}

    negative = frame.assign(value=frame["value"].where(frame.index > 0, -1.0))
    assert stopped(frame=negative) == {"quantiles_in_order_and_not_negative"}
    crossed = frame.assign(value=frame["value"].where(frame["quantile"] != 0.99, 0.0))
    assert "quantiles_in_order_and_not_negative" in stopped(frame=crossed)
    assert stopped(frame=frame.iloc[1:]) == {"every_series_has_every_week"}
    assert stopped(incoherent=1.0) == {"totals_add_up"}
    assert stopped(scores=scored.assign(wis=1.6)) == {"not_worse_than_seasonal_naive"}
    assert stopped(scores=scored.assign(midcoverage_80=0.6)) == {"intervals_cover_what_they_say"}
    assert stopped(scores=scored.assign(midcoverage_95=0.8)) == {"intervals_cover_what_they_say"}
    stale = sources.assign(status_code="STALE", last_known_on=date(2025, 10, 1))
    assert stopped(sources=stale) == {"feeds_are_fresh_or_declared_stale"}
    assert stopped(sources=sources.head(0)) == {"feeds_are_fresh_or_declared_stale"}


def test_an_effect_without_events_is_kept_and_not_assessed():
    listed = pd.DataFrame(
        {"intervention_code": ["A"], "effective_on": ["2022-02-22"], "outcome_code": ["x"], "control_code": ["y"],
         "known_break": [None]}
    )  # fmt: skip
    days = pd.Series(pd.date_range("2018-01-01", "2025-12-01", freq="3D"))
    empty = step.intervention_effects(listed, {"x": days.head(0), "y": days}, WEEK)
    assert empty["call_code"].tolist() == ["NOT_ASSESSED"]
    found = step.intervention_effects(listed, {"x": days[::2], "y": days}, WEEK)
    assert found["call_code"].tolist() == ["CANNOT_TELL"]
    assert found["kind_code"].tolist() == ["ratio_of_ratios"]

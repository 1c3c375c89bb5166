"""What one week's projection puts on record, and how it is scored once its weeks are final."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest

from mids_orchestration import forecast_step as step
from mids_orchestration.forecast_record import TABLES, load_record, record_forecast, recorded_weeks

WEEK = date(2025, 12, 1)


@pytest.fixture(scope="module")
def tables(counts):
    fact = counts.assign(
        state_code=np.where(np.arange(len(counts)) % 3 == 0, "10", "12"),
        agency_code=np.where(np.arange(len(counts)) % 4 == 0, "JIM", "PDRM"),
    )
    projection = step.project_week(fact, WEEK, seed=1, origins=4)
    return fact, step.recorded_tables(projection, data_version="d", seed=1)


def test_every_table_has_its_columns_and_no_leaf(tables):
    for name, frame in tables[1].items():
        assert set(TABLES[name]) - {"as_of_week", "revision"} <= set(frame.columns), name
    ids = set(tables[1]["weekly_forecast"]["unique_id"])
    assert {"MY/TIP", "MY/TIP/10", "MY/TIP/*/PDRM"} <= ids
    assert "MY/TIP/10/PDRM" not in ids


def test_what_was_recorded_is_scored_when_final(tables, tmp_path):
    fact, frames = tables
    assert record_forecast(tmp_path, WEEK, frames) == 1
    assert record_forecast(tmp_path, WEEK, frames) == 1
    assert recorded_weeks(tmp_path) == {WEEK}
    with duckdb.connect() as connection:
        assert load_record(tmp_path, connection)["weekly_trend"] > 0
        recorded = connection.execute(step.RECORDED_NATIONAL).df()
    assert step.matured_scores(recorded, fact, WEEK).empty
    scored = step.matured_scores(recorded, fact, date(2026, 6, 22))
    assert list(scored.columns) == list(step.MATURED_COLUMNS)
    assert set(scored["unique_id"]) == {"MY/TIP", "MY/SOM"}
    assert scored["horizon"].max() == 12
    assert scored["wis_seasonal_naive"].notna().all()
    assert scored["wis"].mean() < scored["wis_seasonal_naive"].mean()


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

"""The hubverse export, read back by hubverse's own library, and the model card's figures."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import hubdata
import pandas as pd
import pytest

from forecasting.frames import HUB_LEVELS
from mids_orchestration.release import hub, model_card
from mids_orchestration.release.model import Bilingual, Export
from mids_orchestration.release.tables import TableFile

WEEKS = [date(2026, 6, 15), date(2026, 6, 22)]


def table(folder: Path, name: str, frame: pd.DataFrame) -> TableFile:
    path = folder / f"{name}.parquet"
    with duckdb.connect() as connection:
        connection.register("frame", frame)
        connection.execute(f"copy frame to '{path}' (format parquet)")
    export = Export(name=name, relation=f"marts.{name}", zone="public", title=Bilingual(name, name), grain="",
                    description="", description_ms="", columns=(), primary_key=(), foreign_keys=())  # fmt: skip
    return TableFile(export, path, len(frame), {}, "")


@pytest.fixture
def forecast() -> pd.DataFrame:
    rows = [
        (week, revision, name, week + timedelta(weeks=h), h, q, 10 * q + h + revision)
        for week in WEEKS for revision in (1, 2) for name in ("MY/TIP", "MY/TIP/10") for h in (1, 2) for q in HUB_LEVELS
    ]  # fmt: skip
    columns = ["as_of_week", "revision", "unique_id", "target_week", "horizon", "quantile", "value"]
    frame = pd.DataFrame(rows, columns=columns).assign(model_version="3")
    return frame.astype({"as_of_week": "datetime64[s]", "target_week": "datetime64[s]"})


def test_the_hub_is_read_by_hubverse_itself(forecast, tmp_path):
    dates = forecast.assign(
        as_of_week=forecast["as_of_week"].dt.date, target_week=forecast["target_week"].dt.date
    )
    weekly = pd.DataFrame(
        {"event_week": [WEEKS[0]], "crime_type_code": ["TIP"], "unit_code": ["case"], "count_value": [3]}
    )
    tables = [table(tmp_path, "fct_forecast", dates), table(tmp_path, "fct_weekly_count", weekly)]
    assert hub.write_hub(tmp_path / "hub", tables) == 2
    connection = hubdata.connect_hub(tmp_path / "hub")
    rows = connection.get_dataset().to_table().to_pandas()
    assert set(rows.columns) == {*hub.COLUMNS, "model_id"}
    assert set(rows["model_id"]) == {hub.MODEL_ID}
    assert len(rows) == 2 * 2 * 2 * len(HUB_LEVELS)  # the newest revision of each round only
    assert sorted(rows["output_type_id"].unique()) == list(HUB_LEVELS)
    assert (rows["value"] == 10 * rows["output_type_id"] + rows["horizon"] + 2).all()
    days = pd.to_datetime(rows["target_end_date"]) - pd.to_datetime(rows["origin_date"])
    assert (days.dt.days == 7 * rows["horizon"]).all()
    assert set(pd.to_datetime(rows["origin_date"]).dt.dayofweek) == {6}
    schema = connection.schema
    for file in (tmp_path / "hub" / "model-output" / hub.MODEL_ID).iterdir():
        held = pd.read_parquet(file)
        assert list(held.columns) == list(hub.COLUMNS) == [n for n in schema.names if n != "model_id"]
        assert file.name == f"{held['origin_date'].iloc[0]}-{hub.MODEL_ID}.parquet"
    target = pd.read_csv(tmp_path / "hub" / "target-data" / "time-series.csv")
    assert target.to_dict("records") == [
        {"target_end_date": "2026-06-21", "unique_id": "MY/TIP", "observation": 3}
    ]


def test_a_release_without_forecasts_has_no_hub(forecast, tmp_path):
    assert hub.write_hub(tmp_path / "hub", [table(tmp_path, "fct_forecast", forecast.head(0))]) == 0
    assert not (tmp_path / "hub").exists()


def test_the_card_shows_figures_of_the_record_and_says_what_nobody_can_tell(forecast):
    matured = pd.DataFrame(
        {"level_code": ["NATIONAL"] * 40, "horizon": 4, "wis": [1.0, 3.0] * 20, "wis_seasonal_naive": 4.0,
         "midcoverage_80": [1.0, 0.5] * 20, "midcoverage_95": 1.0}
    )  # fmt: skip
    text = model_card.card(
        {"fct_forecast": forecast, "fct_forecast_matured": matured}, release_id="r", as_of=date(2026, 6, 29),
        as_of_week=WEEKS[-1], data_version="d1",
    )  # fmt: skip
    assert "| country / negara | 4 | 40 | 2.00 | 0.50 | 0.750 | 1.000 |" in text
    assert "| states / negeri | 4 | 0 | NOT_ASSESSED" in text
    assert "Model version 3, data version d1" in text and "Kad model" in text and "## Limits / Had" in text
    page = model_card.as_html(text)
    assert "<td>0.50</td>" in page and "<h1>Model card / Kad model</h1>" in page and "<script" not in page

"""The Superset project as files: every table, column and metric that it names exists in a release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT / "deploy" / "superset" / "bundle"


def _all(folder: str) -> dict[str, dict[str, Any]]:
    return {p.stem: yaml.safe_load(p.read_text("utf-8")) for p in sorted((BUNDLE / folder).rglob("*.yaml"))}


DATASETS, CHARTS, DASHBOARDS = _all("datasets"), _all("charts"), _all("dashboards")
BY_UUID = {d["uuid"]: d for d in DATASETS.values()}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The release's public tables, empty, with the columns and types that the marts' contracts declare."""
    with duckdb.connect() as connection:
        for path in sorted((ROOT / "dbt_project" / "models").rglob("_*.yml")):
            for model in yaml.safe_load(path.read_text("utf-8")).get("models", []):
                if ((model.get("config") or {}).get("meta") or {}).get("zone") != "public":
                    continue
                columns = ", ".join(
                    f'"{c["name"]}" {c["data_type"]}' for c in model["columns"] if c.get("data_type")
                )
                connection.execute(f"create table {model['name']} ({columns})")
        connection.execute(
            "create table mids_release (release_id text, as_of date, as_of_week date, data_version text)"
        )
        yield connection


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_runs_and_has_the_columns_it_says(
    name: str, release: duckdb.DuckDBPyConnection
) -> None:
    dataset = DATASETS[name]
    found = {row[0]: row[1] for row in release.execute(f"describe {dataset['sql']}").fetchall()}
    said = {c["column_name"]: c["type"] for c in dataset["columns"]}
    assert found == said
    for metric in dataset["metrics"]:
        release.execute(f"select {metric['expression']} from ({dataset['sql']}) as x")
    assert not dataset["main_dttm_col"] or said[dataset["main_dttm_col"]] == "DATE"


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_names_what_its_dataset_has(name: str) -> None:
    chart = CHARTS[name]
    dataset = BY_UUID[chart["dataset_uuid"]]
    columns = {c["column_name"] for c in dataset["columns"]}
    metrics = {m["metric_name"] for m in dataset["metrics"]}
    params = chart["params"]
    named = [
        *params.get("groupby", []),
        *params.get("all_columns", []),
        *filter(None, [params.get("x_axis")]),
    ]
    assert set(named) <= columns
    assert {*params.get("metrics", []), *filter(None, [params.get("metric")])} <= metrics
    assert all(f["subject"] in columns for f in params["adhoc_filters"])
    assert params["viz_type"] == chart["viz_type"]
    words = "\n".join(d["sql"] for d in DATASETS.values())
    told = [f["comparator"] for f in params["adhoc_filters"] if f["subject"] == "crime_type"]
    assert all(f"'{word}'" in words for word in told), (
        "a chart asks for a crime type by the name that datasets give it"
    )


def test_the_dashboard_shows_every_chart_once_and_filters_by_what_is_there() -> None:
    (dashboard,) = DASHBOARDS.values()
    cells = [c for c in dashboard["position"].values() if isinstance(c, dict) and c["type"] == "CHART"]
    assert sorted(c["meta"]["uuid"] for c in cells) == sorted(c["uuid"] for c in CHARTS.values())
    for row in (c for c in dashboard["position"].values() if isinstance(c, dict) and c["type"] == "ROW"):
        assert sum(dashboard["position"][child]["meta"]["width"] for child in row["children"]) == 12
    for told in dashboard["metadata"]["native_filter_configuration"]:
        (target,) = told["targets"]
        columns = {c["column_name"] for c in BY_UUID[target["datasetUuid"]]["columns"]}
        assert target["column"]["name"] in columns


def test_every_label_speaks_both_languages() -> None:
    same = {"Status", "Median"}  # one word in both
    labels = [c["slice_name"] for c in CHARTS.values()] + [d["dashboard_title"] for d in DASHBOARDS.values()]
    labels += [c["verbose_name"] for d in DATASETS.values() for c in [*d["columns"], *d["metrics"]]]
    labels += [f["name"] for d in DASHBOARDS.values() for f in d["metadata"]["native_filter_configuration"]]
    assert [label for label in labels if " / " not in label and label not in same] == []


def test_ids_are_unique_and_no_secret_or_address_is_kept() -> None:
    (database,) = _all("databases").values()
    ids = [thing["uuid"] for thing in [database, *DATASETS.values(), *CHARTS.values(), *DASHBOARDS.values()]]
    assert len(ids) == len(set(ids))
    assert database["sqlalchemy_uri"] == "duckdb:///SET-BY-start.py" and not database["allow_dml"]
    assert {d["database_uuid"] for d in DATASETS.values()} == {database["uuid"]}
    kept = "\n".join(
        p.read_text("utf-8") for p in sorted(BUNDLE.parent.rglob("*")) if p.suffix in {".yaml", ".py"}
    )
    assert not re.search(r"(SECRET_KEY|password)\s*[=:]\s*[\"'][^\"']{6,}", kept, re.IGNORECASE)

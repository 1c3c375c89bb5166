"""Rules that every model keeps; reading dbt's manifest, so that no rule is kept in words only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
import yaml

from expectations.contract import load_contracts
from expectations.dbt_sources import SOURCES_FILE, render_sources
from mids_orchestration import public_holidays
from mids_orchestration.warehouse import STORAGE_VERSION
from tests.dbt.conftest import PROJECT, Built

LAYERS = ("staging", "conformed", "linked", "marts", "quality")
PREFIXES = {
    "staging": "stg_",
    "conformed": "cnf_",
    "linked": "lnk_",
    "marts": ("dim_", "fct_", "bridge_"),
    "quality": "dq_",
}
ZONES = {"public", "restricted"}
PII = {"none", "indirect", "direct"}

# What a model may read: (layer) -> layers. Seeds may be read by all.
READS = {
    "staging": set(),
    "conformed": {"staging", "conformed"},
    "linked": {"staging", "conformed", "linked"},
    "marts": {"conformed", "linked", "marts"},
    "quality": {"staging", "conformed", "linked", "quality"},
}
SOURCES_READ = {"staging": {"landing"}, "linked": {"linked"}, "quality": {"landing"}, "marts": {"forecast"}}


def layer(node: Mapping[str, Any]) -> str:
    return node["fqn"][1]


@pytest.fixture(scope="module")
def manifest(tiny: Built) -> dict[str, Any]:
    return tiny.manifest


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert len(found) > 40
    return found


def test_the_generated_sources_are_current() -> None:
    assert SOURCES_FILE.read_text(encoding="utf-8") == render_sources(load_contracts()), (
        "run `python -m expectations.dbt_sources` and commit the result"
    )


def test_every_model_says_its_grain_first(models: list[dict[str, Any]]) -> None:
    silent = [
        m["name"]
        for m in models
        if not m["description"].startswith("One row per") or not m["raw_code"].startswith("-- One row per ")
    ]
    assert not silent


def test_every_model_has_schema_name_and_owner_of_its_layer(models: list[dict[str, Any]]) -> None:
    for m in models:
        assert m["schema"] == layer(m) and layer(m) in LAYERS, m["name"]
        assert m["name"].startswith(PREFIXES[layer(m)]), m["name"]
        assert m["config"]["meta"].get("owner") and m["config"]["meta"]["dagster"]["owners"], m["name"]


def test_every_model_beyond_staging_proves_its_key(
    manifest: dict[str, Any], models: list[dict[str, Any]]
) -> None:
    keyed = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "primary_key"
    }
    assert not [m["name"] for m in models if layer(m) != "staging" and m["unique_id"] not in keyed]


def test_models_read_only_the_layers_below(manifest: dict[str, Any], models: list[dict[str, Any]]) -> None:
    for m in models:
        for parent in m["depends_on"]["nodes"]:
            kind = parent.split(".")[0]
            if kind == "model":
                assert layer(manifest["nodes"][parent]) in READS[layer(m)], (m["name"], parent)
            elif kind == "source":
                source = manifest["sources"][parent]["source_name"]
                assert source in SOURCES_READ.get(layer(m), set()), (m["name"], parent)


def test_no_mart_reads_a_source_but_the_forecast_views(
    manifest: dict[str, Any], models: list[dict[str, Any]]
) -> None:
    reading = {
        m["name"]
        for m in models
        if layer(m) == "marts" and any(p.startswith("source.") for p in m["depends_on"]["nodes"])
    }
    assert reading == {
        "fct_allocation",
        "fct_change_point",
        "fct_exposure_effect",
        "fct_forecast",
        "fct_forecast_matured",
        "fct_forecast_month",
        "fct_forecast_month_matured",
        "fct_forecast_node",
        "fct_forecast_score",
        "fct_forecast_source",
        "fct_forecast_total",
        "fct_forecast_trend",
        "fct_intervention_effect",
        "fct_nowcast",
        "fct_scenario",
        "fct_scenario_change",
    }


def test_every_mart_has_an_enforced_contract_with_labels(models: list[dict[str, Any]]) -> None:
    for m in models:
        if layer(m) != "marts":
            continue
        meta = m["config"]["meta"]
        assert m["config"]["contract"]["enforced"], m["name"]
        assert meta["zone"] in ZONES and meta["pii"] in PII - {"direct"}, m["name"]
        for column in m["columns"].values():
            where = f"{m['name']}.{column['name']}"
            assert column["data_type"] and column["description"], where
            assert column["config"]["meta"]["label_ms"], where
            assert column["config"]["meta"]["pii"] in PII - {"direct"}, where


def test_marts_hold_nothing_that_names_a_person(models: list[dict[str, Any]]) -> None:
    naming = re.compile(
        r"(^|_)(full_name|birth_date|document_no|mykad|passport|source_case_no|source_record_key|raid_no)"
    )
    found = [
        f"{m['name']}.{column}"
        for m in models
        if layer(m) == "marts"
        for column in m["columns"]
        if naming.search(column)
    ]
    assert not found


def test_sql_holds_no_schema_names_and_no_clock(models: list[dict[str, Any]]) -> None:
    clock = re.compile(r"\b(now\(|current_date|current_timestamp|today\(|random\()", re.IGNORECASE)
    schema = re.compile(r"\b(from|join)\s+(staging|conformed|linked|marts|quality|landing)\.", re.IGNORECASE)
    assert not [m["name"] for m in models if clock.search(m["raw_code"]) or schema.search(m["raw_code"])]


def test_sql_holds_no_code_lists(models: list[dict[str, Any]]) -> None:
    # Two codes may be told apart in place; a list of them is data and belongs in a seed.
    listed = re.compile(r"\bin\s*\((\s*'[^']*'\s*,){2,}", re.IGNORECASE)
    assert not [m["name"] for m in models if listed.search(m["raw_code"])]


def test_every_fact_says_its_unit_and_calendar(models: list[dict[str, Any]]) -> None:
    facts = [m for m in models if m["name"].startswith("fct_")]
    silent = [m["name"] for m in facts if not {"unit", "calendar"} <= set(m["config"]["meta"])]
    assert facts and not silent


def test_every_bridge_proves_its_weights(manifest: dict[str, Any], models: list[dict[str, Any]]) -> None:
    weighed = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "weights_sum_to_one"
    }
    bridges = [m for m in models if m["name"].startswith("bridge_") and "weight" in m["columns"]]
    assert weighed == {m["unique_id"] for m in bridges}


def test_the_holiday_seed_is_what_the_library_says() -> None:
    assert public_holidays.SEED.read_text(encoding="utf-8") == public_holidays.text(), (
        "run `python -m mids_orchestration.public_holidays` and commit the result"
    )


def test_selections_cover_every_model_once(tiny: Built, models: list[dict[str, Any]]) -> None:
    # What the three builds made, by the order of their results; a model in two selections would be built twice.
    definitions = yaml.safe_load((PROJECT / "selectors.yml").read_text())["selectors"]
    assert [d["name"] for d in definitions] == ["to_conformed", "from_linked", "forecast_marts"]
    built = tiny.rows("select table_schema || '.' || table_name from information_schema.tables")
    assert {f"{m['schema']}.{m['name']}" for m in models} <= {name for (name,) in built}


def test_staging_gives_the_standard_columns_of_the_contracts(tiny: Built) -> None:
    found: dict[str, set[str]] = {}
    for table, column in tiny.rows(
        "select table_name, column_name from information_schema.columns where table_schema = 'staging'"
    ):
        found.setdefault(table, set()).add(column)
    extra = {"source_record_key", "cast_failures", "known_on", "is_deleted", "_effective_at"}
    extra |= {"_receipt_id", "_line_no", "_received_on", "_sent_on"}
    for contract in load_contracts().values():
        for record in contract.records:
            model = f"stg_{contract.agency}__{record.name}"
            assert found[model] == {c.standard for c in record.columns if c.standard} | extra, model


def test_contract_vocabularies_are_in_the_code_lists() -> None:
    import csv

    def seed(name: str, code: str) -> dict[str, str]:
        with (PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8") as lines:
            return {row["spelling"]: row[code] for row in csv.DictReader(lines)}

    def small(domain: str) -> set[str]:
        with (PROJECT / "seeds" / "map_code.csv").open(encoding="utf-8") as lines:
            return {row["spelling"] for row in csv.DictReader(lines) if row["domain"] == domain}

    lists = {
        "state_name": set(seed("map_state", "state_code")),
        "nationality_text": set(seed("map_country", "country_code")),
        "nationality_code": set(seed("map_country", "country_code")),
        "nationality_codes": set(seed("map_country", "country_code")),
        "country_code": set(seed("map_country", "country_code")),
        "vessel_flag": set(seed("map_country", "country_code")),
        "exploitation_text": set(seed("map_exploitation", "exploitation_code")),
        "exploitation_types": set(seed("map_exploitation", "exploitation_code")),
        "sex": small("sex"),
        "gender": small("sex"),
        "role": small("role"),
        "case_type": small("crime_type"),
        "case_status": small("case_status"),
        "document_type": small("document"),
        "protection_order": small("protection_order"),
        "trafficking_status": small("trafficking_status"),
        "charge_outcome": small("charge_outcome"),
        "investigating_agency": small("agency"),
        "outcome": small("interception_outcome"),
    }
    checked = 0
    for contract in load_contracts().values():
        if contract.source_class != "agency":
            continue
        for record in contract.records:
            for column in record.columns:
                if column.vocabulary and column.standard in lists:
                    plain = {re.sub(r"[^0-9A-Z]+", " ", v.upper()).strip() for v in column.vocabulary}
                    missing = plain - lists[column.standard]
                    assert not missing, (contract.key, column.name, sorted(missing)[:5])
                    checked += 1
    assert checked > 20


def test_every_model_has_a_group_and_only_what_others_read_is_public(models: list[dict[str, Any]]) -> None:
    for m in models:
        assert m["config"]["group"], m["name"]
        expected = "public" if layer(m) in ("marts", "quality") else "protected"
        assert m["config"]["access"] == expected, m["name"]


def test_a_public_fact_says_what_its_numbers_are_of(models: list[dict[str, Any]]) -> None:
    # A release asks this too; here it is refused before anything is built.
    silent = [
        m["name"]
        for m in models
        if m["name"].startswith(("fct_", "bridge_"))
        and m["config"]["meta"]["zone"] == "public"
        and m["config"]["meta"].get("disclosure")
        not in ("persons", "events", "estimates", "external", "synthetic")
    ]
    assert not silent


def test_exposures_name_what_their_readers_depend_on(
    manifest: dict[str, Any], models: list[dict[str, Any]]
) -> None:
    exposures = {e["name"]: e for e in manifest["exposures"].values()}
    assert {"dashboard", "weekly_forecast", "postgres_release"} <= set(exposures)
    published = {m["unique_id"] for m in models if m["config"]["meta"].get("zone") in ZONES}
    assert set(exposures["postgres_release"]["depends_on"]["nodes"]) == published
    dashboard = set(exposures["dashboard"]["depends_on"]["nodes"])
    assert all(manifest["nodes"][name]["config"]["meta"]["zone"] == "public" for name in dashboard)


def test_every_measure_of_the_semantic_layer_can_be_asked(tiny: Built, manifest: dict[str, Any]) -> None:
    aggregate = {"sum": "sum({})", "count_distinct": "count(distinct {})"}
    measures = {}
    for semantic in manifest["semantic_models"].values():
        table = semantic["node_relation"]["alias"]
        columns = {column for (column,) in tiny.rows(f"select column_name from (describe marts.{table})")}
        times = {d["name"] for d in semantic["dimensions"] if d["type"] == "time"}
        for part in (*semantic["entities"], *semantic["dimensions"]):
            assert (part["expr"] or part["name"]) in columns, (table, part["name"])
        for measure in semantic["measures"]:
            by = measure["agg_time_dimension"] or semantic["defaults"]["agg_time_dimension"]
            assert by in times, measure["name"]
            rows = tiny.rows(f"select {aggregate[measure['agg']].format(measure['expr'])} from marts.{table}")
            measures[measure["name"]] = rows[0][0]
    assert measures["cases"] == tiny.rows("select count(*) from marts.fct_case")[0][0]
    assert measures["convictions"] == 2 and measures["orders_granted"] == 1
    asked = {
        one["name"]
        for metric in manifest["metrics"].values()
        for one in metric["type_params"]["input_measures"]
    }
    assert asked <= set(measures)
    assert all("calendar:" in metric["description"] for metric in manifest["metrics"].values())


def test_whoever_makes_the_warehouse_file_makes_the_same() -> None:
    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    said = profile["mids"]["outputs"]["duckdb"]["config_options"]["storage_compatibility_version"]
    assert said == STORAGE_VERSION


def test_a_build_that_has_spilled_can_go_on(tmp_path: Path) -> None:
    # dbt opens a cursor for every model and sets `settings` on it; DuckDB refuses some of them once it has spilled.
    home = {"MIDS_WAREHOUSE": str(tmp_path / "w.duckdb"), "MIDS_DUCKDB_MEMORY": "30MB"}
    text = jinja2.Template((PROJECT / "profiles.yml").read_text(encoding="utf-8")).render(
        env_var=lambda name, default=None: home.get(name, default)
    )
    profile = yaml.safe_load(text)["mids"]["outputs"]["duckdb"]
    with duckdb.connect(profile["path"], config=profile["config_options"] | {"threads": 1}) as connection:
        connection.execute("create table t as select md5(range::varchar) as k from range(600000) order by k")
        assert Path(profile["config_options"]["temp_directory"]).is_dir(), (
            "nothing was spilled: this proves nothing"
        )
        with connection.cursor() as cursor:
            for name, value in profile.get("settings", {}).items():
                cursor.execute(f"set {name} = '{value}'")
            assert cursor.execute("select count(*) from t").fetchone() == (600000,)

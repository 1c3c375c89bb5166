import pytest

from mids_orchestration.release import Bilingual, ForeignKey, ReleaseError, exports_from_manifest
from release import small_warehouse as small


def export(manifest, name):
    return next(e for e in exports_from_manifest(manifest) if e.name == name)


def test_only_models_with_a_zone_leave_the_warehouse():
    exports = exports_from_manifest(small.manifest())
    assert {e.name for e in exports} == set(small.tables())
    assert {e.name for e in exports if e.zone == "restricted"} == small.RESTRICTED


def test_what_a_mart_declares_is_read():
    forecast = export(small.manifest(), "fct_forecast")
    assert forecast.relation == "marts.fct_forecast"
    assert forecast.title == Bilingual("Table fct_forecast", "Jadual fct_forecast")
    assert forecast.grain == "One row per fct_forecast."
    assert forecast.primary_key == ("as_of_week", "unique_id", "target_week", "quantile")
    value = next(c for c in forecast.columns if c.name == "value")
    assert (value.data_type, value.pii, value.label) == ("double", "none", Bilingual("Value", "Value (BM)"))


def test_keys_come_from_constraints_tests_or_meta():
    manifest = small.manifest()
    weekly = "model.mids.fct_weekly_count"
    assert export(manifest, "fct_weekly_count").primary_key == ()
    manifest["nodes"]["test.mids.primary_key_weekly"] = {
        "resource_type": "test",
        "attached_node": weekly,
        "test_metadata": {"name": "primary_key", "kwargs": {"columns": ["event_week", "state_code"]}},
    }
    assert export(manifest, "fct_weekly_count").primary_key == ("event_week", "state_code")
    manifest["nodes"][weekly]["config"]["meta"]["primary_key"] = "event_week"
    assert export(manifest, "fct_weekly_count").primary_key == ("event_week",)


def test_foreign_keys_come_from_relationship_tests_and_point_to_exported_tables_only():
    manifest = small.manifest()
    key = ForeignKey(("state_code",), "dim_state", ("state_code",))
    assert export(manifest, "fct_weekly_count").foreign_keys == (key,)
    del manifest["nodes"]["model.mids.dim_state"]
    assert export(manifest, "fct_weekly_count").foreign_keys == ()


def test_a_label_missing_in_english_is_the_name_made_readable():
    manifest = small.manifest()
    node = manifest["nodes"]["model.mids.fct_weekly_count"]
    node["config"]["meta"] = {"zone": "public"}
    node["columns"]["event_week"]["config"]["meta"] = {"label_ms": "Minggu kejadian"}
    weekly = export(manifest, "fct_weekly_count")
    assert weekly.title == Bilingual("Weekly count", "Weekly count")
    assert weekly.columns[0].label == Bilingual("Event week", "Minggu kejadian")
    assert weekly.columns[0].pii is None


@pytest.mark.parametrize(("where", "value"), [("zone", "open"), ("pii", "maybe")])
def test_an_unknown_word_is_refused_by_name(where, value):
    manifest = small.manifest()
    node = manifest["nodes"]["model.mids.dim_state"]
    target = node if where == "zone" else node["columns"]["state_code"]
    target["config"]["meta"][where] = value
    with pytest.raises(ReleaseError, match=r"model\.mids\.dim_state.*" + value):
        exports_from_manifest(manifest)


def test_two_models_of_one_name_are_refused():
    manifest = small.manifest()
    manifest["nodes"]["model.mids.other"] = {**manifest["nodes"]["model.mids.dim_state"]}
    with pytest.raises(ReleaseError, match="dim_state"):
        exports_from_manifest(manifest)

"""Each gate has a case it must refuse; nothing refused ever becomes current."""

import base64
import json
import shutil

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mids_orchestration.release import (
    ReleaseRefused,
    current_release,
    exports_from_manifest,
    gates,
    last_refusal,
    list_releases,
    load_release,
    switch,
)
from mids_orchestration.release.identity_scan import IdentityIndex, mykad_like, scan_file, shapes
from mids_orchestration.release.tables import warehouse_reader, write_parquet
from release import small_warehouse as small
from release.conftest import build


@pytest.fixture
def refused(shelf, tmp_path):
    """Build what the test asks for on a shelf that already has a release; return what refused it."""
    releases = tmp_path / "releases"
    shutil.copytree(shelf.first.path, releases / shelf.first.release_id)
    switch(load_release(releases / shelf.first.release_id))

    def attempt(marts=None, manifest=None, persons=small.PERSONS):
        warehouse = small.write_warehouse(tmp_path / "mids.duckdb", marts, persons)
        exports = exports_from_manifest(manifest or small.manifest(marts))
        with pytest.raises(ReleaseRefused) as told:
            build(warehouse, releases, exports, data_version="later")
        now = current_release(releases)
        assert now is not None and now.release_id == shelf.first.release_id
        assert [r.release_id for r in list_releases(releases)] == [shelf.first.release_id]
        assert not list(releases.glob(".building-*"))
        refusal = last_refusal(releases)
        assert refusal is not None and any(g["status"] == "refused" for g in refusal["gates"])
        for gate in told.value.refused:
            assert gate.owner in str(told.value) and gate.remedy in str(told.value)
        return {gate.name: gate.found for gate in told.value.refused}

    return attempt


@pytest.fixture
def written(tmp_path):
    """Write marts as a release would, without one: for gates that look at tables alone."""

    def write(**marts):
        warehouse = small.write_warehouse(tmp_path / "mids.duckdb", marts)
        with warehouse_reader(warehouse) as connection:
            return [
                write_parquet(connection, export, tmp_path / f"{export.name}.parquet")
                for export in exports_from_manifest(small.manifest(marts))
            ]

    return write


def test_a_promised_table_must_be_there(refused):
    manifest = small.manifest()
    del manifest["nodes"]["model.mids.dim_offence"]
    assert "dim_offence" in refused(manifest=manifest)["promised_tables"]


def test_an_exported_table_must_be_in_the_warehouse(refused):
    marts = small.tables()
    del marts["dim_agency"]
    assert "marts.dim_agency" in refused(marts, small.manifest())["promised_tables"]


def test_an_undeclared_column_does_not_leave(refused):
    marts = small.tables()
    marts["dim_state"]["governor"] = "x"
    assert "dim_state.governor" in refused(marts, small.manifest())["declared_columns"]


@pytest.mark.parametrize(("table", "column"), [("dim_agency", "agency_name_en"), ("fct_case", "state_code")])
def test_no_column_of_class_direct_in_either_zone(refused, table, column):
    manifest = small.manifest()
    manifest["nodes"][f"model.mids.{table}"]["columns"][column]["config"]["meta"]["pii"] = "direct"
    assert f"{table}.{column}" in refused(manifest=manifest)["no_direct_identifiers"]


@pytest.mark.parametrize(
    "column", ["source_case_no", "other_case_no", "placed_raid_no", "full_name", "birth_date", "document_no"]
)
def test_a_column_named_like_an_identifier_does_not_leave_even_if_classed_none(refused, column):
    marts = small.tables()
    marts["fct_person_in_case"][column] = "x"
    assert column in refused(marts)["no_direct_identifiers"]


def test_keys_of_single_persons_stay_restricted(refused):
    marts = small.tables()
    marts["dim_agency"]["person_key"] = "p"
    assert "dim_agency.person_key" in refused(marts)["no_direct_identifiers"]


LEAKS = {
    "capitals": small.NAME.upper(),
    "in_a_sentence": f"Fail {small.NAME} dibuka",
    "bare": small.MYKAD.replace("-", ""),
    "lower": small.PASSPORT.lower(),
    "spaced": small.CASE_NO.replace("/", " "),
    "unaccented": "NGUYEN THI REKAAN",
    "one_word": "suharsonotest",
    "shape_only": "880512-10-5123",  # nobody's number, but of its shape
}


@pytest.mark.parametrize("columns", [list(LEAKS)[:4], list(LEAKS)[4:]])
def test_a_name_or_number_is_found_however_it_is_written(refused, columns):
    marts = small.tables()
    for column in columns:
        marts["dim_offence"][column] = [LEAKS[column], "harmless"]
    found = refused(marts)["identities_absent"]
    for column in columns:
        assert f"data/dim_offence.parquet, column {column} holds" in found
        assert LEAKS[column] not in found


def test_a_leak_in_the_restricted_side_or_in_words_is_found_too(refused):
    manifest = small.manifest()
    manifest["nodes"]["model.mids.dim_state"]["description"] = f"One row per state; ask {small.NAME}."
    marts = small.tables()
    marts["fct_case"].loc[3, "state_code"] = small.PASSPORT
    found = refused(marts, manifest)["identities_absent"]
    assert "restricted/data/fct_case.parquet, column state_code" in found
    assert "README.md" in found or "datapackage.json" in found or "mids.duckdb" in found


def test_nothing_to_look_for_is_not_a_pass(refused, written, tmp_path):
    assert "no table of identities" in refused(persons=None)["identities_absent"]
    tables = written(dim_state=small.tables()["dim_state"])
    with duckdb.connect() as connection:
        gate = gates.identities_absent(connection, tables, [], tmp_path, IdentityIndex())
    assert gate.status == "not_assessed"


def test_placeholders_and_short_words_are_not_names():
    index = IdentityIndex()
    for name in ("TIDAK DIKETAHUI", "Ali", "-", ""):
        index.add_name(name)
    index.add_number("123456")
    assert index.size == 0
    index.add_name("Sari Dewi")
    assert index.hits("laporan SARI  DEWI.") == 1
    assert index.hits("SARI; DEWITA") == 0


def test_the_shape_of_a_mykad():
    assert mykad_like("no. 900131-14-5678") == 1
    assert mykad_like("900131145678") == 1
    assert mykad_like("901331-14-5678") == 0  # no 13th month
    assert mykad_like("900131-00-5678") == 0  # no birthplace 00
    assert mykad_like("0.900131145678 1900131145678 ab900131145678 deadbeef-900131145678") == 0


@pytest.mark.parametrize(
    "value",
    [
        small.NAME,
        small.MYKAD,
        "900131145678",
        small.PASSPORT,
        "MC1234567",
        "012-345 6789",
        "+60 12-345 6789",
        "case-00007",
    ],
)
def test_each_kind_is_found_in_each_format(warehouse, tmp_path, value):
    """Planted in a public table: the release is refused, and the gate names table, column and database."""
    marts = small.tables()
    marts["dim_agency"].loc[0, "agency_name_en"] = value
    small.write_warehouse(warehouse, marts)
    with pytest.raises(ReleaseRefused) as refusal:
        build(warehouse, tmp_path / "releases")
    found = next(g.found for g in refusal.value.refused if g.name == "identities_absent")
    assert "data/dim_agency.parquet, column agency_name_en" in found and value not in found
    assert "mids.duckdb, table dim_agency" in found


@pytest.mark.parametrize("value", [small.NAME, small.MYKAD, small.PASSPORT, "016-345 6789"])
def test_pages_workbooks_and_json_are_searched_inside(tmp_path, value):
    index = IdentityIndex()
    index.add_name(small.NAME)
    encoded = base64.b64encode(f"state,{value},1\r\n".encode()).decode()
    (tmp_path / "page.html").write_text(f'<a href="data:text/csv;charset=utf-8;base64,{encoded}">CSV</a>')
    (tmp_path / "facts.json").write_text(json.dumps({"note": f"see {value}."}))
    book = openpyxl.Workbook()
    book.active["B2"] = value
    book.save(tmp_path / "book.xlsx")
    for name in ("page.html", "facts.json", "book.xlsx"):
        finds = scan_file(tmp_path / name, name, index)
        assert finds and all(value not in f.kind + f.where for f in finds), name
    book.active["B2"] = "Selangor"
    book.save(tmp_path / "book.xlsx")
    assert not scan_file(tmp_path / "book.xlsx", "book.xlsx", index)


def test_what_a_file_writes_in_its_own_way_is_read_as_people_read_it(tmp_path):
    index = IdentityIndex()
    for name in ("Maria D'Cruz", small.NAME, "Sari Dewi"):
        index.add_name(name)
    accented = "Nguyễn Thị Rekaan"
    index.add_name(accented)
    leaks = {
        "entity.html": "<td>Maria D&#39;Cruz</td>",
        "escaped.json": json.dumps({"by": accented}),
        "address.html": '<img src="data:image/svg+xml,%3Ctext%3ESari%20Dewi%3C/text%3E">',
        "number.html": "880512&#8211;10&#8211;5123",
        "fixed.md": "call 03-8886 4000",
        "mobile.md": "call (012) 345 6789 or 60123456789",
    }
    for name, text in leaks.items():
        (tmp_path / name).write_text(text, "utf-8")
        assert scan_file(tmp_path / name, name, index), name
    book = openpyxl.Workbook()
    book.active["A1"] = "Maria D'Cruz & co"
    book.save(tmp_path / "book.xlsx")
    assert scan_file(tmp_path / "book.xlsx", "book.xlsx", index)
    with duckdb.connect() as connection:
        other = tmp_path / "other.parquet"
        connection.execute(
            f"copy (select 'sari dewi' as a, 880512105123::double as b) to '{other}' (compression zstd)"
        )
        found = gates.identities_absent(connection, [], [other], tmp_path, index).found
    assert "other.parquet, column a" in found and "other.parquet, column b" in found, (
        "also one that is no table's"
    )


def test_numbers_whose_bytes_spell_a_name_are_no_name_but_all_around_them_is_searched(tmp_path):
    index = IdentityIndex()
    index.add_name("Sari Dewi")
    spelled = np.frombuffer(b";Sari Dewi;     ", "<i8")
    packed = tmp_path / "packed.parquet"
    plain = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    pq.write_table(pa.table({"n": spelled}), packed, **plain)
    assert b"Sari Dewi" in packed.read_bytes()
    assert not scan_file(packed, "packed.parquet", index)
    told = pa.table({"n": spelled}).replace_schema_metadata({"by": "Sari Dewi"})
    pq.write_table(told, packed, **plain)
    assert scan_file(packed, "packed.parquet", index), "what a footer says is read"
    packed.write_bytes(b"PAR1 Sari Dewi; broken")
    assert scan_file(packed, "packed.parquet", index), "a damaged file is searched whole"


def test_a_database_is_searched_for_deleted_text_and_random_bytes_spell_nobody(tmp_path):
    index, some = IdentityIndex(), np.random.default_rng(11)
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    for word in some.choice(letters, (200_000, 6)):
        index.add_name(f"{''.join(word[:2])} {''.join(word[2:])}")
    noise = some.bytes(24_000_000)
    path = tmp_path / "noise.duckdb"
    path.write_bytes(noise)
    assert index.size > 190_000 and not scan_file(path, "noise.duckdb", index)
    for name in ("Sari Dewi", "Nguyễn Thị Rekaan"):
        index.add_name(name)
        path.write_bytes(noise[:5_000] + f"\0{name}\0".encode() + noise[5_000:9_000])
        assert scan_file(path, "noise.duckdb", index), name


def test_what_only_looks_alike_is_no_find():
    for harmless in (
        "2026-06-29-66375979e658",
        "W24 2026",
        "0.0123456789",
        "sha256:a12345678",
        "20260629",
        "1234567890123",
    ):
        assert shapes(harmless) == [], harmless


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda f: f.assign(value=-f["value"] - 1), "negative"),
        (lambda f: f.assign(value=f["value"].where(f["quantile"] != 0.9, 0.0)), "below the one before"),
        (lambda f: f.assign(value=f["value"].mask(f["horizon"] == 3)), "missing"),
        (lambda f: f.assign(quantile=f["quantile"] + 1), "outside"),
    ],
)
def test_forecasts_must_be_coherent(written, change, told):
    tables = written(fct_forecast=change(small.forecasts()))
    with duckdb.connect() as connection:
        gate = gates.forecasts_coherent(connection, tables)
    assert gate.status == "refused"
    assert told in gate.found


def test_no_forecasts_is_not_a_pass(written):
    with duckdb.connect() as connection:
        assert gates.forecasts_coherent(
            connection, written(fct_forecast=small.forecasts().head(0))
        ).status == ("not_assessed")


def test_weekly_counts_must_add_up_to_the_cases(refused):
    marts = small.tables()
    lost = marts["fct_case"].index[marts["fct_case"]["crime_type_code"] == "SOM"][:2]
    marts["fct_case"] = marts["fct_case"].drop(index=lost)
    found = refused(marts)["counts_reconcile"]
    assert found.startswith("SOM: ")
    assert "TIP" not in found


def test_a_primary_key_must_identify_one_row(written):
    state = small.tables()["dim_state"]
    tables = written(dim_state=pd.concat([state, state.head(1)]))
    with duckdb.connect() as connection:
        gate = gates.primary_keys(connection, tables)
    assert gate.status == "refused"
    assert gate.found.startswith("dim_state: 1 key(s)")


def test_a_description_that_names_what_is_not_there_is_refused(refused):
    manifest = small.manifest()
    manifest["nodes"]["test.mids.relationships_weekly_state"]["test_metadata"]["kwargs"]["field"] = "nowhere"
    found = refused(manifest=manifest)["package_described"]
    assert "fct_weekly_count: foreignKey names dim_state.nowhere" in found


def test_moved_row_counts_are_told_but_publish(warehouse, tmp_path):
    releases = tmp_path / "releases"
    switch(build(warehouse, releases))
    marts = small.tables()
    marts["dim_date"] = marts["dim_date"].head(20)
    small.write_warehouse(warehouse, marts)
    later = build(warehouse, releases, data_version="later")
    gate = next(g for g in later.gates if g.name == "row_counts")
    assert gate.status == "warned"
    assert "dim_date" in gate.found


def test_a_class_nobody_declared_is_counted_not_passed(warehouse, tmp_path):
    manifest = small.manifest()
    manifest["nodes"]["model.mids.dim_state"]["columns"]["state_code"]["config"]["meta"].pop("pii")
    release = build(warehouse, tmp_path / "releases", exports_from_manifest(manifest))
    gate = next(g for g in release.gates if g.name == "pii_declared")
    assert gate.status == "not_assessed"
    assert "dim_state.state_code" in gate.found


def test_a_refusal_is_forgotten_once_a_release_succeeds(refused, tmp_path):
    refused(persons=None)
    build(small.write_warehouse(tmp_path / "mids.duckdb"), tmp_path / "releases", data_version="mended")
    assert last_refusal(tmp_path / "releases") is None

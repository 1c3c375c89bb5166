"""A release in PostgreSQL: whole, described, closed to whom it must be, and switched under a reading client."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
import pytest
from release import small_warehouse as small
from release.conftest import build
from release.small_persons import persons, with_persons
from typer.testing import CliRunner

from mids_orchestration.cli import app
from mids_orchestration.release import Release, exports_from_manifest, switch
from mids_orchestration.release.postgres import publish_postgres

Two = tuple[Release, Release]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Two:
    """Two releases that differ; in both, cases and persons belong to agencies."""
    root = tmp_path_factory.mktemp("pg")
    found = []
    for seed in (7, 8):
        marts = small.tables(seed=seed)
        for name in ("fct_case", "fct_person_in_case"):
            marts[name]["agency_code"] = ["PDRM" if i % 3 else "KLN" for i in range(len(marts[name]))]
        marts["fct_unclaimed"] = pd.DataFrame({"case_key": ["case-00001"], "note": ["x"]})
        manifest = small.manifest(marts)
        manifest["nodes"]["model.mids.fct_unclaimed"]["config"]["meta"]["zone"] = "restricted"
        warehouse = small.write_warehouse(root / "mids.duckdb", marts)
        exports = exports_from_manifest(manifest)
        found.append(build(warehouse, root / "releases", exports, data_version=f"d{seed}"))
    switch(found[0])
    return found[0], found[1]


def _rows(release: Release, table: str) -> list[tuple]:
    with duckdb.connect() as connection:
        path = next(release.path.rglob(f"{table}.parquet"))
        return sorted(connection.execute(f"from read_parquet('{path}')").fetchall(), key=str)


def test_every_row_key_and_comment_arrives(postgres_dsn: str, two: Two) -> None:
    done = publish_postgres(two[0], postgres_dsn)
    assert done.waiting == ()
    with psycopg.connect(postgres_dsn) as server:
        for name in two[0].tables:
            there = sorted(server.execute(f"select * from mids.{name}").fetchall(), key=str)
            assert there == _rows(two[0], name), name
        assert server.execute("select release_id from mids.mids_release").fetchone() == (two[0].release_id,)
        told = server.execute("select obj_description('mids.dim_state'::regclass)").fetchone()
        assert told and "One row per dim_state" in told[0]
        told = server.execute("select col_description('mids.dim_state'::regclass, 1)").fetchone()
        assert told == ("What state_code means.",)
        keys = server.execute(
            "select contype, count(*) from pg_constraint where connamespace = 'mids'::regnamespace group by 1"
        ).fetchall()
        assert dict(keys)["p"] == 6 and dict(keys)["f"] == 1


def test_suppressed_is_the_same_in_every_format_and_nowhere_a_zero(postgres_dsn: str, tmp_path: Path) -> None:
    """Parquet, DuckDB, JSON of the command line and PostgreSQL; charts and CSV files are looked at in tests/browser."""
    marts, exports = with_persons(persons(8, many=400))
    release = build(small.write_warehouse(tmp_path / "mids.duckdb", marts), tmp_path / "releases", exports)
    switch(release)
    publish_postgres(release, postgres_dsn)
    query = (
        "select count_status, count_value is null as is_empty, coalesce(count_value, -1) = 0 as is_zero, count(*) as n "
        "from {} group by 1, 2, 3 order by 1, 2, 3"
    )
    with duckdb.connect() as parquet:
        path = release.path / "data" / "fct_victim_state_year.parquet"
        kinds = parquet.execute(query.format(f"'{path}'")).fetchall()
    assert [kind[:3] for kind in kinds] == [
        ("published", False, False), ("published", False, True), ("suppressed", True, False)
    ]  # fmt: skip
    with duckdb.connect(str(release.database), read_only=True) as database:
        assert database.execute(query.format("fct_victim_state_year")).fetchall() == kinds
    with psycopg.connect(postgres_dsn) as server:
        assert server.execute(query.format("mids.fct_victim_state_year")).fetchall() == kinds
    asked = [
        "sql",
        "from fct_victim_state_year where count_status = 'suppressed'",
        "--json",
        "--home",
        str(tmp_path),
    ]
    told = json.loads(CliRunner().invoke(app, asked).stdout)
    assert len(told) == kinds[2][3] and {row["count_value"] for row in told} == {None}
    field = next(
        f
        for r in json.loads((release.path / "datapackage.json").read_text("utf-8"))["resources"]
        for f in r["schema"]["fields"]
        if (r["name"], f["name"]) == ("fct_victim_state_year", "count_value")
    )
    assert not field.get("constraints", {}).get("required", False), "the description lets the number be empty"


def test_a_client_in_a_long_query_neither_waits_nor_sees_two_releases(postgres_dsn: str, two: Two) -> None:
    publish_postgres(two[0], postgres_dsn)
    expected = [sum(row[-1] for row in _rows(release, "fct_weekly_count")) for release in two]
    assert expected[0] != expected[1]
    with psycopg.connect(postgres_dsn) as client:
        cursor = client.cursor("long")
        cursor.execute("select count_value from mids.fct_weekly_count")
        begun = [row[0] for row in cursor.fetchmany(10)]
        done = publish_postgres(two[1], postgres_dsn)
        assert [name.split("__was_")[0] for name in done.waiting] == ["mids"], "still being read, so kept"
        assert sum(begun) + sum(row[0] for row in cursor.fetchall()) == expected[0]
        cursor.close()
        client.rollback()
        assert client.execute("select sum(count_value) from mids.fct_weekly_count").fetchone() == (
            expected[1],
        )
    assert publish_postgres(two[1], postgres_dsn).waiting == ()
    with psycopg.connect(postgres_dsn) as server:
        left = server.execute("select nspname from pg_namespace where nspname ~ '__(was|next)'").fetchall()
    assert left == []


def test_each_role_sees_what_it_may(postgres_dsn: str, two: Two) -> None:
    publish_postgres(two[0], postgres_dsn)
    cases = _rows(two[0], "fct_case")
    kln = sum("KLN" in row for row in cases)
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        for role, group in (("analyst", "mids_bi"), ("police", "mids_officer"), ("wisma", "mids_officer"),
                            ("mapo", "mids_officer"), ("stranger", "mids_officer")):  # fmt: skip
            server.execute(f"drop role if exists {role}")
            server.execute(f"create role {role} login in role {group}")
        server.execute(
            "insert into mids_access.officer values ('police', 'PDRM'), ('wisma', 'KLN'), ('mapo', '*') "
            "on conflict do nothing"
        )
    publish_postgres(two[0], postgres_dsn)  # rights and officers outlive a publish
    seen = {}
    for role in ("police", "wisma", "mapo", "stranger"):
        with psycopg.connect(postgres_dsn.replace("user=owner", f"user={role}")) as client:
            row = client.execute(
                "select count(*), count(distinct agency_code) from mids_restricted.fct_case"
            ).fetchone()
            assert client.execute("select count(*) from mids.dim_state").fetchone() == (16,)
            assert client.execute("select count(*) from mids_restricted.fct_unclaimed").fetchone() == (0,)
            assert row is not None
            seen[role] = row
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                client.execute("select * from mids_access.officer")
    assert seen == {
        "police": (len(cases) - kln, 1),
        "wisma": (kln, 1),
        "mapo": (len(cases), 2),
        "stranger": (0, 0),
    }
    with psycopg.connect(postgres_dsn.replace("user=owner", "user=analyst")) as client:
        assert client.execute("select count(*) from mids.fct_weekly_count").fetchone() == (
            two[0].tables["fct_weekly_count"],
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("select * from mids_restricted.fct_case")
        client.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("delete from mids.dim_state")


def test_every_agency_with_a_record_in_a_case_sees_the_case(postgres_dsn: str, tmp_path: Path) -> None:
    """The police lead every case; Wisma Putra has records in some, the prosecution in one: each sees those, no more."""
    marts = small.tables(seed=7)
    cases = list(marts["fct_case"]["case_key"])
    marts["fct_case"]["agency_code"] = "PDRM"
    marts["fct_person_in_case"]["agency_code"] = "PDRM"
    people = marts["fct_person_in_case"]
    shared = sorted(set(people["case_key"]))[:5]
    marts["bridge_case_agency"] = pd.DataFrame(
        [(c, "PDRM") for c in cases] + [(c, "KLN") for c in shared] + [(shared[0], "AGC")],
        columns=["case_key", "agency_code"],
    )
    marts["bridge_victim_control_method"] = pd.DataFrame(
        {"person_key": people["person_key"].unique(), "control_method_code": "DebtBondage"}
    )
    manifest = small.manifest(marts)
    for name in ("bridge_case_agency", "bridge_victim_control_method"):
        manifest["nodes"][f"model.mids.{name}"]["config"]["meta"]["zone"] = "restricted"
    warehouse = small.write_warehouse(tmp_path / "mids.duckdb", marts)
    release = build(warehouse, tmp_path / "releases", exports_from_manifest(manifest), data_version="shared")
    publish_postgres(release, postgres_dsn)
    officers = {"officer_pdrm": "PDRM", "officer_kln": "KLN", "officer_agc": "AGC", "officer_jkm": "JKM"}
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        for role, agency in officers.items():
            server.execute(f"drop role if exists {role}")
            server.execute(f"create role {role} login in role mids_officer")
            server.execute(
                "insert into mids_access.officer values (%s, %s) on conflict do nothing", [role, agency]
            )
    seen = {}
    for role, agency in officers.items():
        with psycopg.connect(postgres_dsn.replace("user=owner", f"user={role}")) as client:
            ask = {
                "cases": "select case_key from mids_restricted.fct_case",
                "people": "select person_key from mids_restricted.fct_person_in_case",
                "control": "select person_key from mids_restricted.bridge_victim_control_method",
                "agencies": "select distinct agency_code from mids_restricted.bridge_case_agency",
            }
            seen[agency] = {key: {row[0] for row in client.execute(query)} for key, query in ask.items()}
    for agency, visible in (("PDRM", set(cases)), ("KLN", set(shared)), ("AGC", {shared[0]}), ("JKM", set())):
        in_them = set(people[people["case_key"].isin(visible)]["person_key"])
        assert seen[agency]["cases"] == visible, agency
        assert seen[agency]["people"] == seen[agency]["control"] == in_them, agency
        assert seen[agency]["agencies"] <= {agency}, "not who else has a record"


def test_a_failed_load_leaves_the_release_before(postgres_dsn: str, two: Two) -> None:
    publish_postgres(two[0], postgres_dsn)
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute("drop role if exists nobody")
        server.execute("create role nobody login")
    runner, home = CliRunner(), two[0].path.parent.parent
    at = ["publish", "postgres", "--home", str(home), "--release", two[1].release_id]
    refused = runner.invoke(app, [*at, "--dsn", postgres_dsn.replace("user=owner", "user=nobody")])
    assert (
        refused.exit_code == 2 and "may not publish" in refused.stderr and "Traceback" not in refused.stderr
    )
    unreached = runner.invoke(app, [*at, "--dsn", "host=/nowhere user=x password=geheim dbname=y"])
    assert unreached.exit_code == 2 and "cannot be reached" in unreached.stderr
    assert "geheim" not in unreached.stderr
    with psycopg.connect(postgres_dsn) as server:
        assert server.execute("select release_id from mids.mids_release").fetchone() == (two[0].release_id,)
    done = runner.invoke(app, [*at, "--dsn", postgres_dsn, "--json"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["rows"]["mids.dim_state"] == 16


def test_nothing_else_of_the_shelf_is_touched(two: Two) -> None:
    assert {p.name for p in two[0].path.parent.iterdir() if not p.name.startswith(".")} == {
        "current", "held.css", two[0].release_id, two[1].release_id,
    }  # fmt: skip
    assert Path(two[0].path / "SHA256SUMS").exists()

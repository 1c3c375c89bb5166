import hashlib
import json
import stat
from datetime import date

import duckdb
import pandas as pd
import pytest

from mids_orchestration.release import Bilingual, ReleaseError, ReleaseRefused, open_release, verify_release
from mids_orchestration.release.datapackage import problems_of
from release import small_warehouse as small
from release.conftest import build


def digests(release):
    files = [p for p in release.path.rglob("*") if p.suffix in {".parquet", ".html", ".json", ".md"}]
    return {str(p.relative_to(release.path)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_same_content_gives_the_same_bytes_and_id(shelf, tmp_path):
    # The warehouse is written anew, its rows in another order.
    again = build(small.write_warehouse(tmp_path / "mids.duckdb"), tmp_path / "releases")
    assert again.release_id == shelf.first.release_id
    ours, theirs = digests(again), digests(shelf.first)
    assert len(ours) > 12
    assert ours == theirs


def test_an_id_is_the_day_and_the_content(shelf):
    assert shelf.first.release_id.startswith("2026-06-29-")
    assert shelf.first.release_id != shelf.second.release_id


@pytest.mark.parametrize(
    "given",
    [
        {"as_of": date(2026, 6, 30)},
        {"notice": Bilingual("Simulated", "Simulasi")},
        {"feeds": small.FEEDS[:1]},
    ],
)
def test_whatever_the_release_says_is_part_of_its_id(shelf, given):
    other = build(shelf.warehouse, shelf.releases, **given)
    assert other.built
    assert other.release_id not in {shelf.first.release_id, shelf.second.release_id}


def test_building_again_is_a_no_op(shelf):
    before = {p: p.stat().st_mtime_ns for p in shelf.first.path.rglob("*")}
    again = build(shelf.warehouse, shelf.releases)
    assert not again.built
    assert again.release_id == shelf.first.release_id
    assert {p: p.stat().st_mtime_ns for p in shelf.first.path.rglob("*")} == before


def test_a_damaged_release_is_built_anew_and_the_evidence_kept(warehouse, tmp_path):
    first = build(warehouse, tmp_path / "releases")
    (first.path / "README.md").chmod(0o644)
    (first.path / "README.md").write_text("changed")
    again = build(warehouse, tmp_path / "releases")
    assert again.built
    assert again.path == first.path
    assert verify_release(again.path) == []
    assert len(list((tmp_path / "releases").glob(".damaged-*"))) == 1


def test_files_are_read_only_and_the_restricted_side_is_closed(shelf):
    for path in shelf.first.path.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        restricted = "restricted" in path.relative_to(shelf.first.path).parts
        if path.is_dir():
            assert mode == (0o700 if restricted else 0o755), path
        else:
            assert mode == (0o400 if restricted else 0o444), path


def test_the_zones_are_apart(shelf):
    root = shelf.first.path
    assert {p.stem for p in (root / "data").iterdir()} == set(small.tables()) - small.RESTRICTED
    assert {p.stem for p in (root / "restricted" / "data").iterdir()} == small.RESTRICTED
    with open_release(shelf.releases) as public, open_release(shelf.releases, restricted=True) as closed:
        shown = {row[0] for row in public.execute("show tables").fetchall()}
        assert shown == set(small.tables()) - small.RESTRICTED | {"mids_release"}
        assert closed.execute("select count(*) from fct_case").fetchone() == (
            int(small.weekly_counts()["count_value"].sum()),
        )
    facts = json.loads((root / "release.json").read_text())
    assert not small.RESTRICTED & set(facts["tables"])


def test_tables_arrive_whole_with_counts_as_integers(shelf):
    marts = small.tables()
    for name in set(marts) - small.RESTRICTED:
        path = shelf.first.path / "data" / f"{name}.parquet"
        held = duckdb.sql(f"from read_parquet('{path}')")
        assert held.count("*").fetchone() == (len(marts[name]),)
        assert held.columns == list(marts[name].columns)
    weekly = duckdb.sql(
        f"describe from read_parquet('{shelf.first.path}/data/fct_weekly_count.parquet')"
    ).df()
    types = dict(zip(weekly["column_name"], weekly["column_type"], strict=True))
    assert types["count_value"] == "BIGINT"  # HUGEINT in the warehouse
    assert types["event_week"] == "DATE"


def test_the_database_carries_comments_and_says_which_release_it_is(shelf):
    with open_release(shelf.releases) as connection:
        assert connection.execute("select release_id, as_of, as_of_week from mids_release").fetchall() == [
            (shelf.first.release_id, small.AS_OF, small.LAST_WEEK)
        ]
        comments = dict(
            connection.execute(
                "select table_name, comment from duckdb_tables() where database_name = 'mids'"
            ).fetchall()
        )
        assert comments["fct_weekly_count"].startswith("One row per fct_weekly_count")
        told = connection.execute(
            "select comment from duckdb_columns() where table_name = 'dim_state' and column_name = 'state_code'"
        ).fetchone()
        assert told == ("What state_code means.",)


def test_the_description_is_valid_and_names_what_is_there(shelf):
    descriptor = json.loads((shelf.first.path / "datapackage.json").read_text())
    assert problems_of(descriptor) == []
    weekly = next(r for r in descriptor["resources"] if r["name"] == "fct_weekly_count")
    assert weekly["schema"]["foreignKeys"][0]["reference"] == {
        "resource": "dim_state",
        "fields": ["state_code"],
    }
    assert {f["name"]: f["type"] for f in weekly["schema"]["fields"]}["event_week"] == "date"
    for resource in descriptor["resources"]:
        path = shelf.first.path / resource["path"]
        assert path.stat().st_size == resource["bytes"]
        assert resource["hash"] == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert (shelf.first.path / "README.md").read_text().count("| `dim_") == 4


def test_release_json_tells_gates_feeds_and_headline(shelf):
    facts = shelf.first.facts
    assert facts["as_of_week"] == "2026-06-22"
    assert {gate["name"] for gate in facts["gates"]} >= {
        "identities_absent",
        "counts_reconcile",
        "row_counts",
    }
    assert all(gate["owner"] and gate["remedy"] for gate in facts["gates"])
    assert [feed["status"] for feed in facts["feeds"]] == ["fresh", "stale", "never"]
    assert shelf.first.feeds == tuple(small.FEEDS)
    weekly = small.weekly_counts()
    newest = weekly[
        (weekly["event_week"] == pd.Timestamp(small.LAST_WEEK)) & (weekly["crime_type_code"] == "SOM")
    ]
    assert facts["headline"]["SOM"]["last_week"] == int(newest["count_value"].sum())


def test_upstream_gates_are_recorded_and_can_refuse(warehouse, tmp_path):
    from mids_orchestration.release import GateResult

    refusal = GateResult("dbt_tests", "warehouse", "refused", "2 tests fail", "see dbt's log")
    with pytest.raises(ReleaseRefused, match="dbt_tests"):
        build(warehouse, tmp_path / "releases", upstream_gates=[refusal])


def test_a_missing_or_busy_warehouse_is_told(tmp_path):
    with pytest.raises(ReleaseError, match="no warehouse"):
        build(tmp_path / "none.duckdb", tmp_path / "releases")

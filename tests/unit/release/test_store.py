import hashlib
import json
import shutil
from datetime import date

import duckdb
import pandas as pd
import pytest

from mids_orchestration.release import (
    ReleaseError,
    current_release,
    feed_states,
    find_release,
    list_releases,
    open_release,
    rollback,
    switch,
    verify_release,
)
from release import small_warehouse as small
from release.conftest import build


@pytest.fixture
def copy(shelf, tmp_path):
    """A copy of the first release that may be spoiled."""
    folder = tmp_path / shelf.first.release_id
    shutil.copytree(shelf.first.path, folder)
    for path in folder.rglob("*"):
        path.chmod(path.stat().st_mode | 0o200)
    return folder


def test_a_fresh_release_verifies(shelf, copy):
    assert verify_release(shelf.first.path) == []
    assert verify_release(shelf.releases / "current") == []
    assert verify_release(copy) == []


@pytest.mark.parametrize(
    "name", ["mids.duckdb", "data/dim_state.parquet", "dashboard.html", "restricted/mids_restricted.duckdb"]
)
def test_one_flipped_byte_is_found(copy, name):
    path = copy / name
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    assert any(name.split("/")[-1] in problem for problem in verify_release(copy))


def test_missing_and_extra_files_are_found(copy):
    (copy / "data" / "dim_state.parquet").unlink()
    (copy / "notes.txt").write_text("x")
    (copy / "restricted" / "list.csv").write_text("x")
    (copy / "restricted" / "list.csv").chmod(0o600)
    assert verify_release(copy) == [
        "data/dim_state.parquet is missing",
        "notes.txt is not part of the release",
        "restricted/list.csv is not part of the release",
    ]


def test_a_restricted_file_open_to_others_is_found(copy):
    (copy / "restricted" / "mids_restricted.duckdb").chmod(0o644)
    assert any("open to others" in problem for problem in verify_release(copy))


def test_rewritten_checksums_do_not_hide_a_changed_table(copy):
    path = copy / "data" / "dim_state.parquet"
    duckdb.sql(f"copy (select * from read_parquet('{path}') limit 3) to '{path}.new' (format parquet)")
    shutil.move(f"{path}.new", path)
    sums = copy / "SHA256SUMS"
    lines = [line for line in sums.read_text().splitlines() if not line.endswith("data/dim_state.parquet")]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    sums.write_text("\n".join([*lines, f"{digest}  data/dim_state.parquet"]) + "\n")
    assert verify_release(copy) == ["data/dim_state.parquet is not the table the id was made from"]
    facts = json.loads((copy / "release.json").read_text())
    facts["identity"]["tables"]["data/dim_state.parquet"] = digest
    (copy / "release.json").write_text(json.dumps(facts))
    assert any("the id does not follow" in problem for problem in verify_release(copy))


def test_a_public_copy_without_the_restricted_side_verifies(copy):
    shutil.rmtree(copy / "restricted")
    assert verify_release(copy) == []


def test_nothing_is_current_before_the_first_switch(warehouse, tmp_path):
    assert list_releases(tmp_path / "releases") == []
    assert current_release(tmp_path / "releases") is None
    release = build(warehouse, tmp_path / "releases")
    assert current_release(tmp_path / "releases") is None
    with pytest.raises(ReleaseError, match="Nothing has been published"):
        open_release(tmp_path / "releases")
    switch(release)
    assert (tmp_path / "releases" / "current").readlink().as_posix() == release.release_id


def test_switch_and_rollback_move_only_the_pointer(shelf):
    switch(shelf.second)
    now = current_release(shelf.releases)
    assert now is not None and now.path == shelf.second.path
    back = rollback(shelf.releases, shelf.first.release_id)
    now = current_release(shelf.releases)
    assert now is not None and now.release_id == back.release_id == shelf.first.release_id
    assert verify_release(shelf.second.path) == []


def test_a_damaged_release_is_not_rolled_back_to(warehouse, tmp_path):
    first = build(warehouse, tmp_path / "releases")
    second = build(warehouse, tmp_path / "releases", data_version="later")
    switch(second)
    (first.path / "README.md").unlink()
    with pytest.raises(ReleaseError, match="README"):
        rollback(tmp_path / "releases", first.release_id)
    now = current_release(tmp_path / "releases")
    assert now is not None and now.release_id == second.release_id


def test_a_release_is_found_by_the_beginning_of_its_id(shelf):
    assert find_release(shelf.releases, shelf.first.release_id[:18]).path == shelf.first.path
    with pytest.raises(ReleaseError, match="kept releases begin"):
        find_release(shelf.releases, "2026-06-")
    with pytest.raises(ReleaseError, match="no kept release"):
        find_release(shelf.releases, "1999")


@pytest.mark.parametrize(
    "question",
    [
        "create table t as select 1",
        "delete from dim_state",
        "copy dim_state to 'never.csv'",
        "select * from read_csv('/etc/hostname')",
        "attach 'never.duckdb'",
        "set enable_external_access = true",
        "install httpfs",
    ],
)
def test_a_question_can_change_and_reach_nothing(shelf, question):
    with open_release(shelf.releases) as connection, pytest.raises(duckdb.Error):
        connection.execute(question)


def test_an_open_reader_keeps_its_release(shelf):
    with open_release(shelf.releases) as connection:
        switch(shelf.second)
        try:
            assert connection.execute("select release_id from mids_release").fetchone() == (
                shelf.first.release_id,
            )
            with open_release(shelf.releases) as later:
                assert later.execute("select release_id from mids_release").fetchone() == (
                    shelf.second.release_id,
                )
        finally:
            switch(shelf.first)


class _Contract:
    def __init__(self, feed, cadence="weekly", lateness_days=10):
        self.agency, self.feed, self.cadence, self.lateness_days = "pdrm", feed, cadence, lateness_days
        self.title_en, self.title_ms, self.source_class = feed, f"{feed} (BM)", "agency"


def test_feeds_are_fresh_stale_or_never():
    receipts = pd.DataFrame(
        [
            ("pdrm", "cases", "2026-06-29", "accepted", 10, 9, 1),
            ("pdrm", "cases", "2026-06-22", "accepted", 5, 5, 0),
            ("pdrm", "persons", "2026-06-18", "accepted", 5, 5, 0),
            ("pdrm", "persons", "2026-06-29", "refused", 7, 0, 0),
            ("pdrm", "persons", "2026-07-06", "accepted", 7, 7, 0),
            ("pdrm", "archive", "2020-01-01", "accepted", 1, 1, 0),
        ],
        columns=["agency", "feed", "known_on", "status", "received", "accepted", "quarantined"],
    )
    contracts = [_Contract("cases"), _Contract("persons"), _Contract("archive", "adhoc"), _Contract("raids")]
    states = {s.feed: s for s in feed_states(receipts, contracts, as_of=small.AS_OF)}
    assert {name: s.status for name, s in states.items()} == {
        "archive": "fresh",
        "cases": "fresh",
        "persons": "stale",
        "raids": "never",
    }
    assert (states["cases"].received, states["cases"].quarantined) == (15, 1)
    assert states["persons"].last_known_on == date(2026, 6, 18)
    assert states["persons"].days_since == 11
    with pytest.raises(ValueError, match="known_on"):
        feed_states(receipts.drop(columns="known_on"), contracts, as_of=small.AS_OF)

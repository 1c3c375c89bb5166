"""Comparing two releases: rows, sums, history with reasons; and what the command line says of it."""

from __future__ import annotations

import http.client
import json
import shutil
import threading
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from mids_orchestration.cli import app
from mids_orchestration.release import ReleaseRefused, current_release, switch
from mids_orchestration.release.compare import compare_releases, compare_tables, in_words
from mids_orchestration.release.serve import dashboard_server
from release import small_warehouse as small
from release.conftest import Shelf, build

TRIANGLE = ["event_week", "known_week", "crime_type_code", "unit_code", "count_value"]


def _triangle(folder: Path, name: str, rows: list[tuple[str, str, str, str, int]]) -> dict[str, Path]:
    path = folder / name
    frame = pd.DataFrame(rows, columns=TRIANGLE)
    with duckdb.connect() as connection:
        connection.register("given", frame)
        connection.execute(
            "copy (select * replace (event_week::date as event_week, known_week::date as known_week) from given) "
            f"to '{path}' (format parquet)"
        )
    return {"fct_weekly_count": path}


def test_history_changes_by_reason(tmp_path: Path) -> None:
    before = [("2026-06-01", "2026-06-08", "TIP", "case", 3), ("2026-06-08", "2026-06-15", "TIP", "case", 2)]
    after = [
        ("2026-06-01", "2026-06-08", "TIP", "case", 4),  # one more, in a week already known: restated
        ("2026-06-08", "2026-06-15", "TIP", "case", 2),
        ("2026-06-08", "2026-06-22", "TIP", "case", 5),  # late
        ("2026-06-01", "2026-06-22", "TIP", "case", -1),  # moved away
        ("2026-06-15", "2026-06-22", "TIP", "case", 9),  # a new week is no history
    ]
    monday = pd.Timestamp("2026-06-08").date()
    compared = compare_tables(
        _triangle(tmp_path, "a.parquet", before),
        _triangle(tmp_path, "b.parquet", after),
        keys={"fct_weekly_count": ("event_week", "known_week", "crime_type_code", "unit_code")},
        names=("one", "two"),
        days=(monday, monday),
        closed_week=monday,
    )
    told = {(str(c.event_week), c.reason): (c.before, c.after, c.change) for c in compared.history}
    assert told == {
        ("2026-06-01", "restated"): (3, 3, 1),
        ("2026-06-01", "moved"): (3, 3, -1),
        ("2026-06-08", "late"): (2, 7, 5),
    }
    (table,) = compared.tables
    assert (table.added, table.removed, table.changed) == (3, 0, 1)
    assert [(m.column, m.before, m.after) for m in table.measures] == [("count_value", 5, 19)]
    words = in_words(compared)
    assert "2026-W24 | TIP | case | 2 | 7 | +5 | reported late" in words


def test_a_release_equals_itself_and_differs_from_another(shelf: Shelf) -> None:
    assert compare_releases(shelf.first, shelf.first).same
    other = compare_releases(shelf.first, shelf.second)
    assert not other.same and {c.reason for c in other.history} >= {"restated"}
    with duckdb.connect() as connection:
        sums = [
            connection.sql(
                f"select sum(count_value) from '{r.path}/data/fct_weekly_count.parquet'"
            ).fetchone()
            for r in (shelf.first, shelf.second)
        ]
    weekly = next(t for t in other.tables if t.table == "fct_weekly_count")
    assert [(m.before, m.after) for m in weekly.measures] == [tuple(float(s[0]) for s in sums)]


def test_changes_stand_in_the_release(tmp_path: Path) -> None:
    warehouse = small.write_warehouse(tmp_path / "mids.duckdb")
    first = build(warehouse, tmp_path / "releases")
    assert "first release" in (first.path / "CHANGES.md").read_text("utf-8")
    switch(first)
    small.write_warehouse(warehouse, small.tables(seed=8))
    second = build(warehouse, tmp_path / "releases", data_version="deliveries-2")
    told = (second.path / "CHANGES.md").read_text("utf-8")
    assert f"# {first.release_id} → {second.release_id}" in told and "fct_weekly_count" in told


@pytest.fixture
def home(shelf: Shelf, tmp_path: Path) -> Path:
    """A data home with a copy of the shelf of its own."""
    shutil.copytree(shelf.releases, tmp_path / "home" / "releases", symlinks=True)
    yield tmp_path / "home"
    for path in (tmp_path / "home").rglob("*"):
        path.chmod(0o755) if path.is_dir() else path.chmod(0o644)


def test_the_command_line_compares_rolls_back_and_says_why(shelf: Shelf, home: Path) -> None:
    runner, at = CliRunner(), ["--home", str(home)]
    told = runner.invoke(app, ["release", "diff", shelf.second.release_id, "current", "--json", *at])
    assert told.exit_code == 0 and json.loads(told.stdout)["after"] == shelf.first.release_id
    assert runner.invoke(app, ["release", "diff", "1999", *at]).exit_code == 2

    rolled = runner.invoke(app, ["release", "rollback", shelf.second.release_id, *at])
    now = current_release(home / "releases")
    assert rolled.exit_code == 0 and now is not None and now.release_id == shelf.second.release_id
    damaged = home / "releases" / shelf.first.release_id / "README.md"
    damaged.chmod(0o644)
    damaged.write_text("other")
    refused = runner.invoke(app, ["release", "rollback", shelf.first.release_id, *at])
    now = current_release(home / "releases")
    assert refused.exit_code == 1 and "README.md" in refused.stderr
    assert now is not None and now.release_id == shelf.second.release_id

    assert runner.invoke(app, ["release", "why", *at]).exit_code == 0
    marts = small.tables()
    marts["dim_agency"].loc[0, "agency_name_en"] = small.NAME
    with pytest.raises(ReleaseRefused):
        build(small.write_warehouse(home / "mids.duckdb", marts), home / "releases")
    why = runner.invoke(app, ["release", "why", *at])
    assert why.exit_code == 1
    assert "identities_absent" in why.stdout and "to do" in why.stdout and small.NAME not in why.stdout

    server = dashboard_server(home / "releases", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        page = _get(server.server_address[1], "/")
        note = json.loads(page.split('id="held">')[1].split("</script>")[0])
        assert [gate["name"] for gate in note["gates"]] == ["identities_absent"]
        assert _get(server.server_address[1], "/restricted/release.json") == "404"
    finally:
        server.shutdown()
        server.server_close()


def _get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return text if answer.status == 200 else str(answer.status)

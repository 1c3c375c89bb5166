"""The officers' edition: for one account, never in a release; every filter acts, its numbers are the marts'."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.browser.conftest import visiting

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("world")]

_CHILDREN = "is_counted and crime_type_code = 'TIP' and is_child_code = 'Y'"


@pytest.fixture(scope="module")
def file(world, tmp_path_factory):
    written = tmp_path_factory.mktemp("officers") / "officers.html"
    world.mids("dashboard", "--officers", str(written))
    return written


@pytest.fixture(scope="module")
def page(browser, file):
    with visiting(browser) as visit:
        opened = visit(file)
        for name, value in {"crime": "TIP", "measure": "persons", "year": "2024", "child": "Y"}.items():
            opened.get_by_test_id(f"filter-{name}").select_option(value)
            opened.wait_for_function("document.documentElement.dataset.drawn", timeout=20_000)
        yield opened


def counts(world, column):
    told = world.sql(
        f"select {column} as of, count(*) as n from fct_person_in_case "
        f"where {_CHILDREN} and year(event_on) = 2024 group by all",
        restricted=True,
    )
    return {row["of"]: row["n"] for row in told}


def downloaded(page, chart):
    with page.expect_download() as download:
        page.get_by_test_id(f"csv-{chart}").click()
    return list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))


def test_it_is_for_one_account_and_not_for_the_shelf(world, file):
    assert file.stat().st_mode & 0o777 == 0o600
    refused = world.mids("dashboard", "--officers", str(world.home / "releases" / "x.html"), check=False)
    assert refused.returncode == 2 and "others read" in refused.stderr


def test_children_fill_the_weeks_and_their_projection(page, world):
    rows = downloaded(page, "trend-TIP")
    recorded = {r["week_start"]: int(r["count"]) for r in rows if r["count"]}
    expected = world.sql(
        f"select event_week, count(*) as n from fct_person_in_case where {_CHILDREN} group by all",
        restricted=True,
    )
    weeks = {row["event_week"][:10]: row["n"] for row in expected}
    assert recorded == {week: weeks.get(week, 0) for week in recorded} and sum(recorded.values()) > 0
    assert {(r["unit_code"], r["is_child_code"]) for r in rows} == {("person", "Y")}
    ahead = world.sql(
        "select target_week, value from fct_forecast_node where unique_id = 'MY.person/TIP/*/*/*/Y' and quantile = 0.9",
        restricted=True,
    )
    told = {r["week_start"]: float(r["q0.9"]) for r in rows if not r["count"]}
    assert told == pytest.approx({row["target_week"][:10]: row["value"] for row in ahead}, abs=0.006)


@pytest.mark.parametrize(
    ("ranking", "column"), [("nationality", "nationality_code"), ("where", "state_code")]
)
def test_children_fill_the_rankings(page, world, ranking, column):
    rows = downloaded(page, f"who-{ranking}-TIP")
    assert {row[column]: int(row["persons"]) for row in rows} == counts(world, column)
    bars = [t for t in page.locator(f"#who-{ranking}-TIP .mark-text text").all_text_contents() if t.isdigit()]
    assert sum(map(int, bars)) == sum(counts(world, column).values())


def test_children_fill_the_map(page, world):
    told = page.locator("#states-TIP .mark-text text").all_text_contents()
    assert sum(int(t) for t in told if t.isdigit()) == sum(counts(world, "state_code").values())

"""Panels on persons, the funnel and what changed; filters that act on all; nothing serious for axe-core."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from release import small_warehouse as small
from release.conftest import build
from release.small_persons import persons, with_persons

from mids_orchestration.release import open_release, switch
from tests.browser.conftest import visiting

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The second release of a shelf: it has a release before it to be compared with."""
    root = tmp_path_factory.mktemp("panels")
    for seed in (8, 7):
        marts, exports = with_persons(persons(5, 2400))
        marts["fct_weekly_count"] = small.weekly_counts(seed=seed)
        marts["fct_case"] = small.tables(seed=seed)["fct_case"]
        marts["fct_person_in_case"] = small.tables(seed=seed)["fct_person_in_case"]
        warehouse = small.write_warehouse(root / "mids.duckdb", marts)
        built = build(warehouse, root / "releases", exports, data_version=f"d{seed}")
        switch(built)
    return built


@pytest.fixture(scope="module")
def page(browser, release):
    with visiting(browser) as visit:
        yield visit(release.dashboard)


def drawn(page):
    page.wait_for_function("document.documentElement.dataset.drawn", timeout=20_000)


def choose(page, name, value):
    page.get_by_test_id(f"filter-{name}").select_option(value)
    drawn(page)


@pytest.fixture(autouse=True)
def clear(page):
    yield
    page.locator("#clear-filters").click()
    drawn(page)


def test_persons_are_the_releases_and_suppressed_is_not_zero(page, release):
    with open_release(release.path.parent) as tables:
        rows = tables.execute(
            "select state_code, count_value from fct_victim_state_year "
            "where crime_type_code = 'TIP' and year_start = '2025-01-01' and (count_value > 0 or count_value is null)"
        ).fetchall()
    numbers = sorted(n for _, n in rows if n)
    hidden = sum(n is None for _, n in rows)
    assert numbers and hidden
    told = page.locator("#who-where-TIP .mark-text text").all_text_contents()
    shown = sorted(int(t) for t in told if t.isdigit())
    assert shown == numbers[-len(shown) :] and len(shown) + told.count("suppressed") == 12
    with page.expect_download() as download:
        page.get_by_test_id("csv-who-where-TIP").click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    listed = [r for r in csv.DictReader(io.StringIO(text)) if r["year"] == "2025"]
    assert {(r["state_code"], r["persons"]) for r in listed if r["persons"] != "0"} == {
        (state, "" if n is None else str(n)) for state, n in rows
    }
    assert {r["count_status"] for r in listed if r["persons"] == ""} == {"suppressed"}


def test_the_year_and_child_filters_choose_rows(page):
    before = page.locator("#who-nationality-TIP .mark-text text").all_text_contents()
    choose(page, "year", "2022")
    assert page.get_by_test_id("year-shown-TIP").inner_text() == "2022"
    assert page.locator("#who-nationality-TIP .mark-text text").all_text_contents() != before
    choose(page, "child", "Y")
    labels = page.locator("#who-children-TIP .role-axis-label text").all_text_contents()
    assert labels and all(label.startswith("Child") for label in labels)
    notes = page.locator("article:has(#who-nationality-TIP) .only-child")
    assert notes.is_visible() and "All ages" in notes.inner_text()


def download(page, name):
    """Rows of the CSV that a reader gets now."""
    with page.expect_download() as told:
        page.get_by_test_id(f"csv-{name}").click()
    return list(csv.DictReader(io.StringIO(Path(told.value.path()).read_text("utf-8-sig"))))


def test_the_state_filter_redraws_cards_trend_table_and_csv_from_that_states_cases(page, release):
    choose(page, "state", "10")
    with open_release(release.path.parent) as tables:
        weeks = tables.execute(
            "select strftime(event_week, '%Y-%m-%d'), sum(count_value)::int from fct_weekly_count "
            "where state_code = '10' and crime_type_code = 'SOM' and event_week > date '2024-06-24' group by 1"
        ).fetchall()
        newest = tables.execute(
            "select coalesce(sum(count_value), 0)::int from fct_weekly_count where state_code = '10' and "
            "crime_type_code = 'SOM' and event_week = date '2026-06-22'"
        ).fetchone()[0]
    tall = page.evaluate(
        "[...document.querySelectorAll('#trend-SOM .mark-rect path')].filter(p => p.getBBox().height > 0.5).length"
    )
    assert tall == sum(n > 0 for _, n in weeks)
    assert int(page.get_by_test_id("kpi-SOM-last").get_attribute("data-value")) == newest
    assert page.get_by_test_id(
        "kpi-SOM-no-forecast"
    ).is_visible()  # this warehouse projects the country alone
    rows = page.locator("#table-trend-SOM tbody tr:not([hidden])")
    assert rows.count() == 104  # and no projection of the country beside one state's weeks
    shown = rows.evaluate_all("rows => rows.map(r => [r.dataset.ofWeek, Number(r.cells[3].textContent)])")
    assert {week: n for week, n in shown if n} == {week: n for week, n in weeks if n}
    listed = download(page, "trend-SOM")
    assert {r["week_start"]: int(r["count"]) for r in listed if r["count"] != "0"} == {
        w: n for w, n in weeks if n
    }
    assert {r["state_code"] for r in listed} == {"10"}
    assert page.locator("#states-SOM .mark-rect path").count() == 1
    assert page.locator("#table-states-SOM tbody tr:not([hidden])").count() == 1
    assert {r["state_code"] for r in download(page, "states-SOM")} == {"10"}
    choose(page, "state", "09")
    assert (
        page.get_by_test_id("kpi-SOM").inner_text().strip() == "No such case has been recorded in this state."
    )
    choose(page, "state", "")
    assert page.locator("#trend-SOM .mark-area path").count() == 5  # the country's projections are back
    assert page.locator("#table-trend-SOM tbody tr:not([hidden])").count() == 104 + 12 + 24


def test_the_map_and_the_ranking_show_what_is_chosen(page, release):
    with open_release(release.path.parent) as tables:
        persons = dict(
            tables.execute(
                "select state_code, count_value from fct_victim_state_year where crime_type_code = 'TIP' "
                "and year_start = '2025-01-01'"
            ).fetchall()
        )
        residents = dict(
            tables.execute("select state_code, sum(population) from fct_population group by 1").fetchall()
        )
    choose(page, "measure", "persons")
    texts = page.locator("#states-TIP .mark-text text").all_text_contents()
    assert sorted(t for t in texts if t.isdigit()) == sorted(
        str(n) for n in persons.values() if n is not None
    )
    assert texts.count("suppressed") == sum(n is None for n in persons.values()) > 0
    hidden = page.locator("#map-TIP .mark-shape path[stroke-dasharray='2,2']").count()
    assert hidden == texts.count("suppressed")
    choose(page, "measure", "cases_rate")
    rows = {r["state_code"]: r for r in download(page, "states-TIP") if r["year"] == "2025"}
    for state, row in rows.items():
        if state:
            rate = 100_000 * int(row["count_52_weeks"]) / residents[state]
            assert float(row["rate_per_100000"]) == pytest.approx(rate, abs=0.005)
            assert float(row["rate_low_95"]) <= rate <= float(row["rate_high_95"])
    told = [t for t in page.locator("#states-TIP .mark-text text").all_text_contents() if t[:1].isdigit()]
    assert told[0] == f"{max(float(r['rate_per_100000']) for s, r in rows.items() if s):.1f}"


def test_every_table_and_csv_follows_the_year_and_the_child(page):
    choose(page, "year", "2023")
    choose(page, "child", "Y")
    rows = page.locator("#table-who-children-TIP tbody tr:not([hidden])")
    seen = rows.evaluate_all("rows => rows.map(r => [r.dataset.ofYear, r.dataset.ofChild])")
    assert seen and all(one == ["2023", "Y"] for one in seen)
    listed = download(page, "who-children-TIP")
    assert len(listed) == len(seen)
    assert {(r["year"], r["is_child_code"]) for r in listed} == {("2023", "Y")}
    children = page.locator("#children-TIP .mark-rect path").count()
    choose(page, "child", "N")
    assert "Adults found, by year" in page.locator("article:has(#children-TIP)").inner_text()
    years = download(page, "children-TIP")
    assert {r["is_child_code"] for r in years} == {"N"}, "a history: every year, of adults"
    shown = sum(r["count_status"] == "published" for r in years)
    assert page.locator("#children-TIP .mark-rect path").count() == shown != children
    assert "By year" in page.locator("article:has(#trend-TIP)").inner_text()
    choose(page, "child", "Y")
    choose(page, "period", "26")
    assert page.locator("#table-trend-TIP tbody tr:not([hidden])").count() == 26 + 12 + 24
    assert len(download(page, "trend-TIP")) == 26 + 12 + 24


def test_children_section_14_job_scams_lags_and_deliveries_are_told(page, release):
    with open_release(release.path.parent) as tables:
        girls = tables.execute(
            "select count_value from fct_victim_child_sex_year where crime_type_code = 'TIP' and is_child_code = 'Y' "
            "and sex_code = 'F' order by year_start desc"
        ).fetchall()
        checks = tables.execute(
            "select count_value from fct_cross_check_year where check_code = 'NGO_REPORT' "
            "and year_start = '2025-01-01' and status_code = 'KNOWN_POLICE'"
        ).fetchone()[0]
        median = tables.execute(
            "select days_median from fct_case_lag_year where crime_type_code = 'TIP' and lag_code = 'TO_CHARGE' "
            "and year_start = '2025-01-01'"
        ).fetchone()[0]
    listed = [r for r in download(page, "children-TIP") if (r["is_child_code"], r["sex_code"]) == ("Y", "F")]
    assert [r["persons"] for r in listed] == ["" if n is None else str(n) for (n,) in girls]
    assert "no change can be told from chance" in page.locator("article:has(#effect-s14)").inner_text()
    assert page.locator("#effect-s14 .mark-symbol path").count() == 1
    told = page.locator("#check-NGO_REPORT .mark-text text").all_text_contents()
    assert str(checks) in told and "suppressed" in told
    lags = {(r["event_year"], r["lag_code"]): r["days_median"] for r in download(page, "lags-TIP")}
    assert lags["2025", "TO_CHARGE"] == str(median)
    quality = {r["agency_code"]: r for r in download(page, "quality-agencies")}
    assert (quality["PDRM"]["weeks_late"], quality["PDRM"]["weeks_good"]) == ("2", "10")
    assert page.locator("#quality-agencies .mark-rect path").count() == 13
    assert page.locator("#skill-horizons .mark-symbol path").count() >= 36


def test_the_crime_and_period_filters(page):
    choose(page, "crime", "SOM")
    assert page.locator("#trend-SOM").is_visible() and not page.locator("#trend-TIP").is_visible()
    assert not page.get_by_test_id("kpi-TIP").is_visible()
    choose(page, "period", "26")
    assert page.locator("#trend-SOM .mark-rect path").count() == 26
    page.get_by_role("button", name="Bahasa Melayu").click()
    drawn(page)
    assert page.get_by_test_id("filter-crime").locator("option:checked").inner_text() == "Penyeludupan migran"
    assert "disembunyikan" in page.locator("#who-where-SOM").inner_text()
    page.get_by_role("button", name="English").click()
    drawn(page)


def test_earlier_projections_lie_behind_the_weeks_that_came(page):
    assert (
        page.locator("#trend-TIP .mark-area path").count() == 3 + 2
    )  # the fan, and two runs of twelve weeks
    told = [r for r in download(page, "trend-TIP") if r["made_after_week"]]
    assert {r["made_after_week"] for r in told} == {"2026-03-30", "2026-01-05"}
    assert len(told) == 24 and all(float(r["q0.1"]) <= float(r["q0.9"]) for r in told)
    assert page.locator("#table-trend-TIP tbody tr[data-of-kind='earlier']").count() == 24


def test_what_if_is_told_as_a_scenario_and_follows_the_state(page):
    card = page.locator("article:has(#scenario-SOM)")
    assert "Scenario, not a forecast: +4 of 43." in card.inner_text()
    assert [r["change"] for r in download(page, "scenario-SOM")] == ["4.0", "1.0"]
    assert page.locator("#allocation-SOM .mark-symbol path").count() == 3
    choose(page, "state", "10")
    assert page.locator("#allocation-SOM .mark-symbol path").count() == 1
    assert [r["state_code"] for r in download(page, "allocation-SOM")] == ["10"]
    assert page.locator("#table-scenario-SOM tbody tr:not([hidden])").count() == 1


def test_the_funnel_and_the_changes_are_told(page):
    page.get_by_test_id("table-funnel-TIP").locator("xpath=ancestor::details").locator("summary").click()
    first = page.get_by_test_id("table-funnel-TIP").locator("tbody tr").nth(0).inner_text().split("\t")
    assert first[:4] == ["2026", "24", "12", "0"] and first[4] == "50%"
    assert page.get_by_test_id("table-changes").locator("tbody tr").count() == 12
    assert "restated" in page.get_by_test_id("changes-totals").inner_text()


@pytest.mark.parametrize("language", ["English", "Bahasa Melayu"])
def test_axe_finds_nothing_serious(page, language):
    page.get_by_role("button", name=language).click()
    drawn(page)
    found = Axe().run(page).response["violations"]
    serious = {
        v["id"]: [n["html"][:120] for n in v["nodes"][:3]]
        for v in found
        if v["impact"] in {"serious", "critical"}
    }
    page.get_by_role("button", name="English").click()
    drawn(page)
    assert serious == {}


def test_it_is_light_and_fits_a_phone(browser, release, screenshots):
    assert release.dashboard.stat().st_size < 6_000_000
    context = browser.new_context(viewport={"width": 390, "height": 844})
    small_page = context.new_page()
    small_page.goto(release.dashboard.resolve().as_uri())
    drawn(small_page)
    assert small_page.evaluate("document.documentElement.scrollWidth") <= 390
    small_page.screenshot(path=screenshots / "panels-390.png", full_page=True)
    context.close()

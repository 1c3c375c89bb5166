"""The dashboard as a person opens it: from disk, without a network, in both languages, on three sizes."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from release import small_warehouse as small

from mids_orchestration.release import Bilingual, GateResult, hold_back, open_release, switch, verify_release
from mids_orchestration.release.dashboard import PageFacts, render
from mids_orchestration.release.refusal import clear

pytestmark = pytest.mark.browser

NOTICE = Bilingual("Simulated data: no real person or case.", "Data simulasi: tiada orang atau kes sebenar.")
CODES = ("TIP", "SOM", "JOBSCAM")


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A real release of the small warehouse, current on its shelf."""
    from release.conftest import build

    root = tmp_path_factory.mktemp("browser")
    built = build(small.write_warehouse(root / "mids.duckdb"), root / "releases", notice=NOTICE)
    switch(built)
    return built


def value(page, name, attribute="data-value"):
    return float(page.get_by_test_id(name).get_attribute(attribute))


def test_the_numbers_on_the_page_are_the_releases(visit, release, screenshots):
    page = visit(release.dashboard)
    page.screenshot(path=screenshots / "dashboard-desktop-en.png", full_page=True)
    with open_release(release.path.parent) as tables:
        for code in CODES:
            row = tables.execute(
                """
                select sum(count_value) filter (event_week = date '2026-06-22') as newest,
                       sum(count_value) filter (event_week < date '2026-06-22') / 4 as before
                from fct_weekly_count
                where crime_type_code = ? and unit_code = 'case' and known_week <= event_week + 7
                  and event_week between date '2026-05-25' and date '2026-06-22'
                """,
                [code],
            ).fetchone()
            assert value(page, f"kpi-{code}-last") == (row[0] or 0)
            assert page.get_by_test_id(f"kpi-{code}-last").inner_text() == str(row[0] or 0)
            assert value(page, f"kpi-{code}-before") == row[1]
            assert value(page, f"kpi-{code}-change") == (row[0] or 0) - row[1]
            low, high = tables.execute(
                """
                select sum(value) filter (quantile = 0.1), sum(value) filter (quantile = 0.9)
                from fct_forecast where crime_type_code = ? and horizon <= 4
                """,
                [code],
            ).fetchone()
            assert value(page, f"kpi-{code}-interval", "data-low") == low
            assert value(page, f"kpi-{code}-interval", "data-high") == high
            assert low < value(page, f"kpi-{code}-expected") < high
            shown = page.get_by_test_id(f"kpi-{code}-interval").inner_text()
            assert f"{round(low)}–{round(high)}" in shown
        states = tables.execute(
            """
            select coalesce(state_name_en, 'State not recorded'), sum(count_value)::int
            from fct_weekly_count left join dim_state using (state_code)
            where crime_type_code = 'SOM' and event_week > date '2025-06-23' group by 1
            """
        ).fetchall()
    page.get_by_test_id("states-SOM").locator("xpath=..").locator("summary").click()
    rows = page.get_by_test_id("table-states-SOM").locator("tbody tr").all_inner_texts()
    told = dict(row.split("\t")[:2] for row in rows)
    assert {name: told[name] for name, _ in states} == {name: str(count) for name, count in states}
    assert page.get_by_test_id("release-id").inner_text() == release.release_id
    assert page.get_by_test_id("as-of").inner_text() == "29 Jun 2026"


def test_charts_are_drawn_with_a_mark_for_every_number(visit, release):
    page = visit(release.dashboard)
    for code in CODES:
        assert page.locator(f"#trend-{code} svg").count() == 1
        assert page.locator(f"#trend-{code} .mark-rect path").count() == 104
        assert page.locator(f"#trend-{code} .mark-area path").count() == 3
        assert page.locator(f"#states-{code} .mark-rect path").count() == 17
        assert page.locator(f"#trend-{code}[role='graphics-document'][aria-label]").count() == 1
    assert "State not recorded" in page.locator("#states-TIP").inner_text()


def test_the_language_switch_speaks_malay_everywhere_and_remembers(visit, release, screenshots):
    page = visit(release.dashboard)
    assert page.get_by_role("heading", name="The week at a glance").is_visible()
    page.get_by_role("button", name="Bahasa Melayu").click()
    page.wait_for_function("document.documentElement.dataset.drawn === 'ms'")
    assert page.get_by_role("heading", name="Minggu ini sepintas lalu").is_visible()
    assert page.get_by_role("heading", name="The week at a glance").count() == 0
    assert page.locator("html").get_attribute("lang") == "ms"
    assert page.title() == "Gambaran mingguan MIDS"
    charts = page.locator("#trend-TIP").inner_text() + page.locator("#states-TIP").inner_text()
    assert "kes seminggu" in charts
    assert "Okt" in charts
    assert "Negeri tidak direkodkan" in charts
    page.screenshot(path=screenshots / "dashboard-desktop-ms.png", full_page=True)
    page.reload()
    page.wait_for_function("document.documentElement.dataset.drawn === 'ms'")
    assert page.get_by_role("button", name="Bahasa Melayu").get_attribute("aria-pressed") == "true"


def test_the_page_works_from_the_keyboard(visit, release):
    page = visit(release.dashboard)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.documentElement.dataset.drawn === 'ms'")
    summary = page.get_by_test_id("trend-TIP").locator("xpath=..").locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.get_by_test_id("table-trend-TIP").is_visible()
    assert (
        page.evaluate(
            """() => [...document.querySelectorAll('button, a[href], summary, [tabindex="0"]')]
            .filter((e) => e.offsetParent && !(e.textContent.trim() || e.getAttribute('aria-label'))).length"""
        )
        == 0
    )


def test_a_download_is_the_charts_own_numbers(visit, release):
    page = visit(release.dashboard)
    with page.expect_download() as told:
        page.get_by_test_id("csv-trend-SOM").click()
    assert told.value.suggested_filename == "mids_weekly_som_2026-06-29.csv"
    text = Path(told.value.path()).read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 104 + 12
    weekly = small.weekly_counts()
    mine = weekly[weekly["crime_type_code"] == "SOM"].groupby("event_week")["count_value"].sum()
    assert all(int(r["count"]) == mine.get(pd.Timestamp(r["week_start"]), 0) for r in rows[:104])


@pytest.mark.parametrize("width", [390, 768])
def test_it_fits_a_phone_and_a_tablet(visit, release, screenshots, width):
    page = visit(release.dashboard, width, 844)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#trend-TIP svg").bounding_box()["width"] <= width
    page.screenshot(path=screenshots / f"dashboard-{width}.png", full_page=True)


def test_it_prints(visit, release, screenshots):
    page = visit(release.dashboard)
    page.pdf(path=screenshots / "dashboard.pdf", prefer_css_page_size=True)
    page.emulate_media(media="print")
    assert not page.locator("nav").first.is_visible()
    assert page.get_by_test_id("kpi-TIP-last").is_visible()
    assert (screenshots / "dashboard.pdf").stat().st_size > 20_000


def test_texts_have_contrast_enough_to_be_read(visit, release):
    page = visit(release.dashboard)
    faint = page.evaluate(
        """() => {
        const channel = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
        const light = (c) => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
        const numbers = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
        const behind = (e) => {
            for (; e; e = e.parentElement) {
                const c = numbers(getComputedStyle(e).backgroundColor);
                if (c.length === 3 || c[3] > 0) return c;
            }
            return [255, 255, 255];
        };
        const bad = [];
        for (const e of document.querySelectorAll('body *')) {
            const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
            if (!own || !e.offsetParent || e.closest('svg, script, style, .skip')) continue;
            const [a, b] = [light(numbers(getComputedStyle(e).color)), light(behind(e))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            const size = parseFloat(getComputedStyle(e).fontSize);
            if (ratio < (size >= 24 ? 3 : 4.5)) bad.push(`${ratio.toFixed(2)} ${e.textContent.slice(0, 40)}`);
        }
        return bad;
    }"""
    )
    assert faint == []


def test_it_opens_fast(visit, release):
    page = visit(release.dashboard)
    assert release.dashboard.stat().st_size < 6_000_000
    # Generous, for a busy machine: alone it takes about half a second.
    assert page.evaluate("performance.now()") < 10_000


def test_on_disk_it_says_why_nothing_newer_is_shown_and_still_verifies(visit, release):
    releases = release.path.parent
    found = GateResult("forecasts_coherent", "MAPO", "refused", "<b>3</b> negative value(s)", "clip them")
    try:
        hold_back(releases, date(2026, 7, 6), [found])
        page = visit(releases / "current" / "dashboard.html")
        note = page.get_by_test_id("held")
        note.wait_for()
        assert "Data as of 29 Jun 2026. Why not newer: the release as of 6 Jul 2026" in note.inner_text()
        assert "forecasts_coherent (MAPO): <b>3</b> negative value(s) → clip them" in note.inner_text()
        page.get_by_role("button", name="Bahasa Melayu").click()
        assert "Sebab tiada yang lebih baharu: keluaran setakat 6 Jul 2026" in note.inner_text()
        assert verify_release(release.path) == []
        hold_back(releases, date(2026, 6, 22), [found])
        assert not visit(release.dashboard).get_by_test_id("held").is_visible(), (
            "an older attempt says nothing here"
        )
    finally:
        clear(releases)
    assert not visit(release.dashboard).get_by_test_id("held").is_visible()


@pytest.mark.parametrize("kind", ["empty", "no_forecast", "nowcast"])
def test_it_stands_in_every_state_of_the_data(visit, tmp_path, screenshots, kind):
    facts = PageFacts("2026-06-29-0123456789ab", small.AS_OF, small.LAST_WEEK, "v", tuple(small.FEEDS[:1]))
    marts = small.tables()
    frames = {
        "empty": {},
        "no_forecast": {name: marts[name] for name in ("fct_weekly_count", "dim_state")},
        "nowcast": {**marts, "fct_nowcast": small.nowcasts()},
    }[kind]
    path = tmp_path / "page.html"
    path.write_text(render(frames, facts), "utf-8")
    page = visit(path)
    page.screenshot(path=screenshots / f"dashboard-{kind}.png", full_page=True)
    assert page.get_by_test_id("kpi-TIP-empty").count() == (kind == "empty")
    assert page.get_by_test_id("kpi-TIP-no-forecast").count() == (kind != "nowcast")
    assert page.locator("#trend-TIP .mark-rule line").count() >= (3 if kind == "nowcast" else 0)
    assert page.get_by_test_id("all-fresh").is_visible()

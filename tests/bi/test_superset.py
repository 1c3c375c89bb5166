"""Superset on a release: what a person reads there is what the marts say, and after a switch it is the new release.

Run by ``make bi-test`` (the environment is large): not part of the ordinary suite.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mids_orchestration.release import current_release
from mids_orchestration.release.postgres import publish_postgres
from tests.bi.conftest import TwoReleases, logged_in, superset

pytestmark = [pytest.mark.bench, pytest.mark.xdist_group("bi")]

#: Cases of one crime type in the 52 weeks up to the last closed one, said apart from the dataset under test.
CASES_52 = """
    select sum(count_value) from fct_weekly_count, mids_release
    where unit_code = 'case' and crime_type_code = ? and date_diff('day', event_week, as_of_week) < 364
"""
TITLES = {
    "TIP": "Trafficking cases, 52 weeks / Kes pemerdagangan, 52 minggu",
    "SOM": "Smuggling cases, 52 weeks / Kes penyeludupan, 52 minggu",
    "JOBSCAM": "Job-scam cases, 52 weeks / Kes penipuan kerja, 52 minggu",
}


@pytest.fixture(scope="module")
def address(two_releases: TwoReleases) -> Iterator[str]:
    with superset(two_releases.home) as started:
        yield started


@pytest.fixture(scope="module")
def page(browser: Any, address: str, two_releases: TwoReleases) -> Iterator[Any]:
    opened = logged_in(browser, address, two_releases.home)
    yield opened
    opened.close()


def _in_mart(home: Path, query: str, *values: str) -> Any:
    with duckdb.connect(
        str((home / "releases" / "current" / "mids.duckdb").resolve()), read_only=True
    ) as mart:
        row = mart.execute(query, list(values)).fetchone()
    assert row is not None
    return row[0]


def _shown(page: Any, title: str) -> str:
    """What a chart of the dashboard says below its title."""
    holder = page.locator(".dashboard-component-chart-holder").filter(has_text=title)
    holder.locator(".header-line, table tbody tr").first.wait_for()
    return holder.inner_text().removeprefix(title).strip()


def _open_dashboard(page: Any, address: str) -> None:
    page.goto(f"{address}/superset/dashboard/mids/")
    page.wait_for_load_state("networkidle")


def _open_sql_lab(page: Any, address: str) -> None:
    """Gives the page ``ask(sql)``: what SQL Lab sends when somebody runs a query."""
    page.goto(f"{address}/superset/welcome/")
    page.evaluate(
        """async () => {
            const token = (await (await fetch('/api/v1/security/csrf_token/')).json()).result;
            const found = await (await fetch('/api/v1/database/')).json();
            const mids = found.result.find(d => d.database_name.startsWith('MIDS')).id;
            window.ask = sql => fetch('/api/v1/sqllab/execute/', {method: 'POST',
                headers: {'Content-Type': 'application/json', 'X-CSRFToken': token},
                body: JSON.stringify({database_id: mids, sql, runAsync: false,
                    client_id: Math.random().toString(36).slice(2, 12)})
            }).then(r => r.json());
        }"""
    )


def test_the_dashboard_shows_the_numbers_of_the_mart(
    page: Any, address: str, two_releases: TwoReleases, screenshots: Path
) -> None:
    answered: list[str] = []
    page.on("response", lambda response: answered.append(response.url))
    _open_dashboard(page, address)
    for crime, title in TITLES.items():
        number = int(_in_mart(two_releases.home, CASES_52, crime))
        assert _shown(page, title) == f"{number:,}"
    assert two_releases.first in _shown(page, "Release shown / Keluaran yang dipaparkan")
    page.screenshot(path=str(screenshots / "superset.png"), full_page=True)
    page.wait_for_timeout(500)
    errors = page.locator("text=/unexpected error|Data error|Invalid/i").count()
    assert errors == 0
    assert page.evaluate("fetch('https://example.org/').catch(() => 'held back')") == "held back"
    assert not [url for url in answered if not url.startswith((address, "data:", "blob:"))], (
        "asks nobody else"
    )


def test_suppressed_is_not_zero(page: Any, two_releases: TwoReleases, address: str) -> None:
    _open_dashboard(page, address)
    hidden = _in_mart(
        two_releases.home, "select count(*) from fct_victim_state_year where count_status = 'suppressed'"
    )
    table = page.locator(".dashboard-component-chart-holder").filter(has_text="Persons by year and state")
    table.locator("tbody tr").first.wait_for()
    assert hidden > 0
    assert "suppressed / disembunyikan" in table.inner_text()


def test_after_a_switch_the_next_query_sees_the_new_release_though_another_still_runs(
    page: Any, address: str, two_releases: TwoReleases
) -> None:
    """The trap: DuckDB hands a process the database it has open under that path, and the old query keeps it open."""
    _open_sql_lab(page, address)
    which = "select release_id from mids_release"
    assert page.evaluate("sql => ask(sql)", which)["data"] == [{"release_id": two_releases.first}]
    long = (
        "select min(r.release_id) as release_id, sum(hash(a.range + b.range) % 7) as work "
        "from mids_release as r, range(20000) as a, range(20000) as b"
    )
    page.evaluate(
        "sql => { window.done = false; window.long = ask(sql).then(d => { window.done = true; return d; }) }",
        long,
    )
    page.wait_for_timeout(1_500)
    two_releases.show(two_releases.second)
    try:
        assert page.evaluate("done") is False, "the old query has to be running still, or this proves nothing"
        assert page.evaluate("sql => ask(sql)", which)["data"] == [{"release_id": two_releases.second}]
        assert page.evaluate("done") is False
        before = page.evaluate("() => long")["data"][0]
        assert before["release_id"] == two_releases.first, "a query reads to its end what it began with"
        _open_dashboard(page, address)
        assert two_releases.second in _shown(page, "Release shown / Keluaran yang dipaparkan")
    finally:
        two_releases.show(two_releases.first)


def test_sql_lab_reaches_nothing_but_the_public_release(
    page: Any, address: str, two_releases: TwoReleases
) -> None:
    restricted = next((two_releases.home / "releases" / two_releases.first / "restricted").glob("*.duckdb"))
    _open_sql_lab(page, address)
    for sql in (
        f"select * from read_csv('{two_releases.home / 'bi' / 'secret_key'}')",
        f"attach '{restricted}' as r",
        "set enable_external_access = true",
        "delete from dim_state",
    ):
        told = page.evaluate("sql => ask(sql)", sql)
        assert "errors" in told and "data" not in told, sql
    assert page.evaluate("sql => ask(sql)", "select 1 as one")["data"] == [{"one": 1}], "and answers still"


def test_secrets_are_made_at_first_start_and_closed_to_others(
    address: str, two_releases: TwoReleases
) -> None:
    bi_home = two_releases.home / "bi"
    assert stat.S_IMODE(bi_home.stat().st_mode) == 0o700
    for name, least in (("secret_key", 40), ("admin_password", 16)):
        assert len((bi_home / name).read_text("utf-8").strip()) >= least
        assert stat.S_IMODE((bi_home / name).stat().st_mode) == 0o600
    assert address.startswith("http://127.0.0.1:")


def test_the_same_dashboard_reads_postgres(
    browser: Any, two_releases: TwoReleases, postgres_dsn: str, tmp_path: Path
) -> None:
    release = current_release(two_releases.home / "releases")
    assert release is not None
    publish_postgres(release, postgres_dsn)
    import psycopg

    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute("drop role if exists superset_reader")
        server.execute("create role superset_reader login in role mids_bi")
    folder = dict(word.split("=", 1) for word in postgres_dsn.split())["host"]
    dsn = f"postgresql://superset_reader@/postgres?host={folder}"
    with superset(tmp_path, MIDS_BI_DSN=dsn) as there:
        page = logged_in(browser, there, tmp_path)
        _open_dashboard(page, there)
        number = int(_in_mart(two_releases.home, CASES_52, "SOM"))
        assert _shown(page, TITLES["SOM"]) == f"{number:,}"
        assert two_releases.first in _shown(page, "Release shown / Keluaran yang dipaparkan")
        page.close()

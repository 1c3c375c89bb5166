"""GX Data Docs: built from suites and results, complete without a network, and without a value of any record."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from mids_orchestration.cli import app
from mids_orchestration.landing.data_docs import build_data_docs
from tests.unit.landing.desk import COLUMNS, Desk, contract_text

HEAD = "ref;seen_on;state;persons;note\n"
BODY = (
    HEAD
    + "A1;01/02/2024;JOHOR;3;SITI CONTOH\nA2;31/02/2024;PERLIS-XYZ;3;ALI CONTOH\nA3;01/02/2024;KEDAH;77777;KYAW\n"
)
FETCHED = re.compile(
    r"<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)=[\"']?(?!data:)[\"']?[^\s\"'>]|@import|url\(\s*['\"]?http",
    re.IGNORECASE,
)


@pytest.fixture
def documented(desk: Desk, tmp_path):
    desk.agree(contract_text(), contract_text(
        feed="others", delivery={"kind": "delta", "file_pattern": "o_.*"},
        records=[{"name": "others", "columns": COLUMNS}]))  # fmt: skip
    desk.send(BODY)
    desk.land()
    done = build_data_docs(desk.home, desk.contracts, tmp_path / "docs", seed=1)
    return done, tmp_path / "docs"


def test_data_docs_show_what_failed_by_line_and_nothing_of_a_record(documented):
    done, folder = documented
    assert [(one.feed, one.rows, one.success) for one in done] == [
        ("aaa.others", 0, None),
        ("aaa.things", 3, False),
    ]
    pages = {page.name: page.read_text(encoding="utf-8") for page in folder.glob("*.html")}
    assert set(pages) == {"index.html", "aaa.others.others.suite.html", "aaa.things.things.suite.html",
                          "aaa.things.things.result.html"}  # fmt: skip
    for name, page in pages.items():
        assert not FETCHED.search(page), name
        for value in ("CONTOH", "KYAW", "31/02/2024", "PERLIS-XYZ", "77777"):
            assert value not in page, (name, value)
    result = pages["aaa.things.things.result.html"]
    assert (
        result.count("line / baris 3") >= 2 and "line / baris 4" in result and "line / baris 2" not in result
    )
    assert "aaa-things-" in result  # which delivery the lines are of
    for name, page in pages.items():
        assert "<script" not in page and "http" not in re.sub(r"https?://[^\s\"]*w3\.org", "", page), name
        for link in re.findall(r'href="([^"#:]+\.html)"', page):
            assert link in pages, (name, link)


def test_the_verb_builds_them_and_says_where(desk: Desk):
    desk.home.mkdir()
    done = CliRunner().invoke(
        app, ["feeds", "docs", "--home", str(desk.home), "--feed", "ukho.small_boats", "--json"]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["pages"][0]["rows"] == 0 and (desk.home / "data_docs" / "index.html").exists()
    missing = CliRunner().invoke(app, ["feeds", "docs", "--home", str(desk.home / "none")])
    assert missing.exit_code == 2 and "Traceback" not in missing.output

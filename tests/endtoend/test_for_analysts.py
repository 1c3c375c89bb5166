"""The analysts' page: every SQL block runs on a release, and its results are regenerated, not typed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.world import REPOSITORY, World

pytestmark = pytest.mark.xdist_group("world")
PAGE = REPOSITORY / "docs" / "for-analysts.md"


def _shown(text: str) -> list[list[str]]:
    return [
        r.strip().splitlines() for r in re.findall(r"<!-- result -->\n(.*?)<!-- end -->", text, re.DOTALL)
    ]


def test_every_question_has_an_answer_on_a_release_and_the_page_shows_its_form(
    world: World, tmp_path: Path
) -> None:
    mine = tmp_path / "page.md"
    shutil.copy(PAGE, mine)
    before = world.mids("answers", str(mine), "--json", check=False)
    told = json.loads(before.stdout)
    assert before.returncode == 1, "this small world is not the demo, so its numbers differ"
    assert [block["error"] for block in told["blocks"]] == [""] * 10
    assert world.mids("answers", str(mine), "--write").returncode == 0
    found, shown = _shown(mine.read_text("utf-8")), _shown(PAGE.read_text("utf-8"))
    assert len(found) == len(shown) == 10
    for here, there in zip(found, shown, strict=True):
        assert here[0] == there[0], "columns of the result: mids answers docs/for-analysts.md --write"
        assert len(here) > 2, "an answer without a row answers nothing"
    assert world.mids("answers", str(mine)).returncode == 0
    assert world.summary["release"] in mine.read_text("utf-8")
    # Only results are rewritten: the words and the SQL are the author's.
    cut = re.compile(r"\n<!-- result -->\n.*?<!-- end -->\n", re.DOTALL)
    assert cut.sub("", mine.read_text("utf-8")) == cut.sub("", PAGE.read_text("utf-8"))


def test_an_answer_that_is_not_true_any_more_is_named(world: World, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A\n\n```sql\nselect 1 as one\n```\n\n<!-- result -->\n| one |\n|---|\n| 2 |\n<!-- end -->\n"
    )
    wrong = world.mids("answers", str(page), check=False)
    assert wrong.returncode == 1 and "line 3" in wrong.stdout and "another result" in wrong.stdout
    page.write_text("```sql\nselect * from fct_person_in_case\n```\n")
    broken = world.mids("answers", str(page), "--write", check=False)
    assert broken.returncode == 1 and "cannot be run" in broken.stdout and "Traceback" not in broken.stderr
    assert page.read_text() == "```sql\nselect * from fct_person_in_case\n```\n", "left as it was"
    page.write_text("nothing here")
    assert world.mids("answers", str(page), check=False).returncode == 2

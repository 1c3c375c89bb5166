"""The data dictionary and dbt's documentation say what the project says, and nothing of this machine."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook

from mids_orchestration.commands.dictionary import TITLE
from mids_orchestration.release import Export, exports_from_manifest
from mids_orchestration.release.dictionary import dictionary_markdown, er_diagram, write_dictionary
from mids_orchestration.release.docs_site import cleaned, docs_page
from tests.dbt.conftest import PROJECT, Built

PAGE = PROJECT.parent / "docs" / "data-dictionary.md"


@pytest.fixture(scope="module")
def exports(tiny: Built) -> list[Export]:
    return exports_from_manifest(tiny.manifest)


def test_the_committed_page_is_what_the_marts_say(exports: list[Export]) -> None:
    assert PAGE.read_text(encoding="utf-8") == dictionary_markdown(exports, TITLE), (
        "run `mids dictionary > docs/data-dictionary.md` and commit the result"
    )


def test_every_fact_and_bridge_has_a_diagram_of_what_it_refers_to(exports: list[Export]) -> None:
    known = {export.name: export for export in exports}
    drawn = 0
    for export in exports:
        if export.name.startswith(("fct_", "bridge_")) and export.foreign_keys:
            diagram = er_diagram(export, known)
            for key in export.foreign_keys:
                assert f"{key.reference} ||--o{{ {export.name}" in diagram
                assert key.reference_columns[0] in known[key.reference].column_names
            assert diagram.count(" FK") + diagram.count("PK,FK") >= 1
            drawn += 1
    assert drawn > 25


def test_each_zone_has_its_own_dictionary(exports: list[Export], tmp_path: Path) -> None:
    for zone, has, has_not in (
        ("public", "dim_state", "fct_person_in_case"),
        ("restricted", "fct_person_in_case", "dim_state"),
    ):
        folder = tmp_path / zone
        folder.mkdir()
        write_dictionary(folder, exports, zone)
        first = (folder / "dictionary.xlsx").read_bytes()
        write_dictionary(folder, exports, zone)
        assert (folder / "dictionary.xlsx").read_bytes() == first
        book = load_workbook(folder / "dictionary.xlsx")
        tables = {row[0] for row in book["Tables - Jadual"].iter_rows(min_row=2, values_only=True)}
        assert has in tables and has_not not in tables
        columns = list(book["Columns - Lajur"].iter_rows(min_row=2, values_only=True))
        assert {row[0] for row in columns} == tables
        # A label in each language, and words in both.
        head = [cell.value for cell in book["Columns - Lajur"][1]]
        labels = [
            [row[head.index(f"label ({language})")] for row in columns] for language in ("English", "Malay")
        ]
        assert all(english and malay and english != malay for english, malay in zip(*labels, strict=True))
        text = (folder / "DICTIONARY.md").read_text(encoding="utf-8")
        assert f"## {has}\n" in text and f"## {has_not}\n" not in text


def test_dbt_documentation_opens_alone_and_names_no_folder_of_this_machine(
    tiny: Built, exports: list[Export]
) -> None:
    manifest = tiny.manifest
    page = docs_page(manifest, exports)
    assert "INLINE DATA" not in page and page == docs_page(manifest, exports)
    told = json.dumps(cleaned(manifest))
    for folder in {str(PROJECT.parent), str(tiny.home), str(Path.home())}:
        assert folder not in told
    assert not re.search(r"read_parquet|invocation_id|generated_at|root_path", told)
    # What the page draws: every model with its parents.
    assert set(cleaned(manifest)["nodes"]) == set(manifest["nodes"])
    assert '"model.mids.fct_case"' in page
    # Nothing is loaded from elsewhere.
    assert not re.search(r"<(script|link)[^>]+(src|href)=\"https?://", page)

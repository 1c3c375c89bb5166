"""The worklist: order, labels, safe cells, the reasons in words."""

from __future__ import annotations

import io

import openpyxl
import pandas as pd

from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.reasons import describe_pairs
from mids_orchestration.linkage.worklist import (
    COLUMNS,
    counts_by_status,
    order_worklist,
    worklist_html,
    worklist_xlsx,
)


def _rows() -> pd.DataFrame:
    base = {
        "check_code": "NGO_REPORT", "urgency_level": 7, "change_code": "UNCHANGED", "status_code": "NEW",
        "status_code_week_before": "NEW", "is_child_code": "N", "is_captive": False, "full_name": "Contoh Satu",
        "source_case_no": "ORG-1", "matching_record_nos": None, "match_probability": None, "reasons_en": None,
        "reasons_ms": None, "country_code": "MY", "case_status_code": "ACTIVE", "first_known_on": "2026-06-01",
        "police_known_on": None, "wisma_known_on": None, "shelter_known_on": None, "person_record_id": "r1",
        "target_record_id": None, "as_of_on": "2026-06-29",
    }  # fmt: skip
    child = {"urgency_level": 1, "is_child_code": "Y", "is_captive": True, "full_name": '=HYPERLINK("x")'}
    return pd.DataFrame(
        [
            base,
            base | {"person_record_id": "r2", "change_code": "STATUS_CHANGED", "status_code": "BOTH"},
            base | {"person_record_id": "r3", "full_name": "<b>Contoh</b>", "first_known_on": "2026-06-20"},
            base | {"person_record_id": "r4", "check_code": "WISMA_PUTRA_REPORT"} | child,
            base | {"person_record_id": "r5"} | child,
        ]
    )


def test_children_still_held_come_first_then_what_changed_then_the_newest() -> None:
    assert order_worklist(_rows())["person_record_id"].tolist() == ["r5", "r2", "r3", "r1", "r4"]


def test_every_row_is_in_both_files_and_no_cell_is_a_formula() -> None:
    rows = _rows()
    book = openpyxl.load_workbook(io.BytesIO(worklist_xlsx(rows)))
    sheets = [s for s in book if s.title != "Summary · Ringkasan"]
    assert sum(s.max_row - 1 for s in sheets) == len(rows)
    for sheet in sheets:
        assert [c.value for c in sheet[1]] == [f"{e} · {m}" for _, e, m, _ in COLUMNS]
        assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)
    page = worklist_html(rows)
    assert page.count("<tr data-level=") == len(rows)
    assert "<b>Contoh</b>" not in page
    assert "&lt;b&gt;Contoh" in page
    assert "src=" not in page, "opens without a network"


def test_counts_add_up() -> None:
    counts = counts_by_status(_rows())
    assert counts["persons"].sum() == 5
    assert counts["still_held"].sum() == counts["children"].sum() == 2


def test_an_empty_week_gives_empty_files() -> None:
    empty = _rows().iloc[0:0]
    assert worklist_xlsx(empty)
    assert "<h1>" in worklist_html(empty)


def test_reasons_say_each_level_in_both_languages() -> None:
    tops = {f"gamma_{c.name}": sum(not lv.is_null for lv in c.levels) - 1 for c in DEFAULT.comparisons}
    best = describe_pairs(pd.DataFrame([tops]), DEFAULT).iloc[0]
    assert best["reasons_en"].startswith("same name; same birth date; same MyKad number")
    assert best["reasons_ms"].startswith("nama sama; tarikh lahir sama; nombor MyKad sama")
    worst = describe_pairs(pd.DataFrame([dict.fromkeys(tops, 0)]), DEFAULT).iloc[0]
    assert worst["reasons_en"].startswith("different name; different age")
    unknown = describe_pairs(pd.DataFrame([dict.fromkeys(tops, -1)]), DEFAULT).iloc[0]
    assert unknown["reasons_en"] == ""
    assert describe_pairs(pd.DataFrame([tops]).iloc[0:0], DEFAULT).empty
    for comparison in DEFAULT.comparisons:
        for level in comparison.levels:
            assert all(level.words), f"{comparison.name}: {level.label} has words in both languages"

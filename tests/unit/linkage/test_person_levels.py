"""Which level of agreement two records reach, by the sentence a reviewer reads."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from mids_orchestration.linkage.blocking import build_keys, count_and_cap, form_pairs
from mids_orchestration.linkage.engine import sampled_u, score, train
from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.prepare import prepare_persons
from mids_orchestration.linkage.workspace import open_workspace

#: Others, so that a name has a frequency: every fortieth has the first word, the rest is each one's own.
_CROWD = [
    {"person_record_id": f"x{i:03}", "full_name": f"{'Yati' if i % 40 == 0 else f'Q{i}ra'} Z{i}vok",
     "nationality_code": "MY"}
    for i in range(400)
]  # fmt: skip


def _pair(left: dict[str, Any], right: dict[str, Any]) -> tuple[dict[str, str], bool]:
    """The label each comparison takes for two records among the crowd, and whether blocking finds the pair."""
    rows = [{"person_record_id": "a", **left}, {"person_record_id": "b", **right}, *_CROWD]
    work = open_workspace(prepare_persons(pd.DataFrame(rows)), threads=1)
    try:
        model, _ = train(work, DEFAULT.with_(min_records_to_train=10**9), seed=1)
        work.con.execute(
            "CREATE TEMP TABLE two AS SELECT '0' AS match_key, 'a' AS join_key_l, 'b' AS join_key_r"
        )
        scored = score(work, model, "two", threshold_weight=-200).iloc[0]
        build_keys(work.con, "records", DEFAULT.blocking, "keys")
        caps = count_and_cap(work.con, "keys", DEFAULT.blocking, DEFAULT.max_pairs)
        form_pairs(work.con, "records", "keys", caps, "pairs")
        found = work.con.execute(
            "SELECT count(*) FROM pairs WHERE join_key_l = 'a' AND join_key_r = 'b'"
        ).fetchone()
    finally:
        work.con.close()
    labels = {}
    for comparison in DEFAULT.comparisons:
        said = [level for level in comparison.levels if not level.is_null]
        reached = int(scored[f"gamma_{comparison.name}"])
        labels[comparison.name] = said[len(said) - 1 - reached].label if reached >= 0 else "null"
    return labels, bool(found and found[0])


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("Zainal Wijaya", "Zainal Wijsya", "near spelling"),  # Jaro-Winkler of these is 0.89
        ("Ho Wai Kok", "Ho aWi Kok", "near spelling"),  # one slip as written, more once sorted
        ("Tuti", "Tuyi", "similar spelling"),
        ("Yati", "Yati Komborulan", "one name contains the other, common word"),
        ("Yati Mekonvar", "Yati Gustilih", "a common word shared"),
        ("Tuti", "Hamidah Komborulan", "different name"),
        ("Ali", "Abi", "different name"),
    ],
)  # fmt: skip
def test_how_alike_two_names_are(left: str, right: str, level: str) -> None:
    labels, _ = _pair(
        {"full_name": left, "nationality_code": "MY"}, {"full_name": right, "nationality_code": "MY"}
    )
    assert labels["name"] == level


def test_a_side_is_compared_within_an_event_and_across_events_apart() -> None:
    def side(day: str, role: str) -> str:
        first = {
            "full_name": "Tuti",
            "role_code": "VICTIM",
            "event_on": "2024-03-01",
            "source_agency_code": "PDRM",
        }
        second = {"full_name": "Tuti", "role_code": role, "event_on": day, "source_agency_code": "NGO"}
        return _pair(first, second)[0]["side"]

    assert side("2024-03-20", "VICTIM") == "same side of one event"
    assert side("2024-03-20", "SUSPECT") == "victim and suspect of one event"
    assert side("2025-03-20", "VICTIM") == "same side in other events"
    assert side("2025-03-20", "SUSPECT") == "victim and suspect in other events"


def test_a_card_with_a_slip_in_its_date_is_still_a_card() -> None:
    card = {"full_name": "Nik Zulkifli", "document_type": "mykad", "nationality_code": "MY"}
    labels, _ = _pair(card | {"document_no": "711726-14-2005"}, card | {"document_no": "710726-14-2005"})
    assert labels["document"] == "MyKad one slip apart"
    asked, _ = _pair(card | {"document_no": "711726-14-2005"}, {"document_no": "711726142005"})
    assert asked["document"] == "same MyKad", "who searches names no kind"
    paper = card | {"document_type": "passport", "document_no": "711726142005"}
    labels, _ = _pair(paper, card | {"document_no": "710726-14-2005"})
    assert labels["document"] == "null", "a number that the record calls a passport's stays one"


def test_two_of_one_day_and_district_are_compared_whatever_their_names() -> None:
    there = {"event_on": "2017-08-28", "locality_text": "Ipoh", "sex_code": "M", "nationality_code": "IN"}
    first = there | {"full_name": "M Venkatesh", "source_agency_code": "NGO"}
    second = there | {"full_name": "M Vengatesh", "source_agency_code": "PDRM", "state_code": "08"}
    assert _pair(first, second)[1]
    assert not _pair(first, second | {"locality_text": "Taiping"})[1]


def test_a_kind_of_paper_that_few_have_says_as_much_as_one_that_many_have() -> None:
    def crowd(kind: str) -> list[dict[str, Any]]:
        many = (
            [("passport", "BX")] * 19 + [("unhcr", "354-19C")]
            if kind == "few files"
            else [("unhcr", "354-19C")]
        )
        rows = []
        for i in range(600):
            paper, start = many[i % len(many)]
            rows.append(
                {
                    "person_record_id": f"x{i:03}",
                    "full_name": f"Q{i}ra Z{i}vok",
                    "nationality_code": "MM",
                    "document_type": paper,
                    "document_no": f"{start}{10_000 + 37 * i:05}",
                }
            )
        return rows

    def by_chance(kind: str, label: str) -> float:
        """How often strangers who both show a refugee file reach a level, as training believes."""
        work = open_workspace(prepare_persons(pd.DataFrame(crowd(kind))), threads=1)
        try:
            model, _ = train(work, DEFAULT.with_(min_records_to_train=10**9), seed=1)
            u = [number for _, number in sampled_u(work, model, seed=1)["document"]]
        finally:
            work.con.close()
        said = [lv for c in DEFAULT.comparisons if c.name == "document" for lv in c.levels if not lv.is_null]
        files = sum(number for number, lv in zip(u, said, strict=True) if lv.group == "file")
        return next(number for number, lv in zip(u, said, strict=True) if lv.label == label) / files

    for label in ("same refugee file", "refugee file one slip apart"):
        assert by_chance("few files", label) == pytest.approx(by_chance("all files", label), rel=0.01)
    assert by_chance("few files", "refugee file one slip apart") < 1e-4

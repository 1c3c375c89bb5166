"""Orders, stays, case numbers across agencies and the quality of feeds, in the small warehouse."""

from __future__ import annotations

from datetime import date

from tests.dbt.conftest import Built


def test_an_order_has_its_case_its_person_and_its_lags(tiny: Built) -> None:
    assert tiny.rows(
        """select order_decision_code, person_match_code, person_key <> 'XX', case_key <> 'XX', event_on,
            days_to_interim, days_to_decision, refuge_days, is_child_code
        from marts.fct_protection_order order by 1"""
    ) == [
        # The victim of the police's case, by name: their own list writes it in capitals.
        ("GRANTED", "NAME", True, True, date(2022, 2, 24), 3, 14, 97, "XX"),
        ("REFUSED", "NAME", True, True, date(2022, 2, 24), 3, None, None, "XX"),
    ]


def test_a_stay_belongs_to_its_order_and_is_not_counted_twice(tiny: Built) -> None:
    assert tiny.rows(
        """select stay.stay_no, stay.stay_days, stay.shelter_exit_code, stay.is_staying,
            stay.person_key = protection.person_key
        from marts.fct_shelter_stay stay join marts.fct_protection_order protection using (protection_order_key)
        order by 1"""
    ) == [(1, 19, "MOVED", False, True), (2, 78, "REPATRIATED", False, True)]
    # Both stays were in the same place, and no fact says which.
    assert tiny.rows("select count(distinct refuge_key) from marts.fct_shelter_stay") == [(1,)]


def test_every_reference_to_anothers_case_is_shown_matched_or_not(tiny: Built) -> None:
    assert tiny.rows(
        """select agency_code, named_agency_code, unmatched_reason_code, count(*)::int from marts.fct_case_reference
        group by all order by all"""
    ) == [
        ("AGC", "JIM", "NONE", 1),
        ("AGC", "PDRM", "NONE", 1),
        ("JIM", "PDRM", "NONE", 1),
        ("JKDM", "PDRM", "NONE", 1),
        ("JKM", "PDRM", "NONE", 2),
        ("KLN", "PDRM", "NONE", 1),
    ]


def test_exposure_tells_operations_inspections_and_encounters_apart(tiny: Built) -> None:
    # No paper of the small zone names a raid with a day that exists; no complaint was inspected.
    assert tiny.rows(
        """select operation_kind_code, agency_code, count(*)::int from marts.fct_operation group by all order by all"""
    ) == [("ENCOUNTER", "AKPS", 2), ("OPERATION", "JIM", 3)]


def test_quality_of_records_says_what_was_not_assessed(tiny: Built) -> None:
    police = tiny.rows(
        """select week_start, check_code, check_status, assessed_count::int, passed_count::int
        from quality.dq_record_week where agency_code = 'PDRM' and feed_code = 'cases' order by 1, 2"""
    )
    assert [row[1:] for row in police if row[0] == date(2024, 7, 1)] == [
        ("CASE_FOUND", "NOT_ASSESSED", 0, None),
        ("CODED", "PASS", 3, 3),
        ("FILLED", "WARN", 24, 21),  # no district is told
        ("IN_TIME", "NOT_ASSESSED", 0, None),  # ten years sent at once
        ("PERSON_AGREES", "NOT_ASSESSED", 0, None),
        ("READABLE", "FAIL", 3, 0),  # 31 February
    ]
    assert ("IN_TIME", "PASS", 3, 3) in [row[1:] for row in police if row[0] == date(2024, 7, 8)]


def test_the_scorecard_has_every_agency_and_dimension_once(tiny: Built) -> None:
    score = tiny.rows(
        "select agency_code, dimension_code, score_status, pass_share from quality.dq_agency_score order by 1, 2"
    )
    agencies = {agency for (agency,) in tiny.rows("select distinct agency_code from quality.dq_record_week")}
    assert len(score) == len(agencies) * 5
    assert all((status == "NOT_ASSESSED") == (share is None) for _, _, status, share in score)
    # Comparators name no cases and list no persons of other agencies.
    assert ("CTDC", "CONSISTENCY", "NOT_ASSESSED", None) in score
    assert ("PDRM", "CONSISTENCY", "PASS", 1.0) in score

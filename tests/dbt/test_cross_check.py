"""The cross-check of reported persons, on records made by hand: each status once, nobody left out."""

from __future__ import annotations

from tests.dbt.conftest import Built


def test_each_report_has_its_status_and_the_reason(tiny: Built) -> None:
    found = tiny.rows(
        "select check_code, source_case_no, status_code, reasons_en, reasons_ms, matching_record_nos"
        " from linked.lnk_cross_check order by 1, 2"
    )
    through = ("linked through another record of this person", "dikaitkan melalui rekod lain orang ini")
    assert found == [
        (
            "NGO_REPORT",
            "ORG-2024-00001",
            "LIKELY",
            "names look alike",
            "nama hampir serupa",
            "KLN/KONS/2024/00002",
        ),
        ("NGO_REPORT", "ORG-2024-00002", "NEW", None, None, None),
        ("POLICE_VICTIM", "D3/TIP/00045/2024", "NEW", None, None, None),
        (
            "POLICE_VICTIM",
            "D3/TIP/00123/2022",
            "KNOWN_SHELTER",
            "same name",
            "nama sama",
            "JKM/PP/2022/00001, JKM/PP/2022/00002",  # by name: her second order too
        ),
        ("WISMA_PUTRA_REPORT", "KLN/KONS/2024/00001", "KNOWN_POLICE", *through, "D3/TIP/00045/2024"),
        ("WISMA_PUTRA_REPORT", "KLN/KONS/2024/00002", "NEW", None, None, None),
    ]


def test_nothing_reported_is_dropped(tiny: Built) -> None:
    for check, agency in (("NGO_REPORT", "NGO"), ("WISMA_PUTRA_REPORT", "KLN")):
        ours = tiny.rows(f"select person_record_id from linked.lnk_cross_check where check_code = '{check}'")
        sent = tiny.rows(
            f"select person_record_id from conformed.cnf_person where source_agency_code = '{agency}'"
        )
        assert sorted(ours) == sorted(sent)
    victims = tiny.rows(
        "select person_record_id from conformed.cnf_person where source_agency_code = 'PDRM' and role_code = 'VICTIM'"
    )
    ours = tiny.rows("select person_record_id from linked.lnk_cross_check where check_code = 'POLICE_VICTIM'")
    assert sorted(ours) == sorted(victims)


def test_the_order_is_known_since_it_was_first_sent(tiny: Built) -> None:
    known, first = tiny.rows(
        "select shelter_known_on, (select min(known_on) from staging.stg_jkm__protection_orders"
        " where order_no = 'JKM/PP/2022/00001')"
        " from linked.lnk_cross_check where source_case_no = 'D3/TIP/00123/2022' and check_code = 'POLICE_VICTIM'"
    )[0]
    assert known == first is not None


def test_a_closed_case_is_never_urgent(tiny: Built) -> None:
    rows = tiny.rows("select is_open, urgency_level, is_child_code from linked.lnk_cross_check")
    assert all((level == 9) == (not is_open) for is_open, level, _ in rows)


def test_counts_by_status_add_up_to_the_persons_reported(tiny: Built) -> None:
    counted = tiny.rows(
        "select check_code, sum(count_value) from marts.fct_cross_check_year group by 1 order by 1"
    )
    persons = tiny.rows(
        "select check_code, count(distinct person_key) from marts.fct_cross_check group by 1 order by 1"
    )
    assert counted == persons


def test_a_report_of_this_week_is_new_and_has_no_last_week(tiny: Built) -> None:
    rows = tiny.rows(
        "select change_code, status_code_week_before, first_known_on <= as_of_on - 7 from linked.lnk_cross_check"
    )
    for change, before, is_old in rows:
        assert (change == "NEW_REPORT") == (before is None) == (not is_old)


def test_dates_first_known_are_the_agencies_own(tiny: Built) -> None:
    police, told = tiny.rows(
        "select police_known_on, (select min(known_on) from conformed.cnf_person_version"
        " where source_agency_code = 'PDRM' and case_source_key = 'D3/TIP/00045/2024')"
        " from linked.lnk_cross_check where source_case_no = 'KLN/KONS/2024/00001'"
    )[0]
    assert police == told is not None


def test_the_mart_holds_pseudonyms_only(tiny: Built) -> None:
    columns = {c for (c,) in tiny.rows("select column_name from (describe marts.fct_cross_check)")}
    assert "matching_record_nos" not in columns
    assert "source_case_no" not in columns
    assert tiny.rows("select count(*) from marts.fct_cross_check") == [(6,)]

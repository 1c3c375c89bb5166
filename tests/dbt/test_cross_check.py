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


def test_a_report_of_this_week_is_new_and_has_no_last_week(tiny: Built) -> None:
    rows = tiny.rows(
        "select change_code, status_code_week_before, first_known_on <= as_of_on - 7 from linked.lnk_cross_check"
    )
    for change, before, is_old in rows:
        assert (change == "NEW_REPORT") == (before is None) == (not is_old)


def test_dates_first_known_are_the_agencies_own(tiny: Built) -> None:
    police, told = tiny.rows(
        "select police_known_on, (select min(known_on) from conformed.cnf_person_version"
        " where source_agency_code = 'PDRM' and source_case_no = 'D3/TIP/00045/2024')"
        " from linked.lnk_cross_check where source_case_no = 'KLN/KONS/2024/00001'"
    )[0]
    assert police == told is not None


def test_the_mart_holds_pseudonyms_only(tiny: Built) -> None:
    columns = {c for (c,) in tiny.rows("select column_name from (describe marts.fct_cross_check)")}
    assert "matching_record_nos" not in columns
    assert "source_case_no" not in columns
    assert tiny.rows("select count(*) from marts.fct_cross_check") == [(4,)]

"""What the warehouse makes of a landing zone in which every record is there to show one rule."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from tests.dbt.conftest import Built


def test_a_value_that_cannot_be_read_is_counted_and_kept(tiny: Built) -> None:
    kept = tiny.rows(
        "select raid_on, cast_failures from staging.stg_pdrm__cases where raid_on is null and cast_failures is not null"
    )
    assert kept and set(kept) == {(None, "raid_on=31/02/2022")}
    counted = tiny.rows(
        "select failure_count, row_count from quality.dq_cast_failure where column_name = 'raid_on'"
    )
    assert counted == [(4, 7)]


def test_the_opening_extract_is_known_the_monday_after_it_was_recorded(tiny: Built) -> None:
    known = tiny.rows(
        "select source_case_no, known_on, _received_on from staging.stg_pdrm__cases order by 1, 3"
    )
    assert ("D3/TIP/00123/2022", date(2022, 2, 28), date(2024, 7, 1)) in known
    assert ("D3/TIP/00123/2022", date(2024, 7, 8), date(2024, 7, 8)) in known


def test_times_with_offset_stay_local(tiny: Built) -> None:
    assert tiny.rows("select distinct cast(occurred_at as date) from staging.stg_apmm__interceptions") == [
        (date(2024, 7, 2),)
    ]


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("D3/TIP/00123/2024", "PDRM TIP/123/2024"),
        ("TIP-123-2024 (D3)", "PDRM TIP/123/2024"),
        ("D3/TIP/123/24", "PDRM TIP/123/2024"),
        ("IP D3 TIP 00123/2024", "PDRM TIP/123/2024"),
        ("D3-SOM-00123-2024", "PDRM SOM/123/2024"),
        ("D3/TIP/02016/2024", "PDRM TIP/2016/2024"),
        ("TIP-2016-2024 (D3)", "PDRM TIP/2016/2024"),
        ("JIM/ATIPSOM/2024/0012", "JIM/12/2024"),
        ("ATIPSOM-12-2024 (JIM)", "JIM/12/2024"),
        ("JIM ATIPSOM 12/2024", "JIM/12/2024"),
        ("JIM/ATIPSOM/12/24", "JIM/12/2024"),
        ("JIM-ATIPSOM-2024-0012", "JIM/12/2024"),
        ("MMEA/KES/2024/012", "APMM/12/2024"),
        ("APMM 12/2024", "APMM/12/2024"),
        ("KES-12-2024 (MMEA)", "APMM/12/2024"),
        ("JKDM/KES/2024/0012", "JKDM/12/2024"),
        ("JTK 12/2024", "JTK/12/2024"),
        ("KES-12-2025 (AKPS)", "AKPS/12/2025"),
        ("KLN/KONS/2024/00001", "KLN KONS 2024 00001"),
        ("no number", "NO NUMBER"),
    ],
)
def test_case_numbers_meet_in_one_form(tiny: Built, written: str, normal: str) -> None:
    sql = (tiny.home / "target/compiled/mids/models/conformed/cnf_consular_case.sql").read_text()
    expression = sql.split("coalesce(map_exploitation.exploitation_code, 'Unknown') as exploitation_code,")[1]
    expression = expression.split("told.informant,")[1].split("as police_case_no_norm")[0]
    assert tiny.rows(f"select {expression.replace('told.police_report_no', repr(written))}") == [(normal,)]


def test_the_newest_content_is_current_and_late_old_content_changes_nothing(tiny: Built) -> None:
    scam = tiny.rows(
        """select state_code, version_no, is_current, took_effect from conformed.cnf_case_version
        where source_case_no = 'D3/TIP/00045/2024' order by version_no"""
    )
    assert scam == [("09", 1, False, False), ("07", 2, True, True)]
    boats = tiny.rows(
        "select migrant_count from conformed.cnf_interception where incident_no = 'MM-2024-00001'"
    )
    assert boats == [(104,)]


def test_persons_get_place_event_and_age_from_their_case(tiny: Built) -> None:
    victim = tiny.rows(
        """select role_code, sex_code, age_years, birth_date_precision, nationality_code, state_code, event_on
        from conformed.cnf_person where source_case_no = 'D3/TIP/00123/2022' and role_code = 'VICTIM'"""
    )
    assert victim == [("VICTIM", "F", 17, "day", "ID", "01", date(2022, 2, 21))]
    migrant = tiny.rows(
        """select role_code, nationality_code, document_type, state_code, raid_no, case_no_norm
        from conformed.cnf_person where source_agency_code = 'JIM'"""
    )
    assert migrant == [("SMUGGLED_MIGRANT", "MM", "unhcr", "01", "OPS/JHR/2024/00001", "JIM/12/2024")]
    accused = tiny.rows(
        """select birth_date_precision, event_on, case_no_norm from conformed.cnf_person
        where source_agency_code = 'AGC' and source_case_no = 'AGC/ATIPSOM/2022/0001'"""
    )
    assert accused == [("year", date(2022, 2, 21), "PDRM TIP/123/2022")]


def test_smaller_agencies_cases_are_told_once_and_meet_the_police(tiny: Built) -> None:
    told = tiny.rows(
        """select source_agency_code, source_record_key, case_kind_code, case_no_norm, crime_type_code, state_code
        from conformed.cnf_case where source_agency_code in ('JKDM', 'JTK', 'AKPS') order by 2"""
    )
    assert told == [
        ("JTK", "ADU/2024/00001", "LABOUR", "JTK/1/2024", "TIP", "10"),
        ("AKPS", "ENC-2025-000001", "ENCOUNTER", "AKPS/1/2025", "SOM", "01"),
        ("JKDM", "JKDM/KES/2024/0001", "SEIZURE", "PDRM TIP/124/2022", "SOM", "08"),
        ("JKDM", "JKDM/KES/2024/0002", "SEIZURE", "JKDM/2/2024", "SOM", "08"),
    ]
    persons = tiny.rows(
        """select source_agency_code, role_code, case_no_norm, nationality_code from conformed.cnf_person
        where source_agency_code in ('JKDM', 'JTK', 'AKPS') order by 1, 2"""
    )
    assert persons == [
        ("AKPS", "SMUGGLED_MIGRANT", "AKPS/1/2025", "MM"),
        ("AKPS", "SUSPECT", "AKPS/1/2025", "MM"),
        ("JKDM", "SMUGGLED_MIGRANT", "PDRM TIP/124/2022", "MY"),
        ("JKDM", "SUSPECT", "PDRM TIP/124/2022", "MY"),
        ("JTK", "VICTIM", "JTK/1/2024", "BD"),
    ]


def test_a_complainant_is_a_victim_only_once_forced_labour_is_found(tiny: Built) -> None:
    assert tiny.rows(
        """select role_code, is_current from conformed.cnf_person_version
        where source_agency_code = 'JTK' order by version_no"""
    ) == [("XX", False), ("VICTIM", True)]


def test_a_protection_order_carries_its_decision_and_the_end_of_the_last_stay(tiny: Built) -> None:
    assert tiny.rows(
        """select order_no, case_no_norm, order_decision_code, decided_on, stay_count, admitted_on, left_on,
            shelter_exit_code
        from conformed.cnf_protection_order order by 1"""
    ) == [
        ("JKM/PP/2022/00001", "PDRM TIP/123/2022", "GRANTED", date(2022, 3, 10), 2, date(2022, 2, 24),
         date(2022, 6, 1), "REPATRIATED"),
        ("JKM/PP/2022/00002", "PDRM TIP/123/2022", "REFUSED", None, 0, None, None, "NOT_ADMITTED"),
    ]  # fmt: skip


def test_namibia_is_not_missing(tiny: Built) -> None:
    assert tiny.rows(
        "select distinct nationality_code from conformed.cnf_person where source_agency_code = 'NGO'"
    ) == [("NA",)]
    assert ("NA", 1) in tiny.rows(
        """select nationality_code, sum(measure_value)::int from marts.fct_comparator
        where measure_code = 'victims' group by 1"""
    )


def test_section_13_means_what_it_meant_on_the_day(tiny: Built) -> None:
    keys = tiny.rows(
        """select event_on, offence_key from marts.fct_case join marts.dim_offence using (offence_key)
        where section = '13' order by 1"""
    )
    assert keys == [(date(2022, 2, 21), "ATIPSOM_13_v1"), (date(2022, 2, 22), "ATIPSOM_13_v2")]


def test_records_that_write_the_same_case_number_are_one_case(tiny: Built) -> None:
    cases = tiny.rows(
        """select agency_code, case_kind_code, crime_type_code, record_count, agency_count, charge_count,
            conviction_count
        from marts.fct_case where record_count > 1 order by 1, 3"""
    )
    assert cases == [
        ("PDRM", "INVESTIGATION", "JOBSCAM", 2, 2, 0, 0),
        ("PDRM", "INVESTIGATION", "SOM", 2, 2, 2, 2),
        ("PDRM", "INVESTIGATION", "TIP", 2, 2, 0, 0),
    ]
    # Three papers and the job scam; Immigration's own, the boat's own, and one consular case without number; and one
    # each of Customs, Labour and the border agency.
    assert tiny.rows("select count(*) from marts.fct_case") == [(10,)]


def test_charges_find_their_case_and_files_without_charge_stay(tiny: Built) -> None:
    charges = tiny.rows(
        "select offence_key, is_charged, case_key = 'XX', child_victim_code from marts.fct_charge order by 1"
    )
    assert charges == [
        ("ATIPSOM_13_v1", True, False, "Y"),  # charged after the amendment, committed the day before
        ("IMMIGRATION_v1", True, False, "Y"),
        ("NOTCHARGED_v1", False, False, "NA"),
    ]


def test_a_linked_person_counts_once_and_an_unlinked_one_is_not_lost(tiny: Built) -> None:
    ali = tiny.rows(
        """select role_code, agency_code, is_counted from marts.fct_person_in_case
        where person_key = 'p-ali' order by 1"""
    )
    assert ali == [("MISSING_ABROAD", "KLN", False), ("VICTIM", "PDRM", True)]
    assert tiny.rows("select count(*) from linked.lnk_person") == tiny.rows(
        "select count(*) from conformed.cnf_person"
    )
    counted = tiny.rows(
        "select crime_type_code, count(*) from marts.fct_person_in_case where is_counted group by 1 order by 1"
    )
    # Ali and Lim abroad; the migrant and the victim of what became a smuggling case, and the border agency's migrant;
    # the organisation's one, Labour's, and Customs' migrant, in what the police call trafficking.
    assert counted == [("JOBSCAM", 2), ("SOM", 3), ("TIP", 3)]


def test_a_past_week_can_be_counted_as_it_was_known(tiny: Built) -> None:
    def cases_known(week: str) -> list[tuple[str, str, int]]:
        return tiny.rows(
            f"""select crime_type_code, state_code, sum(count_value)::int from marts.fct_weekly_count
            where unit_code = 'case' and event_week = '2022-02-21' and known_week <= '{week}'
            group by 1, 2 having sum(count_value) <> 0 order by 1, 2"""
        )

    assert cases_known("2022-02-21") == []
    assert cases_known("2024-07-01") == [("TIP", "10", 3)]
    assert cases_known("2024-07-08") == [("SOM", "01", 1), ("TIP", "10", 2)]


def test_unknown_texts_become_the_unknown_member_and_are_counted(tiny: Built) -> None:
    assert tiny.rows("select column_name, value_text, value_count from quality.dq_unmapped_code") == [
        ("state_name", "Atlantis", 2)
    ]
    assert tiny.rows(
        "select distinct state_code from conformed.cnf_person where source_agency_code = 'NGO'"
    ) == [("XX",)]


def test_the_newest_publication_of_a_comparator_replaces_the_older(tiny: Built) -> None:
    boats = tiny.rows(
        """select period_start, measure_value, value_as_sent from marts.fct_comparator
        where measure_code = 'migrants_arrived' order by 1"""
    )
    assert boats == [(date(2018, 1, 1), 0, None), (date(2018, 1, 2), 7, 7)]
    dead = tiny.rows(
        """select source_code, period_start, measure_value from marts.fct_comparator
        where measure_code = 'dead_missing' order by 1"""
    )
    assert dead == [("IOM_EUROPE", date(2024, 1, 2), 7), ("IOM_EXPORT", date(2026, 1, 1), 2)]


def test_weeks_without_a_delivery_are_not_assessed(tiny: Built) -> None:
    police = tiny.rows(
        """select week_start, check_code, check_status, check_value from quality.dq_feed_week
        where agency_code = 'PDRM' and feed_code = 'persons' and check_code in ('ACCEPTED', 'DAYS_SINCE_DELIVERY')
        order by 2, 1"""
    )
    assert police == [
        (date(2024, 7, 1), "ACCEPTED", "PASS", 2),
        (date(2024, 7, 8), "ACCEPTED", "PASS", 1),
        (date(2024, 7, 15), "ACCEPTED", "NOT_ASSESSED", None),
        (date(2024, 7, 1), "DAYS_SINCE_DELIVERY", "PASS", 6),
        (date(2024, 7, 8), "DAYS_SINCE_DELIVERY", "PASS", 6),
        (date(2024, 7, 15), "DAYS_SINCE_DELIVERY", "FAIL", 13),
    ]


def test_the_calendar_agrees_with_python(tiny: Built) -> None:
    days = tiny.rows(
        """select date_on, week_start, iso_year, iso_week, iso_weekday, week_code, quarter_code, us_tip_year,
            weekday_name_ms
        from marts.dim_date order by 1"""
    )
    assert days[0][0] == date(2002, 1, 1) and days[-1][0] == date(2030, 12, 31)
    assert [d[0] for d in days] == [days[0][0] + timedelta(days=i) for i in range(len(days))]
    for day, monday, year, week, weekday, code, quarter, tip_year, _ in days:
        iso = day.isocalendar()
        assert (year, week, weekday) == (iso.year, iso.week, iso.weekday)
        assert monday == day - timedelta(days=day.weekday()) and code == f"{iso.year}-W{iso.week:02d}"
        assert quarter == f"{day.year}-Q{(day.month + 2) // 3}"
        assert tip_year == (day.year + 1 if day.month >= 4 else day.year)
    assert {d[4]: d[8] for d in days}[5] == "Jumaat"


def test_every_code_in_a_fact_has_a_member_in_its_dimension(tiny: Built) -> None:
    keys = {
        "agency_code": ("dim_agency", "agency_code"),
        "state_code": ("dim_state", "state_code"),
        "home_state_code": ("dim_state", "state_code"),
        "nationality_code": ("dim_nationality", "nationality_code"),
        "country_code": ("dim_nationality", "nationality_code"),
        "exploitation_code": ("dim_exploitation", "exploitation_code"),
        "offence_key": ("dim_offence", "offence_key"),
        "age_band_code": ("dim_age_band", "age_band_code"),
        "role_code": ("dim_role", "role_code"),
        "event_on": ("dim_date", "date_on"),
        "event_week": ("dim_date", "date_on"),
        "known_week": ("dim_date", "date_on"),
    }
    columns = tiny.rows(
        """select table_name, column_name from information_schema.columns
        where table_schema = 'marts' and table_name like 'fct%' and table_name not like 'fct_forecast%'"""
    )
    # One query, because opening the file takes longer than asking.
    asked = [
        f"""select '{table}.{column}', count(*) from marts.{table} f
        left join marts.{keys[column][0]} d on f.{column} = d.{keys[column][1]} where d.{keys[column][1]} is null"""
        for table, column in columns
        if column in keys
    ]
    assert len(asked) > 25
    assert [row for row in tiny.rows(" union all ".join(asked)) if row[1]] == []


def test_unit_tests_of_the_models_pass(tiny: Built) -> None:
    results = json.loads((tiny.home / "target" / "run_results.json").read_text())["results"]
    assert {r["status"] for r in results} == {"pass"}
    assert len([r for r in results if r["unique_id"].startswith("unit_test.")]) >= 3

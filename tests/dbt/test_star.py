"""The star around the counted facts: dimensions, bridges, lifecycle and published figures of the small warehouse."""

from __future__ import annotations

from datetime import date

from tests.dbt.conftest import Built


def test_the_question_of_the_brief_is_one_statement(tiny: Built) -> None:
    # Children found in labour exploitation per quarter, before and after the amendment, by finding agency,
    # as known on a day: the victim of case A is seventeen, and was of labour exploitation until it became smuggling.
    question = """
        select quarter_code, is_after_amendment, agency_code, sum(count_value)::int
        from marts.fct_weekly_count join marts.dim_date on event_week = date_on
        where unit_code = 'person' and is_child_code = 'Y' and exploitation_group_code = 'LABOUR'
            and state_code = '10' and known_week <= '{}'
        group by all having sum(count_value) <> 0"""
    assert tiny.rows(question.format("2024-07-01")) == [("2022-Q1", False, "PDRM", 1)]
    assert tiny.rows(question.format("2024-07-08")) == []


def test_states_keep_their_own_holidays(tiny: Built) -> None:
    kept = tiny.rows(
        """select holiday_name_en, count(*), bool_and(is_national) from marts.dim_public_holiday
        where date_on = '2026-03-23' group by 1 order by 1"""
    )
    assert ("Birthday of the Sultan of Johor", 1, False) in kept
    assert tiny.rows(
        """select date_on, is_national_holiday, is_holiday_somewhere, fiscal_year, is_after_amendment
        from marts.dim_date where date_on in ('2022-02-21', '2022-02-22', '2022-08-31') order by 1"""
    ) == [
        (date(2022, 2, 21), False, False, 2022, False),
        (date(2022, 2, 22), False, False, 2022, True),
        (date(2022, 8, 31), True, True, 2022, True),
    ]


def test_census_covers_every_district_once(tiny: Built) -> None:
    # Sums as the census table itself gives them.
    assert tiny.rows(
        """select census_year, count(*), sum(population)::int from marts.fct_population
        where census_year >= 2010 group by 1 order by 1"""
    ) == [(2010, 144, 27484596), (2020, 160, 32447385)]
    assert tiny.rows("select count(*) from marts.dim_district where state_code in ('12', '13')") == [(67,)]


def test_entry_points_pass_to_the_border_agency(tiny: Built) -> None:
    holders = """select agency_code from marts.dim_agency_duty where duty_code = 'ENTRY_POINTS'
        and effective_from <= '{0}' and (effective_to is null or effective_to > '{0}') order by 1"""
    assert tiny.rows(holders.format("2024-12-31")) == [("JIM",), ("JKDM",)]
    assert tiny.rows(holders.format("2025-06-01")) == [("AKPS",), ("JIM",), ("JKDM",)]
    assert tiny.rows(holders.format("2026-01-01")) == [("AKPS",)]


def test_a_person_in_two_forms_of_exploitation_is_shared_out(tiny: Built) -> None:
    shared = tiny.rows(
        """select exploitation_code, weight from marts.bridge_victim_exploitation
        where exploitation_code in ('ForcedBegging', 'ForcedLabour') order by 1, 2"""
    )
    # The reported person's two halves; the worker whose complaint was upheld and the migrant of the case that
    # Customs handed to the police, whole.
    whole = ("ForcedLabour", 1.0)
    assert shared == [("ForcedBegging", 0.5), ("ForcedLabour", 0.5), whole, whole]
    assert tiny.rows("select sum(weight) from marts.bridge_victim_control_method") == tiny.rows(
        "select count(*) from marts.fct_person_in_case where is_counted"
    )


def test_the_convicted_case_is_decided_and_the_open_ones_are_not(tiny: Built) -> None:
    stages = tiny.rows(
        """select stage_code, count(*), bool_or(has_conviction) from marts.fct_case_lifecycle
        group by 1 order by 1"""
    )
    assert ("DECIDED", 1, True) in stages
    # Seven of the police, Immigration and the coast guard; one each of Customs, Labour and the border agency.
    assert sum(n for _, n, _ in stages) == 10
    assert tiny.rows(
        "select days_to_charge, days_to_decision, is_dormant from marts.fct_case_lifecycle where stage_code = 'DECIDED'"
    ) == [(31, 365, False)]


def test_published_figures_stand_beside_ours_or_say_why_not(tiny: Built) -> None:
    told = dict(tiny.rows("select comparison_code, count(*) from marts.fct_figure_comparison group by 1"))
    assert set(told) == {"COMPARED", "NOT_COVERED", "NOT_MEASURED"}
    assert sum(told.values()) == tiny.rows("select count(*) from marts.fct_published_figure")[0][0]
    assert tiny.rows(
        """select count(*) from marts.fct_figure_comparison
        where (comparison_code = 'COMPARED') <> (our_value is not null)
            or our_value - published_value <> difference"""
    ) == [(0,)]
    # The same number in two units: a conflict with its cause, not an agreement.
    assert tiny.rows(
        """select published_value, unit_en, cause_en is not null from marts.fct_figure_comparison
        where conflict_code = 'JOBSCAM_518' order by 2"""
    ) == [(518, "person", True), (518, "report", True)]

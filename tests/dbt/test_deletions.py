"""Records that their agency deletes: gone from the marts from the day it is known, and there before."""

from __future__ import annotations

from datetime import date

import pytest

from mids_orchestration.landing.history import as_known
from tests.dbt.conftest import Built
from tests.dbt.landing_zone import zone_contracts

TOMBSTONE = ("PDRM", "D3/TIP/00126/2024")
LEFT_OUT = ("KLN", "KLN/KONS/2024/00003")


@pytest.mark.parametrize(("agency", "number"), [TOMBSTONE, LEFT_OUT])
def test_a_deleted_record_ends_in_a_version_and_leaves_the_marts(
    tiny: Built, agency: str, number: str
) -> None:
    assert tiny.rows(
        f"""select version_no, is_deleted, is_current, is_case, took_effect, crime_type_code, cast(known_on as varchar)
        from conformed.cnf_case_version
        where source_agency_code = '{agency}' and source_record_key = '{number}' order by 1"""
    ) == [
        (1, False, False, True, True, "TIP" if agency == "PDRM" else "JOBSCAM",
         "2024-07-08"),
        (2, True, False, False, True, "TIP" if agency == "PDRM" else "JOBSCAM", "2024-07-15"),
    ]  # fmt: skip
    for table in ("conformed.cnf_case", "conformed.cnf_person", "conformed.cnf_consular_case"):
        assert tiny.rows(f"select count(*) from {table} where source_case_no = '{number}'") == [(0,)], table
    facts = tiny.rows(
        """select table_name from information_schema.columns
        where table_schema = 'marts' and column_name = 'case_key' and table_name like 'fct%'"""
    )
    assert len(facts) >= 3
    for (fact,) in facts:
        assert tiny.rows(
            f"""select count(*) from marts.{fact} where case_key in (
                select case_key from linked.lnk_case
                where source_agency_code = '{agency}' and source_record_key = '{number}')"""
        ) == [(0,)], fact


def test_a_record_written_again_after_its_deletion_stays(tiny: Built) -> None:
    assert tiny.rows(
        "select count(*) from conformed.cnf_case where source_case_no = 'D3/TIP/00124/2022'"
    ) == [(1,)]


@pytest.mark.parametrize(
    ("agency", "unit", "crime", "counts"),
    [
        ("PDRM", "case", "TIP", {"2024-07-01": 0, "2024-07-08": 1, "2024-07-15": 0}),
        ("KLN", "case", "JOBSCAM", {"2024-07-01": 0, "2024-07-08": 1, "2024-07-15": 0}),
        ("KLN", "person", "JOBSCAM", {"2024-07-01": 0, "2024-07-08": 1, "2024-07-15": 0}),
    ],
)
def test_the_weekly_counts_have_it_until_its_deletion_is_known(
    tiny: Built, agency: str, unit: str, crime: str, counts: dict[str, int]
) -> None:
    def known(week: str) -> int:
        return tiny.rows(
            f"""select coalesce(sum(count_value), 0)::int from marts.fct_weekly_count
            where unit_code = '{unit}' and agency_code = '{agency}' and crime_type_code = '{crime}'
                and event_week = '2024-06-24' and known_week <= '{week}'"""
        )[0][0]

    assert {week: known(week) for week in counts} == counts


@pytest.mark.parametrize(
    ("model", "agency", "record"),
    [
        ("cnf_case_version", "pdrm", "cases"),
        ("cnf_case_version", "kln", "consular_cases"),
        ("cnf_person_version", "kln", "consular_cases"),
        ("cnf_person_version", "jtk", "complaints"),
    ],
)
def test_landing_and_the_warehouse_believe_the_same_records(
    tiny: Built, model: str, agency: str, record: str
) -> None:
    """The order of versions is written twice, in SQL for dbt and for landing's own history: both must agree."""
    kind = next(
        k for c in zone_contracts().values() if c.agency == agency for k in c.records if k.name == record
    )
    table = as_known(tiny.home, zone_contracts(), agency, record, date(2025, 1, 1))
    believed = {"|".join(row[key] for key in kind.key): row["_receipt_id"] for row in table.to_pylist()}
    sql = f"""select source_record_key, _receipt_id from conformed.{model}
              where is_current and source_agency_code = '{agency.upper()}' and source_record = '{record}'"""
    found = dict(tiny.rows(sql))
    assert found and found.items() <= believed.items()
    kept = {key for key, _ in tiny.rows(sql.replace("is_current and", ""))}
    assert set(believed) & kept == set(found)

"""How many persons no list has seen: multiple systems estimation on the linked lists themselves.

What belongs here: which persons and lists are counted, by year of the event, and the table of answers. What does not:
the estimate (`mse.py`). The number is of persons like those that some list can meet; it is no count of victims, and a
refusal is an answer: the lists do not meet often enough to say.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from mids_orchestration.linkage.mse import estimate_population

#: Who is on which list of whom. The police hold those missing abroad as victims of job-scam cases.
LISTS_QUERY = """
    select
        person.person_record_id, person.source_agency_code, person.event_on, person.known_on,
        case
            when person.role_code = 'MISSING_ABROAD' or cases.crime_type_code = 'JOBSCAM' then 'MISSING_ABROAD'
            else person.role_code
        end as population_code
    from conformed.cnf_person as person
    left join conformed.cnf_case as cases
        on person.source_agency_code = cases.source_agency_code and person.source_case_no = cases.source_case_no
    where person.role_code in ('VICTIM', 'MISSING_ABROAD')
"""
POPULATIONS = ("VICTIM", "MISSING_ABROAD")
COLUMNS = [
    "population_code", "year_start", "list_names", "observed_count", "shared_count", "estimate_count", "lower_count",
    "upper_count", "is_refused", "reason_text", "model_text",
]  # fmt: skip
_YEARS = 5


def list_counts(persons: pd.DataFrame, links: pd.DataFrame, population: str, year: int) -> pd.DataFrame:
    """One row per set of lists: a 0/1 column per agency, and `count` of persons on exactly these.

    persons: rows of `LISTS_QUERY`. links: person_record_id, person_key. A person is on a list of the year when a
    record of the population, with an event in that year, is.
    """
    chosen = persons[persons["population_code"] == population]
    chosen = chosen[pd.to_datetime(chosen["event_on"]).dt.year == year]
    held = chosen[["person_record_id", "source_agency_code"]].merge(
        links[["person_record_id", "person_key"]], on="person_record_id"
    )
    lists = pd.crosstab(held["person_key"], held["source_agency_code"]).clip(upper=1)
    if not len(lists):
        return pd.DataFrame({"count": pd.Series(dtype=int)})
    return lists.groupby(list(lists.columns)).size().rename("count").reset_index()


def unseen_estimates(persons: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """One row per population and year, the five newest whole years, in `COLUMNS`.

    estimate_count with its 95 % interval, or is_refused with the reason in words. The newest year is the last that
    ended before the newest record was known.
    """
    rows: list[dict[str, Any]] = []
    known = pd.to_datetime(persons["known_on"]).max()
    last = (known.year if pd.notna(known) else 0) - 1
    for population in POPULATIONS:
        for year in range(last - _YEARS + 1, last + 1):
            counts = list_counts(persons, links, population, year)
            if len(counts):
                rows.append(
                    {"population_code": population, "year_start": pd.Timestamp(year, 1, 1), **_row(counts)}
                )
    out = pd.DataFrame(rows, columns=COLUMNS)
    for column in COLUMNS:
        if column.endswith("_count"):
            out[column] = out[column].astype("Int64")
    return out.astype({"is_refused": bool}).assign(year_start=pd.to_datetime(out["year_start"]).dt.date)


def _row(counts: pd.DataFrame) -> dict[str, Any]:
    found = estimate_population(counts)
    return {
        "list_names": ", ".join(found.lists),
        "observed_count": found.observed,
        "shared_count": found.shared,
        "estimate_count": found.estimate,
        "lower_count": found.lower,
        "upper_count": found.upper,
        "is_refused": found.refused,
        "reason_text": found.reason,
        "model_text": found.model,
    }

"""Persons by set of lists, and the answers made of them."""

from __future__ import annotations

import pandas as pd

from mids_orchestration.linkage.unseen import COLUMNS, list_counts, unseen_estimates

KNOWN = pd.Timestamp(2026, 6, 29)


def _lists(sets: dict[tuple[str, ...], int], population: str, year: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`count` persons on exactly the lists of each set, each list with a record of its own."""
    records, links = [], []
    for agencies, count in sets.items():
        for person in range(count):
            key = f"{population}{year}{'+'.join(agencies)}{person}"
            for agency in agencies:
                records.append(
                    (
                        f"{agency}:{key}",
                        agency,
                        pd.Timestamp(year, 5, 1),
                        pd.Timestamp(2026, 6, 29),
                        population,
                    )
                )
                links.append((f"{agency}:{key}", key))
    columns = ["person_record_id", "source_agency_code", "event_on", "known_on", "population_code"]
    return pd.DataFrame(records, columns=columns), pd.DataFrame(
        links, columns=["person_record_id", "person_key"]
    )


RICH = {("PDRM",): 300, ("JIM",): 200, ("NGO",): 150, ("PDRM", "JIM"): 40, ("PDRM", "NGO"): 30, ("JIM", "NGO"): 20,
        ("PDRM", "JIM", "NGO"): 6}  # fmt: skip


def test_a_person_is_counted_once_under_all_its_lists() -> None:
    persons, links = _lists(RICH, "VICTIM", 2024)
    again = persons.head(5).assign(person_record_id=lambda f: f["person_record_id"] + "-again")
    links = pd.concat([links, links.head(5).assign(person_record_id=again["person_record_id"].to_numpy())])
    counts = list_counts(pd.concat([persons, again]), links, "VICTIM", 2024)
    assert int(counts["count"].sum()) == sum(RICH.values())
    both = counts[(counts["PDRM"] == 1) & (counts["JIM"] == 1) & (counts["NGO"] == 0)]
    assert both["count"].tolist() == [40]
    assert not len(list_counts(persons, links, "VICTIM", 2023))


def test_an_estimate_where_the_lists_meet_and_a_refusal_where_they_do_not() -> None:
    rich, thin = _lists(RICH, "VICTIM", 2025), _lists({("KLN",): 30, ("NGO",): 20}, "MISSING_ABROAD", 2025)
    found = unseen_estimates(pd.concat([rich[0], thin[0]]), pd.concat([rich[1], thin[1]]))
    assert list(found.columns) == COLUMNS
    told = found.set_index("population_code")
    seen, unsaid = told.loc["VICTIM"], told.loc["MISSING_ABROAD"]
    assert not seen["is_refused"] and seen["observed_count"] == 746
    assert 746 < seen["lower_count"] < seen["estimate_count"] < seen["upper_count"]
    assert unsaid["is_refused"] and "list" in unsaid["reason_text"] and pd.isna(unsaid["estimate_count"])


def test_nobody_on_any_list_is_no_row() -> None:
    persons, links = _lists({}, "VICTIM", 2025)
    assert not len(unseen_estimates(persons, links))

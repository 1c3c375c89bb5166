"""`mids link` on lists cut from the sample: what each column more is worth, and how often it is wrong.

Usage: ``python -m benchmarks.linkage_lists [HOME]`` after ``make demo`` (default: ``MIDS_HOME``, else ``.mids``).
FEBRL's lists (`linkage_febrl`) hold no raids, no countrymen and few namesakes; these do. Only scores read the truth.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks._sample import finished_sample
from mids_orchestration.linkage.list_roles import ListMap
from mids_orchestration.linkage.lists import link_lists

_SEED = 1
_MORE = ("full_name", "sex", "nationality")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("full_name",),
    "name, birth": ("full_name", "birth_date"),
    "name, birth, document": ("full_name", "birth_date", "document_no"),
    "name, birth, sex, nationality": (*_MORE, "birth_date"),
    "name, sex, nationality, event": (*_MORE, "event_date"),
    "name, birth, sex, nationality, event": (*_MORE, "birth_date", "event_date"),
    "the same and place": (*_MORE, "birth_date", "event_date", "place"),
    "the same, place and document": (*_MORE, "birth_date", "event_date", "place", "document_no"),
}
_PERSONS = """
    SELECT person_record_id AS id, source_agency_code AS agency, role_code AS role, full_name,
        strftime(birth_date, '%Y-%m-%d') AS birth_date, sex_code AS sex, nationality_code AS nationality, document_no,
        coalesce(locality_text, state_code, country_code) AS place, strftime(event_on, '%Y-%m-%d') AS event_date
    FROM conformed.cnf_person"""


def _lists(home: Path, truth: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, pd.DataFrame | None]]:
    with duckdb.connect(str(home / "warehouse" / "mids.duckdb"), read_only=True) as con:
        persons = con.sql(_PERSONS).df()
    persons["who"] = persons["id"].map(truth.set_index("person_record_id")["true_person_id"])
    of = persons["agency"]
    victims = persons["role"].isin(["VICTIM", "MISSING_ABROAD"])
    return {
        "victims, repeats": (persons[victims], None),
        "PDRM victims - NGO": (persons[victims & (of == "PDRM")], persons[of == "NGO"]),
        "KLN - NGO": (persons[of == "KLN"], persons[of == "NGO"]),
        "AGC - PDRM suspects": (persons[of == "AGC"], persons[(of == "PDRM") & (persons["role"] == "SUSPECT")]),
        "JIM - PDRM": (persons[of == "JIM"], persons[of == "PDRM"]),
    }  # fmt: skip


def _truth(left: pd.DataFrame, right: pd.DataFrame | None) -> pd.DataFrame:
    known = left[["id", "who"]].dropna()
    if right is None:
        pairs = [p for _, g in known.groupby("who")["id"] for p in combinations(sorted(g), 2)]
    else:
        both = known.merge(right[["id", "who"]].dropna(), on="who")
        pairs = list(zip(both["id_x"], both["id_y"], strict=True))
    return pd.DataFrame(pairs, columns=["left_id", "right_id"])


def main() -> None:
    """Print precision, recall and F1 at the default threshold, per pair of lists and set of columns."""
    sample = finished_sample()
    if sample is None:
        return
    home, truth = sample
    lists = _lists(home, truth)
    print(f"{'':22}{'columns':40}{'true':>6}{'P':>8}{'R':>8}{'F1':>8}")
    for columns, roles in _COLUMNS.items():
        mapping = ListMap("id", {role: (role,) for role in roles})
        for name, (left, right) in lists.items():
            true = _truth(left, right)
            said = link_lists(left, right, mapping, seed=_SEED, truth=true).summary
            scores = "".join(f"{said[k] or 0.0:8.3f}" for k in ("precision", "recall", "f1"))
            print(f"{name:22}{columns:40}{len(true):6,}{scores}", flush=True)


if __name__ == "__main__":
    main()

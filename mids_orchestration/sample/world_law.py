"""What follows in court: prosecutions and their charges, true to when and under which section.

Belongs here: the prosecutor's decisions and the court's outcomes. Not: how the file is written (agencies/agc).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from .frames import each
from .horizon import AMENDMENT_ON
from .streams import Streams


@dataclass(slots=True)
class Charge:
    """One charge: section of its Act, day (ordinal) it was read, its end if any."""

    act: str
    section: str
    charged: int
    is_child: bool
    outcome: str
    outcome_on: int
    sentence_months: int


@dataclass(slots=True)
class Prosecution:
    """One accused in one case: file opened, then charges (perhaps none)."""

    case_no: int
    person_no: int
    lead: str
    opened: int
    charges: list[Charge] = field(default_factory=list)


_PROSECUTED = {"TIP": 0.145, "SOM": 0.085}  # of persons arrested; assumed, about 75 accused a year
_SMUGGLING = [("26A", 62), ("26B", 8), ("26D", 6), ("26H", 12), ("26J", 12)]
ATIPSOM = "Act 670"


def _section(crime: str, has_child: bool, occurred: int, u: float) -> tuple[str, str]:
    """Act and section; the 2022 amendment lowers what must be proved for a child victim under s.14."""
    after = occurred >= AMENDMENT_ON.toordinal()
    if crime == "SOM":
        cut = u * 110
        for section, weight in _SMUGGLING:
            cut -= weight
            if cut < 0:
                return ATIPSOM, section
        return "Act 155", "55E" if u < 0.95 else "56(1)(d)"
    s14 = (0.95 if after else 0.45) if has_child else (0.10 if after else 0.03)
    if u < s14:
        return ATIPSOM, "14"
    rest = (u - s14) / (1 - s14)
    aggravated = 0.08 if after else 0.42  # s.13: means-based before, aggravated since
    if rest < aggravated:
        return ATIPSOM, "13"
    if rest < 0.84:
        return ATIPSOM, "12"
    return (ATIPSOM, "15") if rest < 0.9 else ("Act 574", "372B") if rest < 0.96 else ("Act 63/1959", "55B")


def build_prosecutions(streams: Streams, part: pd.DataFrame, case: pd.DataFrame) -> list[Prosecution]:
    """Choose whom the prosecutor takes up, and what becomes of it."""
    rng = streams.scalar("world.law")
    child = case["has_child"].to_numpy()
    suspects = part[(part["role"] == "SUSPECT") & part["crime_type"].isin(["TIP", "SOM"])]
    files = []
    for row in each(suspects):
        if rng.random() >= _PROSECUTED[row.crime_type]:
            continue
        opened = row.occurred + 10 + int(rng.gammavariate(1.8, 38))
        file = Prosecution(row.case_no, row.person_no, row.lead, opened)
        if rng.random() < 0.93:
            first = opened + int(rng.gammavariate(1.5, 22))
            number = 1 + sum(rng.random() < 0.38 for _ in range(5))
            end = first + 60 + int(rng.gammavariate(2.0, 190))
            for _ in range(number):
                act, section = _section(row.crime_type, bool(child[row.case_no]), row.occurred, rng.random())
                is_child = section == "14" and act == ATIPSOM and rng.random() < 0.9
                u = rng.random()
                outcome = (
                    "CONVICTED"
                    if u < 0.52
                    else "DNAA"
                    if u < 0.74
                    else "ACQUITTED"
                    if u < 0.9
                    else "WITHDRAWN"
                )
                months = 0
                if outcome == "CONVICTED":
                    base = {"12": 60, "13": 84, "14": 96, "26A": 40, "26B": 72}.get(section, 18)
                    months = max(3, int(rng.gauss(base, base / 3)) // 3 * 3)
                file.charges.append(Charge(act, section, first, is_child, outcome, end, months))
        files.append(file)
    return files

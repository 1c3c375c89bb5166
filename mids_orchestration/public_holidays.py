"""The seed of public holidays by state, written from the ``holidays`` library.

Belongs here: asking the library and writing ``dbt_project/seeds/ref_public_holiday.csv``. Does not belong
here: what is made of it (dim_public_holiday). Run ``python -m mids_orchestration.public_holidays`` after the
library or the calendar's years change, and commit the result; a test holds both together.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

import holidays

from mids_orchestration.settings import DBT_PROJECT

SEED = DBT_PROJECT / "seeds" / "ref_public_holiday.csv"
#: The calendar of dbt_project.yml (calendar_from, calendar_to).
YEARS = range(2002, 2031)
#: The library's codes of the states are DOSM's.
STATES = tuple(f"{number:02d}" for number in range(1, 17))
#: What the library adds to a name when the day is reckoned, not gazetted.
_ESTIMATED = {"en_US": " (estimated)", "ms_MY": " (anggaran)"}


def rows() -> list[tuple[str, str, str, str, str]]:
    """``date_on, state_codes, name_en, name_ms, is_estimated`` per day and holiday.

    ``state_codes`` lists the states that keep it, separated by semicolons; ``MY`` when all do.
    """
    kept: dict[tuple[date, str, str, str], set[str]] = defaultdict(set)
    calendars = {state: [_calendar(state, language) for language in _ESTIMATED] for state in STATES}
    malay_of = _malay_names(calendars.values())
    for state, (english, malay) in calendars.items():
        for day in english:
            left = [name.removesuffix(_ESTIMATED["ms_MY"]) for name in malay.get_list(day)]
            # Names whose Malay is known go first; what is left over belongs to the one that is not.
            for told in sorted(
                english.get_list(day), key=lambda n: n.removesuffix(_ESTIMATED["en_US"]) not in malay_of
            ):
                name = told.removesuffix(_ESTIMATED["en_US"])
                if malay_of.get(name) in left:
                    left.remove(malay_of[name])
                kept[(day, name, malay_of.get(name) or left.pop(0), str(told != name).lower())].add(state)
    found = []
    for (day, name_en, name_ms, estimated), states in kept.items():
        codes = "MY" if states == set(STATES) else ";".join(sorted(states))
        found.append((day.isoformat(), codes, name_en, name_ms, estimated))
    return sorted(found)


def _calendar(state: str, language: str) -> holidays.HolidayBase:
    return holidays.country_holidays("MY", state, list(YEARS), language=language)


def _malay_names(calendars: Iterable[Sequence[holidays.HolidayBase]]) -> dict[str, str]:
    """Malay by English name, learned from days with one holiday: on others the order of names differs."""
    found: dict[str, str] = {}
    for english, malay in calendars:
        for day in english:
            names, nama = english.get_list(day), malay.get_list(day)
            if len(names) == len(nama) == 1:
                found[names[0].removesuffix(_ESTIMATED["en_US"])] = nama[0].removesuffix(_ESTIMATED["ms_MY"])
    return found


def text() -> str:
    """The seed file's whole text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("date_on", "state_codes", "name_en", "name_ms", "is_estimated"))
    writer.writerows(rows())
    return out.getvalue()


if __name__ == "__main__":
    SEED.write_text(text(), encoding="utf-8")

"""Who is in the cases: persons with names, birth dates, papers, and their part in each case.

Belongs here: truth about persons. Not: which agency knows of them (agencies/*).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

import pandas as pd

from . import documents
from .frames import each
from .names import Name, forms
from .streams import Streams

# Name forms (and with them nationalities) by part played. Shapes after published origins: Bangladesh, Indonesia,
# India, Philippines (police 2020-21); Vietnam, Thailand, Indonesia (2018). Numbers assumed, except job scams: of 672
# persons Chinese 531, Malay 86, Iban 32, Indian 18 (police).
_FORMS = {
    "FORCED_LABOUR": {"indonesian": 30, "bangladeshi": 22, "burmese": 8, "rohingya": 4, "nepali": 9,
                      "indian_national": 8, "filipino": 6, "vietnamese": 3, "pakistani": 3, "khmer_lao": 3, "thai": 2,
                      "indian_my": 1, "malay": 1},
    "SEXUAL": {"vietnamese": 30, "thai": 22, "indonesian": 18, "filipino": 8, "malay": 4, "chinese_my": 4,
               "bangladeshi": 3, "khmer_lao": 4, "chinese_national": 5, "iban_kadazan": 2},
    "DOMESTIC": {"indonesian": 66, "filipino": 15, "khmer_lao": 11, "indian_my": 3, "iban_kadazan": 5},
    "BEGGING": {"rohingya": 25, "malay": 20, "chinese_national": 20, "khmer_lao": 20, "thai": 15},
    "BABY": {"indonesian": 40, "malay": 25, "filipino": 20, "iban_kadazan": 15},
    "OTHER": {"indonesian": 30, "malay": 20, "bangladeshi": 20, "indian_my": 10, "thai": 20},
    "SUSPECT": {"chinese_my": 20, "malay": 19, "indian_my": 11, "iban_kadazan": 5, "indonesian": 12,
                "bangladeshi": 11, "rohingya": 8, "burmese": 3, "pakistani": 3, "vietnamese": 3, "thai": 3,
                "indian_national": 2},
    "LAND_MIGRANT": {"rohingya": 28, "burmese": 22, "bangladeshi": 20, "indonesian": 20, "pakistani": 4,
                     "indian_national": 3, "vietnamese": 3},
    "BIG_BOAT": {"rohingya": 92, "bangladeshi": 8},
    "SMALL_BOAT": {"indonesian": 78, "filipino": 14, "rohingya": 8},
    "JOBSCAM": {"chinese_my": 531, "malay": 86, "iban_kadazan": 32, "indian_my": 18},
    "ABROAD": {"malay": 45, "indian_my": 25, "chinese_my": 20, "iban_kadazan": 10},
}  # fmt: skip
_FEMALE = {"SEXUAL": 0.92, "FORCED_LABOUR": 0.24, "DOMESTIC": 0.93, "BEGGING": 0.4, "BABY": 0.5,
           "OTHER": 0.4, "SUSPECT": 0.24, "LAND_MIGRANT": 0.2, "BIG_BOAT": 0.38, "SMALL_BOAT": 0.2, "JOBSCAM": 0.19,
           "ABROAD": 0.5}  # fmt: skip
_AGE = {"SEXUAL": (25, 5), "FORCED_LABOUR": (30, 8), "DOMESTIC": (31, 9), "BABY": (1, 1), "SUSPECT": (39, 10),
        "LAND_MIGRANT": (27, 8), "BIG_BOAT": (22, 9), "SMALL_BOAT": (31, 9), "JOBSCAM": (27, 6)}  # fmt: skip


@dataclass(slots=True)
class Person:
    """One person of the sample's world; numbers are as issued, birth date exact."""

    no: int
    name: Name
    sex: str
    birth: date
    birth_known: str  # day | year | unknown: what the person's papers or own knowledge give
    nationality: str
    state_code: int  # home or birth state of Malaysians; 0 for others
    mykad: str
    passport: str
    unhcr: str

    def document(self) -> tuple[str, str]:
        """Kind (mykad, passport, unhcr, none) and number of the paper the person would show."""
        for kind, number in (("mykad", self.mykad), ("passport", self.passport), ("unhcr", self.unhcr)):
            if number:
                return kind, number
        return "none", ""


@dataclass
class People:
    """All persons, and `part`: one row per person in a case (case_no, person_no, role, occurred, lead)."""

    person: list[Person]
    part: pd.DataFrame


class _Maker:
    """Draws persons one after the other from one scalar stream."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.person: list[Person] = []
        self.mix = {k: (list(v), list(accumulate(v.values()))) for k, v in _FORMS.items()}
        self.seen_mykad: set[str] = set()

    def form(self, group: str) -> str:
        codes, weights = self.mix[group]
        return self.rng.choices(codes, cum_weights=weights)[0]

    def make(self, group: str, form: str, occurred: int, state_code: int, child: bool) -> int:
        """A new person; returns the number."""
        r = self.rng
        sex = "F" if r.random() < _FEMALE[group] else "M"
        mean, spread = _AGE.get(group, (30, 9))
        age = r.gauss(mean, spread)
        low, high = (0.1, 3.0) if group == "BABY" else (18.0, 75.0)
        if group in ("BIG_BOAT", "LAND_MIGRANT"):
            low = 1.0
        age = 6 + r.random() * 11.9 if child else min(max(age, low + r.random() * 2), high)
        birth = date.fromordinal(occurred - int(age * 365.25) - 1)
        nationality = forms()[form].nationality
        mykad = passport = unhcr = ""
        home = 0
        if nationality == "MY":
            home = state_code
            while not mykad or mykad in self.seen_mykad:
                mykad = documents.mykad(birth, sex, home, r)
            self.seen_mykad.add(mykad)
            if group in ("JOBSCAM", "ABROAD"):
                passport = documents.passport("MY", r)
        elif form == "rohingya":
            if r.random() < (0.1 if group == "BIG_BOAT" else 0.4):
                unhcr = documents.unhcr(date.fromordinal(occurred).year - int(r.random() * 6), r)
        elif r.random() < {"SUSPECT": 0.75, "LAND_MIGRANT": 0.25, "SMALL_BOAT": 0.25}.get(group, 0.55):
            passport = documents.passport(nationality, r)
        known = "day"
        if not (mykad or passport):
            u = r.random()
            limit = 0.6 if form == "rohingya" else 0.4
            known = "year" if u < limit else "unknown" if u < limit + 0.1 else "day"
        name = forms()[form].draw(sex, r)
        self.person.append(
            Person(len(self.person), name, sex, birth, known, nationality, home, mykad, passport, unhcr)
        )
        return len(self.person) - 1


def _group(row: object) -> str:
    crime, country = row.crime_type, row.country  # type: ignore[attr-defined]
    if crime == "JOBSCAM":
        return "JOBSCAM"
    return "ABROAD" if country != "MY" else str(row.exploitation)  # type: ignore[attr-defined]


def build_people(streams: Streams, case: pd.DataFrame, boat: pd.DataFrame) -> People:
    """Draw the persons of every case, in order of occurrence.

    A few are met again: suspects who go on (2 %), victims trafficked again (0.7 %), and persons once rescued whom
    Immigration meets later (2 % of those it finds), which is one source of overlap between lists.
    """
    rng = streams.scalar("world.people")
    maker = _Maker(rng)
    # Those whom the newer agencies list draw from a stream of their own, so that they move nobody else.
    border = _Maker(streams.scalar("world.people.border"))
    border.person, border.seen_mykad = maker.person, maker.seen_mykad
    big = dict(zip(boat["boat_no"], boat["is_big"], strict=True))
    past_suspects: list[int] = []
    past_victims: list[int] = []
    parts: list[tuple[int, int, str]] = []
    for row in each(case):
        in_case: set[int] = set()

        def add(person_no: int, role: str, case_no: int = row.case_no, seen: set[int] = in_case) -> None:
            if person_no not in seen:
                seen.add(person_no)
                parts.append((case_no, person_no, role))

        group = _group(row)
        role = "MISSING_ABROAD" if row.country != "MY" else "VICTIM"
        main = maker.form(group) if row.n_victims else ""
        for k in range(row.n_victims):
            if role == "VICTIM" and past_victims and rng.random() < (0.02 if row.lead == "JIM" else 0.007):
                add(past_victims[int(rng.random() * len(past_victims))], role)
                continue
            form = main if rng.random() < 0.8 else maker.form(group)
            child = row.has_child and (k == 0 or rng.random() < 0.25)
            add(maker.make(group, form, row.occurred, row.state_code, child), role)
        if row.n_migrants and row.lead == "JIM":  # the others do not list smuggled migrants by name
            group = "LAND_MIGRANT" if row.boat_no < 0 else "BIG_BOAT" if big[row.boat_no] else "SMALL_BOAT"
            main = maker.form(group)
            for _ in range(row.n_migrants):
                if past_victims and group != "BIG_BOAT" and rng.random() < 0.02:
                    add(past_victims[int(rng.random() * len(past_victims))], "SMUGGLED_MIGRANT")
                    continue
                form = main if rng.random() < 0.75 else maker.form(group)
                add(maker.make(group, form, row.occurred, row.state_code, False), "SMUGGLED_MIGRANT")
        if row.n_migrants and row.lead in ("AKPS", "JKDM"):
            main = border.form("LAND_MIGRANT")
            for _ in range(row.n_migrants):
                form = main if border.rng.random() < 0.75 else border.form("LAND_MIGRANT")
                add(
                    border.make("LAND_MIGRANT", form, row.occurred, row.state_code, False), "SMUGGLED_MIGRANT"
                )
        for _ in range(row.n_suspects):
            if past_suspects and rng.random() < 0.02:
                add(past_suspects[int(rng.random() * len(past_suspects))], "SUSPECT")
                continue
            no = maker.make("SUSPECT", maker.form("SUSPECT"), row.occurred, row.state_code, False)
            past_suspects.append(no)
            add(no, "SUSPECT")
        if role == "VICTIM" and row.lead != "NGO":
            past_victims += [
                p for p in in_case if maker.person[p].nationality != "MY" and p not in past_victims[-40:]
            ]
    part = pd.DataFrame(parts, columns=["case_no", "person_no", "role"])
    part = part.merge(case[["case_no", "occurred", "lead", "crime_type"]], on="case_no", how="left")
    return People(maker.person, part)


def age_on(person: Person, day: int) -> int:
    """Completed years of a person on a day (ordinal), at least 0."""
    on = date.fromordinal(day)
    years = on.year - person.birth.year - ((on.month, on.day) < (person.birth.month, person.birth.day))
    return max(years, 0)

"""The Immigration view: a workbook of operations and, for cases under Act 670, the persons found.

Belongs here: operation numbers, counts, joint operations with the police, persons in capitals with padded single
names, dates that are sometimes date cells and sometimes text. Ordinary arrests are counts, never names.
"""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pycountry

from ..frames import each
from ..places import state
from ..respelling import Hand, slip_digit, write_name
from ..world import World
from ..world_people import Person
from .base import (
    MINUTES,
    FeedView,
    Links,
    RecordLog,
    Row,
    delay,
    moment,
    numbers_by_year,
    office_hour,
    rewrite_case_no,
)
from .pdrm import COUNTRIES

OPERATION_COLUMNS = (
    "No Operasi", "Tarikh Operasi", "Negeri", "Jenis Premis", "Bil Diperiksa", "Bil Ditangkap", "Bil Majikan",
    "No Kes", "Jenis Kes", "Seksyen", "Tarikh Rekod", "Kemaskini",
)  # fmt: skip
PERSON_COLUMNS = (
    "No Operasi", "Bil", "Kategori", "Nama", "Jantina", "Tarikh Lahir", "Warganegara", "No Dokumen", "Tarikh Rekod",
    "Kemaskini",
)  # fmt: skip
HAND = Hand(upper=True, respell=0.14, particle=0.4, drop=0.05, swap=0.04, typo=0.05, honorific=0.03, pad=0.5,
            surname_last=0.15)  # fmt: skip
ROLES = {"VICTIM": "MANGSA", "SMUGGLED_MIGRANT": "MIGRAN DISELUDUP", "SUSPECT": "SUSPEK"}
_ALPHA3: dict[str, str] = {c.alpha_2: c.alpha_3 for c in pycountry.countries}


def _cell(day: int, rng: random.Random) -> date | str:
    on = date.fromordinal(day)
    return on if rng.random() < 0.7 else f"{on:%d-%m-%Y}"


def _stamp(row: Row, at: int) -> None:
    on = moment(at).date()
    row["Kemaskini"] = on if at % 3 else f"{on:%d-%m-%Y}"


class ImmigrationDesk:
    """Numbers the operations and cases, then writes the feed. `case_number` and `recorded` serve other agencies."""

    def __init__(self, world: World, links: Links, police_number: dict[int, str]) -> None:
        self.world, self.links, self.police_number = world, links, police_number
        self.rng = world.streams.scalar("view.jim")
        self.cases = world.case[world.case["in_jim"]]
        r = self.rng
        self.recorded = {
            c.case_no: c.occurred + 1 + delay(r, 0.3, 1.1, 4, 0.06, 35) for c in each(self.cases)
        }
        own = [c.case_no for c in each(self.cases) if c.lead == "JIM"]
        self.case_number = numbers_by_year([self.recorded[i] for i in own], own, "JIM/ATIPSOM/{year}/{n:04d}")

    def views(self) -> list[FeedView]:
        """The one feed, with both record types."""
        operations = RecordLog("operations", OPERATION_COLUMNS, _stamp)
        persons = RecordLog("persons", PERSON_COLUMNS, _stamp)
        ordinary = self.world.events.operation
        r = self.rng
        days = ordinary["occurred"].tolist() + self.cases["occurred"].tolist()
        codes = ordinary["state_code"].tolist() + self.cases["state_code"].tolist()
        numbers: dict[int, str] = {}
        for s in set(codes):
            ids = [i for i, c in enumerate(codes) if c == s]
            template = f"OPS/{state(s).abbreviation}/{{year}}/{{n:05d}}"
            numbers |= numbers_by_year([days[i] for i in ids], ids, template)
        for i, op in enumerate(each(ordinary)):
            day = op.occurred + 1 + delay(r, 0.35, 1.1, 3, 0.03, 25)
            row = self._operation(numbers[i], op.occurred, op.state_code, op.premises, day)
            row |= {"Bil Diperiksa": op.screened, "Bil Ditangkap": op.arrested, "Bil Majikan": op.employers}
            at = office_hour(day, r)
            if op.arrested and r.random() < 0.04:
                wrong = max(op.arrested + int(r.gauss(0, 2 + op.arrested * 0.1)), 0)
                operations.add(i, at, row | {"Bil Ditangkap": wrong})
                at += int((3 + r.random() * 25) * MINUTES)
            operations.add(i, at, row)
        parts = dict(iter(self.world.people.part.groupby("case_no")))
        for i, case in enumerate(each(self.cases), start=len(ordinary)):
            self._case(operations, persons, i, numbers[i], case, parts.get(case.case_no))
        operations.spoil(r, 0.010, [
            ("Tarikh Operasi", lambda _: "31-04-2024"), ("No Operasi", lambda _: ""),
            ("Bil Ditangkap", lambda v: f"lebih {v}"), ("Tarikh Rekod", lambda _: "belum"),
        ])  # fmt: skip
        persons.spoil(r, 0.010, [
            ("Tarikh Lahir", lambda _: "29-02-1999"), ("Bil", lambda _: ""), ("Kategori", lambda _: "SAKSI"),
            ("Jantina", lambda _: "L/P"),
        ])  # fmt: skip
        return [FeedView("jim", "operations", {"operations": operations, "persons": persons})]

    def _operation(self, number: str, occurred: int, state_code: int, premises: str, day: int) -> Row:
        r, place = self.rng, state(state_code)
        spelled = place.name
        if r.random() < 0.12:
            spelled = place.other_spellings[int(r.random() * len(place.other_spellings))]
        elif r.random() < 0.03:
            spelled = place.name.upper()
        return {
            "No Operasi": number, "Tarikh Operasi": _cell(occurred, r), "Negeri": spelled, "Jenis Premis": premises,
            "No Kes": "", "Jenis Kes": "", "Seksyen": "", "Tarikh Rekod": _cell(day, r),
        }  # fmt: skip

    def _case(
        self, operations: RecordLog, persons: RecordLog, i: int, number: str, case: Any, parts: Any
    ) -> None:
        r, day = self.rng, self.recorded[case.case_no]
        premises = case.sector if case.boat_no < 0 else "Bot / jeti"
        row = self._operation(number, case.occurred, case.state_code, premises or "Kenderaan", day)
        listed = [] if parts is None else list(zip(parts["person_no"], parts["role"], strict=True))
        found = sum(role != "SUSPECT" for _, role in listed)
        row |= {
            "Bil Diperiksa": found + case.n_suspects + int(r.gammavariate(1.5, 12)),
            "Bil Ditangkap": found + case.n_suspects, "Bil Majikan": int(case.crime_type == "TIP" and r.random() < 0.6),
        }  # fmt: skip
        own = self.case_number.get(case.case_no)
        section = "26A" if case.crime_type == "SOM" else "12" if not case.has_child else "14"
        opened = {
            "No Kes": own or rewrite_case_no(self.police_number[case.case_no], r, 0.3), "Jenis Kes": case.crime_type,
            "Seksyen": f"Sek {section} ATIPSOM" if r.random() < 0.7 else f"{section} Akta 670",
        }  # fmt: skip
        at = office_hour(day, r)
        if r.random() < 0.3:  # entered as an ordinary operation, the case is opened days later
            operations.add(i, at, row)
            at += int((2 + r.random() * 20) * MINUTES)
        row |= opened
        operations.add(i, at, row)
        self.links.case.append(("jim", "operations", "operations", i, str(row["No Kes"]), case.case_no))
        if not own:
            listed = [p for p in listed if r.random() < 0.9]
        if listed and r.random() < 0.02:
            listed.append(listed[0])
        for n, (person_no, role) in enumerate(listed, start=1):
            self._person(persons, i, n, number, case, self.world.person(person_no), role)

    def _person(
        self, log: RecordLog, i: int, n: int, number: str, case: Any, person: Person, role: str
    ) -> None:
        r = self.rng
        day = self.recorded[case.case_no] + delay(r, 0.6, 1.0, 4, 0.03, 30)
        _, document = person.document()
        if r.random() < 0.15:
            document = ""
        if document and r.random() < 0.04:
            document = slip_digit(document, r)
        birth: date | str = ""
        if person.birth_known == "day" and r.random() < 0.88:
            birth = person.birth if r.random() < 0.7 else f"{person.birth:%d-%m-%Y}"
        elif person.birth_known == "year" and r.random() < 0.75:
            birth = date(person.birth.year + (int(r.random() * 3) - 1 if r.random() < 0.2 else 0), 1, 1)
        nation = _ALPHA3[person.nationality]
        if r.random() < 0.15:
            nation = COUNTRIES[person.nationality][0].title()
        row: Row = {
            "No Operasi": number, "Bil": n, "Kategori": ROLES[role],
            "Nama": write_name(person.name, person.sex, HAND, r),
            "Jantina": "" if r.random() < 0.01 else "LELAKI" if person.sex == "M" else "PEREMPUAN",
            "Tarikh Lahir": birth, "Warganegara": nation, "No Dokumen": document, "Tarikh Rekod": _cell(day, r),
        }  # fmt: skip
        rid = i * 1000 + n
        at = office_hour(day, r)
        log.add(rid, at, row)
        if r.random() < 0.03:
            later = row | {"Nama": write_name(person.name, person.sex, HAND, r)}
            log.add(rid, at + int((5 + r.random() * 90) * MINUTES), later)
        self.links.person.append(
            ("jim", "operations", "persons", rid, f"{number}|{n}", person.no, case.case_no, ROLES[role])
        )

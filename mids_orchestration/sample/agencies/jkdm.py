"""The Customs view: few cases, found in lorries and containers; one line per person, as a spreadsheet's Unicode text.

Belongs here: monthly tab-separated returns in UTF-16, persons numbered inside a case, line 0 for a case without any,
the police's number where they took the case over, written Customs' way.
"""

from __future__ import annotations

from typing import Any

from ..frames import each
from ..places import state
from ..respelling import Hand, slip_digit, write_name
from ..world import World
from .base import (
    MINUTES,
    FeedView,
    Links,
    RecordLog,
    Row,
    delay,
    dmy,
    moment,
    numbers_by_year,
    office_hour,
    rewrite_case_no,
)
from .pdrm import KINDS, country_name

COLUMNS = (
    "No Kes Kastam", "Bil Orang", "Tarikh Tahanan", "Pejabat", "Negeri", "Jenis Kesalahan", "Kenderaan",
    "No Rujukan Polis", "Bil Migran / Mangsa", "Bil Suspek", "Peranan", "Nama", "Jantina", "Tarikh Lahir",
    "Warganegara", "No Dokumen", "Tarikh Rekod", "Tarikh Kemaskini",
)  # fmt: skip
HAND = Hand(
    upper=True, respell=0.12, particle=0.4, drop=0.04, swap=0.03, typo=0.05, pad=0.3, letters="unicode"
)
ROLES = {"VICTIM": "MANGSA", "SMUGGLED_MIGRANT": "MIGRAN DISELUDUP", "SUSPECT": "SUSPEK"}
VEHICLES = ("Lori kontena", "Lori sayur", "Van", "Kontena", "Bas ekspres", "Kereta")


def _stamp(row: Row, at: int) -> None:
    row["Tarikh Kemaskini"] = f"{moment(at):%d/%m/%Y %H:%M:%S}"


class CustomsDesk:
    """Writes the one Customs feed. `case_number` and `recorded` hold the cases that Customs leads itself."""

    def __init__(self, world: World, links: Links, police_number: dict[int, str]) -> None:
        self.world, self.links, self.police_number = world, links, police_number
        self.rng = r = world.streams.scalar("view.jkdm")
        self.cases = world.case[world.case["in_jkdm"]]
        self.entered = {c.case_no: c.occurred + 1 + delay(r, 0.2, 1.2, 5, 0.05, 40) for c in each(self.cases)}
        ids = list(self.entered)
        self.number = numbers_by_year([self.entered[i] for i in ids], ids, "JKDM/KES/{year}/{n:04d}")
        led = {c.case_no for c in each(self.cases) if c.lead == "JKDM"}
        self.case_number = {no: text for no, text in self.number.items() if no in led}
        self.recorded = {no: self.entered[no] for no in led}

    def views(self) -> list[FeedView]:
        """The one feed; a record is one person in one case."""
        r = self.rng
        log = RecordLog("cases", COLUMNS, _stamp)
        parts = dict(iter(self.world.people.part.groupby("case_no")))
        for case in each(self.cases):
            self._case(log, case, parts.get(case.case_no))
        log.spoil(r, 0.012, [
            ("Tarikh Tahanan", lambda _: "32/01/2025"), ("No Kes Kastam", lambda _: ""),
            ("Bil Suspek", lambda _: "dua"), ("Peranan", lambda _: "PEMANDU"),
        ])  # fmt: skip
        return [FeedView("jkdm", "cases", {"cases": log})]

    def _case(self, log: RecordLog, case: Any, part: Any) -> None:
        r, no = self.rng, case.case_no
        place, day = state(case.state_code), self.entered[no]
        number = self.number[no]
        found = case.n_migrants if case.crime_type == "SOM" else case.n_victims
        spelled = place.name if r.random() < 0.9 else place.other_spellings[0]
        shared: Row = {
            "No Kes Kastam": number, "Tarikh Tahanan": dmy(case.occurred), "Pejabat": f"Kastam {place.districts[0]}",
            "Negeri": spelled, "Jenis Kesalahan": KINDS[case.crime_type],
            "Kenderaan": VEHICLES[int(r.random() * len(VEHICLES))], "No Rujukan Polis": "",
            "Bil Migran / Mangsa": str(found), "Bil Suspek": str(case.n_suspects), "Tarikh Rekod": dmy(day),
        }  # fmt: skip
        listed = [] if part is None else list(zip(part["person_no"], part["role"], strict=True))
        rows: list[Row] = []
        for n, (person_no, role) in enumerate(listed, start=1):
            rows.append(shared | self._person(no, n, person_no, ROLES[role]))
        if not rows:
            blank = dict.fromkeys(
                ("Peranan", "Nama", "Jantina", "Tarikh Lahir", "Warganegara", "No Dokumen"), ""
            )
            rows.append(shared | blank | {"Bil Orang": "0"})
        at = office_hour(day, r)
        for n, row in enumerate(rows):
            log.add(no * 1000 + n, at, row)
        self.links.case.append(("jkdm", "cases", "cases", no * 1000, number, no))
        if case.lead != "JKDM" and r.random() < 0.85:  # the police took it over and gave it their number
            reference = rewrite_case_no(self.police_number[no], r, 0.2)
            later = at + int((3 + delay(r, 0.1, 1.2, 9, 0.05, 60)) * MINUTES)
            for n, row in enumerate(rows):
                log.add(no * 1000 + n, later, row | {"No Rujukan Polis": reference})

    def _person(self, case_no: int, n: int, person_no: int, role: str) -> Row:
        r, person = self.rng, self.world.person(person_no)
        _, document = person.document()
        if r.random() < 0.2:
            document = ""
        if document and r.random() < 0.04:
            document = slip_digit(document, r)
        birth = ""
        if person.birth_known == "day" and r.random() < 0.85:
            birth = f"{person.birth:%d/%m/%Y}"
        elif person.birth_known == "year" and r.random() < 0.6:
            birth = f"01/01/{person.birth.year}"
        key = f"{self.number[case_no]}|{n}"
        self.links.person.append(
            ("jkdm", "cases", "cases", case_no * 1000 + n - 1, key, person_no, case_no, role)
        )
        return {
            "Bil Orang": str(n), "Peranan": role, "Nama": write_name(person.name, person.sex, HAND, r),
            "Jantina": "L" if person.sex == "M" else "P", "Tarikh Lahir": birth,
            "Warganegara": country_name(person, r), "No Dokumen": document,
        }  # fmt: skip

"""The Labour view: a table of complaints and inspections, of which few are found to be forced labour.

Belongs here: indicators ticked by inspectors, findings that come weeks later, the complainant's name, hand-over to the
police. Ordinary complaints are counts without names. The table is pulled by its `updated_at`.
"""

from __future__ import annotations

from typing import Any

from ..frames import each
from ..horizon import FIRST_DAY, LAST_DAY
from ..places import draw_states, state
from ..respelling import Hand, slip_digit, write_name
from ..world import World
from .base import (
    MINUTES,
    FeedView,
    Links,
    RecordLog,
    Row,
    delay,
    iso,
    moment,
    numbers_by_year,
    office_hour,
    rewrite_case_no,
)

COLUMNS = (
    "complaint_id", "kind", "received_on", "inspected_on", "state", "sector", "worker_count", "indicators", "finding",
    "finding_on", "case_no", "referred_to", "complainant_name", "complainant_sex", "complainant_birth",
    "complainant_nationality", "complainant_document", "recorded_on", "updated_at",
)  # fmt: skip
HAND = Hand(respell=0.12, particle=0.4, drop=0.05, swap=0.03, typo=0.03, honorific=0.02, letters="unicode")
ORDINARY_PER_WEEK = 4.0  # complaints without forced labour that reach this table (assumed)
SECTORS = ("Pembinaan", "Pembuatan", "Perladangan", "Pertanian", "Perkhidmatan", "Restoran", "Domestik")
# The eleven indicators of forced labour of the International Labour Organization.
INDICATORS = (
    "ABUSE_OF_VULNERABILITY", "DECEPTION", "RESTRICTION_OF_MOVEMENT", "ISOLATION", "PHYSICAL_AND_SEXUAL_VIOLENCE",
    "INTIMIDATION_AND_THREATS", "RETENTION_OF_IDENTITY_DOCUMENTS", "WITHHOLDING_OF_WAGES", "DEBT_BONDAGE",
    "ABUSIVE_CONDITIONS", "EXCESSIVE_OVERTIME",
)  # fmt: skip


def _stamp(row: Row, at: int) -> None:
    row["updated_at"] = f"{moment(at):%Y-%m-%d %H:%M:%S}"


class LabourDesk:
    """Writes the one Labour feed. `case_number` and `recorded` hold the cases that Labour leads itself."""

    def __init__(self, world: World, links: Links, police_number: dict[int, str]) -> None:
        self.world, self.links, self.police_number = world, links, police_number
        self.rng = r = world.streams.scalar("view.jtk")
        self.cases = world.case[world.case["in_jtk"]]
        self.received = {c.case_no: c.occurred + delay(r, 0.15, 1.2, 9, 0.06, 45) for c in each(self.cases)}
        own = [c.case_no for c in each(self.cases) if c.lead == "JTK"]
        self.recorded = {no: self.received[no] + 10 for no in own}
        self.case_number = numbers_by_year([self.recorded[i] for i in own], own, "JTK/KES/{year}/{n:04d}")

    def views(self) -> list[FeedView]:
        """The one feed; a record is one complaint or inspection."""
        r = self.rng
        log = RecordLog("complaints", COLUMNS, _stamp)
        bulk = self.world.streams.array("view.jtk.ordinary")
        scale = len(self.world.events.operation) / 12_500  # operations scale with the sample
        size = int(bulk.poisson(ORDINARY_PER_WEEK * (LAST_DAY - FIRST_DAY) / 7 * scale))
        days = (FIRST_DAY + bulk.integers(0, LAST_DAY - FIRST_DAY, size)).tolist()
        codes = draw_states(bulk, "tip", size).tolist()
        known = [self.received[c.case_no] for c in each(self.cases)]
        numbers = numbers_by_year(days + known, list(range(len(days) + len(known))), "ADU/{year}/{n:05d}")
        for i, (day, code) in enumerate(zip(days, codes, strict=True)):
            self._ordinary(log, i, numbers[i], day, code)
        victims = self.world.people.part[self.world.people.part["role"] == "VICTIM"]
        parts = {k: list(v) for k, v in victims.groupby("case_no")["person_no"]}
        for i, case in enumerate(each(self.cases), start=len(days)):
            self._case(log, i, numbers[i], case, parts.get(case.case_no, []))
        log.spoil(r, 0.008, [
            ("received_on", lambda _: "2025-13-01"), ("complaint_id", lambda _: ""),
            ("worker_count", lambda _: "-1"), ("finding", lambda _: "UNCLEAR"),
        ])  # fmt: skip
        return [FeedView("jtk", "complaints", {"complaints": log})]

    def _row(self, number: str, day: int, code: int, sector: str, ticked: list[str]) -> Row:
        r = self.rng
        place = state(code)
        return {
            "complaint_id": number, "kind": "COMPLAINT" if r.random() < 0.6 else "INSPECTION", "received_on": iso(day),
            "inspected_on": "", "state": place.name if r.random() < 0.95 else place.other_spellings[0],
            "sector": sector, "worker_count": str(1 + int(r.gammavariate(1.1, 22))), "indicators": ";".join(ticked),
            "finding": "PENDING", "finding_on": "", "case_no": "", "referred_to": "", "complainant_name": "",
            "complainant_sex": "", "complainant_birth": "", "complainant_nationality": "", "complainant_document": "",
            "recorded_on": iso(day),
        }  # fmt: skip

    def _ordinary(self, log: RecordLog, i: int, number: str, day: int, code: int) -> None:
        r = self.rng
        ticked = [INDICATORS[int(r.random() * len(INDICATORS))]] if r.random() < 0.3 else []
        row = self._row(number, day, code, SECTORS[int(r.random() * len(SECTORS))], ticked)
        at = office_hour(day, r)
        log.add(i, at, row)
        inspected = day + 5 + int(r.gammavariate(1.5, 10))
        found = {"inspected_on": iso(inspected), "finding_on": iso(inspected + 3)}
        verdict = "NO FORCED LABOUR" if r.random() < 0.7 else "OTHER OFFENCE"
        log.add(i, max(at + 60, office_hour(inspected + 3, r)), row | found | {"finding": verdict})

    def _case(self, log: RecordLog, i: int, number: str, case: Any, victims: list[int]) -> None:
        r, no = self.rng, case.case_no
        day = self.received[no]
        ticked = sorted(set(r.choices(INDICATORS, k=2 + int(r.random() * 5))))
        row = self._row(number, day, case.state_code, case.sector, ticked)
        if victims:
            row |= {"kind": "COMPLAINT"} | self._complainant(victims[0])
            self.links.person.append(
                ("jtk", "complaints", "complaints", i, number, victims[0], no, "COMPLAINANT")
            )
        at = office_hour(day, r)
        log.add(i, at, row)
        self.links.case.append(("jtk", "complaints", "complaints", i, number, no))
        inspected = day + 3 + int(r.gammavariate(1.5, 6))
        found: Row = {
            "inspected_on": iso(inspected),
            "finding_on": iso(inspected + 2),
            "finding": "FORCED LABOUR",
        }
        if case.lead == "JTK":
            found |= {"case_no": self.case_number[no]}
        elif r.random() < 0.8:
            found |= {"case_no": rewrite_case_no(self.police_number[no], r, 0.25), "referred_to": "PDRM"}
        log.add(i, max(at + 60, office_hour(inspected + 2, r) + 2 * MINUTES), row | found)

    def _complainant(self, person_no: int) -> Row:
        r, person = self.rng, self.world.person(person_no)
        _, document = person.document()
        if r.random() < 0.25:
            document = ""
        if document and r.random() < 0.03:
            document = slip_digit(document, r)
        birth = ""
        if person.birth_known == "day" and r.random() < 0.8:
            birth = person.birth.isoformat()
        elif person.birth_known == "year" and r.random() < 0.5:
            birth = f"{person.birth.year}-01-01"
        return {
            "complainant_name": write_name(person.name, person.sex, HAND, r), "complainant_sex": person.sex,
            "complainant_birth": birth, "complainant_nationality": person.nationality, "complainant_document": document,
        }  # fmt: skip

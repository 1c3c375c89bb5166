"""The border agency's view, from 2025: encounters at entry points as nested objects of an HTTP API.

Belongs here: what Immigration saw at entry points until 2024; persons in English terms, times with offset, hand-overs
to the police. Most encounters are refusals of entry without a name.
"""

from __future__ import annotations

from typing import Any

from ..frames import each
from ..horizon import AKPS_ON, LAST_DAY
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
    iso,
    iso_offset,
    numbers_by_year,
    rewrite_case_no,
)

COLUMNS = (
    "encounter_id", "entry_point", "detected_at", "kind", "outcome", "case_ref", "referred_to", "refused_entry",
    "persons", "recorded_on", "updated_at",
)  # fmt: skip
HAND = Hand(
    upper=True, respell=0.05, particle=0.2, drop=0.02, swap=0.05, typo=0.02, surname_last=0.3, pad=0.3
)
# Entry points by state code (Act 860 gives the agency these); one code may have several, as real ones do.
ENTRY_POINTS = {
    1: [("JHR1", "Bangunan Sultan Iskandar"), ("JHR2", "Kompleks Sultan Abu Bakar"), ("JHR3", "Pasir Gudang")],
    2: [("KDH1", "Bukit Kayu Hitam"), ("KDH2", "Jeti Kuah, Langkawi")], 3: [("KTN1", "Rantau Panjang")],
    4: [("MLK1", "Jeti Melaka")], 7: [("PNG1", "Lapangan Terbang Pulau Pinang")], 9: [("PLS1", "Padang Besar")],
    10: [("SGR1", "KLIA Terminal 1"), ("SGR2", "KLIA Terminal 2"), ("SGR3", "Pelabuhan Klang")],
    12: [("SBH1", "Lapangan Terbang Kota Kinabalu"), ("SBH2", "Tawau")], 13: [("SWK1", "Tebedu")],
}  # fmt: skip
REFUSALS_PER_WEEK = 9.0  # encounters without a case (assumed)


def _stamp(row: Row, at: int) -> None:
    row["updated_at"] = iso_offset(at, at % 60)


class BorderDesk:
    """Writes the one border feed. `case_number` and `recorded` hold the cases that the agency leads itself."""

    def __init__(self, world: World, links: Links, police_number: dict[int, str]) -> None:
        self.world, self.links, self.police_number = world, links, police_number
        self.rng = r = world.streams.scalar("view.akps")
        self.cases = world.case[world.case["in_akps"]]
        own = [c for c in each(self.cases) if c.lead == "AKPS"]
        self.recorded = {c.case_no: c.occurred + delay(r, 0.5, 1.0, 3, 0.03, 20) for c in own}
        ids = list(self.recorded)
        self.case_number = numbers_by_year([self.recorded[i] for i in ids], ids, "AKPS/KES/{year}/{n:04d}")

    def views(self) -> list[FeedView]:
        """The one feed; a record is one encounter with its persons as a list."""
        r = self.rng
        log = RecordLog("encounters", COLUMNS, _stamp)
        bulk = self.world.streams.array("view.akps.refusals")
        scale = len(self.world.events.operation) / 12_500  # operations scale with the sample
        first = AKPS_ON.toordinal()
        size = int(bulk.poisson(REFUSALS_PER_WEEK * (LAST_DAY - first) / 7 * scale))
        days = (first + bulk.integers(0, LAST_DAY - first, size)).tolist()
        known = self.cases["occurred"].tolist()
        numbers = numbers_by_year(days + known, list(range(size + len(known))), "ENC-{year}-{n:06d}")
        states = list(ENTRY_POINTS)
        for i, day in enumerate(days):
            row = self._row(numbers[i], day, states[int(r.random() * len(states))])
            row |= {"outcome": "REFUSED_ENTRY", "refused_entry": 1 + int(r.expovariate(0.4))}
            log.add(i, day * MINUTES + int(r.random() * MINUTES), row)
        parts = dict(iter(self.world.people.part.groupby("case_no")))
        for i, case in enumerate(each(self.cases), start=size):
            self._case(log, i, numbers[i], case, parts.get(case.case_no))
        log.spoil(r, 0.010, [
            ("detected_at", lambda _: "2025-02-30T10:00:00+08:00"), ("encounter_id", lambda _: None),
            ("kind", lambda _: "VISA"), ("refused_entry", lambda _: "several"),
        ])  # fmt: skip
        return [FeedView("akps", "encounters", {"encounters": log})]

    def _row(self, number: str, day: int, code: int) -> Row:
        r = self.rng
        points = ENTRY_POINTS[code]
        label, name = points[int(r.random() * len(points))]
        detected = day * MINUTES + int(r.random() * MINUTES)
        return {
            "encounter_id": number, "entry_point": {"code": label, "name": name, "state": state(code).name},
            "detected_at": iso_offset(detected, detected % 60), "kind": None, "outcome": "SCREENING", "case_ref": None,
            "referred_to": None, "refused_entry": 0, "persons": [], "recorded_on": iso(day),
        }  # fmt: skip

    def _case(self, log: RecordLog, i: int, number: str, case: Any, part: Any) -> None:
        r, no = self.rng, case.case_no
        row = self._row(number, case.occurred, case.state_code) | {"kind": case.crime_type}
        listed = [] if part is None else list(zip(part["person_no"], part["role"], strict=True))
        row["persons"] = [
            self._person(n, person_no, role) for n, (person_no, role) in enumerate(listed, start=1)
        ]
        at = (case.occurred + 1) * MINUTES + int(r.random() * 300)
        if r.random() < 0.5:  # screened first, the case is opened later
            log.add(i, at, row)
        own = case.lead == "AKPS"
        opened = self.recorded[no] if own else case.occurred + 2 + delay(r, 0.2, 1.1, 6, 0.04, 30)
        outcome: Row = {"outcome": "CASE_OPENED", "case_ref": self.case_number[no]} if own else {
            "outcome": "HANDED_OVER", "referred_to": "PDRM",
            "case_ref": rewrite_case_no(self.police_number[no], r, 0.5),
        }  # fmt: skip
        log.add(i, max(at + 30, opened * MINUTES + 600), row | outcome)
        self.links.case.append(("akps", "encounters", "encounters", i, number, no))
        for n, (person_no, role) in enumerate(listed, start=1):
            self.links.person.append(
                ("akps", "encounters", "encounters", i, f"{number}|{n}", person_no, no, role)
            )

    def _person(self, n: int, person_no: int, role: str) -> dict[str, Any]:
        r, person = self.rng, self.world.person(person_no)
        _, document = person.document()
        if document and r.random() < 0.02:
            document = slip_digit(document, r)
        birth = None
        if person.birth_known == "day" and r.random() < 0.95:
            birth = person.birth.isoformat()
        elif person.birth_known == "year":
            birth = f"{person.birth.year}-01-01"
        return {
            "no": n, "role": role, "name": write_name(person.name, person.sex, HAND, r), "sex": person.sex,
            "dob": birth, "nationality": person.nationality, "travel_document": document or None,
        }  # fmt: skip

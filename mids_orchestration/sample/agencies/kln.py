"""The consular view: Malaysians in trouble abroad, one row per person, UTF-8 with byte order mark, ISO dates.

Belongs here: how missions hear, record and follow up. Names come from families (respelled) or passports (exact).
"""

from __future__ import annotations

from typing import Any

from ..frames import each
from ..places import state
from ..respelling import Hand, slip_digit, write_name
from ..world import World
from .base import (
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
    "consular_ref", "reported_on", "subject_name", "sex", "date_of_birth", "mykad_no", "passport_no", "home_state",
    "destination_country", "site", "exploitation", "informant", "police_report_no", "ngo_ref", "status", "status_on",
    "recorded_on", "updated_at",
)  # fmt: skip
FAMILY = Hand(respell=0.14, particle=0.45, drop=0.08, swap=0.04, typo=0.03, honorific=0.02, surname_last=0.08)
PASSPORT = Hand(upper=True, respell=0.01, particle=0.1, drop=0.0, swap=0.0, typo=0.005, honorific=0.0)
KINDS = {"CRIMINALITY": "SCAM COMPOUND", "FORCED_LABOUR": "FORCED LABOUR", "SEXUAL": "SEXUAL"}


def _stamp(row: Row, at: int) -> None:
    row["updated_at"] = f"{moment(at):%Y-%m-%d %H:%M:%S}"


class ConsularDesk:
    """Writes the consular feed. `ngo_reference` maps (case, person) to the reference of an NGO that knows it."""

    def __init__(
        self, world: World, links: Links, police_number: dict[int, str], police_registered: dict[int, int],
        ngo_reference: dict[tuple[int, int], str],
    ) -> None:  # fmt: skip
        self.world, self.links = world, links
        self.police_number, self.police_registered = police_number, police_registered
        self.ngo_reference = ngo_reference
        self.rng = world.streams.scalar("view.kln")

    def views(self) -> list[FeedView]:
        """The one feed."""
        r = self.rng
        log = RecordLog("consular_cases", COLUMNS, _stamp)
        case = self.world.case
        known = case[case["in_kln"]]
        reported = {c.case_no: c.occurred + delay(r, 0.7, 1.1, 6, 0.05, 40) for c in each(known)}
        part = self.world.people.part
        mine = part[part["case_no"].isin(known["case_no"]) & (part["role"] == "MISSING_ABROAD")].reset_index(
            drop=True
        )
        numbers = numbers_by_year(
            [reported[c] for c in mine["case_no"]], list(mine.index), "KLN/KONS/{year}/{n:05d}"
        )
        by_no = {c.case_no: c for c in each(known)}
        for row in each(mine):
            self._person(
                log, row.Index, numbers[row.Index], by_no[row.case_no], row.person_no, reported[row.case_no]
            )
        log.spoil(r, 0.012, [
            ("reported_on", lambda v: f"{v[8:10]}/{v[5:7]}/{v[:4]}"), ("consular_ref", lambda _: ""),
            ("date_of_birth", lambda _: "1998-02-30"), ("status", lambda _: "UNKNOWN"),
        ])  # fmt: skip
        return [FeedView("kln", "consular", {"consular_cases": log})]

    def _person(self, log: RecordLog, rid: int, ref: str, case: Any, person_no: int, reported: int) -> None:
        r, person = self.rng, self.world.person(person_no)
        place = state(person.state_code)
        informant = r.choices(["FAMILY", "POLICE", "NGO", "SELF", "MISSION"], weights=[55, 14, 12, 10, 9])[0]
        recorded = reported + delay(r, 0.45, 1.2, 3, 0.06, 25)
        mykad, passport = person.mykad, person.passport
        if r.random() < 0.35:
            mykad = ""
        elif r.random() < 0.5:
            mykad = mykad.replace("-", "")
        if r.random() < (0.4 if informant == "FAMILY" else 0.15):
            passport = ""
        mykad = slip_digit(mykad, r) if mykad and r.random() < 0.03 else mykad
        passport = slip_digit(passport, r) if passport and r.random() < 0.03 else passport
        hand = PASSPORT if informant in ("POLICE", "MISSION") and r.random() < 0.7 else FAMILY
        home = place.other_spellings[0] if r.random() < 0.25 else place.name
        sites = case.sector
        row: Row = {
            "consular_ref": ref, "reported_on": iso(reported),
            "subject_name": write_name(person.name, person.sex, hand, r),
            "sex": person.sex if r.random() < 0.98 else "",
            "date_of_birth": person.birth.isoformat() if r.random() < 0.72 else "", "mykad_no": mykad,
            "passport_no": passport, "home_state": home if r.random() < 0.9 else "",
            "destination_country": case.country, "site": sites if r.random() < 0.7 else "",
            "exploitation": KINDS.get(case.exploitation, "OTHER"), "informant": informant, "police_report_no": "",
            "ngo_ref": self.ngo_reference.get((case.case_no, person_no), "") if r.random() < 0.3 else "",
            "status": "REPORTED", "status_on": iso(reported), "recorded_on": iso(recorded),
        }  # fmt: skip
        police = self.police_number.get(case.case_no)
        written = rewrite_case_no(police, r, 0.4) if police and r.random() < 0.5 else ""
        at = office_hour(recorded, r)
        if written and self.police_registered[case.case_no] <= recorded:
            row["police_report_no"] = written
        log.add(rid, at, row)
        self.links.person.append(
            ("kln", "consular", "consular_cases", rid, ref, person_no, case.case_no, "MISSING_ABROAD")
        )
        self.links.case.append(("kln", "consular", "consular_cases", rid, ref, case.case_no))
        steps: list[tuple[int, Row]] = []
        day = recorded
        if written and not row["police_report_no"]:
            steps.append(
                (
                    self.police_registered[case.case_no] + 3 + int(r.random() * 20),
                    {"police_report_no": written},
                )
            )
        outcome = r.random()
        if r.random() < 0.75:
            day += 3 + int(r.gammavariate(1.3, 14))
            steps.append((day, {"status": "CONTACTED", "status_on": iso(day)}))
        if outcome < 0.78:
            day += 7 + int(r.gammavariate(1.3, 70))
            steps.append((day, {"status": "RESCUED", "status_on": iso(day)}))
            if r.random() < 0.93:
                day += 4 + int(r.gammavariate(1.5, 12))
                change = {"status": "REPATRIATED", "status_on": iso(day), "passport_no": person.passport}
                steps.append((day, change))
        elif outcome < 0.87:
            day += 120 + int(r.gammavariate(1.5, 120))
            steps.append((day, {"status": "NOT LOCATED", "status_on": iso(day)}))
        if r.random() < 0.04:
            exact = write_name(person.name, person.sex, PASSPORT, r)
            steps.append((recorded + 5 + int(r.random() * 60), {"subject_name": exact}))
        for on, change in sorted(steps, key=lambda s: s[0]):
            row = row | change
            at = max(at + 30, office_hour(on + int(r.gammavariate(1.0, 3)), r))
            log.add(rid, at, row)

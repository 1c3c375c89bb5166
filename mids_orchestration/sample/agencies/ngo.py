"""The partner organisations' view: persons helped, in HTCDS 2.0 fields, comma-separated UTF-8.

Belongs here: how shelters and helplines record. Their records are claims: many persons are known to nobody else, a
few stand on official lists too, met again independently. Organisations are invented.
"""

from __future__ import annotations

import random
from typing import Any

from ..frames import each
from ..places import state
from ..respelling import Hand, fold, slip, slip_digit, write_words
from ..world import World
from ..world_people import Person, age_on
from .base import FeedView, Links, RecordLog, Row, delay, iso, moment, numbers_by_year, office_hour

COLUMNS = (
    "mids_record_id", "org_Name", "prs_FirstName", "prs_SecondName", "prs_Birthdate", "prs_Gender",
    "prs_Citizenship", "prs_IdentityNumber", "vic_TraffickingStatus", "vic_TypeOfExploitation",
    "vic_MethodsOfControl", "vic_MethodOfRecruitment", "vic_AgeWhenTrafficked", "hte_Country", "hte_State",
    "hte_City", "hte_Date", "cas_Status", "cas_IncomingReferralDate", "mids_recorded_on", "mids_updated_at",
)  # fmt: skip
ORGANISATIONS = {
    "RHS": "Rumah Harapan Sample", "TPM": "Talian Pekerja Migran (Sample)", "BKS": "Borneo Kasih Shelter (Sample)",
    "SAF": "Safe Return Network (Sample)",
}  # fmt: skip
HAND = Hand(respell=0.18, particle=0.5, drop=0.08, swap=0.03, typo=0.03, honorific=0.06, letters="unicode")
EXPLOITATION = {
    "FORCED_LABOUR": "ForcedLabour", "SEXUAL": "SexualExploitation", "DOMESTIC": "Servitude;ForcedLabour",
    "CRIMINALITY": "Other", "BEGGING": "ForcedBegging", "BABY": "ForcedAdoption", "OTHER": "Other",
}  # fmt: skip
CONTROL = ["TakesEarnings", "WithholdsDocuments", "DebtBondage", "FalsePromises", "ExcessiveWorkingHours",
           "PhysicalThreats", "PsychologicalAbuse", "PhysicalAbuse", "RestrictsFinancialAccess",
           "ThreatsLawEnforcement", "WithholdsNecessities", "SexualAbuse"]  # fmt: skip
RECRUITMENT = ["ThroughFriendsOrSocialEvents", "ThroughFamilyOrFamilyEvents", "ThroughAnOnlineAdvertisement",
               "ThroughOnlineSocialNetworks", "AtAPlaceOfBusiness", "Other"]  # fmt: skip


def _stamp(row: Row, at: int) -> None:
    row["mids_updated_at"] = f"{moment(at):%Y-%m-%d %H:%M:%S}"


class PartnerDesk:
    """Numbers the persons the organisations meet, then writes the feed. `reference` serves the consular desk."""

    def __init__(self, world: World, links: Links) -> None:
        self.world, self.links = world, links
        self.rng = world.streams.scalar("view.ngo")
        r = self.rng
        part = world.people.part
        self.mine = part[part["in_ngo"]].reset_index(drop=True)
        self.referred: list[int] = []
        self.organisation: list[str] = []
        for row in each(self.mine):
            scam = row.crime_type == "JOBSCAM"
            mean = 20 if scam else 55
            self.referred.append(row.occurred + 1 + delay(r, 0.05, 1.2, mean, 0.08, 200))
            self.organisation.append(
                "SAF" if scam else r.choices(["RHS", "TPM", "BKS", "SAF"], weights=[4, 4, 1.5, 0.5])[0]
            )
        numbers: dict[int, str] = {}
        for code in ORGANISATIONS:
            ids = [i for i, o in enumerate(self.organisation) if o == code]
            numbers |= numbers_by_year([self.referred[i] for i in ids], ids, code + "-{year}-{n:05d}")
        self.number = numbers
        pairs = zip(self.mine["case_no"], self.mine["person_no"], strict=True)
        self.reference = {pair: numbers[i] for i, pair in enumerate(pairs)}

    def views(self) -> list[FeedView]:
        """The one feed."""
        log = RecordLog("reports", COLUMNS, _stamp)
        cases = {c.case_no: c for c in each(self.world.case)}
        for row in each(self.mine):
            self._report(log, row.Index, cases[row.case_no], self.world.person(row.person_no))
        log.spoil(self.rng, 0.012, [
            ("prs_Birthdate", lambda _: "1990-02-31"), ("mids_record_id", lambda _: ""),
            ("vic_AgeWhenTrafficked", lambda _: "teen"), ("prs_Gender", lambda _: "Female"),
            ("hte_Date", lambda _: "last year"),
        ])  # fmt: skip
        return [FeedView("ngo", "reports", {"reports": log})]

    def _name(self, person: Person) -> tuple[str, str]:
        """First and second name: split one way or another, single names padded."""
        r: random.Random = self.rng
        words = write_words(person.name, person.sex, HAND, r)
        u = r.random()
        if len(words) == 1:
            first, second = words[0], ("-" if u < 0.3 else "FNU" if u < 0.45 else "")
        elif u < 0.2:
            first, second = " ".join(words), ""
        elif person.name.kinds[0] == "surname" and words[0] == person.name.words[0]:
            first, second = " ".join(words[1:]), words[0]
            if u > 0.85:
                first, second = second, first
        else:
            cut = len(words) - 1 if u < 0.6 else 1
            first, second = " ".join(words[:cut]), " ".join(words[cut:])
        letters = "unicode" if r.random() < 0.3 else "ascii"
        if r.random() < HAND.typo:
            first = slip(first, r)
        return fold(first, letters), fold(second, letters)

    def _report(self, log: RecordLog, i: int, case: Any, person: Person) -> None:
        r = self.rng
        referred = self.referred[i]
        recorded = referred + delay(r, 0.2, 1.1, 9, 0.1, 45)
        first, second = self._name(person)
        kind, number = person.document()
        if case.crime_type == "JOBSCAM" and r.random() < 0.5:
            number = person.passport
        if r.random() < 0.5:
            number = ""
        elif number and r.random() < 0.04:
            number = slip_digit(number, r)
        if kind == "mykad" and r.random() < 0.5:
            number = number.replace("-", "")
        birth = ""
        if person.birth_known == "day" and r.random() < 0.7:
            birth = person.birth.isoformat()
        elif person.birth_known == "year" and r.random() < 0.6:
            birth = f"{person.birth.year}-01-01"
        control = r.sample(CONTROL, 1 + int(r.random() * 4))
        if self.organisation[i] == "TPM":  # this sender passes the standard's own defect on
            control = ["DebtBondage " if c == "DebtBondage" else c for c in control]
        place = state(case.state_code)
        home = case.country == "MY"
        age = age_on(person, case.occurred)
        citizen = person.nationality
        if person.name.form == "rohingya":
            citizen = "XX" if r.random() < 0.4 else "MM"
        gender = "Masculine" if person.sex == "M" else "Feminine"
        gender = "NonSpecifiedUnknown" if r.random() < 0.02 else gender
        sure = "Possible" if r.random() < 0.7 else "Actual"
        row: Row = {
            "mids_record_id": self.number[i], "org_Name": ORGANISATIONS[self.organisation[i]], "prs_FirstName": first,
            "prs_SecondName": second, "prs_Birthdate": birth,
            "prs_Gender": gender,
            "prs_Citizenship": citizen, "prs_IdentityNumber": number,
            "vic_TraffickingStatus": f"{sure}VictimOfTrafficking",
            "vic_TypeOfExploitation": EXPLOITATION[case.exploitation], "vic_MethodsOfControl": ";".join(control),
            "vic_MethodOfRecruitment": ";".join(r.sample(RECRUITMENT, 1 + int(r.random() * 2))),
            "vic_AgeWhenTrafficked": str(max(age + int(r.gauss(0, 1)), 0)) if not birth or r.random() < 0.5 else "",
            "hte_Country": case.country, "hte_State": place.name if home and r.random() < 0.85 else "",
            "hte_City": (case.district if home else case.sector) if r.random() < 0.7 else "",
            "hte_Date": iso(case.occurred) if r.random() < 0.75 else "", "cas_Status": "Active",
            "cas_IncomingReferralDate": iso(referred), "mids_recorded_on": iso(recorded),
        }  # fmt: skip
        at = office_hour(recorded, r)
        log.add(i, at, row)
        self.links.person.append(
            (
                "ngo",
                "reports",
                "reports",
                i,
                self.number[i],
                person.no,
                case.case_no,
                "VICTIM" if home else "MISSING_ABROAD",
            )
        )
        self.links.case.append(("ngo", "reports", "reports", i, self.number[i], case.case_no))
        steps: list[tuple[int, Row]] = []
        if r.random() < 0.3:
            steps.append((recorded + 20 + int(r.random() * 60), {"cas_Status": "FollowUp"}))
        if r.random() < 0.75:
            end = "ClosedReferred" if r.random() < 0.4 else "Closed"
            steps.append((recorded + 60 + int(r.gammavariate(1.5, 90)), {"cas_Status": end}))
        if r.random() < 0.05:
            name = dict(zip(("prs_FirstName", "prs_SecondName"), self._name(person), strict=True))
            steps.append((recorded + 3 + int(r.random() * 50), name))
        for on, change in sorted(steps, key=lambda s: s[0]):
            row = row | change
            at = max(at + 30, office_hour(on, r))
            log.add(i, at, row)

"""The police view: investigation papers and the persons in them, in capitals, dd/mm/yyyy, Windows-1252.

Belongs here: how D3 registers, numbers, spells and updates. Victims and suspects are listed, smuggled migrants are
only counted. About 8 in 10 rescues are reported the same day; registration follows in days, sometimes months.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ..frames import each
from ..horizon import AMENDMENT_ON
from ..levels import po_share
from ..places import state
from ..respelling import Hand, slip, slip_digit, write_name
from ..world import World
from ..world_people import Person, age_on
from .base import MINUTES, FeedView, Links, RecordLog, Row, delay, dmy, moment, numbers_by_year, office_hour

CASE_COLUMNS = (
    "no_kertas_siasatan", "jenis_kes", "seksyen", "tarikh_kejadian", "tarikh_lapor", "tarikh_daftar", "negeri",
    "daerah", "jenis_eksploitasi", "sektor", "no_serbuan", "tarikh_serbuan", "bil_mangsa", "bil_suspek",
    "status_kes", "kemaskini_pada",
)  # fmt: skip
PERSON_COLUMNS = (
    "no_kertas_siasatan", "no_orang", "peranan", "nama", "jantina", "tarikh_lahir", "umur", "warganegara",
    "jenis_dokumen", "no_dokumen", "perintah", "tarikh_daftar", "kemaskini_pada",
)  # fmt: skip
HAND = Hand(upper=True, respell=0.10, particle=0.35, drop=0.03, swap=0.02, typo=0.04, honorific=0.04,
            surname_last=0.05, letters="latin1")  # fmt: skip
CAREFUL = Hand(
    upper=True, respell=0.03, particle=0.2, drop=0.01, swap=0.0, typo=0.005, honorific=0.0, letters="latin1"
)
KINDS = {"TIP": "PEMERDAGANGAN ORANG", "SOM": "PENYELUDUPAN MIGRAN", "JOBSCAM": "PEMERDAGANGAN ORANG"}
EXPLOITATION = {
    "FORCED_LABOUR": "BURUH PAKSA", "SEXUAL": "EKSPLOITASI SEKSUAL", "DOMESTIC": "PENGHAMBAAN DOMESTIK",
    "CRIMINALITY": "JENAYAH PAKSA", "BEGGING": "PENGEMIS PAKSA", "BABY": "PERDAGANGAN BAYI", "OTHER": "LAIN-LAIN",
}  # fmt: skip
COUNTRIES = {
    "MY": ["MALAYSIA", "WARGANEGARA", "MALAYSIAN"], "ID": ["INDONESIA", "INDON", "INDONESIAN"],
    "BD": ["BANGLADESH", "BANGLA", "BANGLADESHI"], "MM": ["MYANMAR", "BURMA", "MYANMER"],
    "NP": ["NEPAL", "NEPALI"], "VN": ["VIETNAM", "VIET NAM"], "PH": ["FILIPINA", "PHILIPPINES", "PILIPINA"],
    "TH": ["THAILAND", "THAI", "SIAM"], "IN": ["INDIA"], "PK": ["PAKISTAN"], "KH": ["KEMBOJA", "CAMBODIA"],
    "CN": ["CHINA", "REPUBLIK RAKYAT CHINA"],
}  # fmt: skip
_STYLES = [
    "Sek. {s} ATIPSOM",
    "S.{s} Akta 670",
    "Seksyen {s}",
    "SEK {s} ATIPSOM 2007",
    "Sec {s} ATIPSOM",
    "{s} ATIPSOM",
]


def country_name(person: Person, rng: random.Random) -> str:
    """Nationality as the police type it: mostly the Malay name, sometimes another word, rarely a slip."""
    if person.name.form == "rohingya" and rng.random() < 0.3:
        return "ROHINGYA" if rng.random() < 0.6 else "TANPA KERAKYATAN"
    if rng.random() < 0.015:
        return ""
    names = COUNTRIES[person.nationality]
    word = names[0] if rng.random() < 0.9 else names[int(rng.random() * len(names))]
    return slip(word, rng) if rng.random() < 0.01 else word


def _stamp(row: Row, at: int) -> None:
    row["kemaskini_pada"] = f"{moment(at):%d/%m/%Y %H:%M}"


def _section(case: Any, rng: random.Random) -> str:
    if case.crime_type == "SOM":
        number = rng.choices(["26A", "26B", "26J", "26H"], weights=[78, 8, 8, 6])[0]
    elif case.has_child and rng.random() < 0.6:
        number = "14"
    else:
        number = "13" if rng.random() < (0.35 if case.occurred < AMENDMENT_ON.toordinal() else 0.08) else "12"
    return _STYLES[int(rng.random() * len(_STYLES))].format(s=number)


class PoliceDesk:
    """Registers the police's cases, then writes their two feeds. `number` and `registered` serve other agencies."""

    def __init__(self, world: World, links: Links) -> None:
        self.world, self.links = world, links
        self.rng = world.streams.scalar("view.pdrm")
        self.cases = world.case[world.case["in_pdrm"]]
        self.reported: dict[int, int] = {}
        self.registered: dict[int, int] = {}
        self.first_kind: dict[int, str] = {}
        self.orders: dict[tuple[int, int], str] = {}  # (case, victim) -> IPO or PO; filled by views()
        r = self.rng
        for case in each(self.cases):
            no = case.case_no
            self.reported[no] = case.occurred + delay(r, 0.81, 0.9, 4, 0.03, 40)
            self.registered[no] = self.reported[no] + delay(r, 0.18, 1.3, 5, 0.07, 40)
            kind = "SOM" if case.crime_type == "SOM" else "TIP"
            # some papers start under the other offence and are reclassified; the number stays in its first series
            if case.crime_type != "JOBSCAM" and r.random() < 0.03:
                kind = "TIP" if kind == "SOM" else "SOM"
            self.first_kind[no] = kind
        self.number: dict[int, str] = {}
        for kind in ("TIP", "SOM"):
            ids = [no for no, k in self.first_kind.items() if k == kind]
            self.number |= numbers_by_year(
                [self.registered[i] for i in ids], ids, "D3/" + kind + "/{n:05d}/{year}"
            )

    def views(self) -> list[FeedView]:
        """Both feeds."""
        cases = RecordLog("cases", CASE_COLUMNS, _stamp)
        persons = RecordLog("persons", PERSON_COLUMNS, _stamp)
        charged: dict[int, tuple[int, int]] = {}
        for file in self.world.prosecutions:
            if file.charges:
                charged[file.case_no] = (file.charges[0].charged, max(c.outcome_on for c in file.charges))
        parts = {k: list(v) for k, v in self.world.people.part.groupby("case_no")["person_no"]}
        roles = {k: list(v) for k, v in self.world.people.part.groupby("case_no")["role"]}
        raids: dict[int, str] = {}
        for case in each(self.cases):
            self._case(cases, case, charged.get(case.case_no), raids)
            self._persons(persons, case, parts.get(case.case_no, []), roles.get(case.case_no, []))
        cases.spoil(self.rng, 0.015, [
            ("tarikh_kejadian", lambda _: "31/02/2024"), ("no_kertas_siasatan", lambda _: ""),
            ("bil_mangsa", lambda _: "tiga"), ("tarikh_daftar", lambda v: v.replace("/", "-")),
            ("jenis_kes", lambda _: "LAIN-LAIN"),
        ])  # fmt: skip
        persons.spoil(self.rng, 0.010, [
            ("tarikh_lahir", lambda _: "30/02/1995"), ("no_orang", lambda _: ""), ("umur", lambda _: "20-an"),
            ("peranan", lambda _: "SAKSI"), ("no_kertas_siasatan", lambda _: ""),
        ])  # fmt: skip
        return [
            FeedView("pdrm", "cases", {"cases": cases}),
            FeedView("pdrm", "persons", {"persons": persons}),
        ]

    def _case(
        self, log: RecordLog, case: Any, charged: tuple[int, int] | None, raids: dict[int, str]
    ) -> None:
        r, no = self.rng, case.case_no
        place, day = state(case.state_code), self.registered[no]
        found = case.n_victims if case.crime_type != "SOM" else case.n_migrants
        raid = ""
        if case.crime_type == "TIP" and r.random() < 0.93:
            raid = raids.setdefault(case.raid_no, f"OPS/{place.abbreviation}/{case.raid_no:05d}")
        occurred = case.occurred
        if case.crime_type == "JOBSCAM" and r.random() < 0.15:
            occurred -= 1 + int(r.random() * 5)
        other = [s.upper() for s in place.other_spellings]
        exploitation = EXPLOITATION.get(case.exploitation, "")
        first_kind = KINDS[self.first_kind[no]]
        row: Row = {
            "no_kertas_siasatan": self.number[no], "jenis_kes": first_kind, "seksyen": _section(case, r),
            "tarikh_kejadian": "" if r.random() < 0.03 else dmy(occurred), "tarikh_lapor": dmy(self.reported[no]),
            "tarikh_daftar": dmy(day),
            "negeri": other[int(r.random() * len(other))] if r.random() < 0.07 else place.name.upper(),
            "daerah": "" if r.random() < 0.05 else case.district.upper(),
            "jenis_eksploitasi": "" if r.random() < 0.06 and case.crime_type == "TIP" else exploitation,
            "sektor": case.sector if r.random() < 0.85 else "", "no_serbuan": raid,
            "tarikh_serbuan": dmy(case.occurred) if raid else "",
            "bil_mangsa": str(found), "bil_suspek": str(case.n_suspects), "status_kes": "SIASATAN",
        }  # fmt: skip
        final = dict(row)
        if found and r.random() < 0.14:  # counted again after screening
            row["bil_mangsa"] = str(max(found + int(r.gauss(0, 1 + found * 0.15)), 0))
        at = office_hour(day, r)
        log.add(no, at, row)
        self.links.case.append(("pdrm", "cases", "cases", no, self.number[no], no))
        changes: list[tuple[int, Row]] = []
        if row["bil_mangsa"] != final["bil_mangsa"]:
            changes.append((day + 4 + int(r.random() * 40), {"bil_mangsa": final["bil_mangsa"]}))
        if row["tarikh_kejadian"] == "" and r.random() < 0.6:
            changes.append((day + 7 + int(r.random() * 60), {"tarikh_kejadian": dmy(occurred)}))
        if first_kind != KINDS[case.crime_type]:
            changes.append((day + 20 + int(r.random() * 120), {"jenis_kes": KINDS[case.crime_type]}))
        if charged or r.random() < 0.45:
            first = charged[0] if charged else day + 400
            changes.append(
                (day + max(int((first - day) * (0.3 + 0.4 * r.random())), 2), {"status_kes": "RUJUK TPR"})
            )
        if charged:
            changes.append((max(charged[0], day + 3) + int(r.random() * 9), {"status_kes": "TUDUH"}))
            changes.append((max(charged[1], day + 13) + 5 + int(r.random() * 30), {"status_kes": "SELESAI"}))
        elif r.random() < 0.7:
            changes.append((day + 120 + int(r.gammavariate(2, 140)), {"status_kes": "NFA"}))
        for on, change in sorted(changes, key=lambda c: c[0]):
            row = row | change
            at = max(at + 30, office_hour(on, r))
            log.add(no, at, row)

    def _persons(self, log: RecordLog, case: Any, numbers: list[int], roles: list[str]) -> None:
        r = self.rng
        listed = [(p, "SUSPEK" if role == "SUSPECT" else "MANGSA") for p, role in zip(numbers, roles, strict=True)
                  if role != "SMUGGLED_MIGRANT"]  # fmt: skip
        if listed and r.random() < 0.01:  # one person entered twice
            listed.append(listed[int(r.random() * len(listed))])
        protection = float(po_share(np.array([case.occurred]))[0])
        for n, (person_no, role) in enumerate(listed, start=1):
            person = self.world.person(person_no)
            day = self.registered[case.case_no] + delay(r, 0.55, 1.0, 5, 0.05, 45)
            row = self._person_row(case, person, n, role, day)
            rid = case.case_no * 1000 + n
            at = office_hour(day, r)
            log.add(rid, at, row)
            key = f"{self.number[case.case_no]}|{n}"
            self.links.person.append(("pdrm", "persons", "persons", rid, key, person_no, case.case_no, role))
            changes: list[tuple[int, Row]] = []
            if r.random() < 0.05:
                changes.append(
                    (
                        day + 5 + int(r.random() * 120),
                        {"nama": write_name(person.name, person.sex, CAREFUL, r)},
                    )
                )
            if role == "MANGSA" and case.country == "MY":
                if row["perintah"] == "" and r.random() < 0.5:
                    changes.append((day + 1 + int(r.random() * 10), {"perintah": "IPO"}))
                if r.random() < protection:
                    changes.append((day + 21 + int(r.random() * 40), {"perintah": "PO"}))
            if row["no_dokumen"] == "" and person.document()[1] and r.random() < 0.3:
                kind, number = person.document()
                named = {"mykad": "MYKAD", "passport": "PASPORT", "unhcr": "UNHCR"}[kind]
                changes.append(
                    (day + 6 + int(r.random() * 90), {"jenis_dokumen": named, "no_dokumen": number})
                )
            for on, change in sorted(changes, key=lambda c: c[0]):
                row = row | change
                at = max(at + 30, on * MINUTES + 480 + int(r.random() * 600))
                log.add(rid, at, row)
            if row["perintah"]:
                self.orders[case.case_no, person_no] = row["perintah"]

    def _person_row(self, case: Any, person: Person, n: int, role: str, day: int) -> Row:
        r = self.rng
        kind, number = person.document()
        if kind != "none" and r.random() < (0.06 if kind == "mykad" else 0.18):
            kind, number = "none", ""
        if kind == "mykad" and r.random() < 0.5:
            number = number.replace("-", "")
        if number and r.random() < 0.03:
            number = slip_digit(number, r)
        birth, age = "", age_on(person, case.occurred)
        if person.birth_known == "day" and r.random() < 0.9:
            written = person.birth
            if r.random() < 0.02 and written.day <= 12:  # day and month exchanged
                written = written.replace(month=written.day, day=written.month)
            birth = f"{written:%d/%m/%Y}"
        elif person.birth_known == "year" and r.random() < 0.6:
            birth = f"01/01/{person.birth.year + (int(r.random() * 3) - 1 if r.random() < 0.2 else 0)}"
        else:
            age = max(age + int(r.gauss(0, 2)), 0)
        return {
            "no_kertas_siasatan": self.number[case.case_no], "no_orang": str(n), "peranan": role,
            "nama": write_name(person.name, person.sex, HAND, r),
            "jantina": "" if r.random() < 0.02 else "L" if (person.sex == "M") != (r.random() < 0.005) else "P",
            "tarikh_lahir": birth, "umur": str(age) if not birth or r.random() < 0.6 else "",
            "warganegara": country_name(person, r),
            "jenis_dokumen": {"mykad": "MYKAD", "passport": "PASPORT", "unhcr": "UNHCR", "none": "TIADA"}[kind],
            "no_dokumen": number,
            "perintah": "IPO" if role == "MANGSA" and case.country == "MY" and r.random() < 0.6 else "",
            "tarikh_daftar": dmy(day),
        }  # fmt: skip

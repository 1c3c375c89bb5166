"""The Welfare view: protection orders and stays in places of refuge, a workbook of two sheets, kept since 2021.

Belongs here: how a victim's protection goes on after the rescue: interim order, the Magistrate's decision, shelter,
release or return home. Victims stand on the investigating agency's list already: this is the referral chain, joined
by a case number written Welfare's way and by the name.
"""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import numpy as np

from ..frames import each
from ..levels import po_share
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
    moment,
    numbers_by_year,
    office_hour,
    rewrite_case_no,
)
from .pdrm import COUNTRIES

ORDER_COLUMNS = (
    "No Perintah", "No Kes Agensi", "Nama Mangsa", "Jantina", "Tarikh Lahir", "Warganegara", "No Dokumen",
    "Mahkamah Majistret", "Tarikh Perintah Sementara", "Tamat Perintah Sementara", "Keputusan", "Tarikh Keputusan",
    "Tamat Perintah", "Tarikh Rekod", "Kemaskini",
)  # fmt: skip
STAY_COLUMNS = (
    "No Perintah", "Bil", "Tempat Perlindungan", "Tarikh Masuk", "Tarikh Keluar", "Sebab Keluar", "Tarikh Rekod",
    "Kemaskini",
)  # fmt: skip
HAND = Hand(respell=0.08, particle=0.35, drop=0.04, swap=0.03, typo=0.03, honorific=0.01, letters="unicode")
BEGAN_ON = date(2021, 1, 4).toordinal()  # paper registers before (assumed)
INTERIM_DAYS, ORDER_DAYS = 21, 90  # s.44 as amended in 2015, s.51 (three months)
SHELTERS = (
    "Rumah Perlindungan 1", "Rumah Perlindungan 2", "Rumah Perlindungan 3", "Rumah Perlindungan 4",
    "Rumah Perlindungan 5", "Rumah Perlindungan 6", "Rumah Perlindungan 7", "Rumah Perlindungan 8",
)  # fmt: skip


def _cell(day: int, rng: random.Random) -> date | str:
    on = date.fromordinal(day)
    return on if rng.random() < 0.8 else f"{on:%d-%m-%Y}"


def _stamp(row: Row, at: int) -> None:
    row["Kemaskini"] = f"{moment(at):%d-%m-%Y %H:%M}"


class WelfareDesk:
    """Writes the one Welfare feed. `number` and `recorded` are the investigating agencies' case numbers and days;
    `orders` is what the police wrote of each victim, (case, person) -> IPO or PO, known once their view is made."""

    def __init__(
        self, world: World, links: Links, number: dict[int, str], recorded: dict[int, int],
        orders: dict[tuple[int, int], str],
    ) -> None:  # fmt: skip
        self.world, self.links, self.number, self.recorded, self.orders = (
            world,
            links,
            number,
            recorded,
            orders,
        )
        self.rng = world.streams.scalar("view.jkm")

    def views(self) -> list[FeedView]:
        """The one feed, with both record types."""
        r = self.rng
        orders = RecordLog("protection_orders", ORDER_COLUMNS, _stamp)
        stays = RecordLog("shelter_stays", STAY_COLUMNS, _stamp)
        part = self.world.people.part
        victims = part[(part["role"] == "VICTIM") & (part["occurred"] >= BEGAN_ON)]
        states = self.world.case["state_code"].to_dict()
        protected: list[tuple[Any, int, bool]] = []
        for row in each(victims):
            if row.case_no not in self.number:
                continue
            wrote = self.orders.get((row.case_no, row.person_no))
            if row.lead != "PDRM" and r.random() < 0.8:
                wrote = "PO" if r.random() < float(po_share(np.array([row.occurred]))[0]) else "IPO"
            if wrote:
                interim = max(row.occurred + 1, self.recorded[row.case_no] - 2) + int(r.random() * 3)
                protected.append((row, interim, wrote == "PO"))
        numbers = numbers_by_year(
            [p[1] for p in protected], list(range(len(protected))), "JKM/PP/{year}/{n:05d}"
        )
        for i, (row, interim, granted) in enumerate(protected):
            decided = self._order(orders, i, numbers[i], row, interim, granted, int(states[row.case_no]))
            if r.random() < 0.85:
                foreign = self.world.person(row.person_no).nationality != "MY"
                self._stays(stays, i, numbers[i], interim, decided, granted, foreign)
            for log, key in (("protection_orders", numbers[i]), ("shelter_stays", f"{numbers[i]}|1")):
                rid = i if log == "protection_orders" else i * 10 + 1
                self.links.order.append(
                    ("jkm", "protection_orders", log, rid, key, row.person_no, row.case_no)
                )
        orders.spoil(r, 0.010, [
            ("Tarikh Perintah Sementara", lambda _: "30-02-2025"), ("No Perintah", lambda _: ""),
            ("Keputusan", lambda _: "TANGGUH"), ("Tarikh Lahir", lambda _: "tidak pasti"),
        ])  # fmt: skip
        stays.spoil(r, 0.008, [
            ("Tarikh Masuk", lambda _: "31-06-2025"), ("Bil", lambda _: ""), ("Sebab Keluar", lambda _: "?"),
        ])  # fmt: skip
        return [
            FeedView("jkm", "protection_orders", {"protection_orders": orders, "shelter_stays": stays}),
        ]

    def _order(
        self, log: RecordLog, i: int, number: str, part: Any, interim: int, granted: bool, code: int
    ) -> int:
        r, person = self.rng, self.world.person(part.person_no)
        place = state(code)
        recorded = interim + int(r.gammavariate(1.1, 2))
        row: Row = {
            "No Perintah": number, "No Kes Agensi": rewrite_case_no(self.number[part.case_no], r, 0.08),
            **self._identity(person), "Mahkamah Majistret": f"Mahkamah Majistret {place.districts[0]}",
            "Tarikh Perintah Sementara": _cell(interim, r),
            "Tamat Perintah Sementara": _cell(interim + INTERIM_DAYS, r), "Keputusan": "BELUM DIPUTUSKAN",
            "Tarikh Keputusan": "", "Tamat Perintah": "", "Tarikh Rekod": _cell(recorded, r),
        }  # fmt: skip
        at = office_hour(recorded, r)
        log.add(i, at, row)
        decided = interim + 12 + int(r.random() * 12)
        ends = _cell(decided + ORDER_DAYS, r) if granted else ""
        row = row | {
            "Keputusan": "DIBERI" if granted else "DITOLAK", "Tarikh Keputusan": _cell(decided, r),
            "Tamat Perintah": ends,
        }  # fmt: skip
        at = max(at + 60, office_hour(decided + int(r.gammavariate(1.1, 3)), r))
        log.add(i, at, row)
        if granted and r.random() < 0.08:  # extended
            at += int(75 + r.random() * 20) * MINUTES
            log.add(i, at, row | {"Tamat Perintah": _cell(decided + 2 * ORDER_DAYS, r)})
        return decided

    def _identity(self, person: Person) -> Row:
        r = self.rng
        _, document = person.document()
        if r.random() < 0.2:
            document = ""
        if document and r.random() < 0.03:
            document = slip_digit(document, r)
        birth: date | str = ""
        if person.birth_known == "day" and r.random() < 0.9:
            birth = person.birth
        elif person.birth_known == "year" and r.random() < 0.7:
            birth = date(person.birth.year, 1, 1)
        return {
            "Nama Mangsa": write_name(person.name, person.sex, HAND, r),
            "Jantina": "LELAKI" if person.sex == "M" else "PEREMPUAN", "Tarikh Lahir": birth,
            "Warganegara": COUNTRIES[person.nationality][0], "No Dokumen": document,
        }  # fmt: skip

    def _stays(
        self, log: RecordLog, i: int, number: str, interim: int, decided: int, granted: bool, foreign: bool
    ) -> None:
        r = self.rng
        until = decided + 1 + int(r.random() * 4)
        if granted:
            until = decided + 20 + int(r.gammavariate(4, 17))
        shelter = SHELTERS[int(r.random() * len(SHELTERS))]
        moves = granted and r.random() < 0.1
        first_until = interim + max(int((until - interim) * r.random()), 1) if moves else until
        self._stay(
            log,
            i,
            1,
            number,
            shelter,
            interim,
            first_until,
            "PINDAH" if moves else self._exit(granted, foreign),
        )
        if moves:
            other = SHELTERS[int(r.random() * len(SHELTERS))]
            self._stay(log, i, 2, number, other, first_until, until, self._exit(granted, foreign))

    def _exit(self, granted: bool, foreign: bool) -> str:
        u = self.rng.random()
        if u < 0.03:
            return "LARI"
        if not granted:
            return "DISERAH KEPADA JIM" if foreign else "DIBEBASKAN"
        return "DIHANTAR PULANG" if foreign and u < 0.75 else "DIBEBASKAN"

    def _stay(
        self, log: RecordLog, i: int, n: int, number: str, shelter: str, came: int, left: int, why: str
    ) -> None:
        r = self.rng
        row: Row = {
            "No Perintah": number, "Bil": n, "Tempat Perlindungan": shelter, "Tarikh Masuk": _cell(came, r),
            "Tarikh Keluar": "", "Sebab Keluar": "", "Tarikh Rekod": _cell(came + 1, r),
        }  # fmt: skip
        at = office_hour(came + 1, r)
        log.add(i * 10 + n, at, row)
        gone = row | {"Tarikh Keluar": _cell(left, r), "Sebab Keluar": why}
        log.add(i * 10 + n, max(at + 60, office_hour(left + int(r.gammavariate(1.1, 3)), r)), gone)

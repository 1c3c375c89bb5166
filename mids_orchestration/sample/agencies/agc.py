"""The prosecutors' view: one nested object per accused, with charges, in their own spelling of case numbers.

Belongs here: how files grow (opened, charged, decided). The accused stand on police or Immigration lists already:
this is the referral chain, joined by a case number written differently.
"""

from __future__ import annotations

from typing import Any

from ..horizon import LAST_DAY
from ..places import state
from ..respelling import Hand, slip_digit, write_name
from ..world import World
from ..world_law import Charge, Prosecution
from .base import FeedView, Links, RecordLog, Row, iso, moment, numbers_by_year, office_hour, rewrite_case_no

COLUMNS = (
    "agc_ref", "investigation_ref", "agency", "court", "opened_on", "accused", "charges", "recorded_on", "updated_at",
)  # fmt: skip
HAND = Hand(respell=0.06, particle=0.3, drop=0.01, swap=0.01, typo=0.015, honorific=0.0, letters="unicode")
_ACTS = {
    "Act 670": ["Act 670", "ATIPSOM 2007", "Akta 670",
                "Anti-Trafficking in Persons and Anti-Smuggling of Migrants Act 2007"],
    "Act 155": ["Immigration Act 1959/63", "Act 155"], "Act 574": ["Penal Code", "Act 574"],
    "Act 63/1959": ["Immigration Act 1959/63"],
}  # fmt: skip


def _stamp(row: Row, at: int) -> None:
    row["updated_at"] = f"{moment(at):%Y-%m-%dT%H:%M:%S}"


class ProsecutionDesk:
    """Writes the prosecution feed.

    `number` and `recorded` are the case numbers of the investigating agencies and the day each was entered there.
    """

    def __init__(self, world: World, links: Links, number: dict[int, str], recorded: dict[int, int]) -> None:
        self.world, self.links, self.number, self.recorded = world, links, number, recorded
        self.rng = world.streams.scalar("view.agc")
        self.state_of: dict[int, int] = dict(enumerate(world.case["state_code"].tolist()))

    def views(self) -> list[FeedView]:
        """The one feed; rows are files of one accused, `charges` a list."""
        log = RecordLog("charges", COLUMNS, _stamp)
        files = [f for f in self.world.prosecutions if f.case_no in self.number]
        opened = [max(f.opened, self.recorded[f.case_no] + 3) for f in files]
        refs = numbers_by_year(opened, list(range(len(files))), "AGC/ATIPSOM/{year}/{n:04d}")
        for i, (file, day) in enumerate(zip(files, opened, strict=True)):
            if day <= LAST_DAY:
                self._file(log, i, file, refs[i], day)
        log.spoil(self.rng, 0.02, [
            ("opened_on", lambda _: "2024-02-30"), ("agc_ref", lambda _: ""),
            ("charges", _spoil_charge), ("agency", lambda _: "KASTAM"),
        ])  # fmt: skip
        return [FeedView("agc", "prosecutions", {"charges": log})]

    def _file(self, log: RecordLog, i: int, file: Prosecution, ref: str, day: int) -> None:
        r = self.rng
        person = self.world.person(file.person_no)
        place = state(self.state_of[file.case_no])
        kind, number = person.document()
        if r.random() < 0.05 or kind == "unhcr":
            number = ""
        if number and r.random() < 0.015:
            number = slip_digit(number, r)
        birth: str | None = None
        if person.birth_known == "day":
            birth = person.birth.isoformat()
        elif person.birth_known == "year":
            birth = f"{person.birth.year}-01-01"
        recorded = day + int(r.gammavariate(1.1, 3))
        row: Row = {
            "agc_ref": ref, "investigation_ref": rewrite_case_no(self.number[file.case_no], r, 0.05),
            "agency": file.lead, "court": f"Sessions Court {place.districts[0] if r.random() < 0.3 else place.name}",
            "opened_on": iso(day),
            "accused": {
                "name": write_name(person.name, person.sex, HAND, r), "sex": person.sex, "dob": birth,
                "nationality": "XX" if person.name.form == "rohingya" and r.random() < 0.5 else person.nationality,
                "id_no": number or None,
            },
            "charges": [], "recorded_on": iso(recorded),
        }  # fmt: skip
        at = office_hour(recorded, r)
        log.add(i, at, row)
        self.links.person.append(
            ("agc", "prosecutions", "charges", i, ref, file.person_no, file.case_no, "ACCUSED")
        )
        self.links.case.append(
            ("agc", "prosecutions", "charges", i, str(row["investigation_ref"]), file.case_no)
        )
        if not file.charges:
            return
        acts = [_ACTS[c.act][int(r.random() * len(_ACTS[c.act]))] for c in file.charges]
        charged = max(file.charges[0].charged, recorded + 1)
        decided = max(file.charges[0].outcome_on, charged + 20)
        pending = [
            self._charge(n, c, a, charged, None)
            for n, (c, a) in enumerate(zip(file.charges, acts, strict=True), 1)
        ]
        at = max(at + 60, office_hour(charged + int(r.gammavariate(1.2, 4)), r))
        log.add(i, at, row | {"charges": pending})
        done = [
            self._charge(n, c, a, charged, decided)
            for n, (c, a) in enumerate(zip(file.charges, acts, strict=True), 1)
        ]
        at = max(at + 60, office_hour(decided + int(r.gammavariate(1.2, 8)), r))
        log.add(i, at, row | {"charges": done})

    def _charge(self, n: int, charge: Charge, act: str, charged: int, decided: int | None) -> dict[str, Any]:
        section = charge.section if n % 2 else f"s.{charge.section}"
        convicted = decided is not None and charge.outcome == "CONVICTED"
        return {
            "charge_no": n, "act": act, "section": section, "charged_on": iso(charged),
            "child_victim": charge.is_child, "outcome": "PENDING" if decided is None else charge.outcome,
            "outcome_on": None if decided is None else iso(decided),
            "sentence_months": charge.sentence_months if convicted else None,
        }  # fmt: skip


def _spoil_charge(charges: Any) -> Any:
    """The first charge with a day that does not exist; a file without charges stays as it is."""
    return [{**charges[0], "charged_on": "2025-02-29"}, *charges[1:]] if charges else charges

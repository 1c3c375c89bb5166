"""The maritime view: one NDJSON object per boat and revision, with position, counts and hand-over.

Belongs here: positions at sea, rounded first counts, later revisions, case numbers copied in several ways.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..frames import each
from ..places import state
from ..world import World
from .base import (
    MINUTES,
    FeedView,
    Links,
    RecordLog,
    Row,
    delay,
    iso_offset,
    numbers_by_year,
    rewrite_case_no,
)

COLUMNS = (
    "incident_id", "detected_at", "reported_at", "position.lat", "position.lon", "sector", "vessel.type",
    "vessel.flag", "migrants", "crew", "nationalities", "outcome", "handed_to", "case_ref", "state", "revision",
    "updated_at",
)  # fmt: skip
# Patrol waters by state code: sector name, then latitude and longitude of the middle, and spread in degrees.
WATERS = {
    1: ("Tanjung Sedili", 1.55, 104.25, 0.35), 2: ("Langkawi", 6.45, 99.55, 0.3), 4: ("Melaka", 2.1, 102.05, 0.15),
    7: ("Pulau Pinang", 5.45, 100.1, 0.2), 8: ("Lumut", 4.1, 100.35, 0.3), 9: ("Kuala Perlis", 6.45, 99.95, 0.12),
    10: ("Pelabuhan Klang", 2.95, 101.1, 0.3), 12: ("Tawau", 4.6, 118.6, 0.4), 13: ("Kuching", 2.0, 110.4, 0.3),
}  # fmt: skip


def _stamp(row: Row, at: int) -> None:
    row["updated_at"] = iso_offset(at, at % 60)


class MaritimeDesk:
    """Writes the interception feed. `case_number` and `recorded` (own cases only) serve the prosecutors."""

    def __init__(
        self, world: World, links: Links, police_number: dict[int, str], immigration_number: dict[int, str]
    ) -> None:
        self.world, self.links = world, links
        self.rng = world.streams.scalar("view.apmm")
        case = world.case
        own = case[(case["lead"] == "APMM") & case["in_apmm"]]
        self.recorded = {int(c): int(d) + 3 for c, d in zip(own["case_no"], own["occurred"], strict=True)}
        ids = list(self.recorded)
        self.case_number = numbers_by_year([self.recorded[i] for i in ids], ids, "MMEA/KES/{year}/{n:03d}")
        self.all_numbers = {**police_number, **immigration_number, **self.case_number}

    def views(self) -> list[FeedView]:
        """The one feed."""
        r = self.rng
        log = RecordLog("interceptions", COLUMNS, _stamp)
        boats = self.world.events.boat
        numbers = numbers_by_year(boats["occurred"].tolist(), boats["boat_no"].tolist(), "MM-{year}-{n:05d}")
        case_of = {
            b: c
            for b, c in zip(self.world.case["boat_no"], self.world.case["case_no"], strict=True)
            if b >= 0
        }
        for boat in each(boats):
            self._boat(log, boat, numbers[boat.boat_no], case_of.get(boat.boat_no))
        log.spoil(r, 0.02, [
            ("migrants", lambda v: f"approx {v}"),
            ("detected_at", lambda v: str(v).replace("-", "/").replace("T", " ")), ("incident_id", lambda _: None),
            ("position.lat", lambda v: "unknown"), ("outcome", lambda _: "escaped"),
        ])  # fmt: skip
        return [FeedView("apmm", "interceptions", {"interceptions": log})]

    def _nationalities(self, boat: Any) -> str:
        r = self.rng
        if boat.is_big:
            forms = {"MM": 0.92, "BD": 0.08}
        elif boat.state_code == 12:
            forms = {"PH": 0.7, "ID": 0.3}
        else:
            forms = {"ID": 0.9, "MM": 0.06, "BD": 0.04}
        drawn = Counter(r.choices(list(forms), weights=list(forms.values()), k=boat.aboard))
        return ";".join(f"{c}:{n}" for c, n in sorted(drawn.items(), key=lambda x: (-x[1], x[0])))

    def _boat(self, log: RecordLog, boat: Any, number: str, case_no: int | None) -> None:
        r = self.rng
        sector, lat, lon, spread = WATERS[boat.state_code]
        detected = boat.occurred * MINUTES + int(r.random() * MINUTES)
        reported = (
            detected
            + 20
            + int(r.expovariate(1 / 300))
            + (int(r.random() * 9 * MINUTES) if r.random() < 0.1 else 0)
        )
        outcome = (
            "turned_back" if boat.turned_back else "handed_over" if boat.handed_to != "APMM" else "detained"
        )
        rough = (
            boat.aboard if r.random() < 0.45 else max(int(round(boat.aboard * r.uniform(0.8, 1.15), -1)), 2)
        )
        flag = "" if boat.is_big or r.random() < 0.5 else ("PH" if boat.state_code == 12 else "ID")
        kind = (r.choice(["wooden trawler", "bot kayu besar", "fishing vessel"]) if boat.is_big
                else r.choice(["pump boat", "bot pancung", "fiberglass boat", "bot nelayan", "speedboat"]))  # fmt: skip
        seen = {
            "incident_id": number, "detected_at": iso_offset(detected, detected % 60),
            "reported_at": iso_offset(reported, reported % 60),
            "position.lat": round(lat + r.gauss(0, spread / 2), 4),
            "position.lon": round(lon + r.gauss(0, spread / 2), 4),
            "sector": sector, "vessel.type": kind, "vessel.flag": flag or None, "migrants": rough,
            "crew": boat.crew, "nationalities": None, "outcome": "turned_back" if boat.turned_back else "detained",
            "handed_to": None, "case_ref": None,
            "state": state(boat.state_code).name if r.random() < 0.93 else state(boat.state_code).other_spellings[0],
            "revision": 1,
        }  # fmt: skip
        at = reported + int(r.random() * 90)
        log.add(boat.boat_no, at, seen)
        if boat.turned_back and r.random() < 0.7:
            return
        row: Row = seen | {"migrants": boat.aboard, "nationalities": self._nationalities(boat),
                           "outcome": outcome,
                           "handed_to": boat.handed_to if outcome == "handed_over" else None,
                           "revision": 2}  # fmt: skip
        at += int((0.3 + r.expovariate(1 / 4)) * MINUTES)
        log.add(boat.boat_no, at, row)
        if case_no is None:
            return
        self.links.case.append(("apmm", "interceptions", "interceptions", boat.boat_no, number, case_no))
        if r.random() < 0.85:
            ref = self.all_numbers[case_no]
            at += int((2 + delay(r, 0.2, 1.2, 9, 0.08, 60)) * MINUTES)
            log.add(boat.boat_no, at, row | {"case_ref": rewrite_case_no(ref, r, 0.35), "revision": 3})

"""Deliveries by chance: weeks of new records, corrections that come late or too late, deletions, snapshots with gaps.

Belongs here: records for the landing zone of the tests, the same for the same seed. Does not belong here: what the
warehouse should make of them (the tests), or records that each show one rule (landing_zone).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random

import duckdb

from tests.dbt.landing_zone import (
    BOAT,
    CASE_A,
    CHARGE,
    CONSULAR,
    ENCOUNTER,
    FILE,
    OPERATION,
    ORDER,
    REPORT,
    SEIZURE,
    STAY,
    VICTIM,
    Records,
)  # fmt: skip

OPENING = date(2024, 7, 1)
DAYS = [OPENING + timedelta(weeks=week) for week in range(5)]
STATES = ["SELANGOR", "JOHOR", "Penang", "SABAH", "Atlantis"]
_POLICE = "%d/%m/%Y %H:%M"

Row = dict[str, str]
Change = Callable[[Random], Row]


def random_deliveries(seed: int, cases: int = 24) -> Records:
    """Records by table and day received, of about *cases* police cases and what hangs on them."""
    rng = Random(seed)
    told: dict[str, dict[str, list[Row]]] = {}

    def tell(table: str, row: Row, change: Change, moment: str, *, often: float = 0.3) -> None:
        """Send *row* on some day, and again, changed, on some of the days after; `updated_at` in any order."""
        first = rng.choice([0, 0, 0, 1, 2, 3])
        for day in DAYS[first:]:
            if day == DAYS[first] or rng.random() < often:
                written = datetime.combine(day, datetime.min.time()) - timedelta(hours=rng.randrange(2, 900))
                sent = row if day == DAYS[first] else row | change(rng)
                told.setdefault(table, {}).setdefault(str(day), []).append(
                    sent | {"updated_at": written.strftime(moment)}
                )

    for number in range(1, cases + 1):
        year = rng.choice([2021, 2022, 2023])
        occurred = date(year, 1, 1) + timedelta(days=rng.randrange(360))
        paper = f"D3/TIP/{number:05d}/{year}"
        days = {
            name: f"{occurred + timedelta(days=lag):%d/%m/%Y}"
            for name, lag in (("occurred_on", 0), ("reported_on", 2), ("recorded_on", 3))
        }
        tell("pdrm__cases", CASE_A | days | {"source_case_no": paper, "raid_no": f"SRB/{number // 2}"}, lambda r: {
            "state_name": r.choice(STATES), "case_status": r.choice(["SIASATAN", "TUDUH", "SELESAI"]),
            "exploitation_text": r.choice(["BURUH PAKSA", "EKSPLOITASI SEKSUAL", ""]),
            "section_text": r.choice(["Seksyen 13", "Sek. 12 ATIPSOM", "s 14 Akta 670"])}, _POLICE)  # fmt: skip
        for person in range(1, rng.randrange(2, 4)):
            tell("pdrm__persons", VICTIM | {
                "source_case_no": paper, "person_no": str(person), "full_name": f"CONTOH {number} {person}",
                "role": rng.choice(["MANGSA", "MANGSA", "SUSPEK"]), "recorded_on": days["recorded_on"],
                "birth_date": f"{date(1990, 1, 1) + timedelta(days=rng.randrange(9000)):%d/%m/%Y}"},
                lambda r: {"protection_order": r.choice(["IPO", "PO"]), "sex": r.choice("LP")}, _POLICE)  # fmt: skip
        if rng.random() < 0.1:
            gone = {"source_case_no": paper, "updated_at": f"{rng.choice(DAYS):%d/%m/%Y} 09:00"}
            told.setdefault("pdrm__cases_deleted", {}).setdefault(str(rng.choice(DAYS[1:])), []).append(gone)
        if rng.random() < 0.5:
            charge = FILE | CHARGE | {"prosecution_no": f"AGC/ATIPSOM/{year}/{number:04d}", "charge_no": "1",
                                      "investigation_ref": f"TIP-{number}-{year} (D3)"}  # fmt: skip
            tell("agc__charges", charge, lambda r: {"charge_outcome": r.choice(["PENDING", "ACQUITTED"])},
                 "%Y-%m-%dT%H:%M:%S")  # fmt: skip
            if rng.random() < 0.3:  # a file first, its charge later
                bare = {k: v for k, v in charge.items() if k not in CHARGE and k != "charge_no"}
                tell("agc__charges", bare, lambda r: {}, "%Y-%m-%dT%H:%M:%S", often=0.0)
        if rng.random() < 0.4:
            order = {
                "order_no": f"JKM/PP/{year}/{number:05d}",
                "source_case_no": f"IP D3 TIP {number:05d}/{year}",
            }
            tell("jkm__protection_orders", ORDER | order | {"full_name": f"contoh {number} 1"},
                 lambda r: {"decision": r.choice(["DIBERI", "DITOLAK"])}, "%d-%m-%Y %H:%M")  # fmt: skip
            tell("jkm__shelter_stays", STAY | {"order_no": order["order_no"]},
                 lambda r: {"left_on": "01-06-2022", "exit_reason": "PINDAH"}, "%d-%m-%Y %H:%M")  # fmt: skip
    for number in range(1, cases // 2):
        tell("jim__operations", OPERATION | {"operation_no": f"OPS/{number}", "source_case_no": rng.choice([
            "", f"JIM/ATIPSOM/2024/{number:04d}", f"D3/TIP/{number:05d}/2022"]), "case_type": "TIP"},
            lambda r: {"state_name": r.choice(STATES)}, "%d-%m-%Y")  # fmt: skip
        tell("apmm__interceptions", BOAT | {"incident_no": f"MM-{number}", "case_ref": f"MMEA/KES/2024/{number:03d}"},
             lambda r: {"migrant_count": str(r.randrange(99))}, "%Y-%m-%dT%H:%M:%S+08:00")  # fmt: skip
        tell("ngo__reports", REPORT | {"source_case_no": f"ORG-{number}"},
             lambda r: {"exploitation_types": r.choice(["SexualExploitation", "DebtBondage;ForcedLabour"])},
             "%Y-%m-%d %H:%M:%S")  # fmt: skip
        for table, row, key, moment in (
            ("jkdm__cases", SEIZURE, "source_case_no", "%d/%m/%Y %H:%M:%S"),
            ("akps__encounters", ENCOUNTER, "encounter_no", "%Y-%m-%dT%H:%M:%S+08:00"),
        ):
            for person in ("1", "2"):
                tell(table, row | {key: f"{row[key][:-2]}{number:02d}", "person_no": person},
                     lambda r: {"state_name": r.choice(STATES), "sex": ""}, moment)  # fmt: skip
    people = [CONSULAR | {"source_case_no": f"KLN/KONS/2024/{n:05d}", "mykad_no": "", "full_name": f"ALI {n}",
                          "police_report_no": rng.choice(["", f"D3/TIP/{n}/22"])} for n in range(12)]  # fmt: skip
    told["kln__consular_cases"] = {
        str(day): [
            person | {"case_status": rng.choice(["RESCUED", "MISSING"])}
            for person in people if rng.random() < 0.8
        ]
        for day in DAYS[1:]
    }  # fmt: skip
    return told


def link_at_random(connection: duckdb.DuckDBPyConnection, records: Records, seed: int) -> None:
    """Links between police persons as a week's linkage might leave them; another seed joins others."""
    rng = Random(seed)
    keys = sorted({f"pdrm|persons|{row['source_case_no']}|{row['person_no']}"
                   for rows in records["pdrm__persons"].values() for row in rows})  # fmt: skip
    rng.shuffle(keys)
    connection.execute("delete from linked.person_link")
    for at in range(0, len(keys) * 2 // 3, 2):
        for key in keys[at : at + 2]:
            record_id = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
            row = [record_id, f"p-{min(keys[at : at + 2])}", 0.9, 3.0, "by chance", 2]
            connection.execute("insert into linked.person_link values (?, ?, ?, ?, ?, ?)", row)

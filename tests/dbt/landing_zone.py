"""A landing zone made by hand: a few records per feed, each there to show one rule of the warehouse.

Belongs here: writing Parquet of text columns as landing does, and the records. Does not belong here: what
the warehouse should make of them (the tests).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.contract import Contract, RecordType, load_contracts
from mids_orchestration.landing.changes import write_changes
from mids_orchestration.landing.receipts import LEDGER_SCHEMA

# Table -> received on -> records, by standard column names. 2024-07-01 is the opening extract.
Records = Mapping[str, Mapping[str, list[dict[str, str]]]]

CASE_A = {
    "source_case_no": "D3/TIP/00123/2022",
    "case_type": "PEMERDAGANGAN ORANG",
    "section_text": "Sek. 12 ATIPSOM",
    "occurred_on": "21/02/2022",
    "reported_on": "22/02/2022",
    "recorded_on": "23/02/2022",
    "state_name": "SELANGOR",
    "exploitation_text": "BURUH PAKSA",
    "raid_on": "31/02/2022",  # a day that does not exist
    "victim_count": "2",
    "case_status": "SIASATAN",
    "updated_at": "23/02/2022 09:00",
}
JOB_SCAM = {
    "source_case_no": "D3/TIP/00045/2024",
    "case_type": "PEMERDAGANGAN ORANG",
    "section_text": "S.12 Akta 670",
    "reported_on": "03/07/2024",
    "recorded_on": "03/07/2024",
    "state_name": "P. PINANG",
    "exploitation_text": "JENAYAH PAKSA",
    "case_status": "RUJUK TPR",
    "updated_at": "03/07/2024 10:00",
}
VICTIM = {
    "source_case_no": "D3/TIP/00123/2022",
    "person_no": "1",
    "role": "MANGSA",
    "full_name": "SITI CONTOH",
    "sex": "P",
    "birth_date": "22/02/2004",  # eighteen the day after the event
    "nationality_text": "INDONESIA",
    "document_type": "TIADA",
    "protection_order": "IPO",
    "recorded_on": "23/02/2022",
    "updated_at": "23/02/2022 09:00",
}
OPERATION = {
    "operation_no": "OPS/SGR/2022/00001",
    "occurred_on": "2022-02-21",  # a date cell
    "state_name": "Selangor",
    "screened_count": "40",
    "arrested_count": "12",
    "recorded_on": "24-02-2022",
    "updated_at": "24-02-2022",
}
BOAT = {
    "incident_no": "MM-2024-00001",
    "occurred_at": "2024-07-02T00:30:00+08:00",  # still 1 July in Greenwich
    "reported_at": "2024-07-02T06:00:00+08:00",
    "latitude": "6.4512",
    "longitude": "99.5531",
    "migrant_count": "100",
    "crew_count": "3",
    "outcome": "handed_over",
    "handed_to": "JIM",
    "case_ref": "MMEA/KES/2024/012",
    "state_name": "Kedah",
    "revision_no": "1",
    "updated_at": "2024-07-02T06:00:00+08:00",
}
FILE = {
    "prosecution_no": "AGC/ATIPSOM/2022/0001",
    "investigation_ref": "TIP-123-2022 (D3)",
    "investigating_agency": "PDRM",
    "opened_on": "2022-05-01",
    "full_name": "Contoh bin Contoh",
    "sex": "M",
    "birth_date": "1980-01-01",
    "nationality_code": "MY",
    "recorded_on": "2022-05-03",
    "updated_at": "2022-05-03T09:00:00",
}
CHARGE = {
    "act_text": "Akta 670",
    "section_text": "13",
    "charged_on": "2022-06-01",
    "is_child_victim": "true",
    "charge_outcome": "CONVICTED",
    "outcome_on": "2023-06-01",
    "sentence_months": "180",
    "updated_at": "2023-06-02T09:00:00",
}
CONSULAR = {
    "source_case_no": "KLN/KONS/2024/00001",
    "reported_on": "2024-07-02",
    "full_name": "ALI B ABU",
    "sex": "M",
    "mykad_no": "900101-07-1235",
    "state_name": "Penang",
    "country_code": "KH",
    "exploitation_text": "SCAM COMPOUND",
    "police_report_no": "D3/TIP/45/24",
    "case_status": "RESCUED",
    "recorded_on": "2024-07-04",
    "updated_at": "2024-07-04 11:00:00",
}
REPORT = {
    "source_case_no": "ORG-2024-00001",
    "organisation_name": "Contoh",
    "first_name": "Maria",
    "second_name": "Contoh",
    "gender": "Feminine",
    "nationality_codes": "NA;ZA",  # Namibia, not missing
    "age_years": "30",
    "trafficking_status": "PossibleVictimOfTrafficking",
    "exploitation_types": "ForcedLabour;ForcedBegging",
    "country_code": "MY",
    "state_name": "Atlantis",
    "occurred_on": "2024-06-30",
    "recorded_on": "2024-07-05",
    "updated_at": "2024-07-05 08:00:00",
}

SEIZURE = {
    "source_case_no": "JKDM/KES/2024/0001",
    "person_no": "1",
    "occurred_on": "01/07/2024",
    "state_name": "Perak",
    "case_type": "PENYELUDUPAN MIGRAN",
    "victim_count": "3",
    "suspect_count": "1",
    "role": "SUSPEK",
    "full_name": "KASTAM CONTOH",
    "sex": "L",
    "nationality_text": "MALAYSIA",
    "recorded_on": "02/07/2024",
    "updated_at": "02/07/2024 10:00:00",
}
HANDED_OVER = {"police_case_no": "TIP-124-2022 (D3)", "updated_at": "12/07/2024 10:00:00"}
COMPLAINT = {
    "complaint_no": "ADU/2024/00001",
    "complaint_kind": "COMPLAINT",
    "reported_on": "2024-07-01",
    "state_name": "Selangor",
    "finding": "PENDING",
    "full_name": "Buruh Contoh",
    "sex": "M",
    "nationality_code": "BD",
    "recorded_on": "2024-07-01",
    "updated_at": "2024-07-01 09:00:00",
}
ENCOUNTER = {
    "encounter_no": "ENC-2025-000001",
    "occurred_at": "2025-02-01T00:30:00+08:00",
    "state_name": "Johor",
    "case_type": "SOM",
    "encounter_outcome": "CASE_OPENED",
    "source_case_no": "AKPS/KES/2025/0001",
    "person_no": "1",
    "role": "SMUGGLED_MIGRANT",
    "full_name": "SEMPADAN CONTOH",
    "sex": "M",
    "nationality_code": "MM",
    "recorded_on": "2025-02-01",
    "updated_at": "2025-02-01T08:00:00+08:00",
}
ORDER = {
    "order_no": "JKM/PP/2022/00001",
    "source_case_no": "IP D3 TIP 00123/2022",
    "full_name": "Siti Contoh",
    "sex": "PEREMPUAN",
    "nationality_text": "INDONESIA",
    "interim_on": "24-02-2022",
    "decision": "BELUM DIPUTUSKAN",
    "recorded_on": "25-02-2022",
    "updated_at": "25-02-2022 09:00",
}
STAY = {
    "order_no": "JKM/PP/2022/00001",
    "stay_no": "1",
    "admitted_on": "24-02-2022",
    "recorded_on": "25-02-2022",
    "updated_at": "25-02-2022 09:00",
}

MISTAKE = {
    "source_case_no": "D3/TIP/00126/2024",
    "occurred_on": "24/06/2024",
    "reported_on": "24/06/2024",
    "recorded_on": "25/06/2024",
    "raid_on": "",
    "updated_at": "05/07/2024 09:00",
}
# Told once, and not in the next snapshot.
DROPPED = CONSULAR | {
    "source_case_no": "KLN/KONS/2024/00003",
    "full_name": "ONG CONTOH",
    "mykad_no": "",
    "police_report_no": "",
    "reported_on": "2024-06-24",
}
NO_REPORT = CONSULAR | {
    "source_case_no": "KLN/KONS/2024/00002",
    "full_name": "LIM CONTOH",
    "mykad_no": "",
    "police_report_no": "",
    "state_name": "",
}

RECORDS: Records = {
    "pdrm__cases": {
        "2024-07-01": [
            CASE_A,
            CASE_A | {"source_case_no": "D3/TIP/00124/2022", "section_text": "Seksyen 13"},
            CASE_A
            | {"source_case_no": "D3/TIP/00125/2022", "section_text": "Seksyen 13", "occurred_on": "22/02/2022"},
        ],
        "2024-07-08": [
            JOB_SCAM,
            CASE_A | MISTAKE,  # taken back by the tombstone of the week after
            CASE_A
            | {
                "case_type": "PENYELUDUPAN MIGRAN",
                "section_text": "S.26A Akta 670",
                "state_name": "JOHOR",
                "exploitation_text": "",
                "updated_at": "05/07/2024 09:00",
            },
        ],
        # Sent late: older than what is known, so it changes nothing.
        "2024-07-15": [JOB_SCAM | {"state_name": "PERLIS", "updated_at": "03/07/2024 09:00"}],
    },
    "pdrm__persons": {
        "2024-07-01": [VICTIM, VICTIM | {"person_no": "2", "role": "SUSPEK", "protection_order": ""}],
        "2024-07-08": [
            VICTIM
            | {
                "source_case_no": "D3/TIP/00045/2024",
                "full_name": "ALI BIN ABU",
                "sex": "L",
                "birth_date": "01/01/1990",
                "nationality_text": "MALAYSIA",
                "document_type": "MYKAD",
                "document_no": "900101071235",
                "protection_order": "",
                "recorded_on": "03/07/2024",
                "updated_at": "03/07/2024 10:00",
            }
        ],
    },
    "jim__operations": {
        "2024-07-01": [OPERATION, OPERATION | {"operation_no": "OPS/SGR/2022/00002"}],
        "2024-07-08": [
            OPERATION
            | {
                "source_case_no": "D3/TIP/00123/2022",
                "case_type": "TIP",
                "section_text": "12 Akta 670",
                "updated_at": "02-07-2024",
            },
            OPERATION
            | {
                "operation_no": "OPS/JHR/2024/00001",
                "occurred_on": "01-07-2024",
                "state_name": "Johore",
                "source_case_no": "JIM/ATIPSOM/2024/0012",
                "case_type": "SOM",
                "section_text": "26A Akta 670",
                "recorded_on": "02-07-2024",
                "updated_at": "02-07-2024",
            },
        ],
    },
    "jim__persons": {
        "2024-07-08": [
            {
                "operation_no": "OPS/JHR/2024/00001",
                "person_no": "1",
                "role": "MIGRAN DISELUDUP",
                "full_name": "KYAW CONTOH",
                "sex": "LELAKI",
                "nationality_text": "MMR",
                "document_no": "354-19C01234",
                "recorded_on": "02-07-2024",
                "updated_at": "02-07-2024",
            }
        ]
    },
    "apmm__interceptions": {
        "2024-07-08": [BOAT, BOAT | {"incident_no": "MM-2024-00002", "case_ref": "", "handed_to": ""}],
        "2024-07-15": [
            BOAT | {"migrant_count": "104", "revision_no": "2", "updated_at": "2024-07-09T06:00:00+08:00"}
        ],
    },
    "agc__charges": {
        "2024-07-01": [
            FILE | CHARGE | {"charge_no": "1"},
            FILE
            | CHARGE
            | {"charge_no": "2", "section_text": "s.55E", "act_text": "Immigration Act 1959/63"},
        ],
        "2024-07-08": [
            FILE
            | {
                "prosecution_no": "AGC/ATIPSOM/2024/0001",
                "investigation_ref": "JIM ATIPSOM 12/2024",
                "investigating_agency": "JIM",
                "opened_on": "2024-07-03",
                "recorded_on": "2024-07-03",
                "updated_at": "2024-07-03T09:00:00",
            }
        ],
    },
    "kln__consular_cases": {
        "2024-07-08": [CONSULAR, NO_REPORT, DROPPED],
        "2024-07-15": [CONSULAR, NO_REPORT],
    },
    "pdrm__cases_deleted": {
        # The first is deleted; the second was written again after it was.
        "2024-07-15": [
            {"source_case_no": "D3/TIP/00126/2024", "updated_at": "12/07/2024 09:00"},
            {"source_case_no": "D3/TIP/00124/2022", "updated_at": "23/02/2022 08:00"},
        ]
    },
    "ngo__reports": {
        "2024-07-08": [
            REPORT,
            REPORT | {"source_case_no": "ORG-2024-00002", "trafficking_status": "NotAVictimOfTrafficking"},
        ]
    },
    "jkdm__cases": {
        "2024-07-08": [SEIZURE, SEIZURE | {"person_no": "2", "role": "MIGRAN DISELUDUP"}],
        # Handed to the police; and a case with nobody listed.
        "2024-07-15": [
            SEIZURE | HANDED_OVER,
            SEIZURE | HANDED_OVER | {"person_no": "2", "role": "MIGRAN DISELUDUP"},
            {k: v for k, v in SEIZURE.items() if k not in ("role", "full_name", "sex", "nationality_text")}
            | {"source_case_no": "JKDM/KES/2024/0002", "person_no": "0"},
        ],
    },
    "jtk__complaints": {
        "2024-07-08": [
            COMPLAINT,
            COMPLAINT | {"complaint_no": "ADU/2024/00002", "full_name": "", "finding": "NO FORCED LABOUR"},
        ],
        "2024-07-15": [
            COMPLAINT
            | {"finding": "FORCED LABOUR", "source_case_no": "JTK/KES/2024/0001", "updated_at": "2024-07-11 09:00:00"}
        ],
    },
    "akps__encounters": {
        "2024-07-15": [
            ENCOUNTER,
            ENCOUNTER | {"person_no": "2", "role": "SUSPECT"},
            {k: ENCOUNTER[k] for k in ("occurred_at", "state_name", "recorded_on", "updated_at")}
            | {"encounter_no": "ENC-2025-000002", "encounter_outcome": "REFUSED_ENTRY"},
        ]
    },
    "jkm__protection_orders": {
        "2024-07-01": [ORDER],
        "2024-07-08": [
            ORDER | {"decision": "DIBERI", "decided_on": "10-03-2022", "updated_at": "11-03-2022 09:00"},
            ORDER | {"order_no": "JKM/PP/2022/00002", "decision": "DITOLAK"},
        ],
    },
    "jkm__shelter_stays": {
        "2024-07-01": [STAY],
        "2024-07-08": [
            STAY | {"left_on": "15-03-2022", "exit_reason": "PINDAH", "updated_at": "15-03-2022 09:00"},
            STAY
            | {"stay_no": "2", "admitted_on": "15-03-2022", "left_on": "01-06-2022", "exit_reason": "DIHANTAR PULANG"},
        ],
    },
    "ctdc__victims": {
        "2024-07-08": [
            {"registration_year": "2018", "citizenship_code": "NA", "exploitation_country_code": "MY"},
            {"registration_year": "2018", "citizenship_code": "0", "is_forced_labour": "1.0"},
        ]
    },
    "iom__missing_migrants_europe": {
        "2024-07-08": [
            {
                "occurred_on": "2024-01-02",
                "country_name": "Greece",
                "dead_count": "3",
                "missing_count": "4",
                "dead_or_missing_count": "7",
            }
        ]
    },
    "iom__missing_migrants_export": {
        "2024-07-08": [{"occurred_on": "Thu, 01/01/2026 - 12:00", "dead_count": "2"}]
    },
    "ukho__small_boats": {
        "2024-07-01": [{"occurred_on": "2018-01-01", "migrant_count": "999"}],
        "2024-07-08": [
            {"occurred_on": "2018-01-01"},
            {"occurred_on": "2018-01-02", "migrant_count": "7", "boat_count": "1"},
        ],
    },
}  # fmt: skip


def zone_contracts() -> dict[str, Contract]:
    """The contracts of the zone: the house's, with one feed sending snapshots and one with tombstones beside it."""
    contracts = load_contracts()
    cases, consular = contracts["pdrm.cases"], contracts["kln.consular"]
    kind = cases.record("cases")
    columns = tuple(column for column in kind.columns if column.key or column.landed_as == kind.ordering)
    deleted = RecordType("cases_deleted", columns, ordering=kind.ordering, applies_to="cases")
    gone = replace(cases, feed="cases_deleted", delivery_kind="tombstones", records=(deleted,))
    return contracts | {gone.key: gone, consular.key: replace(consular, delivery_kind="snapshot")}


def write_landing(root: Path, contracts: Mapping[str, Contract], records: Records = RECORDS) -> None:
    """Write ``<agency>/<record>/*.parquet`` and ``receipts.parquet`` as the landing zone has them."""
    receipts = []
    for contract in contracts.values():
        for record in contract.records:
            folder = root / contract.agency / record.name
            folder.mkdir(parents=True)
            names = contract.all_landed_names(record.name)
            landed = {column.standard: column.landed_as for column in record.columns}
            pq.write_table(_table(names, landed, [], "", ""), folder / "_contract.parquet")
            for received_on, rows in records.get(f"{contract.agency}__{record.name}", {}).items():
                receipt = f"{contract.agency}-{contract.feed}-{received_on}"
                table = _table(names, landed, rows, receipt, received_on)
                pq.write_table(table, folder / f"{receipt}.parquet")
                receipts.append(
                    {
                        "receipt_id": receipt,
                        "agency": contract.agency,
                        "feed": contract.feed,
                        "record": record.name,
                        **dict.fromkeys(
                            ("sent_on", "known_on", "first_sent_on", "first_known_on"),
                            date.fromisoformat(received_on),
                        ),
                        "status": "accepted",
                        "received": len(rows) + 1,
                        "accepted": len(rows),
                        "quarantined": 1,
                    }
                )
    pq.write_table(pa.Table.from_pylist(receipts, schema=LEDGER_SCHEMA), root / "receipts.parquet")
    write_changes(root.parent, contracts, anew=True)


def _table(
    names: tuple[str, ...],
    landed: Mapping[str | None, str],
    rows: list[dict[str, str]],
    receipt: str,
    day: str,
) -> pa.Table:
    unknown = {name for row in rows for name in row} - set(landed)
    if unknown:
        raise KeyError(f"no column of the contract has the standard name {sorted(unknown)}")
    columns: dict[str, list[str | int | None]] = {name: [None] * len(rows) for name in names}
    for i, row in enumerate(rows):
        for standard, text in row.items():
            columns[landed[standard]][i] = text or None
    fields = [pa.field(name, pa.string()) for name in names]
    fields += [pa.field("_receipt_id", pa.string()), pa.field("_line_no", pa.int64())]
    fields += [pa.field("_known_on", pa.string())]
    columns["_receipt_id"] = [receipt] * len(rows)
    columns["_line_no"] = [i + 2 for i in range(len(rows))]
    columns["_known_on"] = [day] * len(rows)
    return pa.table(columns, schema=pa.schema(fields))

"""When what is sent: the opening extract, then weekly deliveries with the newest version of each changed record.

Belongs here: the postal habits of agencies (late, combined, silent) and the files' names. Not: their bytes (writers).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from .agencies.base import MINUTES, FeedView, RecordLog, Row
from .horizon import AS_OF, began_on
from .streams import Streams
from .writers import csv_bytes, json_bytes, ndjson_bytes, xlsx_bytes

LATE_SHARE = {
    "pdrm": 0.04, "jim": 0.05, "apmm": 0.06, "agc": 0.04, "kln": 0.05, "ngo": 0.10, "jkdm": 0.03, "jtk": 0.05,
    "jkm": 0.08, "akps": 0.02,
}  # fmt: skip
MONTHLY = ("jkdm",)  # the first Monday of the month
SILENT = ("kln", date(2025, 3, 24), date(2025, 4, 7))  # three Mondays around the feast of 31 March 2025
NIL_RETURNS = ("agc", "jkdm")  # send a dated document even when there is nothing new; the others send nothing
MAX_FAULTY_SHARE = 0.10  # a delivery as a whole must stay acceptable (contracts refuse above 0.2)
SMALLEST_FAULTY = 6  # records in the smallest delivery that may carry one faulty record
TITLES = {
    "operations": ("Operasi", "LAPORAN OPERASI PENGUATKUASAAN"),
    "persons": ("Orang", "SENARAI ORANG (ATIPSOM)"),
    "protection_orders": ("Perintah", "DAFTAR PERINTAH PERLINDUNGAN (AKTA 670)"),
    "shelter_stays": ("Penempatan", "DAFTAR PENEMPATAN RUMAH PERLINDUNGAN"),
}


@dataclass
class Delivery:
    """One file as written: where, and per record type how many records it holds and how many are faulty."""

    path: str
    agency: str
    feed: str
    sent_on: date
    sha256: str
    size_bytes: int
    rows: dict[str, int]
    invalid: dict[str, int]


@dataclass
class Sent:
    """All deliveries of one feed, and per record type when each record first arrived in a sound version."""

    deliveries: list[Delivery] = field(default_factory=list)
    first_sound: dict[str, dict[int, date]] = field(default_factory=dict)


def schedule(streams: Streams, agency: str, weeks: int) -> list[date]:
    """Mondays on which an agency sends: the opening extract first, the last one always AS_OF.

    A Monday left out is made up for by the next delivery, which then covers the longer period.
    """
    rng = streams.array(f"deliver.{agency}")
    late = rng.random(600)
    long = rng.random(600)
    opening = began_on(weeks)
    mondays = [date.fromordinal(opening.toordinal() + 7 * k) for k in range(weeks + 1)]
    missed: set[date] = set()
    for monday in mondays[1:-2]:
        i = (AS_OF - monday).days // 7
        if late[i] < LATE_SHARE[agency]:
            missed.add(monday)
            if long[i] < 0.25:
                missed.add(date.fromordinal(monday.toordinal() + 7))
        if agency in MONTHLY and monday.day > 7:
            missed.add(monday)
        if agency == SILENT[0] and SILENT[1] <= monday <= SILENT[2]:
            missed.add(monday)
    return [m for m in mondays if m not in missed or m in (mondays[0], AS_OF)]


def _weight(row: Row) -> int:
    """Records a row becomes at the door: one per element of its nested list, at least one."""
    return max([1, *(len(value) for value in row.values() if isinstance(value, list))])


def _pick(log: RecordLog, cutoffs: np.ndarray) -> dict[int, list[int]]:
    """Versions of each delivery: per record the newest one written before its cut-off and after the last."""
    ats = np.asarray(log.ats, dtype="int64")
    slot = np.searchsorted(cutoffs, ats, side="right")
    newest: dict[tuple[int, int], int] = {}
    for i in np.lexsort((np.arange(len(ats)), ats)).tolist():
        if slot[i] < len(cutoffs):
            newest[int(slot[i]), log.rids[i]] = i
    chosen: dict[int, list[int]] = defaultdict(list)
    for (s, _), i in newest.items():
        chosen[s].append(i)
    return chosen


def _fault_rows(log: RecordLog, versions: list[int]) -> tuple[list[Row], int, set[int]]:
    """Rows of one delivery with planned faults put in, their number (in door records), and the faulty versions."""
    total = sum(_weight(log.rows[i]) for i in versions)
    budget = max(int(total * MAX_FAULTY_SHARE), int(total >= SMALLEST_FAULTY))
    rows, invalid, faulty = [], 0, set()
    for i in versions:
        row = log.rows[i]
        if i in log.faults:
            column, value = log.faults[i]
            cost = 1 if column == "charges" else _weight(row)
            if value != row[column] and cost <= budget:
                row = row | {column: value}
                budget -= cost
                invalid += cost
                faulty.add(i)
        rows.append(row)
    return rows, invalid, faulty


def _bytes(view: FeedView, rows: dict[str, list[Row]], sent_on: date) -> tuple[str, bytes]:
    logs = view.logs
    if view.agency in ("jim", "jkm"):
        sheets = [(*TITLES[k], logs[k].columns, rows[k]) for k in logs]
        return "xlsx", xlsx_bytes(sheets, sent_on=sent_on)
    ((record, log),) = logs.items()
    if view.agency == "apmm":
        return "ndjson", ndjson_bytes(log.columns, rows[record])
    if view.agency in ("agc", "akps"):
        listed = "cases" if view.agency == "agc" else "data"
        return "json", json_bytes(log.columns, rows[record], generated_on=sent_on, records=listed)
    # The title's day keeps one month's nil return from being the bytes of another's.
    settings: dict[str, dict[str, Any]] = {
        "pdrm": {"delimiter": ";", "encoding": "cp1252", "newline": "\r\n"},
        "kln": {"delimiter": ",", "encoding": "utf-8-sig", "newline": "\r\n"},
        "ngo": {"delimiter": ",", "encoding": "utf-8", "newline": "\n"},
        "jtk": {"delimiter": ",", "encoding": "utf-8", "newline": "\n"},
        "jkdm": {
            "delimiter": "\t",
            "encoding": "utf-16-le",
            "newline": "\r\n",
            "title": f"Penyata kes kastam setakat {sent_on:%d/%m/%Y}",
        },
    }
    return "txt" if view.agency == "jkdm" else "csv", csv_bytes(
        log.columns, rows[record], **settings[view.agency]
    )


def send(
    view: FeedView, mondays: list[date], inbox: Path, progress: Callable[[str], None] | None = None
) -> Sent:
    """Write all deliveries of one feed below `inbox/<agency>/<feed>/`. A week without rows sends no file,
    save where the agency makes nil returns."""
    folder = inbox / view.agency / view.feed
    folder.mkdir(parents=True, exist_ok=True)
    cutoffs = np.array([m.toordinal() * MINUTES for m in mondays], dtype="int64")
    picked = {name: _pick(log, cutoffs) for name, log in view.logs.items()}
    sent = Sent(first_sound={name: {} for name in view.logs})
    for slot, sent_on in enumerate(mondays):
        rows: dict[str, list[Row]] = {}
        counts: dict[str, int] = {}
        invalid: dict[str, int] = {}
        for name, log in view.logs.items():
            versions = picked[name].get(slot, [])
            rows[name], invalid[name], faulty = _fault_rows(log, versions)
            counts[name] = sum(_weight(r) for r in rows[name])
            for i in versions:
                if i not in faulty:
                    sent.first_sound[name].setdefault(log.rids[i], sent_on)
        if not any(counts.values()) and view.agency not in NIL_RETURNS:
            continue
        suffix, content = _bytes(view, rows, sent_on)
        path = folder / f"{view.agency}_{view.feed}_{sent_on:%Y%m%d}.{suffix}"
        path.write_bytes(content)
        sent.deliveries.append(
            Delivery(
                path=path.relative_to(inbox).as_posix(), agency=view.agency, feed=view.feed, sent_on=sent_on,
                sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content), rows=counts, invalid=invalid,
            )
        )  # fmt: skip
    if progress:
        progress(f"{view.agency}/{view.feed}: {len(sent.deliveries)} files")
    return sent

"""Trying one file against one contract, without a data home: what landing would say of it.

Belongs here: a dry run of ``delivery`` in a temporary folder, and its outcome in a few numbers.
Does not belong here: keeping anything, and the words of the command line.
"""

from __future__ import annotations

import stat
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from expectations.contract import Contract
from mids_orchestration.landing.delivery import Receiver
from mids_orchestration.landing.limits import DEFAULT_LIMITS, Limits
from mids_orchestration.landing.reasons import REFUSALS, DeliveryRefused


@dataclass(frozen=True)
class Trial:
    """What landing would say of a file. Counts are records; ``reasons`` counts records per reason code;
    ``empty_rows`` are rows in which nothing is written, which are no records.

    ``faults`` has the first rows of the quarantine, as landing would write them.
    """

    received: int = 0
    accepted: int = 0
    quarantined: int = 0
    empty_rows: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    refused: str | None = None
    message: str = ""
    remedy: str = ""
    details: tuple[dict[str, str], ...] = ()
    balanced: bool = True
    watched: dict[str, dict[str, int]] = field(default_factory=dict)
    columns_at_fault: dict[tuple[str, str | None, str], int] = field(default_factory=dict)
    faults: tuple[dict[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers a script reads."""
        return {
            "received": self.received, "accepted": self.accepted, "quarantined": self.quarantined,
            "reasons": dict(sorted(self.reasons.items())), "refused": self.refused,
        }  # fmt: skip


def try_delivery(
    contract: Contract, path: Path, *, limits: Limits = DEFAULT_LIMITS, shown: int = 20
) -> Trial:
    """Read and judge the file at *path* as a delivery of *contract*; nothing is kept.

    Args:
        contract: the layout to read by.
        path: any file; its name does not matter.
        limits: bounds on what it may ask for.
        shown: how many quarantine rows to return in ``faults``.

    Returns:
        The outcome; a refusal is an outcome. Raises ``OSError`` when the machine fails (no space, no right to read).
    """
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        with tempfile.TemporaryDirectory(prefix="mids-check-") as folder:
            return _try(Receiver(contract, connection, limits), path, Path(folder), shown)
    except DeliveryRefused as refused:
        reason = REFUSALS[refused.code]
        message = reason.en.format(what=refused.what, want=refused.want)
        return Trial(
            refused=refused.code, message=message, remedy=reason.remedy_en, details=tuple(refused.details)
        )
    finally:
        connection.close()


def _try(receiver: Receiver, path: Path, folder: Path, shown: int) -> Trial:
    try:
        found = path.lstat()
    except (OSError, ValueError) as error:
        raise DeliveryRefused("NOT_A_FILE", getattr(error, "strerror", None) or str(error)) from None
    if not stat.S_ISREG(found.st_mode):
        raise DeliveryRefused("NOT_A_FILE", "a link, a folder or a device")
    if found.st_size > receiver.limits.delivery_bytes:
        raise DeliveryRefused("TOO_LARGE", f"{found.st_size} bytes")
    if found.st_size == 0:
        raise DeliveryRefused("EMPTY_FILE")
    result = receiver.receive(path, folder, "check", date(1970, 1, 1))
    counts: Counter[str] = Counter()
    at_fault: Counter[tuple[str, str | None, str]] = Counter()
    faults: list[dict[str, Any]] = []
    for record, held in result.staged.quarantined.items():
        table = pq.read_table(held, columns=["_line_no", "column_name", "reason_code"])
        codes = table.group_by(["_line_no", "reason_code"]).aggregate([]).column("reason_code")
        for found in codes.value_counts().to_pylist():
            counts[found["values"]] += found["counts"]
        places = table.group_by(["column_name", "reason_code"]).aggregate([([], "count_all")])
        for found in places.to_pylist():
            at_fault[record, found["column_name"], found["reason_code"]] += found["count_all"]
        if len(faults) < shown:
            faults += next(pq.ParquetFile(held).iter_batches(batch_size=shown)).to_pylist()
    tables = result.tables
    return Trial(
        received=sum(table.received for table in tables.values()),
        accepted=sum(table.accepted for table in tables.values()),
        quarantined=sum(table.quarantined for table in tables.values()),
        empty_rows=sum(table.empty_rows for table in tables.values()),
        reasons=dict(counts), balanced=all(table.balanced for table in tables.values()),
        watched={record: dict(table.watched) for record, table in tables.items() if table.watched},
        columns_at_fault=dict(at_fault), faults=tuple(faults[:shown]),
    )  # fmt: skip

"""What was received, accepted and quarantined together, as frames for looking at again.

Belongs here: reading landed and quarantined records back. Does not belong here: judging them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from expectations.contract import RecordType
from mids_orchestration.landing.receipts import Receipt
from mids_orchestration.landing.store import quarantine_dir, table_dir

#: Reasons for which a record could not be laid out in columns: there is nothing to validate.
STRUCTURAL = frozenset(
    {"TOO_FEW_FIELDS", "TOO_MANY_FIELDS", "BAD_QUOTING", "INVALID_ENCODING", "NUL_BYTE", "CELL_TOO_LARGE",
     "MALFORMED_RECORD"}
)  # fmt: skip


def received_frame(home: Path, record: RecordType, receipts: Collection[Receipt]) -> pd.DataFrame:
    """Return one row per record of these receipts that could be laid out in columns, good and bad.

    Columns: the landed columns as text (absent values missing), ``_receipt_id``, ``_line_no``, ordered by them.
    """
    names = [*record.landed_names, "_receipt_id", "_line_no"]
    parts = []
    for receipt in receipts:
        if receipt.status != "accepted":
            continue
        landed = table_dir(home, receipt.agency, record.name) / f"{receipt.receipt_id}.parquet"
        if landed.exists():
            parts.append(pq.read_table(landed, columns=names).to_pandas())
        held = quarantine_dir(home, receipt.agency, record.name) / f"{receipt.receipt_id}.parquet"
        if held.exists():
            parts.append(_quarantined(held, record))
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in names})
    return pd.concat(parts, ignore_index=True)[names].sort_values(
        ["_receipt_id", "_line_no"], ignore_index=True
    )


def _quarantined(path: Path, record: RecordType) -> pd.DataFrame:
    table = pq.read_table(path, columns=["_receipt_id", "_line_no", "reason_code", "raw_record"]).to_pandas()
    table = table[~table["reason_code"].isin(STRUCTURAL)].drop_duplicates(["_receipt_id", "_line_no"])
    raw = pd.DataFrame([json_record(text) for text in table["raw_record"]], index=table.index)
    out = pd.DataFrame(index=table.index)
    for column in record.columns:
        out[column.landed_as] = raw.get(column.name)
    out["_receipt_id"], out["_line_no"] = table["_receipt_id"], table["_line_no"]
    return out


def json_record(text: str) -> dict[str, str | None]:
    """Return a quarantined record under the sender's column names."""
    found: dict[str, str | None] = json.loads(text)
    return found

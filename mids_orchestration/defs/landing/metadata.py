"""What the Dagster UI shows of a landed table: schema, counts, receipts, lateness, a preview without personal data."""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow.parquet as pq

from expectations.contract import Contract
from mids_orchestration.landing import Receipt, read_receipts
from mids_orchestration.landing.store import table_dir
from mids_orchestration.landing.totals import totals
from mids_orchestration.release.freshness import feed_states

_PREVIEW_ROWS, _PREVIEW_CHARS = 5, 40


def column_schema(record: Any) -> dg.TableSchema:
    """Columns of the table with standard name, type and personal-data class."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.landed_as,
                "text",
                description=f"{column.description or ''} (standard name: {column.standard}; "
                f"read as {column.type}; PII: {column.pii})",
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in record.columns
        ]
    )


def table_metadata(
    record: str, landed: list[Receipt], home: Path, contract: Contract, as_of: date
) -> dict[str, Any]:
    """Rows in, out and rejected; what arrived in this run, how late the feed is, and a preview without persons."""
    mine = [r for r in read_receipts(home) if (r.agency, r.feed) == (contract.agency, contract.feed)]
    accepted = [r for r in mine if r.status == "accepted"]
    total = totals(mine, record)
    new = [r for r in landed if r.status == "accepted"]
    (state,) = feed_states(pd.read_parquet(home / "landing" / "receipts.parquet"), [contract], as_of=as_of)
    return {
        "dagster/row_count": total.accepted,
        "rows_received": total.received,
        "rows_accepted": total.accepted,
        "rows_quarantined": total.quarantined,
        "rows_empty": sum(r.tables[record].empty_rows for r in accepted if record in r.tables),
        "rows_let_in_from_quarantine": total.let_in,
        "deliveries_in_this_run": len(new),
        "deliveries_refused_in_this_run": sum(r.status == "refused" for r in landed),
        "deliveries_in_all": total.deliveries,
        "days_since_newest": state.days_since if state.days_since is not None else "none",
        "days_allowed": contract.lateness_days if contract.lateness_days is not None else "no due date",
        "preview": dg.MetadataValue.md(preview(home, contract, record, accepted)),
        "newest_delivery": state.last_known_on.isoformat() if state.last_known_on else "none",
        "receipts": dg.MetadataValue.md(
            "\n".join(
                [
                    "| receipt | file | sent | known | received | accepted | quarantined |",
                    "|---|---|---|---|--:|--:|--:|",
                ]
                + [
                    f"| `{r.receipt_id}` | {r.original_name} | {r.sent_on} | {r.known_on} | "
                    f"{r.tables[record].received} | {r.tables[record].accepted} | {r.tables[record].quarantined} |"
                    for r in accepted[-12:]
                    if record in r.tables
                ]
            )
        ),
    }


def preview(home: Path, contract: Contract, record: str, accepted: list[Receipt]) -> str:
    """First records of the newest delivery as a Markdown table: only columns that say nothing of a person."""
    shown = [column.landed_as for column in contract.record(record).columns if column.pii == "none"]
    newest = next((r for r in reversed(accepted) if record in r.tables and r.tables[record].accepted), None)
    if newest is None or not shown:
        return "nothing to show"
    path = table_dir(home, contract.agency, record) / f"{newest.receipt_id}.parquet"
    batch = next(pq.ParquetFile(path).iter_batches(batch_size=_PREVIEW_ROWS, columns=[*shown, "_line_no"]))
    lines = ["| line | " + " | ".join(shown) + " |", "|--:|" + "---|" * len(shown)]
    for row in batch.to_pylist():
        cells = (
            str(row[name] or "")[:_PREVIEW_CHARS].replace("|", "\\|").replace("\n", " ") for name in shown
        )
        lines.append(f"| {row['_line_no']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)

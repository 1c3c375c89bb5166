"""What is checked on every landed feed, and what to do when it fails.

Gates (blocking): row balance. Watches: refused deliveries, the contract's own suite, freshness. A refused
delivery or a quarantined record stops nothing else: it is kept, reported to its sender, and counted here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import dagster as dg
import pandas as pd

from expectations.contract import Contract
from expectations.suites import validate
from mids_orchestration.landing import Receipt, read_receipts
from mids_orchestration.landing.received import received_frame
from mids_orchestration.landing.totals import totals
from mids_orchestration.release.freshness import feed_states
from mids_orchestration.settings import Settings

_WARN = dg.AssetCheckSeverity.WARN


def check_specs(contract: Contract) -> list[dg.AssetCheckSpec]:
    """The checks of one feed: per landed table, and the feed's own on its first table."""
    specs = []
    for record in contract.records:
        key = _key(contract, record.name)
        specs += [
            dg.AssetCheckSpec(
                "row_balance",
                asset=key,
                blocking=True,
                description="Gate, owner data-engineering. For every delivery, records received = accepted + "
                "quarantined, and received is counted a second way, apart from the reader. If it fails, records "
                "were lost or doubled: do not publish; re-land that delivery from the archive.",
            ),
            dg.AssetCheckSpec(
                "contract_suite",
                asset=key,
                description="Watch, owner the sending agency. The Great Expectations suite made from the contract, "
                "on this run's new records. Failing lines are in quarantine; send the agency its report.",
            ),
        ]
    first = _key(contract, contract.records[0].name)
    return [
        *specs,
        dg.AssetCheckSpec(
            "deliveries_accepted",
            asset=first,
            description="Watch, owner the sending agency. No delivery of this run was refused at the door. If it "
            "warns, the reason and remedy are in the metadata; the next correct delivery mends it.",
        ),
        dg.AssetCheckSpec(
            "fresh",
            asset=first,
            description="Watch, owner MAPO secretariat. The newest delivery is no older than the contract allows. "
            "If it warns, ask the agency; silence is shown as silence, never as zero.",
        ),
    ]


def evaluate_checks(
    contract: Contract, landed: list[Receipt], settings: Settings, as_of: date
) -> Iterator[dg.AssetCheckResult]:
    """Evaluate every check of the feed after landing; ``landed`` are this run's receipts."""
    mine = [r for r in read_receipts(settings.home) if (r.agency, r.feed) == (contract.agency, contract.feed)]
    for record in contract.records:
        yield _row_balance(contract, record.name, mine)
        yield from _suite(contract, record.name, landed, settings)
    yield _deliveries(contract, landed)
    yield _fresh(contract, settings, as_of)


def _key(contract: Contract, record: str) -> dg.AssetKey:
    return dg.AssetKey(["landing", f"{contract.agency}__{record}"])


def _row_balance(contract: Contract, record: str, receipts: list[Receipt]) -> dg.AssetCheckResult:
    accepted = [r for r in receipts if r.status == "accepted" and record in r.tables]
    total = totals(receipts, record)
    uneven = [r.receipt_id for r in accepted if not r.tables[record].balanced]
    facts = {"deliveries": total.deliveries, "received": total.received, "accepted": total.accepted,
             "quarantined": total.quarantined, "let_in_from_quarantine": total.let_in}  # fmt: skip
    return dg.AssetCheckResult(
        asset_key=_key(contract, record),
        check_name="row_balance",
        passed=not uneven and total.balanced,
        metadata={**facts, "uneven_receipts": dg.MetadataValue.json(uneven)},
    )


def _suite(
    contract: Contract, record: str, landed: list[Receipt], settings: Settings
) -> Iterator[dg.AssetCheckResult]:
    kind = contract.record(record)
    report = validate(received_frame(settings.home, kind, landed), kind, seed=settings.seed)
    names = {receipt.receipt_id: f"`{receipt.original_name}`" for receipt in landed}
    failing = "\n".join(f"- {line}" for line in report.failing_lines(names)) or "none"
    if not report.rows:
        description = "NOT_ASSESSED: nothing new was received in this run"
    else:
        among = f"a sample of {report.evaluated:,} of" if report.sampled else "all"
        description = f"{len(report.failing):,} failing records among {among} {report.rows:,} received"
    yield dg.AssetCheckResult(
        asset_key=_key(contract, record),
        check_name="contract_suite",
        passed=report.success,
        severity=_WARN,
        description=description,
        metadata={
            "records_received": report.rows,
            "records_checked": report.evaluated,
            "failing": dg.MetadataValue.md(failing),
        },
    )


def _deliveries(contract: Contract, landed: list[Receipt]) -> dg.AssetCheckResult:
    refused = [r for r in landed if r.status == "refused"]
    return dg.AssetCheckResult(
        asset_key=_key(contract, contract.records[0].name),
        check_name="deliveries_accepted",
        passed=not refused,
        severity=_WARN,
        description="; ".join(
            f"{r.original_name}: {r.refusal.message_en} → {r.refusal.remedy}" for r in refused if r.refusal
        ),
        metadata={"landed": len(landed), "refused": len(refused)},
    )


def _fresh(contract: Contract, settings: Settings, as_of: date) -> dg.AssetCheckResult:
    (state,) = feed_states(pd.read_parquet(settings.landing / "receipts.parquet"), [contract], as_of=as_of)
    newest, days = state.last_known_on, state.days_since
    allowed = contract.lateness_days if contract.cadence != "adhoc" else None
    passed = state.status == "fresh" or (newest is None and contract.source_class == "comparator")
    return dg.AssetCheckResult(
        asset_key=_key(contract, contract.records[0].name),
        check_name="fresh",
        passed=passed,
        severity=_WARN,
        description="NOT_ASSESSED: nothing has ever been received"
        if newest is None
        else f"{days} days old, {allowed} allowed",
        metadata={"newest_delivery": newest.isoformat() if newest else "none"},
    )

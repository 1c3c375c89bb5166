"""One asset step per feed, one asset per landed table, made from the contracts: no feed needs code here."""

import time
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import dagster as dg

from expectations.contract import Contract
from mids_orchestration.calendar import delivery_week
from mids_orchestration.defs.landing.checks import check_specs, evaluate_checks
from mids_orchestration.defs.landing.metadata import column_schema, table_metadata
from mids_orchestration.defs.partitions import weeks
from mids_orchestration.defs.resources import MidsHome, run_as_of
from mids_orchestration.landing import Receipt, land
from mids_orchestration.progress import announce
from mids_orchestration.release import current_release

#: A disk may be well again in a minute; a bad file will not, and a second try would find nothing new to check.
_RETRIES, _RETRY_AFTER_SECONDS = 2, 10


def build_landing_assets(contracts: Mapping[str, Contract]) -> list[dg.AssetsDefinition]:
    """One partitioned multi-asset per contract; its tables are the contract's record types."""
    return [_feed_asset(contract) for contract in contracts.values()]


def table_key(contract: Contract, record: str) -> dg.AssetKey:
    """The asset key of a landed table, equal to the name dbt knows it by."""
    return dg.AssetKey(["landing", f"{contract.agency}__{record}"])


def _feed_asset(contract: Contract) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            key=table_key(contract, record.name),
            description=f"{record.description}\n\n{contract.title_en} / {contract.title_ms}: every "
            "field as text, as sent, with receipt and line number.",
            group_name="landing",
            owners=["team:data-engineering"],
            kinds={contract.format.type, "parquet"},
            tags={"agency": contract.agency, "source_class": contract.source_class},
            partitions_def=weeks,
            metadata={
                "contract": f"expectations/feeds/{contract.agency}/{contract.feed}.yml",
                "contract_version": contract.version,
                "dagster/column_schema": column_schema(record),
            },
        )
        for record in contract.records
    ]

    @dg.multi_asset(
        name=f"land_{contract.agency}_{contract.feed}",
        specs=specs,
        check_specs=check_specs(contract),
        partitions_def=weeks,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def land_feed(context: dg.AssetExecutionContext, mids: MidsHome) -> Iterator[Any]:
        settings = mids.settings
        as_of = run_as_of(context, settings)
        published = current_release(settings.releases)
        announce(f"landing {contract.agency}/{contract.feed}")
        try:
            receipts = land(
                settings.inbox,
                settings.home,
                as_of=as_of,
                contracts={contract.key: contract},
                feeds={contract.key},
                known_after=published.as_of if published else None,
                now_ns=time.time_ns(),
            )
        except OSError as error:
            raise dg.RetryRequested(_RETRIES, seconds_to_wait=_RETRY_AFTER_SECONDS) from error
        for record in contract.records:
            key = table_key(contract, record.name)
            yield from _past_weeks(context, key, record.name, receipts)
            yield dg.MaterializeResult(
                asset_key=key,
                metadata=table_metadata(record.name, receipts, settings.home, contract, as_of),
            )
        yield from evaluate_checks(contract, receipts, settings, as_of)

    return land_feed


def _past_weeks(
    context: dg.AssetExecutionContext, key: dg.AssetKey, record: str, receipts: list[Receipt]
) -> Iterator[dg.AssetMaterialization]:
    """One run lands whatever waits, so each delivery is shown under the week it closes."""
    closed: dict[date, list[Receipt]] = {}
    for receipt in receipts:
        if receipt.status == "accepted" and receipt.known_on:
            closed.setdefault(delivery_week(receipt.known_on), []).append(receipt)
    others = set(weeks.get_partition_keys()) - set(context.partition_keys)
    for week, mine in sorted(closed.items()):
        if week.isoformat() in others:
            tables = [receipt.tables[record] for receipt in mine]
            facts: dict[str, Any] = {
                "dagster/row_count": sum(table.accepted for table in tables),
                "rows_received": sum(table.received for table in tables),
                "rows_quarantined": sum(table.quarantined for table in tables),
                "receipts": ", ".join(receipt.receipt_id for receipt in mine),
            }
            yield dg.AssetMaterialization(asset_key=key, partition=week.isoformat(), metadata=facts)

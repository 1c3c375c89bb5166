"""Person linkage as an asset: reads conformed persons, writes who is the same person as whom."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pandas as pd

from mids_orchestration.defs.linkage.keys import LINK, ORDER, PAIR, SPECS, UNSEEN
from mids_orchestration.defs.linkage.worklist import cross_check_worklist
from mids_orchestration.defs.pools import WAREHOUSE_WRITER
from mids_orchestration.defs.resources import MidsHome
from mids_orchestration.linkage.incremental import link_register
from mids_orchestration.linkage.orders import ORDERS_QUERY, link_orders
from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.reasons import describe_pairs
from mids_orchestration.linkage.register import read_register, write_charts, write_register
from mids_orchestration.linkage.review import binding, read_decisions
from mids_orchestration.linkage.search import search_index
from mids_orchestration.linkage.unseen import LISTS_QUERY, unseen_estimates
from mids_orchestration.progress import announce
from mids_orchestration.warehouse import open_warehouse

_INDEX_COLUMNS = ["search_key", "person_record_id"]

#: A cluster larger than this is two people in one far more often than one person in so many records.
MAX_CLUSTER_SIZE = 60


def build_linkage_assets() -> list[dg.AssetsDefinition]:
    """The one linkage step with its gates, and the worklist made from it."""
    return [person_linkage, cross_check_worklist]


@dg.multi_asset(
    specs=SPECS,
    check_specs=[
        dg.AssetCheckSpec(
            "every_record_has_a_person",
            asset=LINK,
            blocking=True,
            description="Gate, owner data-engineering. Every conformed person record has exactly one key. "
            "If it fails, linkage lost or doubled a record: do not publish; report it with the run id.",
        ),
        dg.AssetCheckSpec(
            "no_cluster_too_large",
            asset=LINK,
            blocking=True,
            description=f"Gate, owner data-engineering. No person gathers more than {MAX_CLUSTER_SIZE} "
            "records. If it fails, look at that cluster's pairs: usually a shared placeholder name.",
        ),
    ],
    pool=WAREHOUSE_WRITER,
)
def person_linkage(context: dg.AssetExecutionContext, mids: MidsHome) -> Iterator[Any]:
    """Link all current person records, keeping the keys that the register already gave."""
    settings = mids.settings
    with open_warehouse(settings, read_only=True) as connection:
        persons = connection.execute("select * from conformed.cnf_person").df()
        orders = connection.execute(ORDERS_QUERY).df()
        listed = connection.execute(LISTS_QUERY).df()
    announce(f"linking {len(persons):,} person records")
    known = read_register(settings.identities, DEFAULT)
    same, different = binding(read_decisions(settings.identities))
    result = link_register(
        persons, settings.identities, model=known.model, previous=known.links, seed=settings.seed, same=same,
        different=different,
    )  # fmt: skip
    pairs = result.pairs.join(describe_pairs(result.pairs, result.model.config if result.model else DEFAULT))
    index = search_index(result.prepared) if len(result.prepared) else pd.DataFrame(columns=_INDEX_COLUMNS)
    of_orders = link_orders(result.prepared, orders, result.model)
    unseen = unseen_estimates(listed, result.links)
    with open_warehouse(settings) as connection:
        connection.execute("create schema if not exists linked")
        for table, frame in (
            ("person_link", result.links), ("person_pair", pairs), ("person_search", index), ("order_pair", of_orders),
            ("unseen_estimate", unseen),
        ):  # fmt: skip
            _replace(connection, table, frame)
    write_register(settings.identities, result)
    charts = write_charts(settings.identities / "charts", result)
    pages = {f"chart_{path.stem}": dg.MetadataValue.path(str(path)) for path in charts}
    metrics = {name: _metadata(value) for name, value in result.metrics.items()}
    yield dg.MaterializeResult(
        asset_key=LINK, metadata={"dagster/row_count": len(result.links), **pages, **metrics}
    )
    yield dg.MaterializeResult(asset_key=UNSEEN, metadata={"dagster/row_count": len(unseen)})
    yield dg.MaterializeResult(asset_key=ORDER, metadata={"dagster/row_count": len(of_orders)})
    yield dg.MaterializeResult(asset_key=PAIR, metadata={"dagster/row_count": len(result.pairs)})
    given = result.links["person_record_id"]
    yield dg.AssetCheckResult(
        asset_key=LINK,
        check_name="every_record_has_a_person",
        passed=bool(given.is_unique and set(given) == set(persons["person_record_id"])),
        metadata={"records": len(persons), "linked": len(given)},
    )
    largest = int(result.links["cluster_size"].max()) if len(result.links) else 0
    yield dg.AssetCheckResult(
        asset_key=LINK,
        check_name="no_cluster_too_large",
        passed=largest <= MAX_CLUSTER_SIZE,
        metadata={"largest_cluster": largest},
    )


def _replace(connection: Any, table: str, frame: pd.DataFrame) -> None:
    connection.register("incoming", frame)
    connection.execute(f"create or replace table linked.{table} as select * from incoming")
    connection.unregister("incoming")


def _metadata(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else dg.MetadataValue.json(value)

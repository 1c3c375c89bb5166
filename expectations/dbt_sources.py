"""Feed contracts as dbt source declarations: what dbt needs to know about the landing zone, said once.

Belongs here: the one function which writes ``dbt_project/models/staging/_landing_sources.yml`` from the
contracts and from ``python_tables.yml``, the declaration of the tables which Python writes for dbt to read.
Does not belong here: reading contracts (:mod:`expectations.contract`) or any transformation.

The staging models take names, types and formats of their columns from this file at compile time, so a
column is described in its contract and nowhere else. ``python -m expectations.dbt_sources`` rewrites the
file; a test fails while the committed file differs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from expectations.contract import Column, Contract, RecordType

# The code location writes this at every start: libyaml takes a tenth of the time of pure Python.
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

SOURCES_FILE = Path(__file__).resolve().parent.parent / "dbt_project/models/staging/_landing_sources.yml"
#: Tables of the warehouse which Python writes, as data.
TABLES_FILE = Path(__file__).resolve().parent / "python_tables.yml"

_HEADER = """\
# Generated from expectations/feeds by expectations/dbt_sources.py. Do not edit: change the contract,
# then run `python -m expectations.dbt_sources`.
"""

# Columns which the landing zone adds to every record.
_LINEAGE = (
    ("_receipt_id", "Receipt of the delivery the record came in."),
    ("_line_no", "Line, row or object number of the record in the delivery."),
    ("_known_on", "Day MIDS received the delivery, as ISO text."),
    (
        "_sent_on",
        "Day the delivery was sent that says something of this record from elsewhere, as ISO text; else NULL.",
    ),
    ("_change", "correction or deletion, where another delivery says it of this record; else NULL."),
)

_RECEIPTS = {
    "name": "receipts",
    "description": "One row per receipt and record type: what was delivered, when, and what became of it.",
    "config": {
        "meta": {
            "dagster": {"asset_key": ["landing", "receipts"]},
            "external_location": "read_parquet('{{ env_var(\"MIDS_LANDING\") }}/receipts.parquet')",
        }
    },
}


def _column(column: Column) -> dict[str, Any]:
    """One landed column: its text as sent, and what staging makes of it."""
    meta: dict[str, Any] = {"source_name": column.name, "type": column.type}
    if column.standard:
        meta["standard"] = column.standard
    if column.formats:
        meta["formats"] = list(column.formats)
    if column.key:
        meta["key"] = True
    if column.separator:
        meta["separator"] = column.separator
    meta["pii"] = column.pii
    return {
        "name": column.landed_as,
        "description": column.description or column.name,
        "config": {"meta": meta},
    }


def _table(contract: Contract, record: RecordType) -> dict[str, Any]:
    """One record type of one feed as a dbt source table over its Parquet files."""
    name = f"{contract.agency}__{record.name}"
    columns = {column.landed_as: column for column in record.columns}
    for earlier in contract.earlier:  # older layouts are still in the landing zone
        for column in (
            column for old in earlier.records if old.name == record.name for column in old.columns
        ):
            columns.setdefault(column.landed_as, column)
    landing = '{{ env_var("MIDS_LANDING") }}'
    place = f"{contract.agency}/{record.name}"
    files = [f"{landing}/{place}/*.parquet", f"{landing}/_changes/{place}.parquet"]
    meta: dict[str, Any] = {
        "agency": contract.agency,
        "feed": contract.feed,
        "source_class": contract.source_class,
        "cadence": contract.cadence,
        "lateness_days": contract.lateness_days,
        "delivery_kind": contract.delivery_kind,
    }
    if record.ordering:
        meta["ordering"] = record.ordering
    if record.deleted_column:
        meta["deleted_when"] = {"column": record.deleted_column, "values": list(record.deleted_values)}
    return {
        "name": name,
        "description": record.description,
        "config": {
            "meta": {
                **meta,
                "dagster": {"asset_key": ["landing", name]},
                "external_location": f"read_parquet({files}, union_by_name=true)",
            }
        },
        "columns": [
            *(_column(column) for column in columns.values()),
            *({"name": name, "description": text} for name, text in _LINEAGE),
        ],
    }


def _python_sources() -> Iterable[dict[str, Any]]:
    for source, tables in yaml.safe_load(TABLES_FILE.read_text(encoding="utf-8")).items():
        yield {
            "name": source,
            "schema": source,
            "description": f"Tables of the warehouse's schema {source} which Python writes.",
            "tables": [
                {
                    "name": name,
                    "description": table["description"],
                    "config": {"meta": {"dagster": {"asset_key": [source, name]}}},
                    "columns": [
                        {"name": column, "description": text} for column, text in table["columns"].items()
                    ],
                }
                for name, table in tables.items()
            ],
        }


def render_sources(contracts: Mapping[str, Contract]) -> str:
    """The text of ``_landing_sources.yml`` for these contracts, the same for the same contracts.

    Args:
        contracts: every feed's contract by ``agency.feed``.

    Returns:
        YAML with the source ``landing`` (a table ``<agency>__<record>`` for each record type, and
        ``receipts``) and the sources ``linked`` and ``forecast``.
    """
    tables = [
        _table(contract, record) for _, contract in sorted(contracts.items()) for record in contract.records
    ]
    landing = {
        "name": "landing",
        "description": "Accepted records as sent, every field text: Parquet files of the landing zone.",
        "tables": [*tables, _RECEIPTS],
    }
    document = {"version": 2, "sources": [landing, *_python_sources()]}
    body: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return _HEADER + body


def main() -> int:
    """Rewrite the committed file from the committed contracts."""
    from expectations.contract import load_contracts

    SOURCES_FILE.write_text(render_sources(load_contracts()), encoding="utf-8")
    print(f"wrote {SOURCES_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

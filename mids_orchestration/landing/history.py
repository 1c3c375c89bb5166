"""What was known of each record on any day: corrections and deletions as versions, whatever order they came in.

Belongs here: the rule by which one version follows another, and the state it gives. Does not belong here: what
deliveries say of records they do not hold (``changes``), marts, and receiving.

A later version of a record is one with a later value in the contract's ``ordering`` column, else one sent later. The
day a delivery was known decides only what may be seen on a past day, never which version is the later one: so
out-of-order arrivals, repeats and other splits end in the same state.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from expectations.contract import Contract, RecordType
from mids_orchestration.landing.rules import name
from mids_orchestration.landing.sendings import change_rows, landed_rows, snapshots

_LINEAGE = ("_receipt_id", "_line_no", "_known_on")


def versions(home: Path, contracts: Mapping[str, Contract], agency: str, record: str) -> pa.Table:
    """Return every version of every record of one type, oldest first.

    Columns: the landed columns as text, ``_receipt_id``, ``_line_no``, ``_known_on`` (day), ``_sent_on`` (day),
    ``_is_deletion`` and ``_version`` (1 for the oldest of its key). Without a key every row is its own record. Raises
    ``KeyError`` when no contract of the agency has such a record type.
    """
    contract, kind = _owner(contracts, agency, record)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(_versions(home, contract, kind)).to_arrow_table()


def as_known(
    home: Path, contracts: Mapping[str, Contract], agency: str, record: str, as_of: date
) -> pa.Table:
    """Return the records of one type as they were known on *as_of*: one row per key, what was deleted left out.

    Columns: the landed columns as text and the lineage. Records without a key: all of them, of a feed of snapshots
    those of the latest snapshot known by then.
    Raises ``KeyError`` when no contract of the agency has such a record type.
    """
    contract, kind = _owner(contracts, agency, record)
    listed = ", ".join(name(column) for column in (*contract.all_landed_names(record), *_LINEAGE))
    known = f"_known_on <= DATE '{as_of.isoformat()}'"
    if kind.key:
        back = f"row_number() OVER (PARTITION BY {_keys(kind)} ORDER BY {_order('DESC', 'LAST')})"
        sql = f"""SELECT {listed} FROM (SELECT *, {back} AS _back FROM v WHERE {known})
                  WHERE _back = 1 AND NOT _is_deletion"""
    elif contract.delivery_kind == "snapshot":
        sql = f"""SELECT {listed} FROM v WHERE {known} AND _delivery_id = (
                      SELECT delivery_id FROM ({snapshots(home, contract)})
                      WHERE known_on <= DATE '{as_of.isoformat()}' ORDER BY place DESC LIMIT 1)"""
    else:
        sql = f"SELECT {listed} FROM v WHERE {known}"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        table = connection.execute(
            f"WITH v AS ({_versions(home, contract, kind)}) {sql} ORDER BY _receipt_id, _line_no"
        )
        return table.to_arrow_table()


def _owner(contracts: Mapping[str, Contract], agency: str, record: str) -> tuple[Contract, RecordType]:
    for contract in contracts.values():
        if contract.agency == agency:
            for kind in contract.records:
                if kind.name == record and kind.applies_to is None:
                    return contract, kind
    raise KeyError(f"{agency}: no record type {record!r}")


def _keys(kind: RecordType) -> str:
    return ", ".join(f"coalesce(trim({name(column)}), '')" for column in kind.key)


def _order(direction: str, nulls: str) -> str:
    return (
        f"_order {direction} NULLS {nulls}, _sent_on {direction}, _is_deletion {direction}, "
        f"_receipt_id {direction}, _line_no {direction}, _known_on {direction}"
    )


def _versions(home: Path, contract: Contract, kind: RecordType) -> str:
    """SQL of all versions: the record's own rows, then what other deliveries say of them."""
    listed = [name(column) for column in contract.all_landed_names(kind.name)]
    cells = ", ".join((*listed, *_LINEAGE, "_sent_on", "_delivery_id", "_is_deletion", "_order"))
    keys = _keys(kind) or "_receipt_id, _line_no"
    return f"""SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {_order("ASC", "FIRST")}) AS _version
               FROM (SELECT {cells} FROM ({landed_rows(home, contract, kind)})
                     UNION ALL SELECT {cells} FROM ({change_rows(home, contract, kind)}))
               ORDER BY {keys}, _version"""

"""What was known of each record on any day: corrections and deletions as versions, whatever order they came in.

Belongs here: the rule by which one version follows another, and the state it gives. Does not belong here: marts
built on it, and receiving.

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
from mids_orchestration.landing.rules import name, parsed_moment, quoted
from mids_orchestration.landing.store import table_dir

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
        return connection.execute(_versions(home, contracts, contract, kind)).to_arrow_table()


def as_known(
    home: Path, contracts: Mapping[str, Contract], agency: str, record: str, as_of: date
) -> pa.Table:
    """Return the records of one type as they were known on *as_of*: one row per key, what was deleted left out.

    Columns: the landed columns as text and the lineage. A feed of snapshots gives the latest snapshot known by then.
    Raises ``KeyError`` when no contract of the agency has such a record type.
    """
    contract, kind = _owner(contracts, agency, record)
    listed = ", ".join(name(column) for column in (*contract.all_landed_names(record), *_LINEAGE))
    known = f"_known_on <= DATE '{as_of.isoformat()}'"
    if contract.delivery_kind == "snapshot":
        latest = f"""(_sent_on, _receipt_id) = (SELECT (_sent_on, _receipt_id) FROM v
                      WHERE {known} ORDER BY _sent_on DESC, _receipt_id DESC LIMIT 1)"""
        sql = f"SELECT {listed} FROM v WHERE {latest} AND {known}"
    elif not kind.key:
        sql = f"SELECT {listed} FROM v WHERE {known}"
    else:
        back = f"row_number() OVER (PARTITION BY {_keys(kind)} ORDER BY {_order('DESC', 'LAST')})"
        sql = f"""SELECT {listed} FROM (SELECT *, {back} AS _back FROM v WHERE {known})
                  WHERE _back = 1 AND NOT _is_deletion"""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        table = connection.execute(
            f"WITH v AS ({_versions(home, contracts, contract, kind)}) {sql} ORDER BY _receipt_id, _line_no"
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
    return ", ".join(f"trim({name(column)})" for column in kind.key)


def _order(direction: str, nulls: str) -> str:
    return (
        f"_order {direction} NULLS {nulls}, _sent_on {direction}, _is_deletion {direction}, "
        f"_receipt_id {direction}, _line_no {direction}"
    )


def _versions(home: Path, contracts: Mapping[str, Contract], contract: Contract, kind: RecordType) -> str:
    """SQL of all versions: the record's own rows, then corrections and tombstones that apply to it."""
    parts = [_rows(home, contract, kind, contract.all_landed_names(kind.name), kind.landed_names)]
    for other in contracts.values():
        for applier in other.records:
            if other.agency == contract.agency and applier.applies_to == kind.name:
                parts.append(
                    _rows(home, other, applier, contract.all_landed_names(kind.name), applier.landed_names)
                )
    keys = _keys(kind) or "_receipt_id, _line_no"
    return f"""SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {_order("ASC", "FIRST")}) AS _version
               FROM ({" UNION ALL ".join(parts)}) ORDER BY {keys}, _version"""


def _rows(
    home: Path, contract: Contract, kind: RecordType, wanted: tuple[str, ...], own: tuple[str, ...]
) -> str:
    held = set(own) | set(contract.all_landed_names(kind.name))
    cells = ", ".join(name(c) if c in held else f"CAST(NULL AS VARCHAR) AS {name(c)}" for c in wanted)
    deletion = "true" if contract.delivery_kind == "tombstones" else "false"
    if kind.deleted_column:
        words = ", ".join(quoted(word) for word in kind.deleted_values)
        deletion = f"coalesce(trim({name(kind.deleted_column)}) IN ({words}), false) OR {deletion}"
    files = quoted(str(table_dir(home, contract.agency, kind.name) / "*.parquet"))
    ledger = quoted(str(home / "landing" / "receipts.parquet"))
    # The same bytes may have been sent more than once: the first sending counts, whichever arrived first. What a
    # replay let in was known only then.
    sendings = f"""SELECT a.receipt_id, least(a.sent_on, d.sent_on) AS sent_on,
                          CASE WHEN contains(a.receipt_id, '-replay-') THEN a.known_on
                               ELSE least(a.known_on, d.known_on) END AS known_on
                   FROM (SELECT DISTINCT receipt_id, agency, feed, sha256, sent_on, known_on
                         FROM read_parquet({ledger}) WHERE status = 'accepted') AS a
                   LEFT JOIN (SELECT agency, feed, sha256, min(sent_on) AS sent_on, min(known_on) AS known_on
                              FROM read_parquet({ledger}) WHERE status = 'duplicate' GROUP BY ALL) AS d
                        USING (agency, feed, sha256)"""
    return f"""SELECT {cells}, t._receipt_id, t._line_no, r.known_on AS _known_on,
                      coalesce(r.sent_on, r.known_on) AS _sent_on, ({deletion}) AS _is_deletion,
                      {_ordering(kind)} AS _order
               FROM read_parquet({files}, union_by_name = true) AS t
               JOIN ({sendings}) AS r ON r.receipt_id = t._receipt_id"""


def _ordering(kind: RecordType) -> str:
    """SQL of the ordering value, as text that sorts as the value does; null where there is none."""
    if kind.ordering is None:
        return "CAST(NULL AS VARCHAR)"
    column = kind.column(kind.ordering)
    value = f"trim({name(column.landed_as)})"
    if column.type in ("date", "timestamp"):
        return f"strftime({parsed_moment(column, value)}, '%Y-%m-%d %H:%M:%S.%f')"
    if column.number_pattern:
        # Shifted so that negative numbers sort as text too; eighteen digits each side.
        return f"printf('%040.10f', try_cast({value} AS DOUBLE) + 1e18)"
    return value

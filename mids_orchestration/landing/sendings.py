"""Landed records with the day their delivery was sent and known: what versions and changes are made from.

Belongs here: SQL over the landed tables and the ledger. Does not belong here: which version follows which.

The same bytes may have been sent more than once: the first sending counts, whichever arrived first (the ledger's
``first_sent_on`` and ``first_known_on``). What a replay let in was known only then, but belongs to its delivery.
"""

from __future__ import annotations

from pathlib import Path

from expectations.contract import Contract, RecordType
from mids_orchestration.landing.rules import name, parsed_moment, quoted
from mids_orchestration.landing.store import changes_path, table_dir

_SENT = "coalesce(first_sent_on, first_known_on)"


def landed_rows(home: Path, contract: Contract, kind: RecordType) -> str:
    """SQL of the landed records of *kind*.

    Columns: the landed columns, ``_receipt_id``, ``_line_no``, ``_known_on`` and ``_sent_on`` (days),
    ``_delivery_id`` (receipt of the delivery, for a replay too), ``_is_deletion``, and ``_order``: text that sorts as
    versions follow one another, null where the contract names no ordering column. Snapshots follow by day of sending.
    """
    deletion = "true" if contract.delivery_kind == "tombstones" else "false"
    if kind.deleted_column:
        words = ", ".join(quoted(word) for word in kind.deleted_values)
        deletion = f"coalesce(trim(t.{name(kind.deleted_column)}) IN ({words}), false) OR {deletion}"
    files = table_dir(home, contract.agency, kind.name) / "*.parquet"
    return _rows(home, contract, kind, files, deletion, "r.first_known_on", "r.first_sent_on")


def change_rows(home: Path, contract: Contract, kind: RecordType) -> str:
    """SQL of the change rows of *kind*, with the columns of ``landed_rows``."""
    files = changes_path(home, contract.agency, kind.name)
    return _rows(home, contract, kind, files, "t._change = 'deletion'", "CAST(t._known_on AS DATE)",
                 "CAST(t._sent_on AS DATE)")  # fmt: skip


def _rows(
    home: Path, contract: Contract, kind: RecordType, files: Path, deletion: str, known: str, sent: str
) -> str:
    cells = ", ".join(f"t.{name(column)}" for column in contract.all_landed_names(kind.name))
    order = f"strftime({sent}, '%Y-%m-%d')" if contract.delivery_kind == "snapshot" else _ordering(kind)
    return f"""SELECT {cells}, t._receipt_id, t._line_no, {known} AS _known_on, {sent} AS _sent_on,
                      r.delivery_id AS _delivery_id, ({deletion}) AS _is_deletion, {order} AS _order
               FROM read_parquet({quoted(str(files))}, union_by_name = true) AS t
               JOIN ({sendings(home)}) AS r ON r.receipt_id = t._receipt_id"""


def delivery_of(column: str) -> str:
    """SQL of the delivery whose receipt, replay or repetition is in *column*: its first receipt."""
    return f"regexp_replace({column}, '-(replay-[0-9]+|dup-[0-9a-f]+)$', '')"


def sendings(home: Path) -> str:
    """SQL of the receipts of accepted deliveries and of their repetitions.

    Columns: ``receipt_id``, ``delivery_id``, ``agency``, ``feed``, ``status``; ``sent_on`` and ``known_on`` of that
    sending; ``first_sent_on`` and ``first_known_on`` of the same bytes.
    """
    return f"""SELECT DISTINCT receipt_id, {delivery_of("receipt_id")} AS delivery_id, agency, feed, status,
                      coalesce(sent_on, known_on) AS sent_on, known_on, {_SENT} AS first_sent_on, first_known_on
               FROM read_parquet({quoted(str(home / "landing" / "receipts.parquet"))})
               WHERE status IN ('accepted', 'duplicate')"""


def snapshots(home: Path, contract: Contract) -> str:
    """SQL of the states a feed of snapshots has told, one after the other: a snapshot sent again is its state again.

    Columns: ``delivery_id``, ``receipt_id`` (of that sending), ``sent_on``, ``known_on``, ``place`` (1 for the first).
    Replays count with their delivery; sendings of one state with no other between them are one.
    """
    return f"""WITH sent AS (
                   SELECT delivery_id, min(receipt_id) AS receipt_id, min(sent_on) AS sent_on, min(known_on) AS known_on
                   FROM ({sendings(home)})
                   WHERE agency = {quoted(contract.agency)} AND feed = {quoted(contract.feed)}
                   GROUP BY delivery_id, CASE WHEN status = 'duplicate' THEN receipt_id END
                   HAVING delivery_id IN (SELECT delivery_id FROM ({sendings(home)}) WHERE status = 'accepted')),
               marked AS (SELECT *, lag(delivery_id) OVER so IS DISTINCT FROM delivery_id AS is_other FROM sent
                          WINDOW so AS (ORDER BY sent_on, delivery_id, receipt_id)),
               placed AS (SELECT *, count(*) FILTER (is_other) OVER (ORDER BY sent_on, delivery_id, receipt_id
                                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS place FROM marked)
               SELECT delivery_id, place, arg_min(receipt_id, sent_on) AS receipt_id, min(sent_on) AS sent_on,
                      min(known_on) AS known_on
               FROM placed GROUP BY delivery_id, place"""


def _ordering(kind: RecordType) -> str:
    """SQL of the ordering value, as text that sorts as the value does; null where there is none."""
    if kind.ordering is None:
        return "CAST(NULL AS VARCHAR)"
    column = kind.column(kind.ordering)
    value = f"trim(t.{name(column.landed_as)})"
    if column.type in ("date", "timestamp"):
        return f"strftime({parsed_moment(column, value)}, '%Y-%m-%d %H:%M:%S.%f')"
    if column.number_pattern:
        # Shifted so that negative numbers sort as text too; eighteen digits each side.
        return f"printf('%040.10f', try_cast({value} AS DOUBLE) + 1e18)"
    return value

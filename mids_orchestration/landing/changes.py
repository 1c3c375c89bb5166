"""What deliveries say of records they do not hold: corrections, deletions, and records a snapshot left out.

Belongs here: turning them into rows shaped as the landed records they change, in ``landing/_changes``, which staging
reads beside the landed records. Does not belong here: the order of versions (``history``), marts built on it.

A change row has the columns of the record it changes, the lineage, the day it was sent, and ``_change``: ``correction``
or ``deletion``.
Columns that a correction or deletion does not carry are taken from the version before it, as it was known then; when
an older version becomes known later, a correction is written again on top of it from that day. The rows are derived:
they can be made anew from the landing at any time, and say nothing of a day that was not known on that day.

A record is left out by a snapshot only when it is in none of its records, accepted or held in quarantine. While a
held record's key cannot be read, nobody can say what was left out, and nothing is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from expectations.contract import Contract, RecordType
from mids_orchestration.files import write_atomically
from mids_orchestration.landing.rules import name, quoted
from mids_orchestration.landing.sendings import delivery_of, landed_rows, snapshots
from mids_orchestration.landing.store import changes_path, landed_schema, quarantine_dir, table_dir

CHANGE = (pa.field("_sent_on", pa.string()), pa.field("_change", pa.string()))
_MADE_FROM = b"mids.made_from"


def appliers(
    contracts: Mapping[str, Contract], contract: Contract, kind: RecordType
) -> list[tuple[Contract, RecordType]]:
    """Return the record types of other feeds that correct or delete records of *kind*."""
    return [
        (other, applier)
        for other in contracts.values()
        for applier in other.records
        if other.agency == contract.agency and applier.applies_to == kind.name
    ]


def write_changes(home: Path, contracts: Mapping[str, Contract], *, anew: bool) -> None:
    """Bring ``landing/_changes`` in step with what was landed.

    ``anew``: the landing changed. Otherwise only files that are missing, or were made from another contract, are made.
    Expects the ledger to be in step.
    """
    for contract in contracts.values():
        for kind in contract.records:
            path = changes_path(home, contract.agency, kind.name)
            told = appliers(contracts, contract, kind)
            speaks = bool(kind.key) and (contract.delivery_kind == "snapshot" or bool(told))
            made_from = _made_from(contract, kind, told)
            current = path.exists() and (pq.read_schema(path).metadata or {}).get(_MADE_FROM) == made_from
            if current and not (anew and speaks):
                continue
            schema = _schema(contract, kind)
            table = schema.empty_table()
            told = [(other, applier) for other, applier in told if _landed(home, other, applier)]
            if speaks and _landed(home, contract, kind):
                table = _changes(home, contract, kind, told).cast(schema)
            sink = pa.BufferOutputStream()
            pq.write_table(table.replace_schema_metadata({_MADE_FROM: made_from}), sink, compression="zstd")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, sink.getvalue().to_pybytes())


def _schema(contract: Contract, kind: RecordType) -> pa.Schema:
    return pa.schema([*landed_schema(contract, kind.name), *CHANGE])


def _landed(home: Path, contract: Contract, kind: RecordType) -> bool:
    return any(table_dir(home, contract.agency, kind.name).glob("*.parquet"))


def _made_from(contract: Contract, kind: RecordType, told: list[tuple[Contract, RecordType]]) -> bytes:
    parts = [
        repr(
            (
                [field.name for field in CHANGE],
                contract.delivery_kind,
                contract.all_landed_names(kind.name),
                kind,
            )
        )
    ]
    parts += [repr((other.delivery_kind, applier)) for other, applier in told]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest().encode()


def _changes(
    home: Path, contract: Contract, kind: RecordType, told: list[tuple[Contract, RecordType]]
) -> pa.Table:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        keys = ", ".join(_key("", key) for key in kind.key)
        connection.execute(
            f"""CREATE TEMP TABLE base AS SELECT *, row_number() OVER (PARTITION BY {keys}
                ORDER BY _order NULLS FIRST, _sent_on, _is_deletion, _receipt_id, _line_no, _known_on) AS _rank
                FROM ({landed_rows(home, contract, kind)})"""
        )
        if contract.delivery_kind == "snapshot":
            return _left_out(connection, home, contract, kind)
        tables = [_applied(connection, home, contract, kind, one, of) for one, of in told]
    return pa.concat_tables(tables or [_schema(contract, kind).empty_table()])


def _applied(
    connection: duckdb.DuckDBPyConnection, home: Path, contract: Contract, kind: RecordType,
    other: Contract, applier: RecordType,
) -> pa.Table:  # fmt: skip
    """Rows of one correcting or deleting record type, filled up from the versions they follow."""
    carried = set(other.all_landed_names(applier.name))
    listed = contract.all_landed_names(kind.name)
    cells = ", ".join(f"{'c' if column in carried else 'b'}.{name(column)}" for column in listed)
    same = " AND ".join(f"{_key('c.', key)} = {_key('b.', key)}" for key in kind.key)
    one = "c._receipt_id, c._line_no"
    return connection.execute(
        f"""WITH c AS ({landed_rows(home, other, applier)}),
        pair AS (
            SELECT {one}, greatest(c._known_on, b._known_on) AS _known, b._rank
            FROM c JOIN base AS b ON {same}
                AND (coalesce(b._order, ''), b._sent_on) <= (coalesce(c._order, ''), c._sent_on)
            UNION ALL SELECT {one}, c._known_on, 0 FROM c
        ),
        day AS (SELECT _receipt_id, _line_no, _known, max(_rank) AS _rank FROM pair GROUP BY ALL),
        news AS (
            SELECT *, max(_rank) OVER (PARTITION BY _receipt_id, _line_no ORDER BY _known
                                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS _before
            FROM day
        )
        SELECT {cells}, {one}, strftime(n._known, '%Y-%m-%d') AS _known_on,
               strftime(c._sent_on, '%Y-%m-%d') AS _sent_on,
               CASE WHEN c._is_deletion THEN 'deletion' ELSE 'correction' END AS _change
        FROM c JOIN news AS n USING (_receipt_id, _line_no)
        LEFT JOIN base AS b ON {same} AND b._rank = n._rank
        WHERE n._before IS NULL OR n._rank > n._before
        ORDER BY ALL"""
    ).to_arrow_table()


def _left_out(
    connection: duckdb.DuckDBPyConnection, home: Path, contract: Contract, kind: RecordType
) -> pa.Table:
    """One row per record and snapshot first known to be without it; and what a repeated snapshot brings back."""
    listed = contract.all_landed_names(kind.name)
    keys = [f"_key{number}" for number in range(len(kind.key))]
    ours = ", ".join(f"{_key('b.', key)} AS {mine}" for key, mine in zip(kind.key, keys, strict=True))
    here = ", ".join(f"r.{key}" for key in keys)
    same = " AND ".join(f"{_key('b.', key)} = r.{mine}" for key, mine in zip(kind.key, keys, strict=True))
    cells = ", ".join(
        f"nullif(r.{keys[kind.key.index(column)]}, '') AS {name(column)}"
        if column in kind.key
        else f"b.{name(column)}"
        for column in listed
    )
    again = ", ".join(f"b.{name(column)}" for column in listed)
    held, unread = _held(home, contract, kind, keys)
    return connection.execute(
        f"""WITH snap AS (SELECT *, place AS _place FROM ({snapshots(home, contract)})),
        unread AS ({unread}),
        whole AS (SELECT * FROM snap WHERE delivery_id NOT IN (SELECT _receipt_id FROM unread)),
        present AS (
            SELECT {", ".join(keys)}, _place, min(_known_on) AS _seen_on FROM (
                SELECT {ours}, s._place, greatest(b._known_on, s.known_on) AS _known_on
                FROM base AS b JOIN snap AS s ON b._delivery_id = s.delivery_id
                UNION ALL SELECT {", ".join(keys)}, s._place, s.known_on
                FROM ({held}) AS q JOIN snap AS s ON q._receipt_id = s.delivery_id
            ) GROUP BY ALL
        ),
        r AS (SELECT * EXCLUDE (_seen_on), min(_seen_on) OVER (so ROWS UNBOUNDED PRECEDING) AS _seen_on,
                     coalesce(lead(_place) OVER so, 1e9) AS _next
              FROM present WINDOW so AS (PARTITION BY {", ".join(keys)} ORDER BY _place)),
        missed AS (
            SELECT {here}, r._place AS _last, s.receipt_id, s.sent_on, greatest(s.known_on, r._seen_on) AS _known,
                   min(greatest(s.known_on, r._seen_on)) OVER (PARTITION BY {here}, r._place ORDER BY s._place
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS _before
            FROM r JOIN whole AS s ON s._place > r._place AND s._place < r._next
            WHERE r._next > r._place + 1
        )
        SELECT {cells}, r.receipt_id AS _receipt_id, CAST(NULL AS BIGINT) AS _line_no,
               strftime(r._known, '%Y-%m-%d') AS _known_on, strftime(r.sent_on, '%Y-%m-%d') AS _sent_on,
               'deletion' AS _change
        FROM missed AS r
        LEFT JOIN (SELECT b.*, s._place FROM base AS b JOIN snap AS s ON b._delivery_id = s.delivery_id) AS b
            ON {same} AND b._place <= r._last AND b._known_on <= r._known
        WHERE r._before IS NULL OR r._known < r._before
        QUALIFY row_number() OVER (PARTITION BY {here}, r._last, r.receipt_id ORDER BY b._rank DESC NULLS LAST) = 1
        UNION ALL
        SELECT {again}, s.receipt_id, b._line_no,
               strftime(greatest(s.known_on, b._known_on), '%Y-%m-%d'), strftime(s.sent_on, '%Y-%m-%d'), 'correction'
        FROM base AS b JOIN snap AS s ON b._delivery_id = s.delivery_id
        WHERE s._place > (SELECT min(_place) FROM snap AS f WHERE f.delivery_id = s.delivery_id)
        ORDER BY ALL"""
    ).to_arrow_table()


def _held(home: Path, contract: Contract, kind: RecordType, keys: list[str]) -> tuple[str, str]:
    """SQL of the keys of records in quarantine, and of the deliveries with a held record whose key is unreadable."""
    nothing = ", ".join(f"CAST(NULL AS VARCHAR) AS {key}" for key in keys)
    folder = quarantine_dir(home, contract.agency, kind.name)
    if not any(folder.glob("*.parquet")):
        none = "SELECT CAST(NULL AS VARCHAR) AS _receipt_id"
        return f"{none}, {nothing} WHERE false", f"{none} WHERE false"
    cells = []
    for landed, mine in zip(kind.key, keys, strict=True):
        names = {c.name for one in (contract, *contract.earlier) for r in one.records if r.name == kind.name
                 for c in r.columns if c.landed_as == landed}  # fmt: skip
        empty = "CASE WHEN raw IS NOT NULL THEN '' END" if kind.column(landed).nullable else "NULL"
        tries = [f"json_extract_string(raw, {quoted(_pointer(text))})" for text in sorted(names)]
        cells.append(f"trim(coalesce({', '.join(tries)}, {empty})) AS {mine}")
    files = quoted(str(folder / "*.parquet"))
    rows = f"""SELECT _receipt_id, {", ".join(cells)} FROM (
                   SELECT {delivery_of("_receipt_id")} AS _receipt_id,
                          CASE WHEN json_valid(raw_record) THEN raw_record END AS raw
                   FROM read_parquet({files}))"""
    read = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    return (
        f"SELECT * FROM ({rows}) WHERE {read}",
        f"SELECT DISTINCT _receipt_id FROM ({rows}) WHERE NOT ({read})",
    )


def _key(owner: str, column: str) -> str:
    return f"coalesce(trim({owner}{name(column)}), '')"


def _pointer(text: str) -> str:
    return "/" + text.replace("~", "~0").replace("/", "~1")

"""From warehouse tables to the release's Parquet and DuckDB files, the same bytes for the same rows.

Belongs here: reading the warehouse read-only, ordering, casting, writing files. Does not belong here:
what may be published (gates), descriptions in JSON (datapackage), folders and pointers (store).

Determinism: one thread, rows ordered by primary key and then by every other column, fixed row-group size,
no timestamps. DuckDB's own database file is not reproducible byte for byte (block order differs between
writes, measured with 1.5), so a release is identified by its Parquet files, never by ``mids.duckdb``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from mids_orchestration.release.model import Export, ReleaseError

ROW_GROUP_ROWS = 122_880
#: A sum of BIGINTs is a HUGEINT, which Parquet can only hold as a float: counts go out as BIGINT.
_NARROWED = {"HUGEINT": "BIGINT", "UHUGEINT": "BIGINT"}


@dataclass(frozen=True)
class TableFile:
    """One exported table as written.

    Attributes:
        path: the Parquet file.
        types: DuckDB type by column, in column order.
        sha256: digest of the file.
    """

    export: Export
    path: Path
    rows: int
    types: dict[str, str]
    sha256: str


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def warehouse_reader(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory connection that reads the warehouse as its default database.

    It is attached under its file's own name, as dbt has it: views in it name that database.

    Raises:
        ReleaseError: when the file is missing, or another process is writing to it.
    """
    if not warehouse.exists():
        raise ReleaseError(f"There is no warehouse at {warehouse}: run the weekly cycle first (mids run)")
    connection = duckdb.connect(config={"threads": 1})
    try:
        try:
            connection.execute(f"attach {literal(str(warehouse))} as {quoted(warehouse.stem)} (read_only)")
            connection.execute(f"use {quoted(warehouse.stem)}")
        except duckdb.IOException as error:
            raise ReleaseError(
                f"The warehouse {warehouse} cannot be opened for reading ({error}): wait until the run that "
                "is writing it has ended, then publish again"
            ) from error
        yield connection
    finally:
        connection.close()


def described(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str] | None:
    """Types by column of ``schema.table`` in the warehouse; None when it is not there."""
    schema, table = relation.split(".", 1)
    found = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    return dict(found) or None


def source_of(export: Export) -> str:
    """The rows of ``export`` that may leave the warehouse, as an SQL relation."""
    schema, table = export.relation.split(".", 1)
    rows = f"{quoted(schema)}.{quoted(table)}"
    return f"(select * from {rows} where {export.public_where})" if export.public_where else rows


def write_parquet(
    connection: duckdb.DuckDBPyConnection, export: Export, path: Path, source: str | None = None
) -> TableFile:
    """Write the declared columns of ``export`` to ``path``; return what was written.

    Args:
        source: an SQL relation to take the rows from instead of the warehouse's table.

    Raises:
        ReleaseError: when the table is not in the warehouse or a value does not fit its declared type.
    """
    held = described(connection, export.relation)
    if held is None:
        raise ReleaseError(f"{export.relation} is not in the warehouse: run dbt, or take away its zone")
    columns = [
        f"cast({quoted(c.name)} as {_narrowed(c.data_type or held[c.name])}) as {quoted(c.name)}"
        for c in export.columns
    ]
    rest = [name for name in export.column_names if name not in export.primary_key]
    order = ", ".join(f"{quoted(name)} nulls first" for name in (*export.primary_key, *rest))
    source = source or source_of(export)
    try:
        connection.execute(
            f"copy (select {', '.join(columns)} from {source} order by {order}) to {literal(str(path))} "
            f"(format parquet, compression zstd, row_group_size {ROW_GROUP_ROWS})"
        )
    except duckdb.ConversionException as error:
        raise ReleaseError(f"{export.relation}: a value does not fit its declared type: {error}") from error
    read = f"read_parquet({literal(str(path))})"
    types = {row[0]: row[1] for row in connection.execute(f"describe select * from {read}").fetchall()}
    counted = connection.execute(f"select count(*) from {read}").fetchone()
    assert counted is not None
    return TableFile(export, path, int(counted[0]), types, sha256_of(path))


def _narrowed(data_type: str) -> str:
    return _NARROWED.get(data_type.upper(), data_type)


def write_database(
    path: Path,
    tables: Sequence[TableFile],
    *,
    release_id: str,
    as_of: date,
    as_of_week: date,
    data_version: str,
) -> None:
    """Write one DuckDB file with every table, its comments, and ``mids_release`` (one row)."""
    connection = duckdb.connect(str(path), config={"threads": 1})
    try:
        connection.execute("begin")  # one commit: hundreds of comments would each be synced to disk
        connection.execute(
            "create table mids_release as select ? as release_id, cast(? as date) as as_of, "
            "cast(? as date) as as_of_week, ? as data_version",
            [release_id, as_of, as_of_week, data_version],
        )
        connection.execute("comment on table mids_release is 'One row: which release this file is.'")
        for table in tables:
            export, name = table.export, quoted(table.export.name)
            connection.execute(f"create table {name} as from read_parquet({literal(str(table.path))})")
            told = " / ".join(t for t in (export.description or export.grain, export.description_ms) if t)
            connection.execute(f"comment on table {name} is {literal(told or export.title.en)}")
            for column in export.columns:
                note = " / ".join(t for t in (column.description, column.description_ms) if t)
                if note:
                    at = f"{name}.{quoted(column.name)}"
                    connection.execute(f"comment on column {at} is {literal(note)}")
        connection.execute("commit")
        connection.execute("checkpoint")
    finally:
        connection.close()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()

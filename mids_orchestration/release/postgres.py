"""A release in PostgreSQL, for BI tools that want a server: loaded aside, switched in one transaction.

Belongs here: schemas, tables, keys, comments, roles and row-level security of the published copy. Does not belong
here: choosing what may be published: only a finished release is copied, public and restricted apart.

Schemas: ``mids`` (public marts), ``mids_restricted`` (person- and case-level marts), ``mids_access`` (which officer
belongs to which agency; kept from publish to publish). A release is loaded into ``…__next`` and the schemas are renamed
in one transaction. Renaming a schema takes no lock on its tables, so a client's long query neither waits nor fails: it
reads the tables it began with to its end. Those are dropped once nobody reads them, at the latest by the next publish.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from mids_orchestration.release.model import Release, ReleaseError
from mids_orchestration.release.store import RESTRICTED, verify_release
from mids_orchestration.release.tables import literal, quoted

PUBLIC, OFFICERS, ACCESS = "mids", "mids_restricted", "mids_access"
BI_ROLE, OFFICER_ROLE = "mids_bi", "mids_officer"
#: Whose record a restricted row is, where a column says it; else a constant. A row of a case is also open to every
#: agency that has a record in that case, a row of a person to whoever may see the person in a case. A table of which
#: none of this can be said is closed.
_AGENCY_COLUMNS = ("agency_code", "investigating_agency_code")
_AGENCY_OF_TABLE = {"fct_consular_case": "KLN"}
#: Restricted tables without persons: open to every officer.
_CASES, _PERSONS = "bridge_case_agency", "fct_person_in_case"
_FOR_ALL_OFFICERS = ("dq_unmapped_code", "mids_release")
_TYPES = {
    "VARCHAR": "text", "BIGINT": "bigint", "INTEGER": "integer", "SMALLINT": "smallint", "TINYINT": "smallint",
    "DOUBLE": "double precision", "FLOAT": "real", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz", "UBIGINT": "numeric", "HUGEINT": "numeric",
}  # fmt: skip
_NEXT, _WAS = "__next", "__was_"
_BLOCK = 5_000
_LOCK = 0x4D494453  # "MIDS": one publisher at a time, by advisory lock

Announce = Callable[[str], None]


@dataclass(frozen=True)
class Published:
    """What :func:`publish_postgres` did: rows by ``schema.table``, and old schemas still being read."""

    release_id: str
    rows: Mapping[str, int]
    waiting: tuple[str, ...]


def publish_postgres(release: Release, dsn: str, *, announce: Announce = lambda _: None) -> Published:
    """Copy ``release`` into the PostgreSQL database ``dsn`` and show it there in one transaction.

    Args:
        dsn: a libpq connection string or address; the account must own the database and may create roles.

    Raises:
        ReleaseError: when the release is damaged, the server cannot be reached, or the account may not do this.
    """
    problems = verify_release(release.path)
    if problems:
        raise ReleaseError(f"{release.release_id} is damaged and is not published: {'; '.join(problems[:3])}")
    try:
        with psycopg.connect(dsn, autocommit=True, application_name="mids publish") as server:
            server.execute("select pg_advisory_lock(%s)", [_LOCK])
            _prepare(server)
            zones = {PUBLIC: release.path, OFFICERS: release.path / RESTRICTED}
            rows: dict[str, int] = {}
            for schema, folder in zones.items():
                if (folder / "datapackage.json").exists():
                    rows |= _load(server, schema, folder, announce)
            announce("postgres: switching")
            _switch(server, [schema for schema in zones if any(r.startswith(f"{schema}.") for r in rows)])
            return Published(release.release_id, rows, _drop_old(server))
    except psycopg.errors.InsufficientPrivilege as error:
        raise ReleaseError(
            f"The account may not publish here ({_first_line(error)}): it must own the database and have CREATEROLE"
        ) from error
    except psycopg.OperationalError as error:
        raise ReleaseError(f"PostgreSQL cannot be reached ({_first_line(error)}): see --dsn") from error
    except psycopg.Error as error:
        raise ReleaseError(
            f"PostgreSQL refused the release, readers keep the one before ({_first_line(error)})"
        ) from error


def _prepare(server: psycopg.Connection[Any]) -> None:
    """Roles and the table of officers; what is there already stays."""
    for role in (BI_ROLE, OFFICER_ROLE):
        if server.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone() is None:
            server.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
    server.execute(sql.SQL("grant {} to {}").format(sql.Identifier(BI_ROLE), sql.Identifier(OFFICER_ROLE)))
    with server.transaction():
        server.execute(f"create schema if not exists {ACCESS}")
        server.execute(
            f"create table if not exists {ACCESS}.officer (role_name text not null, agency_code text not null, "
            "primary key (role_name, agency_code))"
        )
        server.execute(
            f"comment on table {ACCESS}.officer is 'One row per login role and agency whose restricted rows it may "
            "read; agency_code * is all of them.'"
        )
        # Runs as its owner, so that officers need no right to read who else is an officer.
        server.execute(
            f"create or replace function {ACCESS}.may_read(agency text) returns boolean language sql stable "
            f"security definer set search_path = pg_catalog as $$ select exists (select 1 from {ACCESS}.officer "
            "where role_name = session_user and agency_code in (agency, '*')) $$"
        )
        server.execute(f"revoke all on function {ACCESS}.may_read(text) from public")
        server.execute(f"grant usage on schema {ACCESS} to {OFFICER_ROLE}")
        server.execute(f"grant execute on function {ACCESS}.may_read(text) to {OFFICER_ROLE}")


def _load(server: psycopg.Connection[Any], schema: str, folder: Path, announce: Announce) -> dict[str, int]:
    """Load one zone aside, with keys, comments and rights; return rows by ``schema.table``."""
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    aside, role = schema + _NEXT, BI_ROLE if schema == PUBLIC else OFFICER_ROLE
    rows: dict[str, int] = {}
    with server.transaction(), closing(duckdb.connect(config={"threads": 1})) as reader:
        server.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(aside)))
        server.execute(sql.SQL("create schema {}").format(sql.Identifier(aside)))
        server.execute(
            sql.SQL("comment on schema {} is {}").format(
                sql.Identifier(aside), sql.Literal(f"{package['title']} · {package['version']}")
            )
        )
        for resource in package["resources"]:
            source = f"read_parquet({literal(str(folder / resource['path']))})"
            rows[f"{schema}.{resource['name']}"] = _table(server, reader, aside, resource["name"], source)
            _describe(server, aside, resource)
        for resource in package["resources"]:
            _foreign_keys(server, aside, resource, package["resources"])
        database = next(folder.glob("*.duckdb"))
        reader.execute(f"attach {literal(str(database))} as whole (read_only)")
        rows[f"{schema}.mids_release"] = _table(server, reader, aside, "mids_release", "whole.mids_release")
        if schema == OFFICERS:
            there = [r["name"] for r in package["resources"]]
            for name in (*there, "mids_release"):
                _row_security(server, reader, aside, name, folder, there)
        grant = "grant usage on schema {0} to {1}; grant select on all tables in schema {0} to {1}"
        server.execute(sql.SQL(grant).format(sql.Identifier(aside), sql.Identifier(role)))
    announce(f"postgres: {len(rows)} tables of {schema} loaded aside")
    return rows


def _table(
    server: psycopg.Connection[Any], reader: duckdb.DuckDBPyConnection, schema: str, name: str, source: str
) -> int:
    described = reader.execute(f"describe select * from {source}").fetchall()
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(row[0]), sql.SQL(_TYPES.get(row[1], "text")))
        for row in described
    )
    table = sql.Identifier(schema, name)
    server.execute(sql.SQL("create table {} ({})").format(table, columns))
    casts = ", ".join(
        quoted(r[0]) if r[1] in _TYPES else f"cast({quoted(r[0])} as varchar)" for r in described
    )
    result = reader.execute(f"select {casts} from {source}")
    rows = 0
    with server.cursor() as cursor, cursor.copy(sql.SQL("copy {} from stdin").format(table)) as copy:
        while block := result.fetchmany(_BLOCK):
            for row in block:
                copy.write_row(row)
            rows += len(block)
    return rows


def _describe(server: psycopg.Connection[Any], schema: str, resource: Mapping[str, Any]) -> None:
    table = sql.Identifier(schema, resource["name"])
    told = " / ".join(t for t in (resource.get("description"), resource.get("description_ms")) if t)
    server.execute(sql.SQL("comment on table {} is {}").format(table, sql.Literal(told or resource["title"])))
    for field in resource["schema"]["fields"]:
        note = " / ".join(t for t in (field.get("description"), field.get("description_ms")) if t)
        if note:
            server.execute(
                sql.SQL("comment on column {} is {}").format(
                    sql.Identifier(schema, resource["name"], field["name"]), sql.Literal(note)
                )
            )
    if key := resource["schema"].get("primaryKey"):
        server.execute(sql.SQL("alter table {} add primary key ({})").format(table, _names(key)))


def _foreign_keys(
    server: psycopg.Connection[Any], schema: str, resource: Mapping[str, Any], all_of_them: list[Any]
) -> None:
    """Foreign keys to tables of the same zone, where what they point to is that table's key."""
    keys = {r["name"]: list(r["schema"].get("primaryKey", ())) for r in all_of_them}
    for key in resource["schema"].get("foreignKeys", []):
        target, fields = key["reference"]["resource"], key["reference"]["fields"]
        if keys.get(target) != list(fields):
            continue
        server.execute(
            sql.SQL("alter table {} add foreign key ({}) references {} ({})").format(
                sql.Identifier(schema, resource["name"]),
                _names(key["fields"]),
                sql.Identifier(schema, target),
                _names(fields),
            )
        )


def _row_security(
    server: psycopg.Connection[Any],
    reader: duckdb.DuckDBPyConnection,
    schema: str,
    name: str,
    folder: Path,
    there: Collection[str],
) -> None:
    """Rows of an officer's agencies and of cases they have a record in; a table of which nothing is said shows none.

    A policy looks into other tables with the officer's own eyes, so their policies hold inside it too.
    """
    table = sql.Identifier(schema, name)
    server.execute(sql.SQL("alter table {} enable row level security").format(table))
    held: set[str] = set()
    if name != "mids_release":
        described = reader.execute(
            f"describe select * from read_parquet({literal(str(folder / 'data' / f'{name}.parquet'))})"
        ).fetchall()
        held = {row[0] for row in described}
    rules: list[sql.Composable] = []
    own = sql.SQL(f"{ACCESS}.may_read({{}})")
    if name in _FOR_ALL_OFFICERS:
        rules.append(sql.SQL("true"))
    if column := next((c for c in _AGENCY_COLUMNS if c in held), None):
        rules.append(own.format(sql.Identifier(column)))
    elif name in _AGENCY_OF_TABLE:
        rules.append(own.format(sql.Literal(_AGENCY_OF_TABLE[name])))
    within = sql.SQL("{0}.{1} in (select seen.{1} from {2} as seen)")
    if "case_key" in held and name != _CASES and _CASES in there:
        rules.append(within.format(table, sql.Identifier("case_key"), sql.Identifier(schema, _CASES)))
    elif "person_key" in held and not rules and _PERSONS in there:
        rules.append(within.format(table, sql.Identifier("person_key"), sql.Identifier(schema, _PERSONS)))
    if rules:
        server.execute(
            sql.SQL("create policy own_agency on {} for select to {} using ({})").format(
                table, sql.Identifier(OFFICER_ROLE), sql.SQL(" or ").join(rules)
            )
        )


def _switch(server: psycopg.Connection[Any], schemas: list[str]) -> None:
    """Rename all schemas in one transaction; no table is locked."""
    turn = os.urandom(4).hex()
    with server.transaction():
        for schema in schemas:
            if server.execute("select 1 from pg_namespace where nspname = %s", [schema]).fetchone():
                server.execute(_rename(schema, f"{schema}{_WAS}{turn}"))
            server.execute(_rename(schema + _NEXT, schema))


def _rename(old: str, new: str) -> sql.Composed:
    return sql.SQL("alter schema {} rename to {}").format(sql.Identifier(old), sql.Identifier(new))


def _drop_old(server: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Drop earlier releases nobody reads any more; return those somebody does."""
    waiting = []
    pattern = f"^({PUBLIC}|{OFFICERS}){_WAS}[0-9a-f]{{8}}$"
    for (schema,) in server.execute(
        "select nspname from pg_namespace where nspname ~ %s order by 1", [pattern]
    ).fetchall():
        try:
            with server.transaction():
                server.execute("set local lock_timeout = '200ms'")
                server.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
        except psycopg.errors.LockNotAvailable:
            waiting.append(schema)
    return tuple(waiting)


def _names(columns: list[str] | str) -> sql.Composed:
    listed = [columns] if isinstance(columns, str) else columns
    return sql.SQL(", ").join(sql.Identifier(c) for c in listed)


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__

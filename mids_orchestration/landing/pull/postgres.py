"""PostgreSQL: copy the rows of a table whose watermark grew since the last receipt.

Belongs here: the connection, the window of watermarks, the server's own CSV as the delivery's bytes.
Does not belong here: types and names of columns. ``SELECT *`` is copied, so that a column that is new, gone or renamed
stops the delivery at the door like in a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from mids_orchestration.landing.pull.errors import PullError
from mids_orchestration.landing.pull.fetched import Errand, Fetched, again, keep, spool
from mids_orchestration.settings import TIMEZONE

_LOST = (psycopg.OperationalError, psycopg.InterfaceError)
_TIMES = ("timestamp without time zone", "timestamp with time zone")


def fetch_postgres(errand: Errand) -> Fetched:
    """Copy rows with ``old watermark < column <= new watermark`` into one CSV; no rows, no file.

    The new watermark is the greatest that is older than ``lag_seconds`` by the server's clock. Rows, window and bytes
    come from one read-only snapshot. Rows without a watermark cannot be followed; they are counted in the notes.
    """
    options = errand.source.options
    what = f"PostgreSQL {options['host']} table {options['table']}"
    return again(errand, lambda: _copy(errand), _LOST, what)


def _copy(errand: Errand) -> Fetched:
    source, options = errand.source, errand.source.options
    table = sql.Identifier(*str(options["table"]).split("."))
    column = sql.Identifier(str(options["watermark"]))
    old = errand.progress.get("watermark")
    try:
        with _connected(errand) as connection:
            kind, new, without = _window(
                connection, table, column, float(options.get("lag_seconds", 300)), old
            )
            notes = [f"{without} row(s) without {options['watermark']} are not pulled"] if without else []
            if new is None or new == old:
                return Fetched(errand.progress, notes=notes)
            after = sql.SQL("") if old is None else sql.SQL("{} > {}::{} and ").format(
                column, sql.Literal(old), sql.SQL(kind)
            )  # fmt: skip
            query = sql.SQL(
                "copy (select * from {} where {}{} <= {}::{} order by {})"
                " to stdout (format csv, header, encoding 'UTF8')"
            ).format(table, after, column, sql.Literal(new), sql.SQL(kind), column)
            with spool(errand.folder) as one, connection.cursor() as cursor, cursor.copy(query) as copy:
                for block in copy:
                    one.write(block)
    except _LOST:
        raise
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName):
        raise PullError(
            f"{source.key}: there is no table {options['table']} with a column {options['watermark']}"
        ) from None
    except psycopg.errors.InsufficientPrivilege:
        raise PullError(
            f"{source.key}: the account {options['username']} may not read {options['table']}"
        ) from None
    except psycopg.Error as error:
        raise PullError(f"{source.key}: the server says: {str(error).splitlines()[0]}") from None
    name = errand.file_name("csv", one.sha256[:12])
    return Fetched({"watermark": new}, [keep(one, errand.folder, name)], notes=notes)


def _window(
    connection: psycopg.Connection, table: sql.Identifier, column: sql.Identifier, lag: float, old: str | None
) -> tuple[str, str | None, int]:
    """Type of the watermark, the greatest settled one as text (None where there is none), and rows without any."""
    typed = connection.execute(
        sql.SQL("select pg_typeof(max({}))::text from {}").format(column, table)
    ).fetchone()
    kind = str(typed[0]) if typed else "text"
    settled: sql.Composable = sql.SQL("true")
    if kind in _TIMES:
        settled = sql.SQL("{} <= (clock_timestamp() - make_interval(secs => {}))::{}").format(
            column, sql.Literal(lag), sql.SQL(kind)
        )
    query = sql.SQL(
        "select (max({c}) filter (where {s}))::text, count(*) filter (where {c} is null) from {t}"
    ).format(c=column, s=settled, t=table)
    found = connection.execute(query).fetchone()
    new, without = (found[0], int(found[1])) if found else (None, 0)
    if old is not None and new is not None:
        grew = connection.execute(
            sql.SQL("select {}::{k} > {}::{k}").format(sql.Literal(new), sql.Literal(old), k=sql.SQL(kind))
        ).fetchone()
        new = new if grew and grew[0] else old
    return kind, new, without


@contextmanager
def _connected(errand: Errand) -> Iterator[psycopg.Connection]:
    timeout = int(float(errand.source.options.get("timeout_seconds", 30)))
    connection = _connect(errand, timeout)
    try:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection
    finally:
        connection.close()


def _connect(errand: Errand, timeout: int) -> psycopg.Connection:
    options = errand.source.options
    try:
        return psycopg.connect(
            host=str(options["host"]), port=int(options.get("port", 5432)), dbname=str(options["database"]),
            user=str(options["username"]), password=errand.source.secret("password_env"),
            sslmode=str(options.get("sslmode", "verify-full")), sslrootcert=options.get("ca_file"),
            connect_timeout=timeout, keepalives_idle=timeout,
            # A server that vanished is noticed within a minute or so, not after the system's two hours.
            keepalives_interval=10, keepalives_count=3, tcp_user_timeout=2000 * timeout, application_name="mids",
            # Times as the table holds them, in Malaysian time where they carry an offset.
            options=f"-c datestyle=ISO -c timezone={TIMEZONE} -c client_encoding=UTF8",
        )  # fmt: skip
    except psycopg.OperationalError as error:
        # Before a session stands psycopg knows no error codes, only the server's words.
        if "authentication failed" in str(error) or "no password supplied" in str(error):
            raise PullError(
                f"{errand.source.key}: the server refuses the account {options['username']}: renew its secret"
            ) from None
        raise

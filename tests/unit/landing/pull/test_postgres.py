"""A table pulled by its watermark, from a real PostgreSQL server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.unit.landing.pull.servers import CuttingProxy, Postgres
from tests.unit.landing.pull.station import Station

pytestmark = pytest.mark.xdist_group("postgres")
OPTIONS = {
    "host": "127.0.0.1", "database": "postgres", "username": "reader", "password_env": "MIDS_TEST_SECRET",
    "sslmode": "disable", "table": "agency.things", "watermark": "updated_at", "lag_seconds": 0,
    "backoff_seconds": 0.05, "timeout_seconds": 10,
}  # fmt: skip


@pytest.fixture
def table(database: Postgres, station: Station) -> Iterator[Postgres]:
    with database.connect() as connection:
        connection.execute("drop schema if exists agency cascade")
        connection.execute("drop role if exists reader")
        connection.execute("create schema agency")
        connection.execute("create table agency.things (ref text, persons int, updated_at timestamp)")
        connection.execute("create role reader login password 'a-password-of-the-tests'")
        connection.execute("grant usage on schema agency to reader")
        connection.execute("grant select on agency.things to reader")
    station.connect("postgres", port=database.port, **OPTIONS)
    yield database


def fill(table: Postgres, first: int, last: int) -> None:
    with table.connect() as connection:
        connection.execute(
            "insert into agency.things select 'T' || n, n, timestamp '2026-01-01' + make_interval(secs => n)"
            " from generate_series(%s::int, %s::int) n",
            (first, last),
        )


def test_rows_come_once_and_pulling_again_is_a_no_op(table: Postgres, station: Station) -> None:
    fill(table, 1, 40)
    first = station.pull()
    assert first.error is None and len(first.files) == 1
    assert [(r.status, r.tables["things"].accepted) for r in first.receipts] == [("accepted", 40)]
    assert first.watermark == "2026-01-01 00:00:40"
    again = station.pull()
    assert (again.files, again.receipts, again.error) == ([], [], None)
    fill(table, 41, 50)
    assert station.pull().receipts[0].tables["things"].received == 10
    assert len(station.refs()) == 50 and set(station.refs().values()) == {1}


def test_the_archive_holds_what_the_server_sent_byte_for_byte(table: Postgres, station: Station) -> None:
    with table.connect() as connection:
        connection.execute(
            "insert into agency.things values (E'a \"b\", c\\nd', 3, '2026-02-03 04:05:06'), (null, null, now())"
        )
    done = station.pull()
    receipt = done.receipts[0]
    kept = (station.home / "archive" / receipt.sha256[:2] / receipt.sha256).read_bytes()
    assert kept.startswith(b'ref,persons,updated_at\n"a ""b"", c\nd",3,2026-02-03 04:05:06\n,,')
    assert receipt.tables["things"].received == 2 and receipt.tables["things"].quarantined == 1


def test_a_changed_row_comes_again_as_a_new_version(table: Postgres, station: Station) -> None:
    fill(table, 1, 5)
    station.pull()
    with table.connect() as connection:
        connection.execute("update agency.things set persons = 9, updated_at = '2026-01-02' where ref = 'T3'")
    assert station.pull().receipts[0].tables["things"].received == 1
    assert station.refs()["T3"] == 2


def test_young_rows_wait_so_that_an_open_transaction_cannot_slip_behind(
    table: Postgres, station: Station
) -> None:
    station.connect("postgres", port=table.port, **(OPTIONS | {"lag_seconds": 3600}))
    with table.connect() as connection:
        connection.execute(
            "insert into agency.things"
            " select name, 1, date_trunc('second', now() at time zone 'Asia/Kuala_Lumpur' - age)"
            " from (values ('OLD', interval '2h'), ('NEW', interval '0')) as made (name, age)"
        )
    assert station.pull().error is None
    assert set(station.refs()) == {"OLD"}


def test_a_connection_cut_half_way_loses_and_doubles_nothing(table: Postgres, station: Station) -> None:
    fill(table, 1, 20_000)
    proxy = CuttingProxy(table.port)
    proxy.cuts = [200, 5_000, 300_000]  # while greeting, while asking, in the middle of the rows
    try:
        station.connect("postgres", port=proxy.port, **OPTIONS)
        done = station.pull()
    finally:
        proxy.close()
    assert done.error is None and proxy.made == 4
    assert len(station.refs()) == 20_000 and set(station.refs().values()) == {1}


def test_a_server_that_stays_away_is_an_error_and_nothing_moves(table: Postgres, station: Station) -> None:
    fill(table, 1, 20_000)
    proxy = CuttingProxy(table.port)
    proxy.cuts = [300_000] * 4
    try:
        station.connect("postgres", port=proxy.port, **OPTIONS)
        done = station.pull()
    finally:
        proxy.close()
    assert (
        done.error is not None
        and "aaa.things: PostgreSQL 127.0.0.1" in done.error
        and "tried 4 times" in done.error
    )
    assert not list(station.inbox.rglob("*.csv"))
    assert not list((station.home / "pull" / "aaa.things" / "incoming").iterdir())
    station.connect("postgres", port=table.port, **OPTIONS)
    assert station.pull().receipts[0].tables["things"].accepted == 20_000


def test_a_new_column_stops_the_delivery_at_the_door(table: Postgres, station: Station) -> None:
    fill(table, 1, 3)
    with table.connect() as connection:
        connection.execute("alter table agency.things add column nama text")
    refused = station.pull().receipts[0].refusal
    assert refused is not None and "nama" in json.dumps(refused.details)


def test_rows_without_a_watermark_are_counted(table: Postgres, station: Station) -> None:
    fill(table, 1, 3)
    with table.connect() as connection:
        connection.execute("insert into agency.things values ('LOST', 1, null)")
    assert station.pull().notes == ["1 row(s) without updated_at are not pulled"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"password_env": "MIDS_TEST_WRONG"}, "refuses the account reader"),
        ({"table": "agency.nothing"}, "no table agency.nothing"),
        ({"watermark": "changed"}, "a column changed"),
        ({"table": "pg_catalog.pg_authid", "watermark": "oid"}, "may not read pg_catalog.pg_authid"),
        ({"table": 'agency.things"; drop schema agency cascade; --'}, "no table"),
    ],
)
def test_what_cannot_be_pulled_says_why(
    table: Postgres, station: Station, change: dict[str, str], says: str
) -> None:
    fill(table, 1, 3)
    station.connect("postgres", port=table.port, **(OPTIONS | change))
    done = station.pull()
    assert done.error is not None and done.error.startswith("aaa.things: ") and says in done.error
    with table.connect() as connection:
        assert connection.execute("select count(*) from agency.things").fetchone() == (3,)

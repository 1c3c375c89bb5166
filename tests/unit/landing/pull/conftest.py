"""Servers shared by the tests of pulling; each test gets a station of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.landing.pull.servers import Api, Postgres, Sftp, postgres, postgres_programs, serving
from tests.unit.landing.pull.station import Station


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


@pytest.fixture(scope="session")
def database() -> Iterator[Postgres]:
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed and could not be (tests/postgres/install_postgres.sh)")
    with postgres(programs) as one:
        yield one


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[Sftp]:
    folder = tmp_path / "remote"
    (folder / "out").mkdir(parents=True)
    one = Sftp(folder)
    yield one
    one.close()


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api()) as one:
        yield one

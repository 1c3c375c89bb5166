"""PostgreSQL for the tests that publish to it or pull from it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres.server import binaries, running_server

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """A real server; the test is skipped, saying so, where there is none."""
    if binaries() is None:
        pytest.skip("no PostgreSQL on this machine: tests/postgres/install_postgres.sh installs Debian's")
    with running_server() as dsn:
        yield dsn

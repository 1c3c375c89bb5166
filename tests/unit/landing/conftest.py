"""Fixtures of the landing tests."""

from pathlib import Path

import pytest

from tests.unit.landing.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)

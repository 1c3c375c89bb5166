"""One warehouse, and two releases made from two of them, shared by the tests that only read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mids_orchestration.release import Export, Release, build_release, exports_from_manifest, switch
from release import small_warehouse as small


@dataclass(frozen=True)
class Shelf:
    """A shelf with two releases of the same day; ``first`` is current."""

    releases: Path
    warehouse: Path
    first: Release
    second: Release


def build(warehouse: Path, releases: Path, exports: list[Export] | None = None, **given: Any) -> Release:
    """Build with the small warehouse's defaults."""
    asked: dict[str, Any] = {
        "as_of": small.AS_OF,
        "exports": exports_from_manifest(small.manifest()) if exports is None else exports,
        "data_version": "deliveries-1",
        "feeds": small.FEEDS,
    }
    return build_release(warehouse, releases, **(asked | given))


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    root = tmp_path_factory.mktemp("shelf")
    warehouse = small.write_warehouse(root / "mids.duckdb")
    first = build(warehouse, root / "releases")
    switch(first)
    small.write_warehouse(warehouse, small.tables(seed=8))
    second = build(warehouse, root / "releases", data_version="deliveries-2")
    small.write_warehouse(warehouse)
    return Shelf(root / "releases", warehouse, first, second)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse of this test's own."""
    return small.write_warehouse(tmp_path / "mids.duckdb")

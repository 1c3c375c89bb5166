"""One small sample on disk, and one full-size world in memory, for the tests of this room."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from mids_orchestration.sample.agencies.base import FeedView, Links
from mids_orchestration.sample.generate import SampleManifest, build_views, generate
from mids_orchestration.sample.streams import Streams
from mids_orchestration.sample.world import World, build_world


@dataclass
class Small:
    root: Path
    manifest: SampleManifest

    def truth(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.root / "truth" / f"{name}.parquet")


@dataclass
class Full:
    world: World
    links: Links
    views: dict[str, FeedView]


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Small:
    root = tmp_path_factory.mktemp("sample")
    return Small(root, generate(root, scale=0.08))


@pytest.fixture(scope="session")
def full() -> Full:
    world = build_world(Streams(20260629), 1.0)
    links = Links()
    views = {f"{v.agency}.{v.feed}": v for v in build_views(world, links)}
    return Full(world, links, views)

"""The officers' edition of the current release's page, made when an officer asks for it.

Belongs here: reading both zones of the release for it. Does not belong here: what it shows (dashboard.officers), where
it is written (commands). It is no part of a release and is never served: its counts of persons are not protected.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mids_orchestration.release import dashboard
from mids_orchestration.release.compare import compare_releases
from mids_orchestration.release.model import Bilingual
from mids_orchestration.release.store import CURRENT, find_release, list_releases, open_release


def officers_page(releases: Path) -> str:
    """Return the page over the current release's public and restricted tables.

    Raises:
        ReleaseError: when nothing has been published.
        OSError: when this account may not read the restricted zone.
    """
    release = find_release(releases, CURRENT)
    older = [r for r in list_releases(releases) if r.as_of < release.as_of]
    notice = release.facts["identity"]["notice"]
    facts = dashboard.PageFacts(
        release.release_id, release.as_of, release.as_of_week, release.data_version, release.feeds,
        Bilingual(**notice) if notice else None,
        compare_releases(older[0], release) if older else None,
    )  # fmt: skip
    public = _frames(releases, release.release_id, dashboard.TABLES)
    restricted = _frames(releases, release.release_id, dashboard.officers.TABLES, restricted=True)
    return dashboard.render_for_officers(public, restricted, facts)


def _frames(
    releases: Path, release_id: str, names: tuple[str, ...], *, restricted: bool = False
) -> dict[str, pd.DataFrame]:
    with open_release(releases, release_id, restricted=restricted) as tables:
        held = {name for (name,) in tables.execute("select table_name from duckdb_tables()").fetchall()}
        return {name: tables.table(name).df() for name in names if name in held}

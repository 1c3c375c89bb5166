"""The release: what BI tools, analysts and decision makers get.

Belongs here: exporting de-identified marts, gating them, describing and checksumming them, the dashboard,
and the shelf of releases with its one pointer. Does not belong here: when a release is made (defs/), what a
mart holds (dbt_project/), or anything that reads the clock or the environment.

The way: :func:`exports_from_manifest` says what leaves the warehouse, :func:`build_release` builds aside and
gates, :func:`switch` makes it the one readers see, :func:`open_release` lets them ask it questions.
"""

from mids_orchestration.release.build import IDENTITIES, PROMISED_TABLES, build_release
from mids_orchestration.release.freshness import feed_states
from mids_orchestration.release.manifest import exports_from_manifest
from mids_orchestration.release.model import (
    Bilingual,
    Export,
    ExportColumn,
    FeedState,
    ForeignKey,
    GateResult,
    Release,
    ReleaseError,
    ReleaseRefused,
)
from mids_orchestration.release.refusal import hold_back
from mids_orchestration.release.store import (
    current_release,
    find_release,
    last_refusal,
    list_releases,
    load_release,
    open_release,
    rollback,
    switch,
    verify_release,
)

__all__ = [
    "IDENTITIES",
    "PROMISED_TABLES",
    "Bilingual",
    "Export",
    "ExportColumn",
    "FeedState",
    "ForeignKey",
    "GateResult",
    "Release",
    "ReleaseError",
    "ReleaseRefused",
    "build_release",
    "current_release",
    "exports_from_manifest",
    "feed_states",
    "find_release",
    "hold_back",
    "last_refusal",
    "list_releases",
    "load_release",
    "open_release",
    "rollback",
    "switch",
    "verify_release",
]

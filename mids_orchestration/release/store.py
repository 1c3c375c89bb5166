"""The shelf of releases: list, check, open, and move the pointer.

Belongs here: everything about finished releases and ``current``. Does not belong here: making one (build).

``releases/current`` is a symbolic link that is replaced in one step (``os.replace``): whoever resolves it
sees the old release or the new one. Readers resolve it once and then stay inside that folder; releases are
never changed after they are named, so a reader keeps what it opened.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from mids_orchestration.files import sync
from mids_orchestration.release.model import Bilingual, FeedState, GateResult, Release, ReleaseError
from mids_orchestration.release.tables import literal, sha256_of

CURRENT = "current"
REFUSED = "refused.json"
RESTRICTED = "restricted"
SUMS = "SHA256SUMS"
FACTS = "release.json"
_ID = re.compile(r"^\d{4}-\d{2}-\d{2}-[0-9a-f]{12}$")


def load_release(folder: Path, *, built: bool = False) -> Release:
    """Read a finished release's own account of itself.

    Raises:
        ReleaseError: when ``folder`` is not a release.
    """
    path = folder.resolve()
    try:
        facts = json.loads((path / FACTS).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{folder} is not a release ({error}): see mids release list") from error
    return Release(
        release_id=facts["release_id"],
        path=path,
        as_of=date.fromisoformat(facts["as_of"]),
        as_of_week=date.fromisoformat(facts["as_of_week"]),
        data_version=facts["data_version"],
        tables=facts["tables"],
        gates=tuple(GateResult(**gate) for gate in facts["gates"]),
        feeds=tuple(_feed(feed) for feed in facts["feeds"]),
        built=built,
        facts=facts,
    )


def _feed(told: Mapping[str, Any]) -> FeedState:
    last = told["last_known_on"]
    return FeedState(
        **{
            **told,
            "title": Bilingual(**told["title"]),
            "last_known_on": date.fromisoformat(last) if last else None,
        }
    )


def list_releases(releases: Path) -> list[Release]:
    """Every kept release, newest as-of day first (then by id)."""
    if not releases.is_dir():
        return []
    folders = [entry for entry in releases.iterdir() if _ID.match(entry.name) and entry.is_dir()]
    found = [load_release(folder) for folder in folders if (folder / FACTS).exists()]
    return sorted(found, key=lambda release: (release.as_of, release.release_id), reverse=True)


def current_release(releases: Path) -> Release | None:
    """The release readers see now; None before the first one."""
    pointer = releases / CURRENT
    return load_release(pointer) if pointer.exists() else None


def find_release(releases: Path, release_id: str) -> Release:
    """The kept release of that id (or unique beginning of it); ``current`` is the current one.

    Raises:
        ReleaseError: when none or several match.
    """
    if release_id == CURRENT:
        now = current_release(releases)
        if now is None:
            raise ReleaseError("Nothing has been published yet: run the weekly cycle (mids run)")
        return now
    kept = list_releases(releases)
    matching = [release for release in kept if release.release_id.startswith(release_id)]
    if len(matching) != 1:
        what = "no kept release begins" if not matching else f"{len(matching)} kept releases begin"
        raise ReleaseError(
            f"{what} with {release_id!r}; kept: {', '.join(r.release_id for r in kept) or '-'}"
        )
    return matching[0]


def switch(release: Release) -> None:
    """Make ``release`` the one readers see, in one step.

    Raises:
        ReleaseError: when its folder is gone.
    """
    if not (release.path / FACTS).exists():
        raise ReleaseError(f"{release.release_id} is not on the shelf any more: publish again")
    shelf = release.path.parent
    aside = shelf / f".{CURRENT}-{os.getpid()}-{os.urandom(4).hex()}"
    aside.symlink_to(release.path.name, target_is_directory=True)
    try:
        aside.replace(shelf / CURRENT)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    sync(shelf)


def rollback(releases: Path, release_id: str) -> Release:
    """Point ``current`` at a kept release again, after checking that it is whole.

    Raises:
        ReleaseError: when it is unknown, or its files are not what was published.
    """
    release = find_release(releases, release_id)
    problems = verify_release(release.path)
    if problems:
        raise ReleaseError(f"{release.release_id} is damaged and stays off: {'; '.join(problems[:5])}")
    switch(release)
    return release


def seal(stage: Path) -> None:
    """Checksums, read-only files, closed restricted folder, everything on disk."""
    restricted = stage / RESTRICTED
    for root, skip in ((restricted, None), (stage, RESTRICTED)):
        listed = sorted(
            path for path in root.rglob("*") if path.is_file() and path.relative_to(root).parts[0] != skip
        )
        lines = [f"{sha256_of(path)}  {path.relative_to(root)}" for path in listed]
        (root / SUMS).write_text("\n".join(lines) + "\n", "utf-8")
    for path in [*stage.rglob("*"), stage]:
        inside = restricted == path or restricted in path.parents
        if path.is_dir():
            path.chmod(0o700 if inside else 0o755)
        else:
            path.chmod(0o400 if inside else 0o444)
        sync(path)


def verify_release(folder: Path) -> list[str]:
    """Return what is wrong with a release's files; an empty list means it is as published.

    Compares every file with the checksums, looks for missing and unexpected files, for restricted files
    that others could read, and recomputes the id from the Parquet files' own bytes.
    """
    root = folder.resolve()
    if not root.is_dir():
        return [f"{folder} does not exist"]
    problems = _verify_sums(root, skip=RESTRICTED)
    restricted = root / RESTRICTED
    if restricted.exists():
        problems += [f"{RESTRICTED}/{problem}" for problem in _verify_sums(restricted)]
        for path in (restricted, *sorted(restricted.rglob("*"))):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                problems.append(f"{path.relative_to(root)} is open to others (mode {mode:o}): chmod go= it")
    problems += _verify_id(root)
    return problems


def _verify_sums(root: Path, skip: str | None = None) -> list[str]:
    try:
        lines = (root / SUMS).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        return [f"{SUMS} cannot be read: {error}"]
    told = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if not path.is_dir() and path.relative_to(root).parts[0] != skip
    } - {SUMS}
    problems = [f"{name} is missing" for name in sorted(set(told) - there)]
    problems += [f"{name} is not part of the release" for name in sorted(there - set(told))]
    problems += [
        f"{name} differs from its checksum"
        for name in sorted(there & set(told))
        if sha256_of(root / name) != told[name]
    ]
    return problems


def _verify_id(root: Path) -> list[str]:
    try:
        facts = json.loads((root / FACTS).read_text("utf-8"))
        identity = facts["identity"]
        claimed = facts["release_id"]
        tables = identity["tables"]
    except (OSError, ValueError, KeyError) as error:
        return [f"{FACTS} cannot be read: {error!r}"]
    problems = []
    if claimed != root.name:
        problems.append(f"{FACTS} says {claimed}, the folder is {root.name}")
    if identity_hash(identity) != claimed[-12:]:
        problems.append(f"{FACTS}: the id does not follow from what it lists")
    for name, digest in tables.items():
        path = root / name
        # A public copy may come without the restricted folder; with it, every file has to fit.
        if path.exists() and sha256_of(path) != digest:
            problems.append(f"{name} is not the table the id was made from")
    return problems


def identity_hash(identity: Mapping[str, Any]) -> str:
    """The twelve digits of a release id, from the canonical JSON of what the release was made from."""
    text = json.dumps(identity, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def open_release(
    releases: Path, release_id: str = CURRENT, *, restricted: bool = False
) -> duckdb.DuckDBPyConnection:
    """Open a release for questions: read-only, in memory, shut off from files and network.

    The pointer is resolved once, so every query of this connection sees one release, also while a new one is
    published. The default schema is the release's: ``select * from fct_weekly_count`` works as it stands.

    Raises:
        ReleaseError: when there is no such release.
    """
    release = find_release(releases, release_id)
    database = release.path / RESTRICTED / "mids_restricted.duckdb" if restricted else release.database
    connection = duckdb.connect()
    try:
        connection.execute(f"attach {literal(str(database))} as mids (read_only)")
        connection.execute("use mids")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
    except duckdb.Error as error:
        connection.close()
        raise ReleaseError(
            f"{release.release_id} cannot be opened ({error}): mids release verify tells why"
        ) from error
    return connection


def last_refusal(releases: Path) -> dict[str, Any] | None:
    """Why the newest attempt to publish was refused; None when the newest attempt succeeded."""
    path = releases / REFUSED
    if not path.exists():
        return None
    told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return told


@contextmanager
def publisher_lock(releases: Path) -> Iterator[None]:
    """One publisher at a time; the system frees the lock when a publisher dies."""
    releases.mkdir(parents=True, exist_ok=True)
    with (releases / ".publisher.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield

"""The warehouse as seen from Python: its dbt project, its manifest, its DuckDB file.

Belongs here: preparing dbt's manifest so that the code location loads quickly, and opening the
warehouse file. Does not belong here: models (dbt_project/), or when they run (defs/warehouse).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from expectations.contract import Contract
from expectations.dbt_sources import render_sources
from mids_orchestration.settings import DBT_PROJECT, Settings

LANDING_SOURCES = DBT_PROJECT / "models" / "staging" / "_landing_sources.yml"
MANIFEST = DBT_PROJECT / "target" / "manifest.json"
_FINGERPRINT = DBT_PROJECT / "target" / "manifest.sha256"
_PARTIAL_PARSE = DBT_PROJECT / "target" / "partial_parse.msgpack"
#: How a new warehouse file is written; also in dbt_project/profiles.yml, because whoever comes first makes the file.
STORAGE_VERSION = "v1.5.0"
_SOURCE_SUFFIXES = {".sql", ".yml", ".yaml", ".csv", ".md", ".py"}


class ManifestError(RuntimeError):
    """dbt could not read its own project; the message carries what dbt said."""


def dbt_executable() -> str:
    """The dbt of this very environment, so that a system-wide dbt can never be picked up."""
    return str(Path(sys.executable).parent / "dbt")


def project_fingerprint() -> str:
    """A hash over every file dbt would parse; equal hashes mean an equal manifest."""
    digest = hashlib.sha256()
    for path in sorted(DBT_PROJECT.rglob("*")):
        parts = path.relative_to(DBT_PROJECT).parts
        if parts[0] in {"target", "logs", "dbt_packages"} or path.suffix not in _SOURCE_SUFFIXES:
            continue
        digest.update("/".join(parts).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def prepare_manifest(contracts: Mapping[str, Contract], settings: Settings) -> dict[str, Any]:
    """Return dbt's manifest, parsing the project only when a file of it (or a contract) has changed.

    The landing sources are written from the contracts first, so that a new feed needs no second
    declaration. A cold parse takes seconds and a warm load a fraction of one, which keeps the code
    location inside its ten seconds.

    Raises:
        ManifestError: when dbt cannot parse the project.
    """
    sources = render_sources(contracts)
    if not LANDING_SOURCES.exists() or LANDING_SOURCES.read_text() != sources:
        _replace_text(LANDING_SOURCES, sources)
    fingerprint = project_fingerprint()
    if not (MANIFEST.exists() and _FINGERPRINT.exists() and _FINGERPRINT.read_text() == fingerprint):
        _parse(settings)
        _replace_text(_FINGERPRINT, fingerprint)
    manifest: dict[str, Any] = json.loads(MANIFEST.read_text())
    return manifest


def _parse(settings: Settings) -> None:
    MANIFEST.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="parse-", dir=MANIFEST.parent) as aside:
        command = [dbt_executable(), "--quiet", "parse", "--project-dir", str(DBT_PROJECT)]
        command += ["--profiles-dir", str(DBT_PROJECT), "--target-path", aside, "--log-path", aside]
        result = subprocess.run(
            command,
            env={**os.environ, **settings.dbt_environment()},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise ManifestError(f"dbt parse failed:\n{result.stdout}\n{result.stderr}")
        # Two processes may parse at once (tests do): each replaces whole files, never edits them.
        for target in (_PARTIAL_PARSE, MANIFEST):
            made = Path(aside) / target.name
            if made.exists():
                made.replace(target)


def _replace_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-", delete=False) as aside:
        aside.write(text)
    Path(aside.name).chmod(0o644)
    Path(aside.name).replace(path)


@contextmanager
def open_warehouse(settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse file for as short as possible: DuckDB has one lock between processes.

    Raises:
        duckdb.IOException: when another process holds the file, or it is not there to be read.
    """
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        str(settings.warehouse),
        read_only=read_only,
        config={"storage_compatibility_version": STORAGE_VERSION},
    )
    try:
        connection.execute(f"set memory_limit = '{settings.duckdb_memory_limit}'")
        connection.execute(f"set temp_directory = '{settings.home / 'warehouse' / 'spill'}'")
        yield connection
    finally:
        connection.close()

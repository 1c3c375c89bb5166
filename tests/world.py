"""One small MIDS, run once through the command line, and how tests ask it.

The fixture is in ``tests/conftest.py``; all tests that read it carry the xdist group ``world``, so that one
worker makes it once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
MIDS = Path(sys.executable).parent / "mids"
AS_OF = "2026-06-29"
REAL = REPOSITORY.parent / "shared" / "real"  # files of others, which are never committed; may be absent
REAL_FILES = {
    "ctdc/victims": "ctdc_global_14apr2020_core_derived.csv",
    "iom/missing_migrants_europe": "iom_europe_2014_2026.csv",
    "iom/missing_migrants_export": "MissingMigrants-Global-2026-05-06.csv",
    "ukho/small_boats": "long_uk_small_boats_daily.csv",
}


@dataclass(frozen=True)
class World:
    """A data home with a finished cycle, and what the run printed as JSON."""

    home: Path
    summary: dict[str, Any]

    def mids(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``mids`` on this home."""
        return run_mids(self.home, *words, check=check)

    def sql(self, query: str, *, restricted: bool = False) -> list[dict[str, Any]]:
        """Rows of a query on the current release, through the command line."""
        flags = ["--restricted"] if restricted else []
        return json.loads(self.mids("sql", query, "--json", *flags).stdout)


def run_mids(home: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the console script as a person would, on ``home``; shows its output when it fails."""
    environment = {**os.environ, "MIDS_HOME": str(home)}
    environment.pop("MIDS_INBOX", None)
    done = subprocess.run([str(MIDS), *words], env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        pytest.fail(f"mids {' '.join(words)} ended {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def make_world(home: Path) -> World:
    """Simulate the agencies in ``home``, lay the real files beside them where there are any, run the cycle."""
    run_mids(home, "sample", "--out", str(home), "--scale", "0.15", "--weeks", "40", "--seed", "7")
    for feed, name in REAL_FILES.items() if REAL.is_dir() else ():
        (home / "inbox" / feed).mkdir(parents=True)
        shutil.copy(REAL / name, home / "inbox" / feed / name)
    done = run_mids(home, "run", "--as-of", AS_OF, "--json")
    return World(home, json.loads(done.stdout))

"""One small MIDS, run once through the command line, read by every test here.

All tests that read it carry the same xdist group, so that one worker makes it once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
MIDS = Path(sys.executable).parent / "mids"
AS_OF = "2026-06-29"


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


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("world") / "home"
    run_mids(home, "sample", "--out", str(home), "--scale", "0.15", "--weeks", "40", "--seed", "7")
    done = run_mids(home, "run", "--as-of", AS_OF, "--json")
    return World(home, json.loads(done.stdout))

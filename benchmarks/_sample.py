"""The sample that a benchmark measures on: a finished cycle with its truth beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pandas as pd

from mids_orchestration.sample.known import has_truth, truth_of


def finished_sample() -> tuple[Path, pd.DataFrame] | None:
    """The data home (first word, else MIDS_HOME, else .mids) and its truth; None, and said so, where there is none."""
    home = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MIDS_HOME", ".mids"))
    if not (home / "warehouse" / "mids.duckdb").exists() or not has_truth(home):
        print(f"not measured: {home} holds no finished cycle with truth beside it (make demo makes one)")
        return None
    return home, truth_of(home)

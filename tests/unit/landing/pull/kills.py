"""Kill a pull again and again at random moments, then let one finish: run by test_steps.py as a process.

The server belongs to the process that started this one. A process that has loaded everything forks one pull after the
other and kills each with SIGKILL.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

from expectations.contract import load_contracts
from mids_orchestration.landing import read_receipts
from tests.unit.landing.crashes import in_child
from tests.unit.landing.pull.station import Station


def main(root: Path, points: int, seed: int) -> None:
    """Pull from what sources.yml under *root* names, dying at least *points* times; print what is left."""
    station = Station(root)
    station.contracts = load_contracts(root / "expectations" / "feeds")

    def once() -> None:
        done = station.pull()
        assert done.error is None, done.error

    def afresh() -> None:
        for left in ("pull", "landing", "receipts", "archive", "quarantine", "staging"):
            wipe(station.home / left)
        wipe(station.inbox)

    assert in_child(once)
    afresh()
    started = time.monotonic()
    assert in_child(once)
    whole = time.monotonic() - started
    dice = random.Random(seed)
    killed = 0
    while killed < points:
        afresh()  # every pull begins with nothing: what matters is where in the steps it dies
        killed += not in_child(once, dice.random() * whole)
        killed += not in_child(once, dice.random() * whole)
        assert in_child(once)
        state = json.loads((station.home / "pull" / "aaa.things" / "state.json").read_text())
        assert state["pending"] == [] and state["progress"], state
        refs = station.refs()
        assert set(refs.values()) == {1}, refs.most_common(3)
        assert len(refs) == 30, len(refs)
        assert {receipt.status for receipt in read_receipts(station.home)} == {"accepted"}
        assert station.pull().files == []
    print(json.dumps({"killed": killed}))


def wipe(folder: Path) -> None:
    """Empty a folder of everything, itself included."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

"""`mids run` for a day that it cannot know."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world import run_mids


@pytest.mark.parametrize("day", ["1990-01-01", "2999-01-04"])
def test_a_day_outside_the_weeks_is_refused_before_anything_is_run(tmp_path: Path, day: str) -> None:
    (tmp_path / "inbox").mkdir()
    done = run_mids(tmp_path, "run", "--as-of", day, check=False)
    assert done.returncode == 2
    assert f"as of {day} the last closed week began on" in done.stderr
    assert "give --as-of" in done.stderr and "Traceback" not in done.stderr
    assert run_mids(tmp_path, "status", check=False).returncode == 2, "no cycle is recorded"
    assert not (tmp_path / "dagster" / "history" / "runs.db").exists()

"""The inbox sensor: asks for a run when a delivery has settled, and says which file is still being uploaded."""

from __future__ import annotations

import os
import time
from pathlib import Path

import dagster as dg
import pytest

from mids_orchestration.defs.sensors import inbox_sensor
from mids_orchestration.settings import Settings
from tests.graph.test_pull_sensors import tick


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "inbox" / "pdrm" / "cases").mkdir(parents=True)
    return Settings(home=tmp_path / "home", inbox=tmp_path / "home" / "inbox")


def _asked(settings: Settings) -> dg.RunRequest | str:
    (found,) = tick(inbox_sensor, settings)
    return found if isinstance(found, dg.RunRequest) else str(found.skip_message)


def test_no_run_while_a_file_is_still_uploaded(settings: Settings) -> None:
    path = settings.inbox / "pdrm" / "cases" / "pdrm_cases_20240701.csv"
    assert _asked(settings) == "Nothing waits in the inbox."
    with path.open("w") as upload:
        upload.write("no_kertas_siasatan;")
        upload.flush()
        for _ in range(3):
            assert _asked(settings) == "Still being uploaded: pdrm/cases/pdrm_cases_20240701.csv."
        (settings.inbox / "pdrm" / "cases" / "pdrm_cases_20240708.csv").write_text("another\n")
        other = _asked(settings)  # what has settled does not wait for what has not
    first = _asked(settings)
    assert isinstance(other, dg.RunRequest) and isinstance(first, dg.RunRequest)
    again = _asked(settings)
    assert isinstance(again, dg.RunRequest) and again.run_key == first.run_key != other.run_key
    # The upload went on after all: another file, another run.
    path.write_text("no_kertas_siasatan;negeri\n")
    os.utime(path, ns=(time.time_ns(), time.time_ns() + 5))
    later = _asked(settings)
    assert isinstance(later, dg.RunRequest) and later.run_key != first.run_key


def test_a_feed_with_a_settling_time_waits_for_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from expectations.contract import load_contracts
    from mids_orchestration.defs import sensors

    contracts = load_contracts()
    slow = {**contracts, "pdrm.cases": replace(contracts["pdrm.cases"], settle_seconds=600)}
    monkeypatch.setattr(sensors, "load_contracts", lambda: slow)
    path = settings.inbox / "pdrm" / "cases" / "pdrm_cases_20240701.csv"
    path.write_text("no_kertas_siasatan\n")
    assert _asked(settings) == "Still being uploaded: pdrm/cases/pdrm_cases_20240701.csv."
    os.utime(path, (time.time() - 700, time.time() - 700))
    assert isinstance(_asked(settings), dg.RunRequest)

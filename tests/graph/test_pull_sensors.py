"""The pull sensors against a real server: what they fetch lies in the inbox; land_feed is asked for that feed alone."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import yaml

from mids_orchestration.defs.resources import MidsHome
from mids_orchestration.defs.sensors import build_pull_sensor, inbox_sensor
from mids_orchestration.settings import Settings
from tests.unit.landing.pull.servers import SECRET, Sftp
from tests.unit.landing.pull.test_sftp import options


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PDRM_SFTP_PASSWORD", SECRET)
    home = tmp_path / "home"
    home.mkdir()
    return Settings(home=home, inbox=home / "inbox")


@pytest.fixture
def police(tmp_path: Path, settings: Settings):
    (tmp_path / "remote" / "out").mkdir(parents=True)
    server = Sftp(tmp_path / "remote")
    sources = {"pdrm.cases": options(server, password_env="PDRM_SFTP_PASSWORD", attempts=1)}
    (settings.home / "sources.yml").write_text(yaml.safe_dump(sources))
    yield server
    server.close()


def tick(sensor: dg.SensorDefinition, settings: Settings) -> list[dg.RunRequest | dg.SkipReason]:
    context = dg.build_sensor_context(resources={"mids": MidsHome.of(settings)})
    return list(sensor(context))


def test_a_sensor_fetches_and_asks_for_one_run_of_that_feed(police: Sftp, settings: Settings) -> None:
    sensor = build_pull_sensor("sftp")
    (skipped,) = tick(sensor, settings)
    assert isinstance(skipped, dg.SkipReason) and "nothing new" in str(skipped.skip_message)
    (police.folder / "out" / "pdrm_cases_20240701.csv").write_text("no_kertas_siasatan\n")
    (asked,) = tick(sensor, settings)
    assert isinstance(asked, dg.RunRequest)
    assert asked.asset_selection == [dg.AssetKey(["landing", "pdrm__cases"])]
    assert (settings.inbox / "pdrm" / "cases" / "pdrm_cases_20240701.csv").exists()
    # Until it has a receipt the same run is meant, and the inbox sensor leaves it to us.
    (again,) = tick(sensor, settings)
    assert isinstance(again, dg.RunRequest) and again.run_key == asked.run_key
    (idle,) = tick(inbox_sensor, settings)
    assert isinstance(idle, dg.SkipReason)


def test_a_sensor_whose_only_server_fails_shows_a_failed_tick(police: Sftp, settings: Settings) -> None:
    police.close()
    with pytest.raises(dg.Failure, match=r"pdrm\.cases: SFTP 127\.0\.0\.1"):
        tick(build_pull_sensor("sftp"), settings)


def test_without_sources_nothing_is_pulled(settings: Settings) -> None:
    for transport in ("sftp", "http", "postgres"):
        (skipped,) = tick(build_pull_sensor(transport), settings)
        assert isinstance(skipped, dg.SkipReason)

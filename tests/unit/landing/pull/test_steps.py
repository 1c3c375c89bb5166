"""The steps from server to receipt: whatever is interrupted, nothing is lost and nothing doubled. And the verb."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from mids_orchestration.cli import app
from mids_orchestration.landing.pull import Patience, awaiting, fetch
from tests.unit.landing.desk import AS_OF
from tests.unit.landing.pull.servers import SECRET, Api, Sftp
from tests.unit.landing.pull.station import Station
from tests.unit.landing.pull.test_http import options, record
from tests.unit.landing.pull.test_sftp import options as sftp_options
from tests.unit.landing.pull.test_sftp import upload

REPOSITORY = Path(__file__).parents[4]
POINTS = 30


def brought(station: Station) -> list[str]:
    """Fetch without landing."""
    done = fetch(
        station.source(), home=station.home, inbox=station.inbox, as_of=AS_OF, patience=Patience(20.0)
    )
    return done.unreceipted


@pytest.fixture
def served(api: Api, station: Station) -> Station:
    api.records, api.page_size = [record(n) for n in range(30)], 10
    station.connect("http", **options(api))
    return station


def state(station: Station) -> dict[str, object]:
    return json.loads((station.home / "pull" / "aaa.things" / "state.json").read_text())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_kill_9_at_random_moments(served: Station) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.landing.pull.kills", str(served.root), str(POINTS), "20260629"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["killed"] >= POINTS


def test_the_watermark_moves_only_after_the_receipt(api: Api, served: Station) -> None:
    names = brought(served)
    assert len(names) == 3 and state(served)["progress"] == {}
    asked = len(api.asked)
    assert brought(served) == names and len(api.asked) == asked  # not asked again before there are receipts
    assert awaiting(served.home, served.inbox) == {served.inbox / "aaa" / "things" / name for name in names}
    assert [r.status for r in served.land()] == ["accepted"] * 3
    assert brought(served) == [] and state(served)["progress"]["watermark"] == "2026-01-01T00:00:29+08:00"
    assert set(served.refs().values()) == {1} and awaiting(served.home, served.inbox) == set()


def test_new_records_between_fetch_and_landing_come_with_the_next_pull(api: Api, served: Station) -> None:
    brought(served)
    api.records.append(record(30))
    assert served.pull().receipts and "H30" not in served.refs()
    served.pull()
    assert set(served.refs()) == {f"H{n}" for n in range(31)}


def test_files_taken_out_of_the_inbox_before_they_landed_are_fetched_again(served: Station) -> None:
    for name in brought(served):
        (served.inbox / "aaa" / "things" / name).unlink()
    assert len(served.pull().files) == 3
    assert len(served.refs()) == 30


def test_a_crash_between_the_note_and_the_move_is_finished_by_the_next_pull(served: Station) -> None:
    incoming = served.home / "pull" / "aaa.things" / "incoming"
    for name in brought(served)[1:]:  # as if the move had stopped after the first file
        (served.inbox / "aaa" / "things" / name).rename(incoming / name)
    done = served.pull()
    assert done.error is None and done.unreceipted == []
    assert len(served.refs()) == 30 and set(served.refs().values()) == {1}


def test_a_full_disk_leaves_nothing_in_half(sftp: Sftp, station: Station) -> None:
    station.connect("sftp", **sftp_options(sftp))
    upload(sftp, "aaa_things_20260601.csv", 0, 9000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        done = station.pull()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert done.error is not None and os.strerror(errno.EFBIG) in done.error
    assert not list(station.inbox.rglob("*.csv"))
    assert station.pull().receipts[0].tables["things"].accepted == 9000


def test_a_file_dropped_by_hand_under_the_same_name_is_not_lost(sftp: Sftp, station: Station) -> None:
    station.connect("sftp", **sftp_options(sftp))
    upload(sftp, "aaa_things_20260601.csv", 0, 5)
    station.send("ref,persons,updated_at\nX1,1,2026-01-01 00:00:00\n", "aaa_things_20260601.csv")
    station.pull()
    station.pull()
    assert set(station.refs()) == {"X1", *(f"S{n}" for n in range(5))}


def test_a_damaged_state_is_an_error_and_not_a_new_beginning(served: Station) -> None:
    served.pull()
    (served.home / "pull" / "aaa.things" / "state.json").write_text("{")
    done = served.pull()
    assert done.error is not None and "is damaged" in done.error and done.files == []


def test_a_pulled_page_is_received_under_the_day_of_the_pull(served: Station) -> None:
    assert {receipt.sent_on for receipt in served.pull().receipts} == {date(2026, 6, 29)}


def mids(home: Path, *words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["pull", "--home", str(home), "--as-of", "2026-06-29", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_the_verb_pulls_the_sample_contracts_and_says_what_it_did(
    sftp: Sftp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    assert mids(home)[0] == 2 and "sources.yml" in mids(home)[2]
    home.mkdir()
    sources = {"pdrm.cases": sftp_options(sftp, password_env="PDRM_SFTP_PASSWORD")}
    (home / "sources.yml").write_text(yaml.safe_dump(sources))
    code, out, _ = mids(home)
    assert code == 1 and "set the environment variable PDRM_SFTP_PASSWORD" in out
    monkeypatch.setenv("PDRM_SFTP_PASSWORD", SECRET)
    code, out, _ = mids(home)
    assert code == 0 and "nothing new" in out
    (sftp.folder / "out" / "pdrm_cases_20260622.csv").write_text("no;such;header\n1;2;3\n")
    code, out, _ = mids(home, "pdrm/cases", "--json")
    told = json.loads(out)
    assert code == 1 and told[0]["receipts"][0]["refused"] == "HEADER_CHANGED"
    assert told[0]["unreceipted"] == [] and SECRET not in out
    assert mids(home)[0] == 0  # refused, receipted, archived: not fetched again
    assert mids(home, "jim.operations")[0] == 2
    (home / "sources.yml").write_text(yaml.safe_dump({"jim.operations": {}}))
    code, _, err = mids(home)
    assert code == 2 and "`transport: file`" in err

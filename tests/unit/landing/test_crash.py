"""Power cuts, full disks and files that are still coming: no half delivery, and the next run completes it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mids_orchestration.landing import pending, recover
from tests.unit.landing.crashes import DELIVERIES, contents, prepared, sound
from tests.unit.landing.desk import AS_OF, Desk, contract_text

REPOSITORY = Path(__file__).parents[3]
POINTS = 60
HEAD = "ref;seen_on;state;persons;note\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_kill_9_at_random_moments(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.landing.crashes", str(tmp_path), str(POINTS), "20260629"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["killed"] >= 50


def test_a_full_disk_leaves_no_half_delivery_and_the_next_run_completes_it(tmp_path):
    desk = prepared(tmp_path)
    dice = random.Random(1)
    rows = "".join(f"B{n};;JOHOR;1;{dice.randbytes(60).hex()}\n" for n in range(4000))
    desk.send(HEAD + rows, "aaa_things_20250101.csv")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    # A bound on the size of any file is a disk that is full at that point.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OSError) as raised:
            desk.land()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert raised.value.errno == errno.EFBIG
    sound(desk)
    assert len(list((desk.home / "receipts").glob("*.json"))) < DELIVERIES + 1
    assert {receipt.status for receipt in desk.land()} == {"accepted"}
    assert len(list((desk.home / "receipts").glob("*.json"))) == DELIVERIES + 1
    assert len([row for row in desk.rows() if row["ref"].startswith("B")]) == 4000
    assert desk.land() == []


def test_what_has_no_receipt_is_not_there_for_a_reader(desk):
    receipt = desk.one(HEAD + "A1;;JOHOR;1;\n")
    table = desk.home / "landing" / "aaa" / "things"
    # As a kill between the rename of the table and that of the receipt leaves it.
    (desk.home / "receipts" / f"{receipt.receipt_id}.json").unlink()
    assert len(list(table.glob("aaa-*.parquet"))) == 1
    recover(desk.home, desk.contracts)
    assert list(table.glob("aaa-*.parquet")) == []
    desk.land()
    assert len(desk.rows()) == 1


def test_a_file_some_process_still_writes_is_left_for_the_next_run(desk):
    desk.agree()
    path = desk.send(HEAD)
    with path.open("a") as upload:
        upload.write("A1;;JOHOR;1;\n")
        upload.flush()
        assert desk.land() == []
        upload.write("A2;;JOHOR;1;\n")
    receipts = desk.land()
    assert [receipt.tables["things"].accepted for receipt in receipts] == [2]


def test_a_file_changed_just_now_waits_as_long_as_the_contract_says(desk):
    delivery = {"kind": "delta", "file_pattern": ".*", "settle_seconds": 120}
    desk.agree(contract_text(delivery=delivery))
    path = desk.send(HEAD + "A1;;JOHOR;1;\n")
    now = time.time_ns()
    assert desk.land(now_ns=now) == []
    assert pending(desk.inbox, desk.home, as_of=AS_OF, contracts=desk.contracts, now_ns=now) == []
    os.utime(path, ns=(now - 200 * 10**9, now - 200 * 10**9))
    assert len(desk.land(now_ns=now)) == 1


def test_on_a_disk_that_cannot_say_who_writes_a_file_must_have_kept_still(desk, monkeypatch):
    # A network disk refuses the lease; there is none here, so the refusal is made.
    real = fcntl.fcntl

    def no_leases(handle, command, *rest):
        if command == fcntl.F_SETLEASE:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return real(handle, command, *rest)

    desk.agree()
    path = desk.send(HEAD + "A1;;JOHOR;1;\n")  # half of it
    now = time.time_ns()
    monkeypatch.setattr(fcntl, "fcntl", no_leases)
    assert desk.land(now_ns=now) == []
    with path.open("a") as upload:
        upload.write("A2;;JOHOR;1;\n")
    assert desk.land(now_ns=now + 30 * 10**9) == []
    (receipt,) = desk.land(now_ns=path.stat().st_mtime_ns + 61 * 10**9)
    assert receipt.tables["things"].accepted == 2


@pytest.mark.parametrize("name", ["x.csv.part", "x.csv.filepart", ".x.csv", "x.csv.tmp", "x.csv~"])
def test_names_of_unfinished_uploads_are_passed_over(desk, name):
    desk.agree()
    desk.send(HEAD + "A1;;JOHOR;1;\n", name)
    assert desk.land() == []


def test_the_helpers_see_a_difference(tmp_path):
    """The check above can fail: a lost record, or a changed byte, is noticed."""
    desk = prepared(tmp_path)
    desk.land()
    sound(desk)
    whole = contents(desk)
    victim = next((desk.home / "landing" / "aaa" / "things").glob("aaa-*.parquet"))
    victim.unlink()
    assert contents(desk) != whole
    with pytest.raises(AssertionError):
        sound(Desk(tmp_path, contracts=desk.contracts))

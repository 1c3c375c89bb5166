"""Readers, switches and kills at once: last week or this week, never between."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from mids_orchestration.release import current_release, list_releases, open_release, switch, verify_release
from release import small_warehouse as small
from release.conftest import Shelf, build

ROOT = Path(__file__).resolve().parents[3]
SWITCHES = 50
READING_THREADS, READING_PROCESSES = 17, 3

READER = """
import sys, time
from pathlib import Path
from mids_orchestration.release import open_release
print("ready", flush=True)
until, seen = time.monotonic() + float(sys.argv[2]), set()
while time.monotonic() < until:
    with open_release(Path(sys.argv[1])) as connection:
        for _ in range(3):
            row = connection.execute(
                "select (select release_id from mids_release), (select sum(count_value) from fct_weekly_count)"
            ).fetchone()
            seen.add(row)
print(sorted(seen))
"""

BUILDER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from release.conftest import build
from mids_orchestration.release import switch
release = build(Path(sys.argv[1]), Path(sys.argv[2]), announce=lambda line: print(line, flush=True))
switch(release)
print("switched", flush=True)
"""


def total(release) -> int:
    with open_release(release.path.parent, release.release_id) as connection:
        row = connection.execute("select sum(count_value) from fct_weekly_count").fetchone()
        assert row is not None
        return int(row[0])


def test_readers_see_one_release_whole_through_many_switches(shelf: Shelf) -> None:
    expected = {shelf.first.release_id: total(shelf.first), shelf.second.release_id: total(shelf.second)}
    assert len(set(expected.values())) == 2
    errors: list[BaseException] = []
    mixed: list[tuple[str, int]] = []
    reads = [0] * READING_THREADS
    done = threading.Event()

    def read(me: int) -> None:
        try:
            while not done.is_set():
                with open_release(shelf.releases) as connection:
                    first = connection.execute("select release_id from mids_release").fetchone()
                    time.sleep(0.002)
                    second = connection.execute("select sum(count_value) from fct_weekly_count").fetchone()
                    assert first is not None and second is not None
                    if expected[first[0]] != second[0]:
                        mixed.append((first[0], second[0]))
                    reads[me] += 1
        except BaseException as error:
            errors.append(error)

    command = [sys.executable, "-c", READER, str(shelf.releases), "3"]
    others = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for _ in range(READING_PROCESSES)
    ]
    for other in others:
        assert other.stdout is not None and other.stdout.readline() == "ready\n"
    threads = [threading.Thread(target=read, args=(me,)) for me in range(READING_THREADS)]
    for thread in threads:
        thread.start()
    for turn in range(SWITCHES):
        switch(shelf.second if turn % 2 == 0 else shelf.first)
        time.sleep(0.04)
    done.set()
    for thread in threads:
        thread.join()
    said = [other.communicate()[0] for other in others]
    print(
        f"{READING_THREADS + READING_PROCESSES} readers, {SWITCHES} switches, {sum(reads)} reads in threads"
    )
    assert errors == []
    assert mixed == []
    assert min(reads) >= 1 and sum(reads) >= SWITCHES
    assert [other.returncode for other in others] == [0] * READING_PROCESSES
    allowed = {f"('{name}', {count})" for name, count in expected.items()}
    for line in said:
        seen = set(line.strip()[1:-1].replace("), (", ")|(").split("|"))
        assert seen and seen <= allowed


def test_a_killed_build_leaves_the_old_release(tmp_path: Path) -> None:
    releases, warehouse = tmp_path / "releases", tmp_path / "mids.duckdb"
    first = build(small.write_warehouse(warehouse), releases, data_version="before")
    switch(first)
    command = [sys.executable, "-c", BUILDER, str(warehouse), str(releases), str(ROOT / "tests" / "unit")]
    for at in ("release: writing", "release: databases", "release: gates"):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as builder:
            assert builder.stdout is not None
            while not builder.stdout.readline().startswith(at):
                assert builder.poll() is None
            builder.kill()
        assert builder.returncode == -signal.SIGKILL
        assert len(list(releases.glob(".building-*"))) == 1
        now = current_release(releases)
        assert now is not None and now.release_id == first.release_id
        assert verify_release(releases / "current") == []
        assert [r.release_id for r in list_releases(releases)] == [first.release_id]
    switch(build(warehouse, releases))
    assert not list(releases.glob(".building-*"))
    now = current_release(releases)
    assert now is not None and now.release_id != first.release_id
    assert verify_release(now.path) == []


def test_a_full_disk_leaves_the_old_release_and_no_rubbish(shelf: Shelf, warehouse: Path) -> None:
    """No file may grow beyond what is left: the build fails on its first large one, whichever library writes it."""
    before = sorted(p.name for p in shelf.releases.iterdir())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for left in (20_000, 200_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (left, limits[1]))
        try:
            with pytest.raises((OSError, duckdb.Error), match="File too large"):
                build(warehouse, shelf.releases, data_version="no room")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert sorted(p.name for p in shelf.releases.iterdir()) == before
        assert verify_release(shelf.releases / "current") == []


def test_a_kill_while_switching_leaves_one_or_the_other(shelf: Shelf) -> None:
    try:
        for turn in range(20):
            child = os.fork()
            if child == 0:
                while True:
                    switch(shelf.second)
                    switch(shelf.first)
            time.sleep(0.003 + 0.002 * (turn % 7))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            now = current_release(shelf.releases)
            assert now is not None and now.release_id in {shelf.first.release_id, shelf.second.release_id}
    finally:
        switch(shelf.first)
    assert verify_release(shelf.releases / "current") == []

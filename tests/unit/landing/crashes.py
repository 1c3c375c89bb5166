"""Kill a landing again and again at random moments, and look at what is left: run by test_crash.py as a process.

A process that has loaded everything and started nothing forks one landing after the other and kills each with
SIGKILL; a fork costs milliseconds where a new interpreter costs a second.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from mids_orchestration.landing import land, read_receipts
from tests.unit.landing.desk import AS_OF, Desk, contract_text

DELIVERIES, LINES = 12, 40
HEAD = "ref;seen_on;state;persons;note\n"


def prepared(root: Path) -> Desk:
    """An inbox of two feeds with good and bad records."""
    desk = Desk(root)
    desk.agree(contract_text(), contract_text(feed="others", records=[
        {"name": "others", "columns": contract_text()["records"][0]["columns"]}]))  # fmt: skip
    for number in range(DELIVERIES):
        lines = [
            f"A{number * LINES + line};{line % 28 + 1:02d}/0{'2' if line % 9 else 'x'}/2024;JOHOR;{line};\n"
            for line in range(LINES)
        ]
        feed = ("things", "others")[number % 2]
        desk.send(HEAD + "".join(lines), f"aaa_things_202601{number + 1:02d}.csv", f"aaa/{feed}")
    return desk


def in_child(work: Callable[[], None], seconds: float | None = None) -> bool:
    """Run *work* in a fork; kill it after *seconds*. Returns whether it ended by itself, and well."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def sound(desk: Desk) -> None:
    """Every receipt is whole, and every delivery that has one is there with every record."""
    for receipt in read_receipts(desk.home):
        for record, table in receipt.tables.items():
            held = 0
            for place in ("landing", "quarantine"):
                path = desk.home / place / receipt.agency / record / f"{receipt.receipt_id}.parquet"
                lines = pq.read_table(path).column("_line_no").to_pylist() if path.exists() else []
                assert len(set(lines)) == (table.accepted if place == "landing" else table.quarantined), path
                held += len(set(lines))
            assert held == table.received == LINES
            kept = desk.home / "archive" / receipt.sha256[:2] / receipt.sha256
            assert kept.stat().st_size == receipt.size_bytes


def contents(desk: Desk) -> dict[str, object]:
    """What a home holds, without what depends on when it was written."""
    found: dict[str, object] = {
        path.relative_to(desk.home).as_posix(): path.read_bytes()
        for place in ("landing", "quarantine", "archive")
        for path in sorted((desk.home / place).rglob("*"))
        if path.is_file()
    }
    found |= {receipt.receipt_id: receipt.as_dict() for receipt in read_receipts(desk.home)}
    return found


def run(root: Path, points: int, seed: int) -> dict[str, int]:
    """Kill at *points* random moments, then let it end; raises ``AssertionError`` when anything is wrong."""
    dice = random.Random(seed)
    desk = prepared(root)

    def landing() -> None:
        land(desk.inbox, desk.home, as_of=AS_OF, contracts=desk.contracts)

    def check() -> None:
        sound(desk)

    def compare() -> None:
        sound(desk)
        assert contents(desk) == contents(Desk(root / "reference", contracts=desk.contracts))

    shutil.copytree(desk.inbox, root / "reference" / "inbox")
    started = time.monotonic()
    reference = root / "reference"
    assert in_child(
        lambda: void(land(reference / "inbox", reference / "home", as_of=AS_OF, contracts=desk.contracts))
    )
    whole = time.monotonic() - started
    killed = rounds = 0
    while killed < points:
        if not in_child(landing, dice.uniform(0, whole)):
            killed += 1
        assert in_child(check), "a delivery with a receipt is not whole"
        if (desk.home / "receipts").exists() and len(
            list((desk.home / "receipts").glob("*.json"))
        ) >= DELIVERIES:
            assert in_child(landing) and in_child(compare), "a killed landing ends differently"
            shutil.rmtree(desk.home)
            rounds += 1
    assert in_child(landing), "the next run does not end"
    assert in_child(compare), "a killed landing ends differently from one that was not"
    return {"killed": killed, "rounds": rounds}


def void(_: object) -> None:
    """Take a value and give none."""


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))

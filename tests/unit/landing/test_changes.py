"""Change rows: what snapshots leave out and what corrections carry, in any order of arrival, on any past day."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mids_orchestration.landing.history import as_known, versions
from mids_orchestration.landing.quarantine import open_receipts, replay
from mids_orchestration.landing.store import changes_path
from tests.unit.landing.desk import Desk, contract_text

COLUMNS = [
    {"name": "ref", "type": "text", "key": True, "nullable": False},
    {"name": "count", "type": "integer"},
    {"name": "note", "type": "text"},
    {"name": "updated", "type": "timestamp", "format": "%d/%m/%Y %H:%M"},
]
SNAPSHOT = {"kind": "snapshot", "file_pattern": r"s_(?P<sent_on>\d{8})\.csv"}
FIRST = date(2026, 1, 5)


def _snapshots(desk: Desk) -> Desk:
    desk.agree(contract_text(records=[{"name": "things", "columns": COLUMNS}], delivery=SNAPSHOT))
    return desk


def _send(desk: Desk, place: int, rows: list[str], **options) -> None:
    day = FIRST + timedelta(weeks=place)
    desk.send("ref;count;note;updated\n" + "".join(f"{row}\n" for row in rows), f"s_{day:%Y%m%d}.csv")
    desk.land(**options)


def _known(desk: Desk, day: date) -> set[str]:
    return {row["ref"] for row in as_known(desk.home, desk.contracts, "aaa", "things", day).to_pylist()}


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.frozensets(st.sampled_from("ABCD"), min_size=1), min_size=2, max_size=4).flatmap(
        lambda held: st.tuples(st.just(held), st.permutations(range(len(held))))
    ),
    st.booleans(),
)
def test_the_latest_snapshot_known_is_what_is_believed_on_every_day(told, published):
    held, arrival = told
    with tempfile.TemporaryDirectory() as folder:
        desk = _snapshots(Desk(Path(folder)))
        known: dict[int, date] = {}
        for step, place in enumerate(arrival):
            # After a release nothing becomes known in the past: late snapshots are then known as they arrive.
            after = FIRST + timedelta(weeks=10 + step) if published else None
            known[place] = after + timedelta(days=1) if after else FIRST + timedelta(weeks=place)
            _send(desk, place, [f"{ref};1;;" for ref in sorted(held[place])], known_after=after)
        for day in sorted(known.values()):
            newest = max(place for place in known if known[place] <= day)
            assert _known(desk, day) == held[newest], (day, known)


def test_a_snapshot_sent_again_after_another_is_its_state_again(desk):
    _snapshots(desk)
    for place, rows in enumerate((["A;1;;"], ["A;2;;", "B;1;;"], ["A;1;;"], ["A;1;;"])):
        _send(desk, place, rows)
    states = [as_known(desk.home, desk.contracts, "aaa", "things", FIRST + timedelta(weeks=n)).to_pylist()
              for n in range(4)]  # fmt: skip
    assert [[(r["ref"], r["count"]) for r in rows] for rows in states] == [
        [("A", "1")], [("A", "2"), ("B", "1")], [("A", "1")], [("A", "1")]]  # fmt: skip


def test_a_record_held_in_quarantine_is_not_left_out(desk):
    _snapshots(desk)
    _send(desk, 0, ["A;1;;", "B;2;;", "C;3;;"])
    _send(desk, 1, ["A;1;;", "B;many;;"])
    assert _known(desk, FIRST + timedelta(weeks=1)) == {"A", "B"}
    # Once it is let in it is the newer content, and C stays deleted.
    desk.contracts = desk.agree(contract_text(
        records=[{"name": "things", "columns": [COLUMNS[0], COLUMNS[1] | {"type": "text"}, *COLUMNS[2:]]}],
        delivery=SNAPSHOT))  # fmt: skip
    replay(desk.home, open_receipts(desk.home), desk.contracts, as_of=FIRST + timedelta(weeks=2))
    later = as_known(desk.home, desk.contracts, "aaa", "things", FIRST + timedelta(weeks=2)).to_pylist()
    assert {row["ref"]: row["count"] for row in later} == {"A": "1", "B": "many"}


def test_a_snapshot_with_a_held_line_nobody_can_read_deletes_nothing(desk):
    _snapshots(desk)
    _send(desk, 0, ["A;1;;", "B;2;;"])
    _send(desk, 1, ["A;1;;", "a line; of; too; many; cells"])
    assert _known(desk, FIRST + timedelta(weeks=1)) == {"A", "B"}
    _send(desk, 2, ["A;1;;"])
    assert _known(desk, FIRST + timedelta(weeks=2)) == {"A"}


def _corrections() -> list[dict]:
    record = {"name": "things", "columns": COLUMNS, "ordering": "updated"}
    fixes = {"name": "things_fixed", "columns": [COLUMNS[0], COLUMNS[1], COLUMNS[3]],
             "ordering": "updated", "applies_to": "things"}  # fmt: skip
    return [
        contract_text(records=[record], delivery={"kind": "delta", "file_pattern": r"s_(?P<sent_on>\d{8})\.csv"}),
        contract_text(feed="fixed", records=[fixes],
                      delivery={"kind": "corrections", "file_pattern": r"f_(?P<sent_on>\d{8})\.csv"}),
    ]  # fmt: skip


def test_a_correction_changes_what_it_carries_and_keeps_the_rest_in_any_order(desk, tmp_path):
    states = []
    for number, first in enumerate(("record", "correction")):
        other = Desk(tmp_path / str(number))
        other.agree(*_corrections())
        steps = {
            "record": lambda d: _send(d, 0, ["A;1;first;05/01/2026 08:00"]),
            "correction": lambda d: (
                d.send("ref;count;updated\nA;9;06/01/2026 08:00\n", "f_20260112.csv", "aaa/fixed"),
                d.land(),
            ),
        }
        steps.pop(first)(other) if first == "correction" else steps["record"](other)
        for name in [n for n in ("record", "correction") if n != first]:
            if name in steps:
                steps[name](other)
        rows = as_known(other.home, other.contracts, "aaa", "things", FIRST + timedelta(weeks=4)).to_pylist()
        states.append([(row["ref"], row["count"], row["note"]) for row in rows])
        before = as_known(other.home, other.contracts, "aaa", "things", FIRST).to_pylist()
        assert [(row["count"], row["note"]) for row in before] == [("1", "first")]
    assert states == [[("A", "9", "first")]] * 2


def test_change_rows_have_the_shape_of_the_landed_records_and_are_made_anew_for_another_contract(desk):
    _snapshots(desk)
    _send(desk, 0, ["A;1;x;", "B;2;y;"])
    _send(desk, 1, ["A;1;x;"])
    (row,) = pq.read_table(changes_path(desk.home, "aaa", "things")).to_pylist()
    assert (row["ref"], row["count"], row["note"], row["_change"]) == ("B", "2", "y", "deletion")
    assert (row["_known_on"], row["_line_no"]) == ("2026-01-12", None)
    told = versions(desk.home, desk.contracts, "aaa", "things").to_pylist()
    assert [(r["ref"], r["_version"], r["_is_deletion"]) for r in told if r["ref"] == "B"] == [
        ("B", 1, False), ("B", 2, True)]  # fmt: skip
    desk.agree(contract_text(records=[{"name": "things", "columns": COLUMNS}],
                             delivery=SNAPSHOT | {"kind": "delta"}))  # fmt: skip
    desk.land()  # nothing waits, and the file follows the contract
    assert pq.read_table(changes_path(desk.home, "aaa", "things")).num_rows == 0

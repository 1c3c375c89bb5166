"""Corrections, deletions and snapshots: the same state whatever order the deliveries came in, on any past day."""

from __future__ import annotations

import itertools
import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contract import ContractError
from mids_orchestration.landing.history import as_known, versions
from tests.unit.landing.desk import Desk, contract_text

COLUMNS = [
    {"name": "ref", "type": "text", "key": True, "nullable": False},
    {"name": "value", "type": "text"},
    {"name": "state", "type": "text"},
    {"name": "updated", "type": "timestamp", "format": "%d/%m/%Y %H:%M", "nullable": False},
]
RECORD = {"name": "things", "columns": COLUMNS, "ordering": "updated",
          "deleted_when": {"column": "state", "values": ["DELETED"]}}  # fmt: skip
HEAD = "ref;value;state;updated\n"
FIRST = date(2026, 1, 5)


def _line(version: tuple[str, int, str, bool]) -> str:
    ref, minute, value, deleted = version
    return (
        f"{ref};{value};{'DELETED' if deleted else 'OPEN'};05/01/2026 {minute // 60:02d}:{minute % 60:02d}\n"
    )


def _state(desk: Desk, as_of: date) -> set[tuple[str, str]]:
    table = as_known(desk.home, desk.contracts, "aaa", "things", as_of)
    return {(row["ref"], row["value"]) for row in table.to_pylist()}


@st.composite
def histories(draw):
    """Versions of a few records, dealt out over deliveries with repeats, in an order of arrival."""
    pairs = draw(
        st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 9)), min_size=1, max_size=8, unique=True)
    )
    known = [(ref, minute, f"{ref}{minute}", draw(st.booleans())) for ref, minute in pairs]
    count = draw(st.integers(1, 4))
    deliveries = [[one for one in known if draw(st.integers(0, 2)) == 0] for _ in range(count - 1)]
    sent = set(itertools.chain.from_iterable(deliveries))
    deliveries.append(
        [one for one in known if one not in sent] + draw(st.lists(st.sampled_from(known), unique=True))
    )
    deliveries[-1] = list(dict.fromkeys(deliveries[-1]))
    return deliveries, draw(st.permutations(range(count)))


def _believed(deliveries: list[list[tuple[str, int, str, bool]]]) -> set[tuple[str, str]]:
    """The state by the plainest means: the latest version of each record, unless it says deleted."""
    latest: dict[str, tuple[str, int, str, bool]] = {}
    for version in itertools.chain.from_iterable(deliveries):
        if version[0] not in latest or version[1] > latest[version[0]][1]:
            latest[version[0]] = version
    return {(ref, value) for ref, _, value, deleted in latest.values() if not deleted}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories())
def test_any_order_split_and_repeat_ends_in_the_same_state(history):
    deliveries, arrival = history
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        desk.agree(contract_text(records=[RECORD]))
        for place in arrival:
            day = FIRST + timedelta(weeks=place)
            desk.send(HEAD + "".join(map(_line, deliveries[place])), f"aaa_things_{day:%Y%m%d}.csv")
            desk.send(HEAD + "".join(map(_line, deliveries[place])), f"aaa_things_{day:%Y%m%d}.copy.csv")
            desk.land()
        for place in range(len(deliveries)):
            day = FIRST + timedelta(weeks=place)
            assert _state(desk, day) == _believed(deliveries[: place + 1]), day
        assert _state(desk, FIRST - timedelta(days=1)) == set()
        told = versions(desk.home, desk.contracts, "aaa", "things").to_pylist()
        assert [row["_version"] for row in told if row["ref"] == "A"] == sorted(
            row["_version"] for row in told if row["ref"] == "A"
        )


def test_a_snapshot_deletes_what_it_leaves_out_and_the_past_stays(desk):
    desk.agree(contract_text(records=[{"name": "things", "columns": COLUMNS}],
                             delivery={"kind": "snapshot", "file_pattern": r"s_(?P<sent_on>\d{8})\.csv"}))  # fmt: skip
    first, second = [("A", 1, "a", False), ("B", 1, "b", False)], [("B", 1, "b", False)]
    for day, lines in (("20260112", second), ("20260105", first)):  # the later one comes first
        desk.send(HEAD + "".join(map(_line, lines)), f"s_{day}.csv")
        desk.land()
    assert _state(desk, date(2026, 1, 5)) == {("A", "a"), ("B", "b")}
    assert _state(desk, date(2026, 1, 12)) == {("B", "b")}


def _tombstones(**changes):
    columns = [COLUMNS[0], COLUMNS[3]]
    record = {
        "name": "things_deleted",
        "columns": columns,
        "ordering": "updated",
        "applies_to": "things",
    } | changes
    return contract_text(feed="deleted", records=[record],
                         delivery={"kind": "tombstones", "file_pattern": r"d_(?P<sent_on>\d{8})\.csv"})  # fmt: skip


def test_tombstones_delete_and_a_later_record_comes_back(desk):
    desk.agree(contract_text(records=[RECORD]), _tombstones())
    desk.send("ref;updated\nA;05/01/2026 00:05\nB;05/01/2026 00:01\n", "d_20260112.csv", "aaa/deleted")
    desk.land()
    desk.send(HEAD + _line(("A", 3, "a", False)) + _line(("B", 2, "b", False)), "aaa_things_20260105.csv")
    desk.land()
    assert _state(desk, date(2026, 1, 5)) == {("A", "a"), ("B", "b")}
    assert _state(desk, date(2026, 1, 12)) == {("B", "b")}
    desk.send(HEAD + _line(("A", 9, "again", False)), "aaa_things_20260119.csv")
    desk.land()
    assert _state(desk, date(2026, 1, 19)) == {("A", "again"), ("B", "b")}


@pytest.mark.parametrize("changes", [{"applies_to": "nothing"}, {"ordering": None}])
def test_tombstones_that_fit_nothing_are_refused_as_contracts(desk, changes):
    contract = _tombstones(**changes)
    contract["records"][0] = {k: v for k, v in contract["records"][0].items() if v is not None}
    with pytest.raises(ContractError, match="applies_to"):
        desk.agree(contract_text(records=[RECORD]), contract)

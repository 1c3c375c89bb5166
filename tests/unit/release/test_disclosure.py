"""Counts of persons withstand an attacker who solves the linear programme over everything published."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from benchmarks.release_attacker import attack as attack_jointly
from benchmarks.release_attacker import tables_of
from mids_orchestration.release import ReleaseError, ReleaseRefused, exports_from_manifest, switch
from mids_orchestration.release.disclosure import Policy, load_policy, protect, published_blocks
from mids_orchestration.release.disclosure_step import protected_gate
from mids_orchestration.release.tables import TableFile
from release import small_warehouse as small
from release.conftest import build
from release.small_persons import GRAINS, counted, persons, with_persons

POLICY = Policy(edition=1, threshold=10, settle_days=90)
AS_OF = date(2026, 6, 29)


def attack(releases: list[dict[str, pd.DataFrame]]) -> dict[tuple[Any, ...], float]:
    """Width of what can be known of every suppressed cell, from all given releases at once.

    Written apart from the code under test: one variable per published cell and release, dense, every pair of tables
    summed whatever stands between them, and a settled year's cells tied together across releases as equal or grown.
    """
    names: dict[tuple[Any, ...], int] = {}
    bounds: list[tuple[float, float | None]] = []
    for turn, tables in enumerate(releases):
        for table, frame in tables.items():
            for row in frame.to_dict("records"):
                key = tuple((c, row[c]) for c in frame.columns if not c.startswith("count_"))
                names[(turn, table, key)] = len(bounds)
                hidden = row["count_status"] == "suppressed"
                bounds.append((1, None) if hidden else (int(row["count_value"]),) * 2)
    equal, grown = [], []
    for turn, tables in enumerate(releases):
        for fine, coarse in itertools.permutations(tables, 2):
            if not set(GRAINS[coarse]) < set(GRAINS[fine]):
                continue
            for row in tables[coarse].to_dict("records"):
                keys = {c: row[c] for c in ("year_start", "crime_type_code", *GRAINS[coarse])}
                total = (turn, coarse, tuple(keys.items()))
                line = np.zeros(len(bounds))
                line[names[total]] = -1
                for (t, table, key), at in names.items():
                    if t == turn and table == fine and keys.items() <= set(key):
                        line[at] = 1
                if (line > 0).any():
                    equal.append(line)
    for (turn, table, key), at in names.items():
        if turn and (0, table, key) in names:  # nobody who was counted in a settled year leaves it: x1 >= x0
            line = np.zeros(len(bounds))
            line[at], line[names[(0, table, key)]] = -1, 1
            grown.append(line)
    more = {"A_ub": np.array(grown), "b_ub": np.zeros(len(grown))} if grown else {}
    widths = {}
    for name, at in names.items():
        if bounds[at][1] is not None:
            continue
        ends = []
        for sense in (1.0, -1.0):
            cost = np.zeros(len(bounds))
            cost[at] = sense
            answer = linprog(cost, A_eq=np.array(equal), b_eq=np.zeros(len(equal)), bounds=bounds, **more)
            assert answer.status in {0, 3, 4}, answer.message
            ends.append(sense * answer.fun if answer.status == 0 else np.inf)
        widths[name] = ends[1] - ends[0]
    return widths


def only(tables: dict[str, pd.DataFrame], year: str, crime: str) -> dict[str, pd.DataFrame]:
    return {n: f[(f["year_start"] == year) & (f["crime_type_code"] == crime)] for n, f in tables.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_suppressed_count_is_known_closer_than_the_protection_interval(seed: int) -> None:
    full = counted(persons(seed))
    shown = protect(full, POLICY, as_of=AS_OF, published={})
    naive = {
        n: f.assign(
            count_status=np.where((f["count_value"] > 0) & (f["count_value"] < 10), "suppressed", "published")
        )
        for n, f in full.items()
    }
    attacked, exact = 0, 0
    for year, crime in (("2022-01-01", "TIP"), ("2024-01-01", "SOM"), ("2025-01-01", "JOBSCAM")):
        widths = attack([only(shown, year, crime)])
        attacked += len(widths)
        assert min(widths.values()) >= POLICY.width - 1e-6
        exact += sum(w < POLICY.width for w in attack([only(naive, year, crime)]).values())
    assert attacked > 20
    assert exact > 0, "primary suppression alone must fail, or the attack proves nothing"


def test_reported_persons_are_a_block_of_their_own_per_check() -> None:
    """They are not everybody, so no total of everybody may be read as theirs."""
    full = counted(persons(4))
    year, crime = str(next(iter(full.values()))["year_start"].iloc[0]), "TIP"
    rows = [(year, crime, "NGO_REPORT", "NEW", 120), (year, crime, "NGO_REPORT", "LIKELY", 3)]
    columns = ["year_start", "crime_type_code", "check_code", "status_code", "count_value"]
    checked = pd.DataFrame(rows, columns=columns).assign(count_status="published")
    shown = protect({**full, "fct_cross_check_year": checked}, POLICY, as_of=AS_OF, published={})
    for name, frame in protect(full, POLICY, as_of=AS_OF, published={}).items():
        pd.testing.assert_frame_equal(shown[name], frame)
    assert shown["fct_cross_check_year"]["count_status"].tolist() == ["published", "suppressed"]


def test_what_is_shown_is_true_and_zero_is_not_suppressed() -> None:
    full = counted(persons(4))
    shown = protect(full, POLICY, as_of=AS_OF, published={})
    for name, frame in shown.items():
        keys = ["year_start", "crime_type_code", *GRAINS[name]]
        both = frame.merge(full[name], on=keys, suffixes=("", "_true"))
        assert len(both) == len(frame)
        open_rows = both["count_status"] == "published"
        assert (both.loc[open_rows, "count_value"] == both.loc[open_rows, "count_value_true"]).all()
        assert both.loc[~open_rows, "count_value"].isna().all()
        assert (both.loc[~open_rows, "count_value_true"] > 0).all()
        assert not both.loc[open_rows, "count_value"].between(1, POLICY.threshold - 1).any()
        assert set(frame["year_start"]) == {f"{y}-01-01" for y in range(2022, 2026)}, "2026 is not settled"


def test_the_difference_between_two_releases_tells_nothing() -> None:
    people = persons(5)
    before = protect(counted(people), POLICY, as_of=AS_OF, published={})
    one_more = people.iloc[[0]].assign(year_start="2024-01-01", crime_type_code="TIP")
    later = counted(pd.concat([people, one_more], ignore_index=True))
    after = protect(later, POLICY, as_of=date(2026, 7, 6), published=published_blocks([before]))
    for name, frame in before.items():
        keys = [c for c in frame.columns if not c.startswith("count_")]
        left, right = (f.sort_values(keys, ignore_index=True) for f in (frame, after[name]))
        pd.testing.assert_frame_equal(left, right)
    both = [only(t, "2024-01-01", "TIP") for t in (before, after)]
    assert min(attack(both).values()) >= POLICY.width - 1e-6
    # Counting anew would have shown the newcomer: that is what the attack on differences is for.
    anew = protect(later, POLICY, as_of=AS_OF, published={})["fct_victim_year"]
    year = before["fct_victim_year"].merge(anew, on=["year_start", "crime_type_code"])
    assert (year["count_value_y"] - year["count_value_x"]).sum() == 1
    next_year = protect(later, POLICY, as_of=date(2027, 4, 1), published=published_blocks([after, before]))
    assert "2026-01-01" in set(next_year["fct_victim_year"]["year_start"])


def test_tables_that_cannot_be_protected_together_are_refused() -> None:
    full = counted(persons(6))
    crossed = full["fct_victim_state_year"].assign(sex_code="F")
    with pytest.raises(ReleaseError, match="share attributes"):
        protect({**full, "fct_more": crossed}, POLICY, as_of=AS_OF, published={})
    wrong = full["fct_victim_year"].assign(count_value=lambda f: f["count_value"] + 1)
    with pytest.raises(ReleaseError, match="add up to"):
        protect({**full, "fct_victim_year": wrong}, POLICY, as_of=AS_OF, published={})


def test_a_release_protects_carries_over_and_refuses_what_is_not(tmp_path: Path) -> None:
    people = persons(7)
    first = _built(tmp_path, people, AS_OF)
    switch(first)
    gate = next(g for g in first.gates if g.name == "disclosure_protected")
    assert gate.status == "passed" and "attacked" in gate.found
    more = pd.concat([people, people.iloc[:3].assign(year_start="2023-01-01")], ignore_index=True)
    second = _built(tmp_path, more, date(2026, 7, 6))
    for name in GRAINS:
        parts = [(r.path / "data" / f"{name}.parquet").read_bytes() for r in (first, second)]
        assert parts[0] == parts[1], name
    told = attack_jointly([tables_of(second.path)])
    assert len(told.widths) > 200 and told.narrowest >= POLICY.width, (
        "whole numbers, all tables and totals at once"
    )
    with duckdb.connect(str(second.database), read_only=True) as connection:
        row = connection.execute(
            "select count(*) filter (count_value is null), count(*) filter (count_status = 'suppressed'), "
            "count(*) filter (count_value between 1 and 9) from fct_victim_state_year"
        ).fetchone()
    assert row is not None and row[0] == row[1] > 0 and row[2] == 0

    # A file in which a small count stands is refused.
    path = tmp_path / "shown.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * replace (3 as count_value, 'published' as count_status) from "
            f"'{first.path}/data/fct_victim_state_year.parquet') to '{path}' (format parquet)"
        )
    export = next(e for e in with_persons(people)[1] if e.name == "fct_victim_state_year")
    bad = protected_gate([TableFile(export, path, 1, {}, "")], tmp_path / "empty")
    assert bad.status == "refused" and "below 10" in bad.found


def test_a_public_fact_must_say_what_it_counts(tmp_path: Path) -> None:
    exports = exports_from_manifest(small.manifest())
    warehouse = small.write_warehouse(tmp_path / "mids.duckdb")
    silent = [dataclasses.replace(e, disclosure=None) if e.name == "fct_forecast" else e for e in exports]
    with pytest.raises(ReleaseRefused, match="do not say what they count: fct_forecast"):
        build(warehouse, tmp_path / "releases", silent)
    lying = [
        dataclasses.replace(e, disclosure="persons") if e.name == "fct_weekly_count" else e for e in exports
    ]
    with pytest.raises(ReleaseRefused, match="fct_weekly_count counts persons but has no column year_start"):
        build(warehouse, tmp_path / "releases", lying)
    assert not list((tmp_path / "releases").glob("2*")), "a refused release is on no shelf"


def test_what_was_published_is_remembered_when_every_release_is_gone(tmp_path: Path) -> None:
    people = persons(8, many=400)
    first = _built(tmp_path, people, AS_OF)
    kept = {n: (first.path / "data" / f"{n}.parquet").read_bytes() for n in GRAINS}
    ledger = tmp_path / "disclosure" / "ledger.jsonl"
    lines = ledger.read_text("utf-8").splitlines()
    assert first.facts["disclosure"]["ledger"] == json.loads(lines[-1])["digest"]
    hidden = [json.loads(line)["told"]["tables"]["fct_victim_state_year"]["rows"] for line in lines]
    small_ones = [row for rows in hidden for row in rows if row[-1] == "suppressed"]
    assert small_ones and {row[-2] for row in small_ones} == {None}, "the ledger knows no suppressed number"

    _remove(first.path)
    more = pd.concat([people, people.iloc[:3].assign(year_start="2023-01-01")], ignore_index=True)
    second = _built(tmp_path, more, date(2026, 7, 6))
    assert {n: (second.path / "data" / f"{n}.parquet").read_bytes() for n in GRAINS} == kept
    assert ledger.read_text("utf-8").splitlines() == lines, "nothing new, so nothing is added"

    # Changed, cut off or gone: nothing is published until it is as it was.
    for broken, why in (
        ("\n".join(lines).replace('"published"', '"suppressed"', 1) + "\n", "is not what was written"),
        ("\n".join(lines[:-1]) + "\n", "lacks what"),
        (None, "lacks what"),
    ):
        ledger.unlink()
        if broken:
            ledger.write_text(broken, "utf-8")
        else:
            ledger.parent.mkdir(exist_ok=True)
        with pytest.raises(ReleaseError, match=why):
            _built(tmp_path, more, date(2026, 7, 13))
        ledger.write_text("\n".join(lines) + "\n", "utf-8")
    assert _built(tmp_path, more, date(2026, 7, 13)).built


def test_no_count_is_suppressed_without_need() -> None:
    """Showing any further suppressed count again would let some count be known too well."""
    everything = counted(persons(1))
    tried, needless = 0, 0
    for year, crime in itertools.product(("2022-01-01", "2023-01-01", "2024-01-01"), ("TIP", "SOM")):
        full = only(everything, year, crime)
        shown = protect(full, POLICY, as_of=AS_OF, published={})
        for name, frame in shown.items():
            true = full[name].reset_index(drop=True)
            dark = frame["count_status"] == "suppressed"
            for i in frame.index[dark & (true["count_value"] >= POLICY.threshold)]:
                tried, again = tried + 1, frame.copy()
                again.loc[i, ["count_value", "count_status"]] = [true.loc[i, "count_value"], "published"]
                needless += min(attack([{**shown, name: again}]).values()) >= POLICY.width - 1e-6
        if tried >= 3:
            break
    assert tried > 0
    assert needless == 0


def test_the_policy_of_this_house() -> None:
    assert load_policy().threshold >= 10 and load_policy().width == load_policy().threshold - 1


def _remove(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o700)
    shutil.rmtree(folder)


def _built(folder: Path, people: pd.DataFrame, as_of: date) -> Any:
    marts, exports = with_persons(people)
    warehouse = small.write_warehouse(folder / "mids.duckdb", marts)
    return build(warehouse, folder / "releases", exports, as_of=as_of, data_version=str(as_of))

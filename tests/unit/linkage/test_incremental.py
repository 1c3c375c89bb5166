"""A new week linked against the population equals linking everything again, within a stated tolerance."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from mids_orchestration.linkage import incremental
from mids_orchestration.linkage.evaluate import evaluate
from mids_orchestration.linkage.incremental import has_state, link_week, read_prepared, write_state
from mids_orchestration.linkage.model_config import LinkageConfig
from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.persons import LinkageResult, link_persons
from mids_orchestration.linkage.prepare import prepare_persons
from mids_orchestration.linkage.workspace import count_live, open_workspace, recount_live

from .population import make_population

#: Of all pairs of records that either run takes for one person, at most this share may differ.
TOLERANCE = 0.01


@pytest.fixture(scope="module")
def population() -> pd.DataFrame:
    return make_population(4000, seed=21)[0].sort_values("known_on", kind="stable").reset_index(drop=True)


@pytest.fixture(scope="module")
def week(
    population: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, LinkageResult, LinkageResult]:
    """The population but for the last 40 records linked in full, then the newest 40 as a new week."""
    root = tmp_path_factory.mktemp("register")
    old = population.iloc[:-40]
    first = link_persons(old, seed=3)
    write_state(root, old, first)
    assert first.model is not None and has_state(root, first.model)
    return root, first, link_week(population, root, model=first.model, previous=first.links)


def _pairs(links: pd.DataFrame) -> pd.DataFrame:
    return links.rename(columns={"person_key": "true_person_id"})


def test_a_week_equals_the_full_run_within_the_tolerance(population, week) -> None:
    _, first, added = week
    full = link_persons(population, seed=3, model=first.model, previous=first.links)
    score = evaluate(added.links, _pairs(full.links))["all"]
    differing = score.true_pairs + score.found_pairs - 2 * score.correct_pairs
    share = differing / max(score.true_pairs, 1)
    print(f"{score.true_pairs} pairs in the full run, {differing} differ ({share:.4f})")
    assert share <= TOLERANCE
    assert score.true_pairs > 100


def test_only_pairs_with_something_new_are_scored(week) -> None:
    _, first, added = week
    assert added.metrics["records_new_or_changed"] == 40
    assert 0 < added.metrics["pairs"] < first.metrics["pairs"] / 20


def test_a_week_without_news_scores_nothing_and_changes_nothing(population, week) -> None:
    root, _, added = week
    again = link_week(
        population.sample(frac=1, random_state=1), root, model=added.model, previous=added.links
    )
    assert again.metrics["records_new_or_changed"] == 0 and again.metrics["pairs"] == 0
    pd.testing.assert_frame_equal(again.links, added.links)
    assert again.events.empty


def test_a_correction_is_new_and_a_withdrawn_record_leaves(population, week) -> None:
    root, _, added = week
    sizes = added.links.set_index("person_record_id")["cluster_size"]
    corrected, gone = sizes[sizes == 2].index[0], sizes[sizes == 1].index[0]
    changed = population[population["person_record_id"] != gone].copy()
    place = changed["person_record_id"] == corrected
    changed.loc[place, ["full_name", "document_no", "birth_date", "sex_code"]] = [
        "Zzyzx Quorthon", None, pd.Timestamp("1950-07-09").date(), "U",
    ]  # fmt: skip
    after = link_week(changed, root, model=added.model, previous=added.links)
    assert after.metrics["records_new_or_changed"] == 1
    links = after.links.set_index("person_record_id")
    assert gone not in links.index and links.loc[corrected, "cluster_size"] == 1
    assert len(read_prepared(root)) == len(changed)


def test_who_stays_alone_is_named_as_if_everybody_were(population, tmp_path, monkeypatch) -> None:
    old = population.iloc[:-200]
    first = link_persons(old, seed=3)
    # One who leaves, one who is corrected, and two whom a reviewer takes for one: each alone before.
    sizes = first.links.set_index("person_record_id")["cluster_size"]
    gone, corrected, one, other = sizes[sizes == 1].index[:4]
    now = population[population["person_record_id"] != gone].copy()
    now.loc[now["person_record_id"] == corrected, "full_name"] = "Zzyzx Quorthon"
    set_aside = incremental._set_alone_aside
    results = []
    for name in ("aside", "everybody"):
        write_state(tmp_path / name, old, first)
        if name == "everybody":
            monkeypatch.setattr(
                incremental, "_set_alone_aside", lambda *given: _nobody(set_aside(*given), given[0].con)
            )
        results.append(
            link_week(now, tmp_path / name, model=first.model, previous=first.links, same=[(one, other)])
        )
    aside, everybody = results
    pd.testing.assert_frame_equal(aside.links, everybody.links)
    pd.testing.assert_frame_equal(aside.events, everybody.events)
    assert aside.metrics == everybody.metrics
    assert set(aside.events["event"]) >= {"merged", "withdrawn"}


def _nobody(alone: pd.DataFrame, con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    assert len(alone) > 1000
    con.execute("DELETE FROM alone")
    return alone.head(0)


def test_a_week_counts_who_shares_an_event_as_a_full_run_does(population, tmp_path) -> None:
    old = population.iloc[:-60]
    first = link_persons(old, seed=3)
    write_state(tmp_path, old, first)
    # Sixty come, one leaves, one moves to another day and case, one loses its place.
    before = pd.read_parquet(tmp_path / incremental.PREPARED)
    shares = before[(before["case_people_count"] > 0) & (before["days_people_count"] > 0)]
    gone, moved, lost, beside = shares["record_id"].iloc[[50, 100, 150, 200]]
    now = population[population["person_record_id"] != gone].copy()
    at = {record: int(now.index[now["person_record_id"] == record][0]) for record in (moved, lost, beside)}
    for column in ("event_on", "case_no_norm", "raid_no", "state_code"):
        now.at[at[moved], column] = now.at[at[beside], column]
    now.at[at[lost], "state_code"] = None
    added = link_week(now, tmp_path, model=first.model, previous=first.links)
    assert added.metrics["records_new_or_changed"] == 62
    kept = pd.read_parquet(tmp_path / incremental.PREPARED).set_index("record_id").sort_index()
    work = open_workspace(prepare_persons(now))
    counted = count_live(work, DEFAULT)
    full = work.con.execute(f"FROM {counted} ORDER BY record_id").df().set_index("record_id")
    work.con.close()
    moves = 0
    for count in DEFAULT.live_counts:
        column = f"{count.name}_count"
        # Records without a case share theirs with nobody; a window takes them for one another's.
        asked = kept.index[kept["list_case"].notna()] if count.name == "list_people" else kept.index
        pd.testing.assert_series_equal(kept.loc[asked, column], full.loc[asked, column], check_dtype=False)
        moves += int((full[column] > 0).sum())
    assert moves > 1000 and len(kept) == len(now)


def test_another_model_needs_a_full_run(population, week) -> None:
    root, first, _ = week
    other = link_persons(population.head(1500), seed=9).model
    assert not has_state(root, other) and not has_state(root, None)
    assert has_state(root, first.model)


def test_a_model_that_does_not_say_who_shares_is_read_and_counts_everybody_anew() -> None:
    data = json.loads(json.dumps(DEFAULT.as_dict()))
    data["live_counts"] = [[c["name"], c["sql"], c["shared"]] for c in data["live_counts"]]
    old = LinkageConfig.from_dict(data)
    assert LinkageConfig.from_dict(json.loads(json.dumps(DEFAULT.as_dict()))) == DEFAULT
    assert [c.keys for c in old.live_counts] == [()] * len(DEFAULT.live_counts)
    work = open_workspace(prepare_persons(make_population(300, seed=2)[0]), threads=1)
    full = work.con.execute(f"FROM {count_live(work, old)} ORDER BY record_id").df()
    nothing = ", ".join(f"NULL::BIGINT AS {c.name}_count" for c in old.live_counts)
    work.con.execute(f"CREATE TABLE everybody AS SELECT *, {nothing} FROM records")
    recount_live(work, old, "everybody", "everybody")
    counted = work.con.execute(f"SELECT {', '.join(full.columns)} FROM everybody ORDER BY record_id").df()
    work.con.close()
    pd.testing.assert_frame_equal(counted, full)

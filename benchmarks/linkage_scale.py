"""Linking many persons: time and peak memory, beside plain Splink with the same rules; a week added; one search.

Usage: ``python -m benchmarks.linkage_scale [PERSONS]`` (default 1,000,000). Each measurement is a process of its own,
so that its peak memory is its own. "Plain" prepares, trains and blocks by the same rules, then lets Splink score and
take connected components: what is over it are reasons, constraints, stable keys and review pairs. The population is
invented (`tests/unit/linkage/population.py`), 7 % of persons on two lists.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

_WEEK = 1000
_SEED = 3


def _population(folder: Path, persons: int) -> None:
    from tests.unit.linkage.population import make_population

    parts = []
    for part in range(-(-persons // 50_000)):
        frame, _ = make_population(min(50_000, persons - part * 50_000), seed=100 + part)
        frame["person_record_id"] = f"{part:03d}-" + frame["person_record_id"]
        for column in ("source_case_no", "case_no_norm"):
            frame[column] = (f"{part:03d}-" + frame[column]).where(frame[column].notna(), None)
        parts.append(frame)
    whole = pd.concat(parts, ignore_index=True)
    for column in ("birth_date", "event_on", "known_on"):
        whole[column] = pd.to_datetime(whole[column])
    whole["age_years"] = whole["age_years"].astype("Int64")
    whole.sort_values("known_on", kind="stable").to_parquet(folder / "persons.parquet", index=False)


def _full(folder: Path) -> dict[str, Any]:
    from mids_orchestration.linkage import link_persons
    from mids_orchestration.linkage.incremental import write_state

    persons = pd.read_parquet(folder / "persons.parquet").iloc[:-_WEEK]
    started = time.monotonic()
    result = link_persons(persons, seed=_SEED)
    took = time.monotonic() - started
    assert result.model is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    write_state(folder, persons, result)
    (folder / "model.json").write_text(result.model.to_json())
    result.links.to_parquet(folder / "links.parquet")
    result.prepared.to_parquet(folder / "prepared_frame.parquet")
    return {
        "seconds": took,
        "peak": peak,
        "records": len(persons),
        "pairs": result.metrics["pairs"],
        "clusters": result.metrics["clusters"],
    }


def _plain(folder: Path) -> dict[str, Any]:
    """The same rules by Splink alone: prepared records in, blocked pairs, scores and connected components out."""
    from splink import DuckDBAPI, Linker

    from mids_orchestration.linkage.blocking import build_keys, count_and_cap, form_pairs
    from mids_orchestration.linkage.engine import splink_settings, train
    from mids_orchestration.linkage.person_model import DEFAULT
    from mids_orchestration.linkage.prepare import prepare_persons
    from mids_orchestration.linkage.workspace import open_workspace

    persons = pd.read_parquet(folder / "persons.parquet").iloc[:-_WEEK]
    started = time.monotonic()
    work = open_workspace(prepare_persons(persons))
    model, _ = train(work, DEFAULT, seed=_SEED)
    build_keys(work.con, "records", DEFAULT.blocking, "keys")
    count = count_and_cap(work.con, "keys", DEFAULT.blocking, DEFAULT.max_pairs)
    form_pairs(work.con, "records", "keys", count, "blocked")
    api = DuckDBAPI(connection=work.con)
    linker = Linker(
        api.register("records"), splink_settings(DEFAULT, model.prior, model.parameters), log_level=None
    )
    linker.table_management.register_blocked_pairs_for_predict(api.register("blocked"))
    scored = linker.inference.predict(threshold_match_probability=DEFAULT.threshold, warning_mode="never")
    linker.clustering.cluster_pairwise_predictions_at_threshold(scored, DEFAULT.threshold)
    return {"seconds": time.monotonic() - started, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


def _week(folder: Path) -> dict[str, Any]:
    from mids_orchestration.linkage.incremental import link_week
    from mids_orchestration.linkage.model_config import TrainedModel

    persons = pd.read_parquet(folder / "persons.parquet")
    model = TrainedModel.from_json((folder / "model.json").read_text())
    links = pd.read_parquet(folder / "links.parquet")
    started = time.monotonic()
    result = link_week(persons, folder, model=model, previous=links)
    return {
        "seconds": time.monotonic() - started,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "pairs": result.metrics["pairs"],
    }


def _search(folder: Path) -> dict[str, Any]:
    from mids_orchestration.linkage.model_config import TrainedModel
    from mids_orchestration.linkage.search import search_index, search_persons

    persons = pd.read_parquet(folder / "persons.parquet").iloc[:-_WEEK]
    index = search_index(pd.read_parquet(folder / "prepared_frame.parquet"))
    with duckdb.connect(str(folder / "w.duckdb")) as con:
        con.register("p", persons)
        con.register("i", index)
        con.execute("create schema conformed; create schema linked")
        con.execute(
            "create table conformed.cnf_person as from p; create table linked.person_search as from i"
        )
    model = TrainedModel.from_json((folder / "model.json").read_text())
    del persons, index
    with duckdb.connect(str(folder / "w.duckdb"), read_only=True) as con:
        took = []
        for name, country in (
            ("Mohd Rizal bin Othman", "MY"),
            ("Begum", "BD"),
            ("Nguyen Thi Lan", "VN"),
            ("Joko", "ID"),
        ):
            started = time.monotonic()
            search_persons(con, model, name=name, nationality=country)
            took.append(time.monotonic() - started)
    return {"seconds": max(took), "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


def main() -> None:
    """Print what each measurement took."""
    words = sys.argv[1:]
    if len(words) > 1:
        print(
            json.dumps(
                {"full": _full, "plain": _plain, "week": _week, "search": _search}[words[0]](Path(words[1]))
            )
        )
        return
    persons = int(words[0]) if words else 1_000_000
    with tempfile.TemporaryDirectory() as place:
        _population(Path(place), persons)
        found: dict[str, dict[str, Any]] = {}
        for step in ("full", "plain", "week", "search"):
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.linkage_scale", step, place],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            found[step] = json.loads(done.stdout.strip().splitlines()[-1])
            more = ", ".join(f"{k} {v:,}" for k, v in found[step].items() if k not in ("seconds", "peak"))
            print(
                f"{step:<8} {found[step]['seconds']:8.1f} s   peak {found[step]['peak'] / 2**20:6.2f} GiB   {more}",
                flush=True,
            )
    full = found["full"]["seconds"]
    print(
        f"over plain Splink: {full / found['plain']['seconds'] - 1:+.1%};"
        f" a week: {found['week']['seconds'] / full:.1%} of full"
    )


if __name__ == "__main__":
    main()

"""A new week against the population that is already linked.

What belongs here: which records are new or changed, the pairs that hold at least one of them, and the old pairs that
still stand. What does not: scoring, grouping and naming, which are those of a full run (`persons.py`).

A record is unchanged while the digest of everything that is compared of it is the same. Old pairs keep the score they
were given; only pairs with a new or changed record are formed and scored, under the given model and the block caps of
the full run. Two things may therefore differ from a full run with the same model: an old pair whose event has since
gained members keeps its weight, and an old pair of a block that has outgrown its cap stays. A test measures both.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from mids_orchestration.linkage.blocking import BlockingCount, build_keys, form_pairs
from mids_orchestration.linkage.collecting import without_collecting
from mids_orchestration.linkage.engine import score
from mids_orchestration.linkage.model_config import LinkageConfig, TrainedModel
from mids_orchestration.linkage.persons import LinkageResult, finish, link_persons, no_pairs
from mids_orchestration.linkage.prepare import PERSON_COLUMNS, check_persons, prepare_persons
from mids_orchestration.linkage.workspace import (
    Workspace,
    attach_terms,
    count_columns,
    count_live,
    open_workspace,
    recount_live,
)

PAIRS, PREPARED, CAPS = "pairs.parquet", "prepared.parquet", "caps.json"


def link_register(
    persons: pd.DataFrame,
    root: Path,
    *,
    model: TrainedModel | None,
    previous: pd.DataFrame | None,
    seed: int,
    same: Iterable[tuple[str, str]] = (),
    different: Iterable[tuple[str, str]] = (),
) -> LinkageResult:
    """Link as a week where the state of a full run under `model` is at hand, in full otherwise; keeps the state."""
    if model is not None and has_state(root, model):
        result = link_week(persons, root, model=model, previous=previous, same=same, different=different)
        result.prepared = read_prepared(root)
        return result
    result = link_persons(persons, previous=previous, model=model, seed=seed, same=same, different=different)
    write_state(root, persons, result)
    return result


def has_state(root: Path, model: TrainedModel | None) -> bool:
    """True when a full run under this very model left its state in `root`."""
    if model is None or not all((root / name).exists() for name in (PAIRS, PREPARED, CAPS)):
        return False
    kept = json.loads((root / CAPS).read_text())
    return bool(kept["model_version"] == model.version) and kept.get("counts") == count_columns(model.config)


def write_state(root: Path, persons: pd.DataFrame, result: LinkageResult) -> None:
    """Keep what the next week needs. Pairs before records: an interrupted write only means scoring some again."""
    if result.model is None:
        return
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(result.pairs, root / PAIRS)
    work = open_workspace(result.prepared)
    try:
        _digests(work, persons)
        counted = count_live(work, result.model.config)
        _write_table(
            work,
            f"SELECT r.*, c.* EXCLUDE (record_id, nationality), d.digest FROM records r"
            f" JOIN {counted} c USING (record_id) JOIN digests d USING (record_id)",
            root / PREPARED,
        )
    finally:
        work.con.close()
    caps = {
        "model_version": result.model.version,
        "block_caps": result.metrics.get("block_caps", {}),
        "counts": count_columns(result.model.config),
    }
    (root / CAPS).write_text(json.dumps(caps))


@without_collecting()
def link_week(
    persons: pd.DataFrame,
    root: Path,
    *,
    model: TrainedModel,
    previous: pd.DataFrame | None,
    same: Iterable[tuple[str, str]] = (),
    different: Iterable[tuple[str, str]] = (),
    threads: int = 2,
) -> LinkageResult:
    """Link all current `persons`, scoring only pairs with a new or changed record; `root` is brought up to date.

    persons, previous, same, different: as for `link_persons`. Raises `PersonFrameError` on missing or repeated ids.
    """
    check_persons(persons)
    config = model.config
    work = open_workspace(prepare_persons(persons.head(0)), threads=threads)
    try:
        _digests(work, persons)
        work.con.execute(f"CREATE VIEW known AS SELECT * FROM read_parquet('{root / PREPARED}')")
        work.con.execute(
            "CREATE TEMP TABLE fresh AS SELECT record_id FROM digests ANTI JOIN known USING (record_id, digest)"
        )
        fresh = {row[0] for row in work.con.execute("SELECT record_id FROM fresh").fetchall()}
        _replace_records(work, persons[persons["person_record_id"].astype(str).isin(fresh)], config)
        counts: dict[str, Any] = {
            "records_new_or_changed": len(fresh),
            "training": "given model",
            "prior": model.prior,
        }
        scored = _score_fresh(work, model, json.loads((root / CAPS).read_text())["block_caps"], counts)
        pairs = pd.concat([_standing(work, root / PAIRS), scored], ignore_index=True)
        pairs = pairs.sort_values(["record_id_l", "record_id_r"], kind="stable").reset_index(drop=True)
        same, different = list(same), list(different)
        alone = _set_alone_aside(work, pairs, previous, [*same, *different])
        rows = work.con.execute(
            "SELECT record_id, list_case, agency FROM everybody ANTI JOIN alone ON record_id = person_record_id"
            " ORDER BY record_id"
        ).fetchall()
        others = work.con.execute("FROM previous ANTI JOIN alone USING (person_record_id)").df()
        result = finish(rows, pairs, model, config, others, same, different, counts, alone)
        _write(result.pairs, root / PAIRS)
        _write_table(work, "SELECT * FROM everybody ORDER BY record_id", root / PREPARED)
    finally:
        work.con.close()
    return result


def read_prepared(root: Path) -> pd.DataFrame:
    """The comparable rows of the whole population as the state holds them."""
    frame = pd.read_parquet(root / PREPARED)
    return frame.drop(columns=["digest", *json.loads((root / CAPS).read_text()).get("counts", [])])


def _digests(work: Workspace, persons: pd.DataFrame) -> None:
    """Table digests (record_id, digest): one number of everything that preparing reads of a record."""
    columns = [c for c in PERSON_COLUMNS if c in persons.columns]
    work.con.register("persons_frame", _arrow(persons[columns]))
    words = ", ".join(f'"{c}"::VARCHAR' for c in columns)
    work.con.execute(
        f"CREATE TEMP TABLE digests AS SELECT person_record_id::VARCHAR AS record_id, hash({words}) AS digest"
        " FROM persons_frame"
    )
    work.con.unregister("persons_frame")


def _replace_records(work: Workspace, changed: pd.DataFrame, config: LinkageConfig) -> None:
    """Table everybody: the unchanged records as they were and the changed ones prepared anew, all counted."""
    work.con.register("prepared_frame", prepare_persons(changed))
    names = [row[0] for row in work.con.execute("SELECT column_name FROM (DESCRIBE known)").fetchall()]
    typed = {r[0]: r[1] for r in work.con.execute("DESCRIBE known").fetchall()}
    ours = {"digest", *count_columns(config)}
    casts = ", ".join(f'CAST(p."{n}" AS {typed[n]}) AS "{n}"' for n in names if n not in ours)
    listed = ", ".join(f'"{n}"' for n in names)
    work.con.execute(
        f"CREATE TABLE everybody AS SELECT {listed} FROM known SEMI JOIN digests USING (record_id, digest)"
        f" UNION ALL BY NAME SELECT {casts}, d.digest FROM prepared_frame p JOIN digests d USING (record_id)"
    )
    work.con.unregister("prepared_frame")
    # What came, and what it or a withdrawn record was before.
    work.con.execute(
        "CREATE TEMP TABLE news AS SELECT * FROM everybody SEMI JOIN fresh USING (record_id)"
        " UNION ALL BY NAME SELECT * FROM known ANTI JOIN digests USING (record_id, digest)"
    )
    recount_live(work, config, "everybody", "news")
    work.con.execute("DROP TABLE news; DROP VIEW known")


def _score_fresh(
    work: Workspace, model: TrainedModel, caps: dict[str, int], counts: dict[str, Any]
) -> pd.DataFrame:
    """Pairs of the fresh records from the review threshold up."""
    con, config = work.con, model.config
    con.execute("CREATE TABLE fresh_records AS SELECT * FROM everybody SEMI JOIN fresh USING (record_id)")
    build_keys(con, "fresh_records", config.blocking, "fresh_keys")
    build_keys(con, "everybody", config.blocking, "block_keys", only_keys="fresh_keys")
    count = BlockingCount(caps={r.name: caps.get(r.name, r.max_block) for r in config.blocking})
    form_pairs(
        con, "everybody", "block_keys", count, "blocked_pairs",
        cannot_link_sql=config.cannot_link_sql, only_with="fresh",
    )  # fmt: skip
    counts["pairs"] = count.pairs
    if count.pairs == 0:
        return no_pairs(config)
    con.execute(
        "CREATE TEMP TABLE involved AS SELECT join_key_l AS record_id FROM blocked_pairs"
        " UNION SELECT join_key_r FROM blocked_pairs"
    )
    # A view: of the whole population only the live counts are read, and only those involved are kept.
    con.execute("DROP TABLE records")
    ours = ", ".join(["digest", *count_columns(config)])
    con.execute(f"CREATE VIEW records AS SELECT * EXCLUDE ({ours}) FROM everybody")
    attach_terms(work, config, model.terms, model.bits, model.records, only="involved", counted="everybody")
    floor = math.log2(config.review_threshold / (1 - config.review_threshold))
    return score(work, model, "blocked_pairs", threshold_weight=floor)


def _standing(work: Workspace, path: Path) -> pd.DataFrame:
    """Old pairs of two unchanged records."""
    return work.con.execute(
        "SELECT p.* RENAME (person_record_id_l AS record_id_l, person_record_id_r AS record_id_r)"
        f" FROM read_parquet('{path}') p"
        " WHERE person_record_id_l NOT IN (FROM fresh) AND person_record_id_r NOT IN (FROM fresh)"
        " AND person_record_id_l IN (SELECT record_id FROM everybody)"
        " AND person_record_id_r IN (SELECT record_id FROM everybody)"
    ).df()


def _set_alone_aside(
    work: Workspace, pairs: pd.DataFrame, previous: pd.DataFrame | None, decided: list[tuple[str, str]]
) -> pd.DataFrame:
    """Records (person_record_id, person_key) that had a key of their own and still resemble nobody.

    Nearly the whole population: nothing is grouped or named anew for them. Tables alone and previous stay in the
    workspace.
    """
    con = work.con
    con.execute("CREATE TEMP TABLE previous (person_record_id VARCHAR, person_key VARCHAR)")
    if previous is not None and len(previous):
        con.register("previous_frame", _arrow(previous[["person_record_id", "person_key"]]))
        con.execute("INSERT INTO previous SELECT person_record_id, person_key FROM previous_frame")
        con.unregister("previous_frame")
    met = pd.concat(
        [pairs["record_id_l"], pairs["record_id_r"], pd.Series([r for pair in decided for r in pair])]
    )
    con.register("met_frame", pd.DataFrame({"record_id": met.astype(str).unique()}))
    con.execute(
        "CREATE TEMP TABLE alone AS SELECT p.* FROM previous p"
        " SEMI JOIN (SELECT person_key FROM previous GROUP BY person_key HAVING count(*) = 1) s USING (person_key)"
        " SEMI JOIN everybody ON everybody.record_id = p.person_record_id"
        " ANTI JOIN met_frame ON met_frame.record_id = p.person_record_id"
    )
    con.unregister("met_frame")
    return con.execute("FROM alone").df()


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """The frame for DuckDB to read as it lies in memory: text is not copied into Python objects."""
    return pa.Table.from_pandas(frame, preserve_index=False)


def _write(frame: pd.DataFrame, path: Path) -> None:
    aside = path.with_suffix(".tmp")
    frame.to_parquet(aside, index=False)
    aside.chmod(0o600)
    aside.replace(path)


def _write_table(work: Workspace, query: str, path: Path) -> None:
    aside = path.with_suffix(".tmp")
    work.con.execute(f"COPY ({query}) TO '{aside}' (FORMAT parquet)")
    aside.chmod(0o600)
    aside.replace(path)

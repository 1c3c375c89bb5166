"""Building a release aside, gating it, and putting it on the shelf under its name.

Belongs here: the order of steps and the folder being built. Does not belong here: how a table is written
(tables), judged (gates), described (datapackage), shown (dashboard) or switched to (store).

Nothing a reader can open changes before the last line of :func:`build_release`: a process killed anywhere
before leaves a ``.building-…`` folder, which the next publisher sweeps away.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from mids_orchestration.calendar import last_closed_week
from mids_orchestration.files import sync
from mids_orchestration.release import compare, dashboard, disclosure_step, gates, hub, store, synthetic_step
from mids_orchestration.release.datapackage import describe_release, package_gate, readme
from mids_orchestration.release.dictionary import write_dictionary
from mids_orchestration.release.docs_site import template_parts
from mids_orchestration.release.identity_scan import (
    IdentityIndex,
    index_identities,
    index_record_ids,
    record_keys,
)
from mids_orchestration.release.model import (
    Bilingual,
    Export,
    FeedState,
    GateResult,
    Release,
    ReleaseError,
    ReleaseRefused,
)
from mids_orchestration.release.model_card import write_card
from mids_orchestration.release.refusal import clear, hold_back
from mids_orchestration.release.tables import (
    TableFile,
    described,
    literal,
    warehouse_reader,
    write_database,
    write_parquet,
)

#: Part of every release id: raise it when the files' layout changes.
FORMAT = 2
#: Public tables that readers (BI, notebooks, the dashboard) were promised by name.
PROMISED_TABLES = (
    "dim_agency", "dim_date", "dim_offence", "dim_state",
    "fct_forecast", "fct_forecast_score", "fct_weekly_count",
)  # fmt: skip
#: Where the warehouse knows people by name: what must not be found in a release.
IDENTITIES = "conformed.cnf_person"

Announce = Callable[[str], None]


@dataclass(frozen=True)
class _Plan:
    """What :func:`build_release` was asked for, with the names every step needs."""

    as_of: date
    as_of_week: date
    exports: tuple[Export, ...]
    data_version: str
    feeds: tuple[FeedState, ...]
    notice: Bilingual | None
    documentation: str


def build_release(
    warehouse: Path,
    releases: Path,
    *,
    as_of: date,
    exports: Sequence[Export],
    data_version: str,
    feeds: Sequence[FeedState] = (),
    upstream_gates: Sequence[GateResult] = (),
    notice: Bilingual | None = None,
    documentation: str = "",
    promised: Collection[str] = PROMISED_TABLES,
    identities: str = IDENTITIES,
    row_tolerance: float = 0.25,
    announce: Announce = lambda _: None,
) -> Release:
    """Build, gate and shelve the release of ``as_of``. Readers see it after :func:`store.switch`.

    The same warehouse content, exports, feeds and page give the same ``release_id``; if that release is
    already on the shelf and whole, nothing is written and ``built`` is False.

    Args:
        warehouse: the DuckDB file; opened read-only.
        releases: the shelf, created if missing.
        as_of: the day the data are seen from.
        exports: what leaves the warehouse (:func:`manifest.exports_from_manifest`).
        data_version: what the data were made from (for example the digest of the receipts).
        feeds: freshness of every feed (:func:`freshness.feed_states`).
        upstream_gates: results of checks that ran before, recorded in ``release.json``.
        notice: shown on top of the page, for example that the data are simulated.
        documentation: dbt's page (:func:`docs_site.docs_page`); empty = the release has none.
        promised: public tables that must be there.
        identities: relation whose names and numbers must be found nowhere.
        row_tolerance: share by which a table's rows may move before it is told.
        announce: hears one line per step.

    Raises:
        ReleaseRefused: when a gate refuses; the old release stays, ``refused.json`` tells why.
        ReleaseError: when the warehouse cannot be read.
    """
    ordered = tuple(sorted(exports, key=lambda export: (export.zone, export.name)))
    plan = _Plan(as_of, last_closed_week(as_of), ordered, data_version, tuple(feeds), notice, documentation)
    with store.publisher_lock(releases):
        for left in releases.glob(".building-*"):
            shutil.rmtree(left)
        stage = Path(tempfile.mkdtemp(prefix=f".building-{as_of.isoformat()}-", dir=releases))
        try:
            with warehouse_reader(warehouse) as connection:
                passed = _gate_structure(connection, plan, promised, upstream_gates)
                announce(f"release: writing {len(ordered)} tables")
                synthetic = synthetic_step.synthetic_file(connection, ordered, as_of, releases)
                tables = _write_tables(connection, plan, stage, releases, synthetic)
                index = _identities(connection, identities)
            release = _finish(
                releases, stage, plan, tables, passed, index, row_tolerance, announce, synthetic
            )
            clear(releases)
            return release
        except ReleaseRefused as refused:
            hold_back(releases, as_of, refused.gates)
            raise
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _gate_structure(
    connection: duckdb.DuckDBPyConnection,
    plan: _Plan,
    promised: Collection[str],
    upstream: Sequence[GateResult],
) -> list[GateResult]:
    """The gates that need no file: they run first, so that a named column is never even written."""
    held: dict[str, Mapping[str, str] | None] = {
        e.name: described(connection, e.relation) for e in plan.exports
    }
    results = [
        *upstream,
        gates.promised_tables(plan.exports, held, promised),
        gates.declared_columns(plan.exports, held),
        gates.no_direct_identifiers(plan.exports),
        gates.pii_declared(plan.exports),
        disclosure_step.declared(plan.exports),
    ]
    _refuse_if_any(results)
    return results


def _write_tables(
    connection: duckdb.DuckDBPyConnection,
    plan: _Plan,
    stage: Path,
    releases: Path,
    synthetic: synthetic_step.Synthetic | None,
) -> list[TableFile]:
    (stage / "data").mkdir()
    (stage / store.RESTRICTED / "data").mkdir(parents=True)
    folders = {"public": stage / "data", "restricted": stage / store.RESTRICTED / "data"}
    protected = disclosure_step.protected_counts(connection, plan.exports, plan.as_of, releases)
    written = []
    for export in plan.exports:
        path = folders[export.zone] / f"{export.name}.parquet"
        if export.name in protected:
            connection.register("protected", protected[export.name])
            written.append(write_parquet(connection, export, path, source="protected"))
            connection.unregister("protected")
        elif export.zone == "public" and export.disclosure == "synthetic" and synthetic:
            connection.register("synthetic", synthetic.rows)
            written.append(write_parquet(connection, export, path, source="synthetic"))
            connection.unregister("synthetic")
        elif export.zone == "public" and export.disclosure in {"persons", "synthetic"}:
            raise ReleaseError(f"{export.name} holds persons and was not protected: nothing is written")
        else:
            written.append(write_parquet(connection, export, path))
    return written


def _identities(connection: duckdb.DuckDBPyConnection, relation: str) -> IdentityIndex | None:
    if described(connection, relation) is None:
        return None
    return index_identities(connection, relation)


def _finish(
    releases: Path,
    stage: Path,
    plan: _Plan,
    tables: list[TableFile],
    passed: list[GateResult],
    index: IdentityIndex | None,
    row_tolerance: float,
    announce: Announce,
    synthetic: synthetic_step.Synthetic | None,
) -> Release:
    identity = _identity(plan, tables, stage)
    release_id = f"{plan.as_of.isoformat()}-{store.identity_hash(identity)}"
    shelved = releases / release_id
    if shelved.exists() and not store.verify_release(shelved):
        announce(f"release: {release_id} is already published")
        return store.load_release(shelved)
    frames = _frames(tables)
    announce("release: databases, description and dashboard")
    _write_zone(stage, plan, tables, release_id, "public")
    _write_zone(stage / store.RESTRICTED, plan, tables, release_id, "restricted")
    now = store.current_release(releases)
    changes = compare.changes_since(now, tables, release_id, plan.as_of)
    facts = dashboard.PageFacts(
        release_id, plan.as_of, plan.as_of_week, plan.data_version, plan.feeds, plan.notice, changes
    )
    page, headline = dashboard.render_with_headline(frames, facts)
    (stage / "dashboard.html").write_text(page, "utf-8")
    if plan.documentation:
        (stage / "dbt_docs.html").write_text(plan.documentation, "utf-8")
    synthetic_step.write_account(stage, synthetic)
    (stage / "CHANGES.md").write_text(compare.changes_text(changes, release_id), "utf-8")
    hub.write_hub(stage / "hub", tables)
    write_card(stage, tables, release_id, plan.as_of, plan.as_of_week, plan.data_version)
    announce("release: gates")
    results = [
        *passed,
        *_gate_files(stage, tables, index, now.tables if now else None, row_tolerance),
        disclosure_step.protected_gate(tables, releases),
        synthetic_step.synthetic_gate(tables, synthetic),
    ]
    _refuse_if_any(results)
    ledger, seen_first = disclosure_step.to_remember(tables, releases, synthetic)
    told = disclosure_step.facts(tables, seen_first[-1].digest if seen_first else ledger.head, synthetic)
    _write_facts(stage, plan, tables, results, identity, release_id, headline, told)
    store.seal(stage)
    # Before anybody can see it: a process that dies here has remembered too much, which harms nobody.
    ledger.add(seen_first)
    if shelved.exists():  # damaged since: keep the evidence, put the whole one in its place
        shelved.replace(releases / f".damaged-{release_id}-{os.urandom(4).hex()}")
    stage.replace(shelved)
    sync(releases)
    return store.load_release(shelved, built=True)


def _identity(plan: _Plan, tables: Sequence[TableFile], stage: Path) -> dict[str, Any]:
    """Everything the content of a release follows from, in plain JSON."""
    described_as = json.dumps(
        [dataclasses.asdict(e) for e in plan.exports], sort_keys=True, ensure_ascii=False
    )
    freshness = json.dumps([_feed(f) for f in plan.feeds], sort_keys=True, ensure_ascii=False)
    return {
        "format": FORMAT,
        "as_of": plan.as_of.isoformat(),
        "data_version": plan.data_version,
        "tables": {str(t.path.relative_to(stage)): t.sha256 for t in tables},
        "descriptions": dashboard.digest(described_as),
        "feeds": dashboard.digest(freshness),
        "notice": dataclasses.asdict(plan.notice) if plan.notice else None,
        "page": dashboard.assets_digest(),
        "documentation": dashboard.digest(plan.documentation),
    }


def _frames(tables: Sequence[TableFile]) -> dict[str, pd.DataFrame]:
    return {
        t.export.name: _frame(t.path)
        for t in tables
        if t.export.zone == "public" and t.export.name in dashboard.TABLES
    }


def _frame(path: Path) -> pd.DataFrame:
    with duckdb.connect(config={"threads": 1}) as connection:
        return connection.execute(f"from read_parquet({literal(str(path))})").df()


def _write_zone(folder: Path, plan: _Plan, tables: Sequence[TableFile], release_id: str, zone: str) -> None:
    mine = [t for t in tables if t.export.zone == zone]
    name = "mids.duckdb" if zone == "public" else "mids_restricted.duckdb"
    write_database(
        folder / name, mine, release_id=release_id, as_of=plan.as_of, as_of_week=plan.as_of_week,
        data_version=plan.data_version,
    )  # fmt: skip
    if mine:
        write_dictionary(folder, plan.exports, zone)
        _write_json(
            folder / "datapackage.json",
            describe_release(mine, folder, release_id=release_id, as_of=plan.as_of, zone=zone),
        )
    if zone == "public":
        text = readme(
            mine, plan.feeds, release_id=release_id, as_of=plan.as_of, as_of_week=plan.as_of_week,
            data_version=plan.data_version,
        )  # fmt: skip
        (folder / "README.md").write_text(text, "utf-8")


def _gate_files(
    stage: Path,
    tables: Sequence[TableFile],
    index: IdentityIndex | None,
    before: Mapping[str, int] | None,
    row_tolerance: float,
) -> list[GateResult]:
    descriptors = [json.loads(p.read_text("utf-8")) for p in sorted(stage.rglob("datapackage.json"))]
    files = sorted(path for path in stage.rglob("*") if path.is_file())
    with duckdb.connect(config={"threads": 1}) as connection:
        if index is None:
            scanned = GateResult(
                "identities_absent",
                gates.DATA_PROTECTION,
                "refused",
                "the warehouse has no table of identities, so nothing could be looked for",
                f"build {IDENTITIES} with dbt, or name the relation that holds names and document numbers",
            )
        else:
            harmless = (dashboard.script_bundle(), *template_parts())
            ids = index_record_ids(connection, record_keys(tables))
            scanned = gates.identities_absent(
                connection, tables, files, stage, index, record_ids=ids, harmless=harmless
            )
        return [
            scanned,
            package_gate(descriptors),
            gates.primary_keys(connection, tables),
            gates.forecasts_coherent(connection, tables),
            gates.counts_reconcile(connection, tables),
            gates.row_counts(tables, before, row_tolerance),
        ]


def _refuse_if_any(results: Sequence[GateResult]) -> None:
    if any(result.status == "refused" for result in results):
        raise ReleaseRefused(results)


def _write_facts(
    stage: Path,
    plan: _Plan,
    tables: Sequence[TableFile],
    results: Sequence[GateResult],
    identity: dict[str, Any],
    release_id: str,
    headline: dict[str, Any],
    disclosure: dict[str, Any],
) -> None:
    zones = ("public", "restricted")
    rows = {zone: {t.export.name: t.rows for t in tables if t.export.zone == zone} for zone in zones}
    facts = {
        "release_id": release_id,
        "as_of": plan.as_of.isoformat(),
        "as_of_week": plan.as_of_week.isoformat(),
        "data_version": plan.data_version,
        "tables": rows["public"],
        "headline": headline,
        "gates": [result.as_dict() for result in results],
        "feeds": [_feed(feed) for feed in plan.feeds],
        "disclosure": disclosure,
        "identity": identity,
    }
    _write_json(stage / store.FACTS, facts)
    _write_json(
        stage / store.RESTRICTED / store.FACTS,
        {"release_id": release_id, "as_of": plan.as_of.isoformat(), "tables": rows["restricted"]},
    )


def _feed(feed: FeedState) -> dict[str, Any]:
    last = feed.last_known_on
    return {**dataclasses.asdict(feed), "last_known_on": last.isoformat() if last else None}


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False) + "\n", "utf-8")


__all__ = ["FORMAT", "IDENTITIES", "PROMISED_TABLES", "ReleaseError", "build_release"]

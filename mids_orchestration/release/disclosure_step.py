"""Disclosure control as a step and a gate of the build: between the warehouse's counts and the public files.

Belongs here: reading counts of persons, handing them to :mod:`disclosure`, judging the files as written. Does not
belong here: what is suppressed and why (disclosure).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from mids_orchestration.release import store, synthetic_step
from mids_orchestration.release.disclosure import (
    STATUS,
    SUPPRESSED,
    VALUE,
    equations,
    intervals,
    load_policy,
    protect,
    published_blocks,
)
from mids_orchestration.release.disclosure.cells import blocks, cells
from mids_orchestration.release.disclosure.ledger import COUNTS, SYNTHETIC, Entry, Ledger, told_of_block
from mids_orchestration.release.model import Export, GateResult, ReleaseError
from mids_orchestration.release.synthetic_step import Synthetic
from mids_orchestration.release.tables import TableFile, literal, source_of

OWNER = "MAPO secretariat, data protection"


def facts(tables: Sequence[TableFile], ledger_head: str, synthetic: Synthetic | None) -> dict[str, Any]:
    """What a release was made under and protects, and how far the ledger went: for ``release.json``."""
    names = [t.export.name for t in tables if t.export.zone == "public" and t.export.disclosure == "persons"]
    account = synthetic_step.facts(synthetic)
    return {**asdict(load_policy()), "tables": names, "ledger": ledger_head, "synthetic": account}


def to_remember(
    tables: Sequence[TableFile], releases: Path, synthetic: Synthetic | None
) -> tuple[Ledger, list[Entry]]:
    """The ledger and what a release about to be shelved adds to it: what nobody has seen before."""
    ledger, edition = Ledger(releases), load_policy().edition
    held = ledger.blocks(edition)
    new = [told_of_block(key, block) for key, block in blocks(_shown(tables)) if key not in held]
    told = [(SYNTHETIC, synthetic.told)] if synthetic and synthetic.is_new else []
    return ledger, ledger.next_entries(edition, [*told, *((COUNTS, block) for block in new)])


def declared(exports: Sequence[Export]) -> GateResult:
    """Every public fact table says what its numbers are of, and tables of persons have what protection needs."""
    remedy = "write meta.disclosure: persons | events | estimates | external in the mart's YAML"
    public = [e for e in exports if e.zone == "public" and e.name.startswith("fct_")]
    wrong = [
        f"{e.name} counts persons but has no column {column}"
        for e in public
        if e.disclosure == "persons"
        for column in ("year_start", "crime_type_code", VALUE, STATUS)
        if column not in e.column_names
    ]
    if wrong:
        return GateResult("disclosure_declared", OWNER, "refused", "; ".join(wrong[:5]), remedy)
    silent = [e.name for e in public if e.disclosure is None]
    if silent:
        found = f"{len(silent)} public table(s) do not say what they count: {', '.join(silent)}"
        return GateResult("disclosure_declared", OWNER, "refused", found, remedy)
    return GateResult(
        "disclosure_declared", OWNER, "passed", f"all {len(public)} public facts say it", remedy
    )


def protected_counts(
    connection: duckdb.DuckDBPyConnection, exports: Sequence[Export], as_of: date, releases: Path
) -> dict[str, pd.DataFrame]:
    """Every public table of persons as it may be published, by name."""
    full = {}
    for export in exports:
        if export.zone == "public" and export.disclosure == "persons":
            columns = ", ".join(export.column_names)
            full[export.name] = _dated(connection.execute(f"select {columns} from {source_of(export)}").df())
    if not full:
        return {}
    return protect(full, load_policy(), as_of=as_of, published=_published(releases))


def protected_gate(tables: Sequence[TableFile], releases: Path) -> GateResult:
    """No small count is shown, none can be worked out, and no published year has changed: from the files as written."""
    name, remedy = (
        "disclosure_protected",
        "do not publish; find the table that was not protected with the others, or ask data protection for a new "
        "edition in disclosure/policy.yml",
    )
    policy = load_policy()
    shown = _shown(tables)
    if not shown:
        return GateResult(name, OWNER, "not_assessed", "no public table counts persons", remedy)
    wrong: list[str] = []
    suppressed, narrowest = 0, float("inf")
    for table, frame in shown.items():
        small = ((frame[VALUE] > 0) & (frame[VALUE] < policy.threshold)).sum()
        odd = (frame[VALUE].isna() != (frame[STATUS] == SUPPRESSED)).sum()
        wrong += [f"{table} shows {small} count(s) below {policy.threshold}"] if small else []
        wrong += [f"{table}: {odd} row(s) where number and status disagree"] if odd else []
    before = _published(releases)
    for key, block in blocks(shown):
        year = f"{key[1]} {str(key[0])[:4]}"
        if key in before:  # attacked when it was first published; here it only has to be the same
            if cells(block) != cells(before[key]):
                wrong.append(f"{year} differs from what was published before")
            continue
        try:
            found = intervals(cells(block), equations(block))
        except ValueError as error:
            wrong.append(f"{year}: {error}")
            continue
        suppressed += len(found)
        least = min((interval.width for interval in found.values()), default=float("inf"))
        narrowest = min(narrowest, least)
        if least < policy.width - 1e-6:
            wrong.append(f"{year}: a suppressed count is known to {least:g}, less than {policy.width}")
    if wrong:
        return GateResult(name, OWNER, "refused", "; ".join(wrong[:5]), remedy)
    told = f"{suppressed} suppressed counts attacked, the best known to an interval of {narrowest:g}"
    carried = sum(key in before for key, _ in blocks(shown))
    return GateResult(
        name,
        OWNER,
        "passed",
        f"{told if suppressed else 'nothing new'}; {carried} blocks as published before",
        remedy,
    )


def _shown(tables: Sequence[TableFile]) -> dict[str, pd.DataFrame]:
    """The tables of persons as written."""
    mine = [t for t in tables if t.export.zone == "public" and t.export.disclosure == "persons"]
    with duckdb.connect(config={"threads": 1}) as connection:
        return {t.export.name: _read(connection, t.path) for t in mine}


def _published(releases: Path) -> Mapping[tuple[object, ...], Mapping[str, pd.DataFrame]]:
    """Every block that readers have seen under this edition: from the ledger, and from releases made before it was.

    Raises:
        ReleaseError: when the ledger lacks what a kept release was published with.
    """
    ledger, edition = Ledger(releases), load_policy().edition
    older: list[dict[str, pd.DataFrame]] = []
    with duckdb.connect(config={"threads": 1}) as connection:
        for release in store.list_releases(releases):
            policy = release.facts.get("disclosure") or {}
            ledger.require(policy.get("ledger"), release.release_id)
            if policy.get("ledger") or policy.get("edition") != edition:
                continue
            data = release.path / "data"
            older.append({t: _read(connection, data / f"{t}.parquet") for t in policy.get("tables", ())})
    return {**published_blocks(older), **ledger.blocks(edition)}


def _read(connection: duckdb.DuckDBPyConnection, path: Path) -> pd.DataFrame:
    try:
        frame = connection.execute(f"from read_parquet({literal(str(path))})").df()
    except duckdb.IOException as error:
        raise ReleaseError(
            f"{path} was published and cannot be read, so what readers have seen is not known: mids release verify "
            "tells which release is damaged"
        ) from error
    return _dated(frame)


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    """Years as ISO text, counts as integers that may be missing: one form for keys and sums."""
    years = pd.to_datetime(frame["year_start"]).dt.strftime("%Y-%m-%d")
    return frame.assign(year_start=years, **{VALUE: frame[VALUE].astype("Int64")})

"""The gates of a release: each has a name, an owner, evidence and a remedy.

Belongs here: judging what is about to be published, from the files just built, never from the tables they
came from. Does not belong here: building, or acting on the verdict (build).

Two kinds: a gate that refuses stops the release and the old one stays; one that warns is counted and told.
What cannot be judged is ``not_assessed``, which is never shown as passed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from mids_orchestration.release.identity_scan import Find, IdentityIndex, scan_database, scan_file, scan_table
from mids_orchestration.release.model import Export, GateResult
from mids_orchestration.release.tables import TableFile, literal, quoted

DATA_PROTECTION = "MAPO secretariat, data protection"
DATA_PLATFORM = "MAPO secretariat, data platform"
FORECASTS = "MAPO secretariat, forecasting"

#: Names that only identifying columns carry, whatever their declared class says.
_IDENTIFYING = re.compile(
    r"^(full_name|first_name|last_name|.*_name_raw|nama|subject_name|accused_name|alias(es)?"
    r"|birth_date|date_of_birth|dob|tarikh_lahir|document_no|no_dokumen|passport_no|mykad_no|id_no|phone.*"
    r"|(.*_)?case_no(_norm)?|no_kertas_siasatan|no_kes|investigation_ref|agc_ref|consular_ref"
    r"|incident_id|police_report_no|ngo_ref|(.*_)?raid_no|no_serbuan|no_operasi|source_record_no|_?receipt_id|_line_no)$"
)
#: Keys of single persons or cases: pseudonymous, so they stay in the restricted zone.
_ROW_LEVEL = re.compile(r"^(person_key|person_record_id|person_id|case_key|case_id|case_record_id)$")


def declared_columns(exports: Sequence[Export], held: Mapping[str, Mapping[str, str] | None]) -> GateResult:
    """Every exported table declares exactly the columns the warehouse has: an undeclared one has no class."""
    wrong: list[str] = []
    for export in exports:
        actual = held.get(export.name)
        if actual is None:
            continue
        declared = set(export.column_names)
        wrong += [
            f"{export.name}.{c} is in the warehouse but not declared" for c in actual if c not in declared
        ]
        wrong += [f"{export.name}.{c} is declared but not in the warehouse" for c in declared - set(actual)]
    columns = sum(len(export.columns) for export in exports)
    return _verdict(
        "declared_columns",
        DATA_PLATFORM,
        wrong,
        f"{columns} columns of {len(exports)} tables are all declared",
        "list the column in the mart's YAML with description, data_type and pii, or take it out of the model",
    )


def promised_tables(
    exports: Sequence[Export], held: Mapping[str, Mapping[str, str] | None], promised: Collection[str]
) -> GateResult:
    """Every table that readers were promised is exported, and every exported table is in the warehouse."""
    names = {export.name for export in exports if export.zone == "public"}
    wrong = [
        f"{name} is promised but no public mart of that name is declared"
        for name in sorted(set(promised) - names)
    ]
    wrong += [
        f"{export.relation} is not in the warehouse" for export in exports if held.get(export.name) is None
    ]
    return _verdict(
        "promised_tables",
        DATA_PLATFORM,
        wrong,
        f"{len(exports)} tables present, {len(set(promised))} of them promised",
        "run dbt build for the missing mart and see why it failed; a table is only withdrawn with a notice",
    )


def no_direct_identifiers(exports: Sequence[Export]) -> GateResult:
    """No exported column is of PII class direct, is named like an identifier, or carries a source number."""
    wrong: list[str] = []
    for export in exports:
        for column in export.columns:
            at = f"{export.name}.{column.name} ({export.zone})"
            if column.pii == "direct":
                wrong.append(f"{at} is of PII class direct")
            elif _IDENTIFYING.match(column.name.lower()):
                wrong.append(f"{at} is named like an identifier or source number")
            elif export.zone == "public" and _ROW_LEVEL.match(column.name.lower()):
                wrong.append(f"{at} is the key of single persons or cases")
    return _verdict(
        "no_direct_identifiers",
        DATA_PROTECTION,
        wrong,
        f"none among {sum(len(e.columns) for e in exports)} columns",
        "take the column out of the mart, or keep only what is derived from it (age band, year, count)",
    )


def pii_declared(exports: Sequence[Export]) -> GateResult:
    """Every exported column says its PII class. Missing ones are counted, not guessed."""
    missing = [
        f"{export.name}.{column.name}"
        for export in exports
        for column in export.columns
        if column.pii is None
    ]
    remedy = "write meta.pii: none | indirect | direct beside the column in the mart's YAML"
    if not missing:
        return GateResult("pii_declared", DATA_PROTECTION, "passed", "every column says its class", remedy)
    found = f"{len(missing)} column(s) say nothing: {_some(missing)}"
    return GateResult("pii_declared", DATA_PROTECTION, "not_assessed", found, remedy)


def primary_keys(connection: duckdb.DuckDBPyConnection, tables: Sequence[TableFile]) -> GateResult:
    """Every declared primary key identifies one row, in the files as written."""
    wrong: list[str] = []
    keyed = [table for table in tables if table.export.primary_key]
    for table in keyed:
        key = ", ".join(quoted(c) for c in table.export.primary_key)
        unfit = " or ".join(f"{quoted(c)} is null" for c in table.export.primary_key)
        source = f"read_parquet({literal(str(table.path))})"
        row = connection.execute(
            f"select (select count(*) from (select {key} from {source} group by all having count(*) > 1)), "
            f"(select count(*) from {source} where {unfit})"
        ).fetchone()
        assert row is not None
        if row[0] or row[1]:
            wrong.append(
                f"{table.export.name}: {row[0]} key(s) stand twice, {row[1]} row(s) lack part of the key"
            )
    return _verdict(
        "primary_keys",
        DATA_PLATFORM,
        wrong,
        f"unique in {len(keyed)} keyed tables",
        "mend the mart's grain: its dbt test of uniqueness names the rows",
    )


def identities_absent(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[TableFile],
    files: Sequence[Path],
    root: Path,
    index: IdentityIndex,
    *,
    record_ids: IdentityIndex | None = None,
    harmless: Sequence[str] = (),
) -> GateResult:
    """No name, document or case number the warehouse knows, and nothing shaped like one, is in any file.

    Ids of restricted records (``record_ids``) must be in no public file.
    """
    remedy = (
        "open the named column in the restricted zone, take the value out of the mart, then publish again"
    )
    finds: list[Find] = []
    for table in tables:
        source = f"read_parquet({literal(str(table.path))})"
        ids = record_ids if table.export.zone == "public" else None
        finds += scan_table(connection, source, str(table.path.relative_to(root)), index, ids)
    scanned = {table.path for table in tables}
    for path in files:
        where = str(path.relative_to(root))
        ids = None if where.startswith("restricted/") else record_ids
        texts = harmless if path.suffix == ".html" else ()
        finds += scan_file(path, where, index, record_ids=ids, without=texts)
        if path.suffix == ".duckdb":
            finds += scan_database(path, where, index, ids)
        if path.suffix == ".parquet" and path not in scanned:  # the hub's, for one
            finds += scan_table(connection, f"read_parquet({literal(str(path))})", where, index, ids)
    if not finds and index.size == 0:
        nothing = "nothing like a MyKad found, but the warehouse knows no names or numbers to look for"
        return GateResult("identities_absent", DATA_PROTECTION, "not_assessed", nothing, remedy)
    return _verdict(
        "identities_absent",
        DATA_PROTECTION,
        [f"{find.where} holds {find.kind} ({find.hits} time(s))" for find in finds],
        f"none of {index.size} names and numbers and {record_ids.size if record_ids else 0} restricted record ids "
        f"is in {len(files)} files and {len(tables)} tables",
        remedy,
    )


def forecasts_coherent(connection: duckdb.DuckDBPyConnection, tables: Sequence[TableFile]) -> GateResult:
    """Quantiles rise with their level, no value is negative or missing."""
    name, remedy = (
        "forecasts_coherent",
        "sort and clip the quantiles in forecasting, then forecast this week again",
    )
    table = next((t for t in tables if t.export.name == "fct_forecast"), None)
    if table is None or table.rows == 0:
        return GateResult(name, FORECASTS, "not_assessed", "there are no forecasts in this release", remedy)
    group = [
        c
        for c in (
            "as_of_week",
            "revision",
            "unique_id",
            "unit_code",
            "target_week",
            "model_name",
            "model_version",
            "data_version",
        )
        if c in table.types
    ]
    by = ", ".join(quoted(c) for c in group)
    row = connection.execute(
        f"""
        select count(*) filter (value is null or isnan(value)), count(*) filter (value < 0),
               count(*) filter (quantile <= 0 or quantile >= 1), count(*) filter (value < before)
        from (select *, lag(value) over (partition by {by} order by quantile) as before
              from read_parquet({literal(str(table.path))}))
        """
    ).fetchone()
    assert row is not None
    told = (
        "missing value(s)",
        "negative value(s)",
        "level(s) outside 0–1",
        "quantile(s) below the one before",
    )
    wrong = [f"{count} {what}" for count, what in zip(row, told, strict=True) if count]
    return _verdict(name, FORECASTS, wrong, f"{table.rows} quantiles are monotone and not negative", remedy)


def counts_reconcile(connection: duckdb.DuckDBPyConnection, tables: Sequence[TableFile]) -> GateResult:
    """The weekly case counts add up, by crime type, to the cases themselves."""
    name, remedy = (
        "counts_reconcile",
        "compare fct_weekly_count with fct_case by crime type and event week in dbt",
    )
    by_name = {table.export.name: table for table in tables}
    weekly, cases = by_name.get("fct_weekly_count"), by_name.get("fct_case")
    if weekly is None or cases is None or "crime_type_code" not in cases.types:
        return GateResult(
            name, DATA_PLATFORM, "not_assessed", "fct_weekly_count or fct_case is not exported", remedy
        )
    counted, told = literal(str(weekly.path)), literal(str(cases.path))
    rows = connection.execute(
        f"""
        with counted as (
            select crime_type_code, sum(count_value)::bigint as n
            from read_parquet({counted}) where unit_code = 'case' group by all
        ), told as (
            select crime_type_code, count(*) as n from read_parquet({told}) group by all
        )
        select coalesce(counted.crime_type_code, told.crime_type_code), coalesce(counted.n, 0),
            coalesce(told.n, 0)
        from counted full join told on counted.crime_type_code is not distinct from told.crime_type_code
        order by all
        """
    ).fetchall()
    wrong = [f"{code}: {n} in the weekly counts, {m} cases" for code, n, m in rows if n != m]
    found = ", ".join(f"{code} {n}" for code, n, _ in rows) or "no cases at all"
    return _verdict(name, DATA_PLATFORM, wrong, f"cases equal weekly counts: {found}", remedy)


def row_counts(tables: Sequence[TableFile], before: Mapping[str, int] | None, tolerance: float) -> GateResult:
    """Rows have not moved further from the last release than the tolerance. A warning, not a refusal."""
    name, remedy = "row_counts", "see which feed moved (mids status), and tell readers why if it is real"
    if not before:
        return GateResult(name, DATA_PLATFORM, "not_assessed", "there is no release before this one", remedy)
    now = {table.export.name: table.rows for table in tables if table.export.zone == "public"}
    moved = [
        f"{table}: {before[table]} → {now.get(table, 0)} rows"
        for table in sorted(before)
        if abs(now.get(table, 0) - before[table]) > tolerance * max(before[table], 1)
    ]
    if moved:
        return GateResult(name, DATA_PLATFORM, "warned", f"beyond {tolerance:.0%}: {_some(moved)}", remedy)
    return GateResult(name, DATA_PLATFORM, "passed", f"{len(before)} tables within {tolerance:.0%}", remedy)


def _verdict(name: str, owner: str, wrong: Sequence[str], passed: str, remedy: str) -> GateResult:
    if wrong:
        return GateResult(name, owner, "refused", _some(wrong), remedy)
    return GateResult(name, owner, "passed", passed, remedy)


def _some(things: Sequence[str], most: int = 5) -> str:
    more = f" … and {len(things) - most} more" if len(things) > most else ""
    return "; ".join(things[:most]) + more

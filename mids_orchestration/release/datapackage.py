"""``datapackage.json`` and the release's README: what the files are, for machines and for people.

Belongs here: describing tables as a frictionless Data Package (version 2 of the standard, in which a
tabular resource may be Parquet) and checking the description. Does not belong here: writing tables.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from mids_orchestration.calendar import week_label
from mids_orchestration.release.model import Export, FeedState, GateResult
from mids_orchestration.release.tables import TableFile

_PROFILES = "https://datapackage.org/profiles/2.0"
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}


def field_type(sql_type: str) -> str:
    """The Table Schema type of a DuckDB type."""
    kind = sql_type.upper()
    if kind.endswith("[]"):
        return "list"
    if kind in _INTEGERS:
        return "integer"
    if kind in {"FLOAT", "DOUBLE"} or kind.startswith("DECIMAL"):
        return "number"
    if kind.startswith("TIMESTAMP"):
        return "datetime"
    plain = {"BOOLEAN": "boolean", "DATE": "date", "TIME": "time", "VARCHAR": "string", "UUID": "string"}
    if kind.startswith("ENUM"):
        return "string"
    return plain.get(kind, "object" if kind.startswith("STRUCT") else "any")


def describe_release(
    tables: Sequence[TableFile], root: Path, *, release_id: str, as_of: date, zone: str
) -> dict[str, Any]:
    """Return the descriptor of the tables of one zone; paths are relative to ``root``."""
    public = zone == "public"
    known = {table.export.name for table in tables}
    return {
        "$schema": f"{_PROFILES}/datapackage.json",
        "name": "mids" if public else "mids-restricted",
        "id": f"mids-{zone}-{release_id}",
        "title": "MIDS: human trafficking and migrant smuggling, Malaysia"
        + ("" if public else " (restricted)"),
        "title_ms": "MIDS: pemerdagangan orang dan penyeludupan migran, Malaysia"
        + ("" if public else " (terhad)"),
        "version": release_id,
        "description": (
            f"As known on {as_of.isoformat()}. Counts are what enforcement and consular bodies recorded: "
            "they follow raids and reporting, not only the crime. The newest weeks are incomplete."
        ),
        "contributors": [{"title": "MAPO secretariat", "role": "publisher"}],
        "resources": [_resource(table, root, known) for table in tables],
    }


def _resource(table: TableFile, root: Path, known: set[str]) -> dict[str, Any]:
    export = table.export
    resource = {
        "$schema": f"{_PROFILES}/dataresource.json",
        "name": export.name,
        "path": str(table.path.relative_to(root)),
        "type": "table",
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": table.path.stat().st_size,
        "hash": f"sha256:{table.sha256}",
        "rows": table.rows,
        "title": export.title.en,
        "title_ms": export.title.ms,
        "grain": export.grain,
        "description": export.description,
        "description_ms": export.description_ms,
        "schema": _schema(export, table.types, known),
    }
    return {key: value for key, value in resource.items() if value != "" or key == "description"}


def _schema(export: Export, types: dict[str, str], known: set[str]) -> dict[str, Any]:
    fields = []
    for column in export.columns:
        described = {
            "name": column.name,
            "type": field_type(types[column.name]),
            "title": column.label.en if column.label else "",
            "title_ms": column.label.ms if column.label else "",
            "description": column.description,
            "description_ms": column.description_ms,
            "pii": column.pii or "",
        }
        fields.append({key: value for key, value in described.items() if value})
    schema: dict[str, Any] = {"$schema": f"{_PROFILES}/tableschema.json", "fields": fields}
    if export.primary_key:
        schema["primaryKey"] = list(export.primary_key)
    keys = [
        {
            "fields": list(key.columns),
            "reference": {"resource": key.reference, "fields": list(key.reference_columns)},
        }
        for key in export.foreign_keys
        if key.reference in known
    ]
    if keys:
        schema["foreignKeys"] = keys
    return schema


def problems_of(descriptor: dict[str, Any]) -> list[str]:
    """What the descriptor gets wrong by our profile, and keys that name no column or table; empty = valid."""
    profile = json.loads(files(__package__).joinpath("profiles/datapackage.schema.json").read_text("utf-8"))
    problems = [
        f"{'/'.join(str(p) for p in error.absolute_path) or '(top)'}: {error.message}"
        for error in Draft202012Validator(profile).iter_errors(descriptor)
    ]
    columns = {r["name"]: {f["name"] for f in r["schema"]["fields"]} for r in descriptor.get("resources", [])}
    for resource in descriptor.get("resources", []):
        name, schema = resource["name"], resource["schema"]
        problems += [
            f"{name}: primaryKey names {c}" for c in schema.get("primaryKey", []) if c not in columns[name]
        ]
        for key in schema.get("foreignKeys", []):
            target = key["reference"]
            told = [(name, c) for c in key["fields"]] + [(target["resource"], c) for c in target["fields"]]
            problems += [
                f"{name}: foreignKey names {t}.{c}" for t, c in told if c not in columns.get(t, set())
            ]
    return problems


def package_gate(descriptors: Sequence[dict[str, Any]]) -> GateResult:
    """Gate: the descriptors say what they must, and refer only to what is there."""
    owner, remedy = (
        "MAPO secretariat, data platform",
        "mend the mart's YAML: the message names table and column",
    )
    problems = [problem for descriptor in descriptors for problem in problems_of(descriptor)]
    if problems:
        return GateResult("package_described", owner, "refused", "; ".join(problems[:5]), remedy)
    resources = sum(len(d["resources"]) for d in descriptors)
    return GateResult(
        "package_described", owner, "passed", f"{resources} tables described by the profile", remedy
    )


def readme(
    tables: Sequence[TableFile],
    feeds: Sequence[FeedState],
    *,
    release_id: str,
    as_of: date,
    as_of_week: date,
    data_version: str,
) -> str:
    """The README inside a release, English and Malay."""
    lines = [
        f"# MIDS {release_id}",
        "",
        f"As known on {as_of.isoformat()}; last closed week {week_label(as_of_week)} (from Monday "
        f"{as_of_week.isoformat()}). Data version {data_version}.",
        f"Seperti diketahui pada {as_of.isoformat()}; minggu lengkap terakhir {week_label(as_of_week)}.",
        "",
        "| file / fail | for / untuk |",
        "|---|---|",
        "| `dashboard.html` | open in any browser, no network needed / buka dalam pelayar, tanpa rangkaian |",
        "| `mids.duckdb` | every table below, with comments / semua jadual di bawah |",
        "| `data/*.parquet` | the same tables, one file each / jadual yang sama, satu fail setiap satu |",
        "| `datapackage.json` | columns, types, keys, descriptions / lajur, jenis, kunci, keterangan |",
        "| `DICTIONARY.md`, `dictionary.xlsx` | every column and its meaning / setiap lajur dan maksudnya |",
        "| `dbt_docs.html` | how each table is made / cara setiap jadual dibina |",
        "| `MODEL-CARD.md`, `model-card.html` | how good forecasts were / ketepatan ramalan |",
        "| `hub/` | forecasts as a hubverse hub / ramalan dalam bentuk hubverse |",
        "| `CHANGES.md` | what differs from the release before / apa yang berubah |",
        "| `SHA256SUMS` | check with `sha256sum -c SHA256SUMS` / semak keutuhan fail |",
        "",
        "| table / jadual | rows / baris | one row per / satu baris bagi |",
        "|---|--:|---|",
    ]
    for table in tables:
        export = table.export
        lines.append(
            f"| `{export.name}`: {export.title.en} / {export.title.ms} | {table.rows} | {export.grain} |"
        )
    lines += [
        "",
        "Read with care / Baca dengan teliti:",
        "",
        "- Counts are what was recorded. They follow raids and reporting, not only the crime. / Kiraan ialah apa "
        "yang direkodkan; ia mengikut serbuan dan laporan, bukan jenayah semata-mata.",
        "- The newest weeks are incomplete: reports are still arriving. / Minggu terbaharu belum lengkap.",
        "- A change of a few cases is not a trend. / Perubahan beberapa kes bukan trend.",
    ]
    stale = [f for f in feeds if f.status != "fresh"]
    if stale:
        lines += ["", "Not fresh / Tidak terkini:", ""]
        for feed in stale:
            last = feed.last_known_on.isoformat() if feed.last_known_on else "never / tidak pernah"
            lines.append(f"- {feed.title.en} / {feed.title.ms} ({feed.agency}/{feed.feed}): {last}")
    return "\n".join(lines) + "\n"

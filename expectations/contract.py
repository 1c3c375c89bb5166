"""The feed contract in memory: what one sender promises to send in one kind of file.

Belongs here: the frozen dataclasses ``Contract``, ``RecordType`` and ``Column``, and loading them from YAML
with errors that name the file and the field.
Does not belong here: how a contract is applied to a file (``landing``), the Great Expectations suites built
from it (``suites.py``), and the code lists it names (``vocabulary/``).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from expectations.codes import load_vocabulary, read_contract_yaml
from expectations.contract_model import (
    DEFAULT_FORMATS,
    Column,
    Contract,
    ContractError,
    FileFormat,
    RecordType,
    landed_name,
)

__all__ = [
    "Column", "Contract", "ContractError", "FileFormat", "RecordType", "landed_name", "load_contract",
    "load_contracts",
]  # fmt: skip

FEEDS_DIR = Path(__file__).parent / "feeds"
SCHEMA_PATH = Path(__file__).parent / "schema" / "feed.schema.json"

# Directives that Python's strptime and DuckDB's read alike (proved by a test over both).
_DIRECTIVES = set("YmdHMSfzbBaAyIpj%")


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    schema = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _where(path: Any) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text or "(top)"


def _fail(path: Path, where: str, message: str) -> ContractError:
    return ContractError(f"{path.parent.name}/{path.name}: {where}: {message}")


def _column(path: Path, where: str, raw: dict[str, Any], vocabulary_dir: Path | None) -> Column:
    landed = raw.get("landed_as") or landed_name(raw["name"])
    if not landed:
        raise _fail(path, f"{where}.name", f"{raw['name']!r} gives no column name; write landed_as")
    kind = raw["type"]
    formats = raw.get("format", ())
    formats = (formats,) if isinstance(formats, str) else tuple(formats)
    if formats and kind not in DEFAULT_FORMATS:
        raise _fail(path, f"{where}.format", f"only dates and timestamps have a format, not {kind}")
    for form in formats or ():
        unknown = sorted(set(re.findall(r"%(.)", form)) - _DIRECTIVES)
        if unknown or "%" not in form:
            raise _fail(path, f"{where}.format", f"{form!r}: cannot read %{', %'.join(unknown)}")
    vocabulary: tuple[str, ...] | None = None
    named = raw.get("vocabulary")
    if isinstance(named, str):
        try:
            vocabulary = load_vocabulary(named, vocabulary_dir)
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise _fail(path, f"{where}.vocabulary", str(error)) from error
    elif named:
        vocabulary = tuple(named)
    if raw.get("decimal_mark", ".") == raw.get("group_mark"):
        raise _fail(path, f"{where}.group_mark", "is the decimal mark too")
    pattern = raw.get("pattern")
    if pattern is not None and re.search(r"\(\?(?:[=!]|<[=!])|\\[1-9]", pattern):
        raise _fail(path, f"{where}.pattern", "look-around and back-references cannot be used")
    bounds: dict[str, str | None] = {}
    for bound in ("minimum", "maximum"):
        value = raw.get(bound)
        bounds[bound] = None if value is None else str(value)
        if value is None:
            continue
        try:
            if kind in ("integer", "decimal"):
                float(value)
            elif kind in DEFAULT_FORMATS:
                datetime.fromisoformat(str(value))
            else:
                raise ValueError
        except ValueError:
            raise _fail(path, f"{where}.{bound}", f"{value!r} is not a bound for type {kind}") from None
    return Column(
        name=raw["name"], landed_as=landed, type=kind, standard=raw.get("standard"),
        formats=formats or DEFAULT_FORMATS.get(kind, ()), nullable=raw.get("nullable", True),
        optional=raw.get("optional", False), key=raw.get("key", False), vocabulary=vocabulary,
        vocabulary_name=named if isinstance(named, str) else None, separator=raw.get("separator"),
        decimal_mark=raw.get("decimal_mark", "."), group_mark=raw.get("group_mark"),
        pattern=pattern, minimum=bounds["minimum"], maximum=bounds["maximum"],
        null_values=tuple(raw.get("null_values", ())), pii=raw.get("pii", "none"),
        severity=raw.get("severity", "gate"), description=raw.get("description", ""),
    )  # fmt: skip


def _record(
    path: Path, where: str, raw: dict[str, Any], form: dict[str, Any], vocab: Path | None
) -> RecordType:
    columns = tuple(
        _column(path, f"{where}.columns[{position}]", column, vocab)
        for position, column in enumerate(raw["columns"])
    )
    for attribute in ("name", "landed_as"):
        values = [getattr(column, attribute) for column in columns]
        doubled = sorted({value for value in values if values.count(value) > 1})
        if doubled:
            raise _fail(path, f"{where}.columns", f"{attribute} written twice: {', '.join(doubled)}")
    by_name = {column.name: column.landed_as for column in columns}
    by_name |= {column.landed_as: column.landed_as for column in columns}
    pointers: dict[str, str | None] = {"ordering": raw.get("ordering")}
    pointers["deleted_when"] = raw.get("deleted_when", {}).get("column")
    for field_name, target in pointers.items():
        if target is not None and target not in by_name:
            raise _fail(path, f"{where}.{field_name}", f"{target!r} is not a column of {raw['name']}")
    if form["type"] in ("xlsx", "xls", "ods") and not raw.get("sheet") and form.get("_several"):
        raise _fail(path, f"{where}.sheet", "name the sheet: the workbook has several record types")
    return RecordType(
        name=raw["name"], columns=columns, description=raw.get("description", ""), sheet=raw.get("sheet"),
        header_row=raw.get("header_row", form.get("header_row", 1)),
        header_rows=raw.get("header_rows", form.get("header_rows", 1)),
        records_path=raw.get("records_path", form.get("records_path")),
        explode=raw.get("explode", form.get("explode")),
        ordering=by_name[pointers["ordering"]] if pointers["ordering"] else None,
        deleted_column=by_name[pointers["deleted_when"]] if pointers["deleted_when"] else None,
        deleted_values=tuple(raw.get("deleted_when", {}).get("values", ())), applies_to=raw.get("applies_to"),
    )  # fmt: skip


def load_contract(path: Path, vocabulary_dir: Path | None = None) -> Contract:
    """Read one contract file.

    Raises ``ContractError`` that names the file, the field and what is wrong with it.
    """
    try:
        raw = read_contract_yaml(path)
    except OSError as error:
        raise ContractError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _fail(path, "(text)", f"is not YAML: {error}") from error
    errors = sorted(
        _validator().iter_errors(raw), key=lambda error: [str(part) for part in error.absolute_path]
    )
    if errors:
        lines = [
            f"{path.parent.name}/{path.name}: {_where(e.absolute_path)}: {e.message}" for e in errors[:20]
        ]
        raise ContractError("\n".join(lines))
    delivery, form = raw["delivery"], dict(raw["format"])
    for where, pattern in (
        ("delivery.file_pattern", delivery["file_pattern"]),
        ("format.members", form.get("members")),
    ):
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise _fail(path, where, f"is not a regular expression: {error}") from None
    try:
        effective_from = date.fromisoformat(raw["effective_from"])
        effective_to = date.fromisoformat(raw["effective_to"]) if raw.get("effective_to") else None
    except ValueError as error:
        raise _fail(path, "effective_from/effective_to", str(error)) from None
    encoding = form.get("encoding", "utf-8")
    try:
        "".encode(encoding)
    except LookupError:
        raise _fail(path, "format.encoding", f"{encoding!r} is not a known encoding") from None
    names = [record["name"] for record in raw["records"]]
    if len(set(names)) < len(names):
        raise _fail(path, "records", "two record types have the same name")
    form["_several"] = len(names) > 1
    transport = raw["transport"]
    options = {} if isinstance(transport, str) else {k: v for k, v in transport.items() if k != "type"}
    tolerances = raw.get("tolerances", {})
    return Contract(
        agency=raw["agency"], feed=raw["feed"], version=raw["version"],
        effective_from=effective_from, effective_to=effective_to,
        title_en=raw["title"]["en"], title_ms=raw["title"]["ms"], description=raw.get("description", ""),
        owner=raw["owner"]["organisation"], contact=raw["owner"]["contact"], steward=raw.get("steward", ""),
        source_class=raw["source_class"], cadence=raw["cadence"], lateness_days=raw.get("lateness_days"),
        transport=transport if isinstance(transport, str) else transport["type"],
        transport_options=options,
        delivery_kind=delivery["kind"], file_pattern=delivery["file_pattern"],
        sent_on_format=delivery.get("sent_on_format"), settle_seconds=delivery.get("settle_seconds", 0),
        format=FileFormat(
            type=form["type"], delimiter=form.get("delimiter", ","), quote=form.get("quote", '"') or None,
            encoding=encoding, records_path=form.get("records_path"), explode=form.get("explode"),
            members=form.get("members"), compression=delivery.get("compression"),
        ),
        null_values=tuple(raw["null_values"]),
        records=tuple(
            _record(path, f"records[{position}]", record, form, vocabulary_dir)
            for position, record in enumerate(raw["records"])
        ),
        max_quarantined_share=tolerances.get("max_quarantined_share"),
        max_records=tolerances.get("max_records"), min_records=tolerances.get("min_records"), path=path,
    )  # fmt: skip


def load_contracts(root: Path | None = None) -> dict[str, Contract]:
    """Read every contract under *root* (default: the contracts of this package), by ``agency.feed``.

    Layout versions of one feed are gathered: the newest is the value, the others are its ``earlier``.
    Raises ``ContractError`` for an unusable file, for a file in the wrong place, and for a record name that
    two feeds of an agency share.
    """
    root = root or FEEDS_DIR
    vocabulary_dir = root.parent / "vocabulary" if (root.parent / "vocabulary").is_dir() else None
    versions: dict[str, list[Contract]] = {}
    for path in sorted(root.glob("*/*.yml")):
        contract = load_contract(path, vocabulary_dir)
        if path.parent.name != contract.agency or path.name.split(".")[0] != contract.feed:
            raise _fail(path, "agency/feed", f"belongs in {contract.agency}/{contract.feed}.yml")
        versions.setdefault(contract.key, []).append(contract)
    contracts: dict[str, Contract] = {}
    tables: dict[tuple[str, str], str] = {}
    for key, found in versions.items():
        found.sort(key=lambda contract: (contract.effective_from, contract.version), reverse=True)
        numbers = [contract.version for contract in found]
        if len(set(numbers)) < len(numbers) or numbers != sorted(numbers, reverse=True):
            raise ContractError(f"{key}: versions {numbers} must be different and rise with effective_from")
        contracts[key] = replace(found[0], earlier=tuple(found[1:]))
        for name in {record.name for contract in found for record in contract.records}:
            other = tables.setdefault((found[0].agency, name), key)
            if other != key:
                raise ContractError(f"{key}: records.name: {name!r} is already a table of {other}")
    _check_appliers(contracts)
    return contracts


def _check_appliers(contracts: dict[str, Contract]) -> None:
    """Make sure that corrections and tombstones fit the records they apply to."""
    for key, contract in contracts.items():
        for record in contract.records:
            if record.applies_to is None:
                continue
            found = [
                other
                for one in contracts.values()
                for other in one.records
                if (one.agency, other.name) == (contract.agency, record.applies_to)
            ]
            where = f"{key}: {record.name}.applies_to"
            if not found:
                raise ContractError(f"{where}: {contract.agency} has no record type {record.applies_to!r}")
            target = found[0]
            if record.key != target.key or not target.key:
                raise ContractError(
                    f"{where}: the key must be that of {target.name}: {', '.join(target.key)}"
                )
            if (record.ordering is None) != (target.ordering is None):
                raise ContractError(f"{where}: an ordering column is needed on both sides, or on neither")

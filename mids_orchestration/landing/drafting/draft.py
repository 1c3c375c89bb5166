"""The draft: layout and columns put together, tried on the file itself, loosened where the file says otherwise.

Belongs here: the order of these steps, and the YAML a person reads. Does not belong here: the guesses themselves.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from expectations.contract import Contract, load_contract
from mids_orchestration.landing.checking import Trial, try_delivery
from mids_orchestration.landing.delivery import Receiver
from mids_orchestration.landing.drafting.columns import describe_column, guess_key
from mids_orchestration.landing.drafting.layout import layout_of
from mids_orchestration.landing.drafting.shape import Shape, bare_contract, identifier, with_quote
from mids_orchestration.landing.limits import DEFAULT_LIMITS, Limits

_SAMPLE_ROWS = 200_000
_LOOSE_SHARE = 0.02
_STRUCTURAL = ("BAD_QUOTING", "TOO_FEW_FIELDS", "TOO_MANY_FIELDS")


@dataclass(frozen=True)
class Draft:
    """A drafted contract: its data, its YAML, and what the drafted contract says of the very file."""

    data: dict[str, Any]
    text: str
    trial: Trial
    notes: tuple[str, ...] = field(default_factory=tuple)


def draft_contract(
    path: Path, *, effective_from: date, agency: str | None = None, feed: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Draft:  # fmt: skip
    """Draft a contract from the sample file at *path*.

    Args:
        path: the sample.
        effective_from: first sending day of the layout.
        agency: short name of the sender; guessed from the file's name when None.
        feed: short name of the feed; guessed likewise.
        limits: bounds on what the sample may ask for.

    Returns:
        The draft and how the sample fares under it. Raises ``DeliveryRefused`` where no records can be found.
    """
    shape = layout_of(path, limits)
    draft = _drafted(path, shape, effective_from, agency, feed, limits)
    if shape.format["type"] == "csv" and shape.format["quote"] and _broken(draft.trial):
        # Quotes that do not pair may be ordinary text.
        other = _drafted(path, with_quote(shape, ""), effective_from, agency, feed, limits)
        if _broken(other.trial) < _broken(draft.trial):
            return other
    return draft


def _broken(trial: Trial) -> int:
    return 1 << 60 if trial.refused else sum(trial.reasons.get(code, 0) for code in _STRUCTURAL)


def _drafted(
    path: Path, shape: Shape, effective_from: date, agency: str | None, feed: str | None, limits: Limits
) -> Draft:  # fmt: skip
    data = _data(path, shape, effective_from, agency, feed)
    _describe(path, shape, data, limits)
    notes = list(shape.notes)
    for _ in range(6):
        trial = try_delivery(_load(data), path, limits=limits)
        if not _loosen(data, trial, notes):
            break
    return Draft(data, yaml_text(data, path.name, notes), trial, tuple(notes))


def _load(data: dict[str, Any]) -> Contract:
    with tempfile.TemporaryDirectory(prefix="mids-draft-") as folder:
        target = Path(folder) / f"{data['feed']}.yml"
        target.write_text(yaml_text(data, "", []), encoding="utf-8")
        return load_contract(target)


def _data(
    path: Path, shape: Shape, effective_from: date, agency: str | None, feed: str | None
) -> dict[str, Any]:
    stem = path.name.split(".")[0]
    words = identifier(stem, "feed")
    first, _, rest = words.partition("_")
    pattern, form = file_pattern(path.name)
    delivery: dict[str, Any] = {"kind": "delta", "file_pattern": pattern}
    if form:
        delivery["sent_on_format"] = form
    if shape.compression:
        delivery["compression"] = shape.compression
    if len(shape.records) == 1:
        shape.records[0]["name"] = feed or identifier(rest or first, "feed")
    return {
        "agency": agency or identifier(first, "agency"),
        "feed": feed or identifier(rest or first, "feed"),
        "version": 1,
        "effective_from": effective_from.isoformat(),
        "title": {"en": words.replace("_", " ").capitalize(), "ms": words.replace("_", " ").capitalize()},
        "owner": {"organisation": "TO BE FILLED IN", "contact": "to-be-filled-in@example.invalid"},
        "source_class": "agency",
        "cadence": "weekly",
        "lateness_days": 10,
        "transport": "file",
        "delivery": delivery,
        "format": shape.format,
        "null_values": [""],
        "tolerances": {"max_quarantined_share": 0.2},
        "records": shape.records,
    }


def file_pattern(name: str) -> tuple[str, str | None]:
    """Return the pattern of file names like *name*, and the form of the day in it where it has one."""
    for pattern, form in (
        (r"(?<!\d)(?:19|20)\d{2}-[01]\d-[0-3]\d(?!\d)", "%Y-%m-%d"),
        (r"(?<!\d)(?:19|20)\d{2}_[01]\d_[0-3]\d(?!\d)", "%Y_%m_%d"),
        (r"(?<!\d)(?:19|20)\d{2}[01]\d[0-3]\d(?!\d)", "%Y%m%d"),
    ):
        found = re.search(pattern, name)
        if found:
            digits = re.sub(r"\d+", lambda run: rf"\d{{{len(run[0])}}}", found[0])
            head, tail = re.escape(name[: found.start()]), re.escape(name[found.end() :])
            return f"{head}(?P<sent_on>{digits}){tail}", form
    return re.sub(r"\d+", r"\\d+", re.escape(name)), None


def _describe(path: Path, shape: Shape, data: dict[str, Any], limits: Limits) -> None:
    """Fill in what the columns hold, from the records as landing will read them."""
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        contract = bare_contract(shape.format, shape.records)
        tables = _sample(path, contract, connection, limits)
        dated = shape.format["type"] in ("xlsx", "xls", "ods", "parquet")
        for record in data["records"]:
            table = tables.get(record["name"])
            described = []
            for column in record["columns"]:
                cells = pa.array([], pa.string())
                if table is not None and table.num_rows:
                    cells = table.column(column["landed_as"]).combine_chunks().drop_null()
                described.append(describe_column(column, cells, connection, dated))
            record["columns"] = described
            key = guess_key(described, table) if table is not None else None
            for column in described:
                if column["landed_as"] == key:
                    column |= {"key": True, "nullable": False}
    finally:
        connection.close()


def _sample(
    path: Path, contract: Contract, connection: duckdb.DuckDBPyConnection, limits: Limits
) -> dict[str, pa.Table]:
    receiver = Receiver(contract, connection, limits)
    parts: dict[str, list[pa.RecordBatch]] = {}
    rows = 0
    for batch in receiver.read(path):
        parts.setdefault(batch.record, []).append(batch.columns)
        rows += batch.columns.num_rows
        if rows > _SAMPLE_ROWS:
            break
    return {name: pa.Table.from_batches(batches) for name, batches in parts.items()}


def _loosen(data: dict[str, Any], trial: Trial, notes: list[str]) -> bool:
    """Take back what the sample itself breaks; returns whether anything changed."""
    changed = False
    columns = {(r["name"], c["landed_as"]): c for r in data["records"] for c in r["columns"]}
    if trial.refused == "RETYPED_COLUMN":
        for detail in trial.details:
            for (record, _), column in columns.items():
                if (record, column["name"]) == (detail["record"], detail["column"]):
                    changed |= _as_text(column)
    if trial.refused == "HEADER_CHANGED":
        for detail in trial.details:
            for (record, _), column in columns.items():
                if (record, column["name"]) == (detail["record"], detail["column"]) and detail[
                    "kind"
                ] != "new":
                    changed |= not column.get("optional")
                    column["optional"] = True
    for (record, landed, code), count in trial.columns_at_fault.items():
        if code in ("KEY_CONFLICT", "DUPLICATE_RECORD"):
            for (name, _), column in columns.items():
                if name == record and column.pop("key", None):
                    changed = True
            continue
        if landed is None or (record, landed) not in columns:
            continue
        column = columns[record, landed]
        if code == "REQUIRED_MISSING":
            changed |= column.pop("nullable", None) is not None
            column.pop("key", None)
        elif code.startswith("INVALID_") and count <= _LOOSE_SHARE * trial.received:
            notes.append(f"{column['name']}: {count} values are not a {column['type']}; watched, not refused")
            changed |= column.get("severity") != "watch"
            column["severity"] = "watch"
        elif code.startswith("INVALID_"):
            changed |= _as_text(column)
    return changed


def _as_text(column: dict[str, Any]) -> bool:
    for name in ("format", "decimal_mark", "group_mark", "severity", "null_values"):
        column.pop(name, None)
    changed = column["type"] != "text"
    column["type"] = "text"
    return changed


def yaml_text(data: dict[str, Any], sample: str, notes: list[str]) -> str:
    """Return the contract as YAML, one line per column."""
    dump: Callable[..., str] = yaml.safe_dump
    lines = []
    if sample:
        lines = [
            f"# Drafted from the sample {_comment(sample)}. Read every line before it goes into expectations/feeds/:",
            "# owner, cadence, keys, personal data (pii), code lists (vocabulary) and bounds are for a person to say.",
            *(f"# NOTE {_comment(note)}" for note in notes),
        ]
    top = {name: value for name, value in data.items() if name != "records"}
    body = dump(top, allow_unicode=True, sort_keys=False, width=1000)
    for record in data["records"]:
        facts = {name: value for name, value in record.items() if name != "columns"}
        head = dump([facts], allow_unicode=True, sort_keys=False, width=1000)
        lines_of = [f"  {line}" for line in head.rstrip("\n").split("\n")]
        flow = [
            dump(column, allow_unicode=True, sort_keys=False, default_flow_style=True, width=1_000_000)
            for column in record["columns"]
        ]
        lines_of += ["    columns:", *(f"      - {one.strip()}" for one in flow)]
        body += ("records:\n" if record is data["records"][0] else "") + "\n".join(lines_of) + "\n"
    return "\n".join([*lines, body]) if lines else body


def _comment(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)

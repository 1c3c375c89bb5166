"""What a guessed layout is: the parts of a contract that say how to read, and the names made up for it.

Belongs here: the shape itself, and names the contract schema takes. Does not belong here: guessing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from expectations.contract import Column, Contract, FileFormat, RecordType, landed_name

NO_HEADER = (
    "row {} looks like a record: a file without a header is drafted, its columns taken in this order. Give them names; "
    "if it is a header, leave header_rows out and write its names"
)


@dataclass
class Shape:
    """The ``format`` and ``records`` of a contract whose columns are all text; ``optional`` names per record."""

    format: dict[str, Any]
    records: list[dict[str, Any]]
    compression: str | None = None
    notes: list[str] = field(default_factory=list)


def bare_contract(form: dict[str, Any], records: list[dict[str, Any]] | None = None) -> Contract:
    """Return a contract in memory that says nothing but how to read."""
    known = {key: form[key] for key in ("type", "delimiter", "quote", "encoding", "members") if key in form}
    known["quote"] = known.get("quote", '"') or None
    kinds = tuple(
        RecordType(
            name=record["name"],
            columns=tuple(
                Column(c["name"], c["landed_as"], optional=c.get("optional", False)) for c in record["columns"]
            ),
            **{key: record[key] for key in ("sheet", "header_row", "header_rows", "records_path") if key in record},
        )
        for record in records or [{"name": "records", "columns": [{"name": "x", "landed_as": "x"}]}]
    )  # fmt: skip
    return Contract(
        "draft", "draft", 1, date(2000, 1, 1), "draft", "draft", "", "", "agency", "adhoc", "delta", ".*",
        FileFormat(**known), ("",), kinds,
    )  # fmt: skip


def named_columns(names: list[str] | tuple[str, ...], unnamed: bool = False) -> list[dict[str, Any]]:
    """Return text columns for *names*, each with a landing name of its own; repeated names are numbered."""
    columns: list[dict[str, Any]] = []
    seen: Counter[str] = Counter()
    taken: set[str] = set()
    for index, raw in enumerate(names, start=1):
        name = " ".join(raw.split()) if unnamed else raw
        if unnamed and not name:
            name = f"(column {index} has no name)"
        seen[name] += 1
        if seen[name] > 1:
            name = f"{name} ({seen[name]})"
        base = re.sub(r"_has_no_name$", "", landed_name(name)) or f"column_{index}"
        landed = base
        number = 2
        while landed in taken:
            landed = f"{base[:58]}_{number}"
            number += 1
        taken.add(landed)
        columns.append({"name": name, "landed_as": landed})
    return columns


def record_name(path: Path) -> str:
    """Name the records after the file."""
    return identifier(path.name.split(".")[0], "records")


def identifier(text: str, otherwise: str) -> str:
    """Return *text* as a name the contract schema takes: lower-case letters, digits, ``_``; no dates in it."""
    name = landed_name(re.sub(r"\d{6,}|\d{4}[-_]\d{2}([-_]\d{2})?", "", text))[:40].strip("_")
    return name if re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) else otherwise


def with_quote(shape: Shape, quote: str) -> Shape:
    """Return the same layout with another quote character ('' for none)."""
    return replace(shape, format={**shape.format, "quote": quote})

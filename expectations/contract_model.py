"""The dataclasses that carry a feed contract in memory.

Belongs here: ``Contract``, ``RecordType``, ``Column``, ``FileFormat`` and what follows from their fields.
Does not belong here: reading them from YAML (``contract.py``) and applying them to a file (``landing``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from anyascii import anyascii

DEFAULT_FORMATS: dict[str, tuple[str, ...]] = {
    "date": ("%Y-%m-%d",),
    "timestamp": (
        "%Y-%m-%dT%H:%M:%S%z",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
    ),
}


class ContractError(ValueError):
    """A contract is not usable. The message names the file, the field and what to do."""


@dataclass(frozen=True)
class Column:
    """One column of a record type, as the sender writes it and as landing keeps it."""

    name: str
    landed_as: str
    type: str = "text"
    standard: str | None = None
    formats: tuple[str, ...] = ()
    nullable: bool = True
    optional: bool = False
    key: bool = False
    vocabulary: tuple[str, ...] | None = None
    vocabulary_name: str | None = None
    separator: str | None = None
    decimal_mark: str = "."
    group_mark: str | None = None
    pattern: str | None = None
    minimum: str | None = None
    maximum: str | None = None
    null_values: tuple[str, ...] = ()
    pii: str = "none"
    severity: str = "gate"
    description: str = ""

    @property
    def format(self) -> str | None:
        """First strptime form of a date or timestamp, the one real spreadsheet dates are landed in."""
        return self.formats[0] if self.formats else None

    @property
    def number_pattern(self) -> str | None:
        """Regular expression (RE2 and Python alike) of the whole text of a number; None for other types."""
        if self.type not in ("integer", "decimal"):
            return None
        digits = "[0-9]{1,18}" if self.type == "integer" else "[0-9]{1,30}"
        if self.group_mark:
            digits = f"(?:{digits}|[0-9]{{1,3}}(?:{re.escape(self.group_mark)}[0-9]{{3}}){{1,9}})"
        if self.type == "integer":
            return f"[+-]?{digits}"
        mark = re.escape(self.decimal_mark)
        return f"[+-]?(?:{digits}(?:{mark}[0-9]{{0,30}})?|{mark}[0-9]{{1,30}})(?:[eE][+-]?[0-9]{{1,2}})?"

    def plain_number(self, text: str) -> str:
        """Return the text of a number with a decimal point and without group marks."""
        return text.replace(self.group_mark or "\0", "").replace(self.decimal_mark, ".")


@dataclass(frozen=True)
class RecordType:
    """One kind of record in a feed; landing keeps each in its own table."""

    name: str
    columns: tuple[Column, ...]
    description: str = ""
    sheet: str | None = None
    header_row: int = 1
    header_rows: int = 1
    records_path: str | None = None
    explode: str | None = None
    ordering: str | None = None  # landed name of the ordering column
    deleted_column: str | None = None  # landed name
    deleted_values: tuple[str, ...] = ()
    applies_to: str | None = None  # record type of the same agency that these rows correct or delete

    @property
    def key(self) -> tuple[str, ...]:
        """Landed names of the key columns, in contract order; empty when records have no key."""
        return tuple(column.landed_as for column in self.columns if column.key)

    @property
    def landed_names(self) -> tuple[str, ...]:
        """Landed names of all columns, in contract order."""
        return tuple(column.landed_as for column in self.columns)

    def column(self, landed_as: str) -> Column:
        """Return the column landed under *landed_as*; ``KeyError`` when there is none."""
        for column in self.columns:
            if column.landed_as == landed_as:
                return column
        raise KeyError(landed_as)


@dataclass(frozen=True)
class FileFormat:
    """How the bytes of a delivery are read."""

    type: str
    delimiter: str = ","
    quote: str | None = '"'
    encoding: str = "utf-8"
    records_path: str | None = None
    explode: str | None = None
    members: str | None = None
    compression: str | None = None


@dataclass(frozen=True)
class Contract:
    """One feed in one layout version. ``earlier`` holds older layouts of the same feed, newest first."""

    agency: str
    feed: str
    version: int
    effective_from: date
    title_en: str
    title_ms: str
    owner: str
    contact: str
    source_class: str
    cadence: str
    delivery_kind: str
    file_pattern: str
    format: FileFormat
    null_values: tuple[str, ...]
    records: tuple[RecordType, ...]
    description: str = ""
    steward: str = ""
    lateness_days: int | None = None
    transport: str = "file"
    transport_options: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)
    sent_on_format: str | None = None
    settle_seconds: int = 0
    effective_to: date | None = None
    max_quarantined_share: float | None = None
    max_records: int | None = None
    min_records: int | None = None
    earlier: tuple[Contract, ...] = ()
    path: Path | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """``agency.feed``, the name under which ``load_contracts`` holds it."""
        return f"{self.agency}.{self.feed}"

    @property
    def title(self) -> dict[str, str]:
        """The feed's name as people see it, under ``en`` and ``ms``."""
        return {"en": self.title_en, "ms": self.title_ms}

    def record(self, name: str) -> RecordType:
        """Return the record type *name*; ``KeyError`` when there is none."""
        for record in self.records:
            if record.name == name:
                return record
        raise KeyError(name)

    def for_day(self, day: date | None) -> Contract:
        """Return the layout in effect on *day*; without a day, the newest.

        A day before the oldest layout gets the oldest: an early file is judged by what is nearest to it.
        """
        if day is None:
            return self
        versions = (self, *self.earlier)
        for contract in versions:
            if contract.effective_from <= day and (
                contract.effective_to is None or day <= contract.effective_to
            ):
                return contract
        return versions[-1] if day < versions[-1].effective_from else self

    def sent_on(self, file_name: str) -> date | None:
        """Return the sending day that *file_name* carries, or None when it carries none or not a real day."""
        match = re.fullmatch(self.file_pattern, file_name, re.IGNORECASE)
        text = match.groupdict().get("sent_on") if match else None
        if not text:
            return None
        try:
            return datetime.strptime(text, self.sent_on_format or "%Y%m%d").date()
        except ValueError:
            return None

    def matches(self, file_name: str) -> bool:
        """Say whether *file_name* has the form this feed's files have."""
        return re.fullmatch(self.file_pattern, file_name, re.IGNORECASE) is not None

    def all_landed_names(self, record: str) -> tuple[str, ...]:
        """Landed names of *record* over all layouts, the newest layout's order first.

        Every landing file of a table has this one shape, so that a reader of all of them never meets a
        column that only some have.
        """
        names: dict[str, None] = {}
        for contract in (self, *self.earlier):
            for kind in contract.records:
                if kind.name == record:
                    names.update(dict.fromkeys(kind.landed_names))
        return tuple(names)


def landed_name(name: str) -> str:
    """Return the landing column for a source header: snake_case, ASCII, ``[]``, dots and spaces as ``_``.

    ``prs_FirstName`` gives ``prs_first_name``, ``charges[].act`` gives ``charges_act``. Empty when nothing
    readable is left: the contract must then say ``landed_as``.
    """
    text = re.sub(r"[^0-9A-Za-z]+", "_", anyascii(name))
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    text = re.sub(r"_+", "_", text).strip("_").lower()
    if text and text[0].isdigit():
        text = f"c_{text}"
    return text[:63].rstrip("_")

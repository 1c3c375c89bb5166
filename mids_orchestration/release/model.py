"""The nouns of a release: what is exported, what a gate found, what was published.

Belongs here: frozen dataclasses and the errors of this room. Does not belong here: reading or writing
anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

Zone = Literal["public", "restricted"]
GateStatus = Literal["passed", "warned", "refused", "not_assessed"]


class ReleaseError(RuntimeError):
    """A release cannot be built, opened or switched to; the message says what to do."""


@dataclass(frozen=True)
class Bilingual:
    """One text in English and Malay."""

    en: str
    ms: str


@dataclass(frozen=True)
class ExportColumn:
    """One column of an exported mart.

    Attributes:
        name: column name, equal in warehouse, file and page.
        data_type: SQL type as the mart's contract declares it; None = as the warehouse has it.
        description: meaning and unit, English.
        description_ms: the same in Malay, or empty.
        label: short name for people.
        pii: ``none``, ``indirect`` or ``direct``; None = nobody has said (reported, never passed over).
    """

    name: str
    data_type: str | None = None
    description: str = ""
    description_ms: str = ""
    label: Bilingual | None = None
    pii: str | None = None


@dataclass(frozen=True)
class ForeignKey:
    """``columns`` of a mart refer to ``reference_columns`` of the mart ``reference``."""

    columns: tuple[str, ...]
    reference: str
    reference_columns: tuple[str, ...]


@dataclass(frozen=True)
class Export:
    """One mart that leaves the warehouse.

    Attributes:
        name: table name in the release.
        relation: where the warehouse has it, ``schema.table``.
        zone: ``public`` (release/data) or ``restricted`` (release/restricted).
        title: short name for people.
        grain: the sentence that opens with "One row per".
        description: the model's description, English.
        description_ms: the same in Malay, or empty.
        columns: declared columns, in order; only these leave the warehouse.
        primary_key: columns that identify a row; empty = not declared.
        foreign_keys: references to other marts.
        disclosure: what the numbers are of: ``persons`` (protected when released), ``events`` (cases, operations),
            ``estimates``, ``external`` (published by others), ``synthetic`` (rows of persons, replaced when released);
            None = nobody has said (refused).
        public_where: SQL condition on the rows that may be public; empty = all.
        unit: what a fact counts (case, person, charge); empty for dimensions.
        calendar: the column or day it is counted by; empty for dimensions.
    """

    name: str
    relation: str
    zone: Zone
    columns: tuple[ExportColumn, ...]
    title: Bilingual
    grain: str = ""
    description: str = ""
    description_ms: str = ""
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    disclosure: str | None = None
    public_where: str = ""
    unit: str = ""
    calendar: str = ""

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the declared columns, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class FeedState:
    """How fresh one feed is on the day of the release.

    Attributes:
        last_known_on: day MIDS received the newest accepted delivery; None = nothing has ever come.
        days_since: days from that day to the release's as-of day; None = nothing has ever come.
        lateness_days: how many days the feed's contract allows.
        status: ``fresh``, ``stale`` or ``never``.
        received, accepted, quarantined: records over all accepted deliveries.
    """

    agency: str
    feed: str
    title: Bilingual
    source_class: str
    lateness_days: int
    last_known_on: date | None
    days_since: int | None
    status: Literal["fresh", "stale", "never"]
    received: int = 0
    accepted: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class GateResult:
    """What one gate found.

    Attributes:
        name: stable name, snake_case.
        owner: who answers for it.
        status: passed, warned (counted, publishes), refused (nothing is published) or not_assessed.
        found: one sentence of evidence, with numbers. Never quotes a personal value.
        remedy: what to do when it does not pass.
    """

    name: str
    owner: str
    status: GateStatus
    found: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """The gate as plain JSON."""
        return {
            "name": self.name,
            "owner": self.owner,
            "status": self.status,
            "found": self.found,
            "remedy": self.remedy,
        }


class ReleaseRefused(ReleaseError):
    """At least one gate refused; the release before stays current.

    Attributes:
        gates: every gate's result, refused ones included.
    """

    def __init__(self, gates: Sequence[GateResult]):
        self.gates = tuple(gates)
        self.refused = tuple(gate for gate in self.gates if gate.status == "refused")
        told = "; ".join(f"{g.name} ({g.owner}): {g.found} → {g.remedy}" for g in self.refused)
        super().__init__(f"Release refused by {len(self.refused)} gate(s), the last one stays. {told}")


@dataclass(frozen=True)
class Release:
    """One published (or just built) release.

    Attributes:
        release_id: ``<as_of>-<first 12 hex digits of the content hash>``.
        path: its own folder (resolved, never the ``current`` pointer).
        as_of_week: Monday of the last closed week on ``as_of``.
        tables: rows by public table; restricted ones are told in ``restricted/release.json`` only.
        built: False when the very same release was already there.
    """

    release_id: str
    path: Path
    as_of: date
    as_of_week: date
    data_version: str
    tables: Mapping[str, int]
    gates: tuple[GateResult, ...]
    feeds: tuple[FeedState, ...] = ()
    built: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dashboard(self) -> Path:
        """The page people open."""
        return self.path / "dashboard.html"

    @property
    def database(self) -> Path:
        """The public DuckDB file."""
        return self.path / "mids.duckdb"

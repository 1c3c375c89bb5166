"""A desk to land things on: small contracts as text, an inbox, and what came of a delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from expectations.contract import Contract, load_contracts
from mids_orchestration.landing import Receipt, land
from mids_orchestration.landing.limits import DEFAULT_LIMITS, Limits

AS_OF = date(2026, 6, 29)

COLUMNS: list[dict[str, Any]] = [
    {"name": "ref", "type": "text", "nullable": False, "key": True, "pattern": "[A-Z]{1,3}[0-9]{1,6}"},
    {"name": "seen_on", "type": "date", "format": "%d/%m/%Y"},
    {"name": "state", "type": "text", "vocabulary": ["JOHOR", "KEDAH", "NO", "NA"]},
    {"name": "persons", "type": "integer", "minimum": 0, "maximum": 500},
    {"name": "note", "type": "text"},
]


def contract_text(**changes: Any) -> dict[str, Any]:
    """A small valid contract as plain data, with top-level fields replaced."""
    base: dict[str, Any] = {
        "agency": "aaa", "feed": "things", "version": 1, "effective_from": "2016-01-01",
        "title": {"en": "Things", "ms": "Benda"},
        "owner": {"organisation": "Agency A", "contact": "a@aaa.invalid"},
        "source_class": "agency", "cadence": "weekly", "lateness_days": 10, "transport": "file",
        "delivery": {"kind": "delta", "file_pattern": r"aaa_things_(?P<sent_on>\d{8})\..*", "sent_on_format": "%Y%m%d"},
        "format": {"type": "csv", "delimiter": ";"}, "null_values": [""],
        "records": [{"name": "things", "columns": COLUMNS}],
    }  # fmt: skip
    base.update(changes)
    return base


@dataclass
class Desk:
    """One inbox, one home, one or more contracts."""

    root: Path
    limits: Limits = DEFAULT_LIMITS
    contracts: dict[str, Contract] = field(default_factory=dict)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def agree(self, *texts: dict[str, Any]) -> dict[str, Contract]:
        """Write contracts as YAML and load them."""
        for text in texts or (contract_text(),):
            suffix = "" if text["version"] == 1 else f".v{text['version']}"
            path = self.root / "expectations" / "feeds" / text["agency"] / f"{text['feed']}{suffix}.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(text, allow_unicode=True, sort_keys=False), encoding="utf-8")
        self.contracts = load_contracts(self.root / "expectations" / "feeds")
        return self.contracts

    def send(
        self, data: bytes | str, name: str = "aaa_things_20260622.csv", feed: str = "aaa/things"
    ) -> Path:
        path = self.inbox / feed / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def land(self, **options: Any) -> list[Receipt]:
        settings = {"as_of": AS_OF, "contracts": self.contracts, "limits": self.limits} | options
        return land(self.inbox, self.home, **settings)

    def one(self, data: bytes | str, name: str = "aaa_things_20260622.csv", **options: Any) -> Receipt:
        """Send one delivery and land it."""
        if not self.contracts:
            self.agree()
        self.send(data, name)
        receipts = self.land(**options)
        assert len(receipts) == 1, receipts
        return receipts[0]

    def rows(self, record: str = "things", agency: str = "aaa") -> list[dict[str, Any]]:
        """Accepted records of all deliveries, by receipt and line."""
        folder = self.home / "landing" / agency / record
        found = [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
        return sorted(found, key=lambda row: (row["_receipt_id"], row["_line_no"]))

    def held(self, record: str = "things", agency: str = "aaa") -> list[dict[str, Any]]:
        """Quarantined reasons of all deliveries, by receipt, line and column."""
        folder = self.home / "quarantine" / agency / record
        found = [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
        return sorted(found, key=lambda row: (row["_receipt_id"], row["_line_no"], row["reason_code"]))

    def reasons(self) -> list[tuple[int, str, str | None]]:
        return [(row["_line_no"], row["reason_code"], row["column_name"]) for row in self.held()]

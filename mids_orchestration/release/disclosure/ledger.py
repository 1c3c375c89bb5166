"""What has been made public of persons, kept outside the releases: it outlives each of them.

Belongs here: the file, its chain of digests, reading and adding. Does not belong here: what an entry follows from
(protect, synthetic), or when one is added (disclosure_step).

One line of JSON per entry, in ``disclosure/ledger.jsonl`` beside the releases. Each carries the digest of the one
before, and each release names the digest it ended with: an entry changed, taken out or cut off at the end is found.
Kinds: ``counts`` (a settled year and crime type, as published: a suppressed count is not in it) and ``synthetic`` (a
synthetic case file: its rows as published and the privacy budget it cost).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mids_orchestration.files import write_atomically
from mids_orchestration.release.disclosure.cells import VALUE
from mids_orchestration.release.model import ReleaseError

FOLDER, FILE = "disclosure", "ledger.jsonl"
COUNTS, SYNTHETIC = "counts", "synthetic"
_START = "0" * 64
_REMEDY = "nothing more can be published safely until it is as it was: put disclosure/ledger.jsonl back from the backup"


@dataclass(frozen=True)
class Entry:
    """One thing made public.

    Attributes:
        kind: ``counts`` or ``synthetic``.
        edition: of the policy it was published under.
        told: what was published, in plain JSON.
        digest: of this entry and all before it.
    """

    kind: str
    edition: int
    told: Mapping[str, Any]
    digest: str


class Ledger:
    """The entries beside one shelf of releases."""

    def __init__(self, releases: Path):
        """Read and check the ledger of this shelf.

        Raises:
            ReleaseError: when an entry is not as it was written.
        """
        self.path = releases.parent / FOLDER / FILE
        self.entries = tuple(self._read())

    @property
    def head(self) -> str:
        """The digest of everything so far."""
        return self.entries[-1].digest if self.entries else _START

    def require(self, head: str | None, named_by: str) -> None:
        """Check that this ledger reaches at least as far as a release says it did.

        Raises:
            ReleaseError: when it does not: entries were cut off, or the file is missing.
        """
        if head and head != _START and head not in {entry.digest for entry in self.entries}:
            raise ReleaseError(f"{self.path} lacks what {named_by} was published with; {_REMEDY}")

    def of(self, kind: str, edition: int) -> list[Mapping[str, Any]]:
        """What was published of one kind under one edition, oldest first."""
        return [e.told for e in self.entries if e.kind == kind and e.edition == edition]

    def blocks(self, edition: int) -> dict[tuple[object, ...], dict[str, pd.DataFrame]]:
        """Every settled year and crime type as it was published, by block key."""
        return {tuple(told["block"]): _frames(told) for told in self.of(COUNTS, edition)}

    def next_entries(self, edition: int, told: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Entry]:
        """Entries (kind and what is told) that would follow these, without writing them."""
        added: list[Entry] = []
        for kind, one in told:
            before = added[-1].digest if added else self.head
            added.append(Entry(kind, edition, one, _digest(before, kind, edition, one)))
        return added

    def add(self, entries: Sequence[Entry]) -> None:
        """Write entries to disk; all of them or none.

        The publisher's lock is held by the caller. The file is written whole beside the old one and put in its place,
        so that a process that dies leaves the old or the new.
        """
        if not entries:
            return
        for entry, before in zip(entries, (self.head, *(e.digest for e in entries)), strict=False):
            if entry.digest != _digest(before, entry.kind, entry.edition, entry.told):
                raise ValueError("entries do not follow this ledger")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path, "".join(_line(entry) for entry in (*self.entries, *entries)).encode())
        self.entries = (*self.entries, *entries)

    def _read(self) -> Iterator[Entry]:
        if not self.path.exists():
            return
        before = _START
        for number, line in enumerate(self.path.read_text("utf-8").splitlines(), start=1):
            try:
                told = json.loads(line)
                entry = Entry(told["kind"], told["edition"], told["told"], told["digest"])
            except (ValueError, KeyError, TypeError) as error:
                raise ReleaseError(f"{self.path}, line {number} cannot be read; {_REMEDY}") from error
            if entry.digest != _digest(before, entry.kind, entry.edition, entry.told):
                raise ReleaseError(f"{self.path}, line {number} is not what was written; {_REMEDY}")
            before = entry.digest
            yield entry


def told_of_block(key: Sequence[object], block: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """A block of counts as published, as plain JSON. A suppressed count is null: its number is never written here."""
    tables = {}
    for name, frame in sorted(block.items()):
        values = [None if pd.isna(value) else int(value) for value in frame[VALUE]]
        plain = (
            frame.drop(columns=VALUE)
            .astype(str)
            .assign(**{VALUE: pd.Series(values, frame.index, dtype=object)})
        )
        tables[name] = {
            "columns": list(frame.columns),
            "rows": plain[list(frame.columns)].to_numpy(dtype=object).tolist(),
        }
    return {"block": [str(part) for part in key], "tables": tables}


def _frames(told: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    found = {}
    for name, table in told["tables"].items():
        frame = pd.DataFrame(table["rows"], columns=table["columns"], dtype=object)
        text = {column: "str" for column in frame.columns if column != VALUE}
        found[name] = frame.astype({**text, VALUE: "Int64"})
    return found


def _line(entry: Entry) -> str:
    told = {"kind": entry.kind, "edition": entry.edition, "told": entry.told, "digest": entry.digest}
    return json.dumps(told, sort_keys=True, ensure_ascii=False) + "\n"


def _digest(before: str, kind: str, edition: int, told: Mapping[str, Any]) -> str:
    text = json.dumps([before, kind, edition, told], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


__all__ = ["COUNTS", "FILE", "FOLDER", "SYNTHETIC", "Entry", "Ledger", "told_of_block"]

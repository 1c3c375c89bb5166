"""Which files wait in the inbox, and which feed each belongs to.

Belongs here: walking the inbox, routing a file to a contract, the day it was sent. Does not belong here: opening it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from expectations.contract import Contract
from mids_orchestration.landing.receipts import Sighting, read_sightings
from mids_orchestration.landing.settling import path_still_coming

# Names that senders and transfer programs use while a file is still coming.
UNFINISHED = (".part", ".tmp", ".partial", ".filepart", ".crdownload", ".swp", "~")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class PendingDelivery:
    """A file in the inbox that MIDS has not looked at yet. ``sent_on`` is None where its name carries no day."""

    agency: str
    feed: str
    path: Path
    sent_on: date | None
    size: int
    mtime_ns: int

    @property
    def key(self) -> str:
        """``agency.feed``."""
        return f"{self.agency}.{self.feed}"


def walk(inbox: Path) -> Iterator[os.DirEntry[str]]:
    """Yield everything in the inbox that is not a folder, hidden or unfinished; links are not followed."""
    try:
        entries = sorted(os.scandir(inbox), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from walk(Path(entry.path))
        elif not entry.name.lower().endswith(UNFINISHED):
            yield entry


def route(relative: Path, contracts: Mapping[str, Contract]) -> Contract | None:
    """Return the contract a file belongs to: by its folder, else by the one file pattern that fits its name."""
    if len(relative.parts) >= 3:
        found = contracts.get(f"{relative.parts[0]}.{relative.parts[1]}")
        if found is not None:
            return found
    fitting = [contract for contract in contracts.values() if contract.matches(relative.name)]
    return fitting[0] if len(fitting) == 1 else None


def waiting(
    inbox: Path,
    sightings: Mapping[str, Sighting],
    *,
    as_of: date,
    contracts: Mapping[str, Contract],
    now_ns: int | None = None,
) -> tuple[list[PendingDelivery], list[PendingDelivery]]:
    """Return the files not yet looked at: those of a known feed, and strays; in the order they were sent.

    A file is known again by its path, size and time of change. Files sent after *as_of* wait, and so do files
    changed less than the contract's ``settle_seconds`` before ``now_ns``: they may still be coming.
    """
    known: list[PendingDelivery] = []
    strays: list[PendingDelivery] = []
    for entry in walk(inbox):
        relative = Path(entry.path).relative_to(inbox)
        stat = entry.stat(follow_symlinks=False)
        seen = sightings.get(relative.as_posix())
        if seen is not None and (seen.size, seen.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
            continue
        contract = route(relative, contracts)
        if contract is not None and now_ns is not None and _settles(contract, stat.st_mtime_ns, now_ns):
            continue
        if contract is None:
            strays.append(
                PendingDelivery(UNKNOWN, UNKNOWN, Path(entry.path), None, stat.st_size, stat.st_mtime_ns)
            )
            continue
        sent_on = contract.sent_on(relative.name)
        if sent_on is not None and sent_on > as_of:
            continue
        known.append(
            PendingDelivery(
                contract.agency, contract.feed, Path(entry.path), sent_on, stat.st_size, stat.st_mtime_ns
            )
        )
    known.sort(
        key=lambda item: (item.sent_on or as_of, item.agency, item.feed, item.path.name, str(item.path))
    )
    return known, strays


def pending(
    inbox: Path,
    home: Path,
    *,
    as_of: date,
    contracts: Mapping[str, Contract],
    now_ns: int | None = None,
) -> list[PendingDelivery]:
    """Return the deliveries of known feeds that ``land`` would look at, in the order they were sent."""
    known, _ = waiting(inbox, read_sightings(home), as_of=as_of, contracts=contracts, now_ns=now_ns)
    return known


def unsettled(
    deliveries: Iterable[PendingDelivery], *, contracts: Mapping[str, Contract], now_ns: int
) -> list[PendingDelivery]:
    """Return those of *deliveries* that may still be uploading: ``land`` would leave them for later."""
    return [
        item
        for item in deliveries
        if _settles(contracts[f"{item.agency}.{item.feed}"], item.mtime_ns, now_ns)
        or path_still_coming(item.path, now_ns)
    ]


def _settles(contract: Contract, mtime_ns: int, now_ns: int) -> bool:
    """Whether a file changed too recently for its feed."""
    return bool(contract.settle_seconds) and mtime_ns > now_ns - contract.settle_seconds * 1_000_000_000

"""What a transport hands over: files fetched whole into a folder of their own, and how far that brings the feed.

Belongs here: writing such a file (checksummed, durable), and trying again after a lost connection. Not: the inbox.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from mids_orchestration.landing.pull.errors import Patience, PullError
from mids_orchestration.landing.pull.sources import Source
from mids_orchestration.landing.pull.state import PendingFile

T = TypeVar("T")


@dataclass
class Fetched:
    """Files in the order they should land, the progress they stand for, and what a person should know."""

    progress: dict[str, Any]
    files: list[PendingFile] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Errand:
    """One feed to be fetched: from where, since what, into which folder, on which day, with how much patience."""

    source: Source
    progress: dict[str, Any]
    folder: Path
    as_of: date
    patience: Patience

    def file_name(self, suffix: str, extra: str) -> str:
        """Name of a delivery made from an answer: as the contract's file pattern has it, with the day of the pull.

        Raises ``PullError`` when the contract's pattern leaves no room for it.
        """
        contract = self.source.contract
        day = self.as_of.strftime(contract.sent_on_format or "%Y%m%d")
        name = f"{contract.agency}_{contract.feed}_{day}_{extra}.{suffix}"
        if not contract.matches(name):
            raise PullError(
                f"{contract.key}: a pulled delivery would be called {name}, which the contract's file_pattern does "
                rf"not allow: let it have (_\w+)? before .{suffix}"
            )
        return name


class Spool:
    """A file being written: bytes, checksum and size so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        self._stream = path.open("wb")

    def write(self, data: bytes | memoryview) -> None:
        """Append *data*."""
        self._stream.write(data)
        self._hash.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        """Checksum of what has been written."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Make the file durable."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def drop(self) -> None:
        """Take the file away."""
        self._stream.close()
        self.path.unlink(missing_ok=True)


@contextmanager
def spool(folder: Path) -> Iterator[Spool]:
    """Write one file in *folder*; whatever breaks, half a file is never left behind."""
    one = Spool(folder / ".fetching")
    try:
        yield one
        one.close()
    except BaseException:
        one.drop()
        raise


def keep(one: Spool, folder: Path, name: str) -> PendingFile:
    """Give a closed spool its name."""
    one.path.replace(folder / name)
    return PendingFile(name, one.sha256, one.size)


def again(errand: Errand, operation: Callable[[], T], lost: tuple[type[BaseException], ...], what: str) -> T:
    """Run *operation*; on a lost connection wait (1, 2, 4 … times the source's backoff) and run it again.

    Raises ``PullError`` naming the feed and *what* when the attempts or the patience are used up.
    """
    options = errand.source.options
    attempts, backoff = int(options.get("attempts", 4)), float(options.get("backoff_seconds", 1.0))
    for attempt in range(1, attempts + 1):
        try:
            return operation()
        except lost as error:
            said = str(error).strip().splitlines()
            why = f"{errand.source.key}: {what}: {said[0] if said else type(error).__name__}"
            if attempt == attempts:
                raise PullError(f"{why} (tried {attempts} times)") from None
            errand.patience.wait(backoff * 2 ** (attempt - 1), why)
    raise AssertionError("unreachable: attempts is at least 1")

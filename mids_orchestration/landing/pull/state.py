"""How far a feed has been pulled, and what is on its way into the inbox.

Belongs here: the one small file per feed that survives a crash. Does not belong here: what its progress means
(each transport reads its own).

``progress`` is what has been pulled *and* receipted. ``pending`` is what has been fetched and is on its way: the names
and checksums of the files, and the progress they stand for. Progress moves only when every pending file has a
receipt.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mids_orchestration.files import write_atomically
from mids_orchestration.landing.pull.errors import PullError


@dataclass(frozen=True)
class PendingFile:
    """A fetched file: its name in the inbox and its bytes' checksum."""

    name: str
    sha256: str
    size: int


@dataclass
class PullState:
    """One feed's state; ``pending`` is empty between pulls."""

    progress: dict[str, Any] = field(default_factory=dict)
    pending: list[PendingFile] = field(default_factory=list)
    pending_progress: dict[str, Any] = field(default_factory=dict)


def pull_dir(home: Path, key: str) -> Path:
    """Folder of one feed's state and of files being fetched."""
    return home / "pull" / key


def read_state(home: Path, key: str) -> PullState:
    """Return the feed's state; an empty one before its first pull.

    Raises ``PullError`` when the file is damaged: guessing how far we were could lose records.
    """
    path = pull_dir(home, key) / "state.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return PullState(
            raw["progress"], [PendingFile(**one) for one in raw["pending"]], raw["pending_progress"]
        )
    except FileNotFoundError:
        return PullState()
    except (ValueError, KeyError, TypeError) as error:
        raise PullError(
            f"{key}: {path} is damaged ({error}); restore it, or delete it to pull all again"
        ) from None


def write_state(home: Path, key: str, state: PullState) -> None:
    """Replace the feed's state; after a crash it is the old or the new one."""
    folder = pull_dir(home, key)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "state.json", (json.dumps(asdict(state), indent=1) + "\n").encode())

"""One weekly cycle as the command line runs it: what is new, the job, what came of it.

Belongs here: deciding whether a cycle has anything to do, and the record of the last one (kept as
``last_cycle.json`` in the data home). Does not belong here: Dagster (the caller hands in a function
that runs the job) and printing (summary.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from expectations.contract import Contract
from mids_orchestration.files import write_atomically
from mids_orchestration.landing import Receipt, pending, read_receipts
from mids_orchestration.linkage.review import binding, read_decisions
from mids_orchestration.settings import REPOSITORY, Settings

_CODE_ROOTS = ("mids_orchestration", "forecasting", "expectations", "dbt_project")
_CODE_SUFFIXES = {".py", ".sql", ".yml", ".csv", ".json", ".html", ".css", ".js", ".j2"}


@dataclass(frozen=True)
class CycleRecord:
    """What the last cycle was run on and what came of it.

    Attributes:
        as_of: the day it saw the world as of (ISO date).
        data_version: fingerprint of everything received until then.
        code_version: fingerprint of the code, models and contracts that ran.
        run_id: Dagster's run id, to be opened in its UI.
        succeeded: whether every step ran and every gate passed.
        release_id: the release it published, if it did.
        checks: one entry per check: asset, name, passed, blocking severity, what it said.
        failed_steps: steps that raised, with their message.
        decisions_version: fingerprint of the reviewers' decisions that bound the run.
    """

    as_of: str
    data_version: str
    code_version: str
    run_id: str
    succeeded: bool
    release_id: str | None
    checks: list[dict[str, Any]] = field(default_factory=list)
    failed_steps: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0
    decisions_version: str = ""

    @property
    def failed_checks(self) -> list[dict[str, Any]]:
        """The checks that did not pass, gates and watches alike."""
        return [check for check in self.checks if not check["passed"]]


def data_version(receipts: Iterable[Receipt]) -> str:
    """Fingerprint of all that has been received and how it was judged; the order does not matter.

    Two homes that received the same bytes on the same days under the same contracts agree.
    """
    lines = sorted(
        f"{r.receipt_id}|{r.known_on}|{r.contract_version}|{r.status}|"
        f"{sorted((name, t.accepted, t.quarantined) for name, t in r.tables.items())}"
        for r in receipts
        if r.status == "accepted"
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def decisions_version(settings: Settings) -> str:
    """Fingerprint of the reviewers' decisions that hold now, as record pairs; empty when there are none."""
    same, different = binding(read_decisions(settings.identities))
    if not same and not different:
        return ""
    return hashlib.sha256(json.dumps([same, different]).encode()).hexdigest()[:16]


def code_version() -> str:
    """Fingerprint of the code, models, seeds and contracts in this checkout."""
    digest = hashlib.sha256()
    for root in _CODE_ROOTS:
        for path in sorted((REPOSITORY / root).rglob("*")):
            parts = path.relative_to(REPOSITORY).parts
            if path.suffix not in _CODE_SUFFIXES or {"target", "logs", "__pycache__"} & set(parts):
                continue
            digest.update("/".join(parts).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def default_as_of(settings: Settings, contracts: Mapping[str, Contract], today: date) -> date:
    """The day a cycle sees the world as of when nobody says: the newest delivery's, at most today.

    A week is only as new as what has arrived. Using the clock instead would show an old inbox as a
    country where crime has stopped.
    """
    sent = [item.sent_on for item in pending(settings.inbox, settings.home, as_of=today, contracts=contracts)]
    known = [receipt.known_on for receipt in read_receipts(settings.home)]
    days = [day for day in (*sent, *known) if day is not None and day <= today]
    return max(days, default=today)


def read_last_cycle(settings: Settings) -> CycleRecord | None:
    """The record of the last cycle run in this home, or None before the first."""
    path = _record_path(settings)
    return CycleRecord(**json.loads(path.read_text())) if path.exists() else None


def write_last_cycle(settings: Settings, record: CycleRecord) -> None:
    """Keep ``record`` as the last cycle's; replaces the file whole."""
    path = _record_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(asdict(record), indent=1, ensure_ascii=False).encode())


def nothing_new(settings: Settings, contracts: Mapping[str, Contract], as_of: date) -> CycleRecord | None:
    """The last cycle's record if running again could change nothing, else None."""
    last = read_last_cycle(settings)
    if last is None or not last.succeeded or last.as_of != as_of.isoformat():
        return None
    if pending(settings.inbox, settings.home, as_of=as_of, contracts=contracts):
        return None
    same = (
        last.data_version == data_version(read_receipts(settings.home))
        and last.code_version == code_version()
        and last.decisions_version == decisions_version(settings)
        and last.release_id is not None
        and (settings.releases / last.release_id).is_dir()
    )
    return last if same else None


def _record_path(settings: Settings) -> Path:
    return settings.home / "last_cycle.json"

"""Why no newer release is shown: kept beside the releases, and told in words.

Belongs here: writing, clearing and wording ``refused.json``, and the same for a page opened from disk. Does not belong
here: deciding a refusal (gates, build), drawing it on the page (dashboard/page.js).

A release never changes, so its page cannot say what came after it. The note lies beside the releases, where both kinds
of page find it: the served one is handed it; one opened from disk reads ``held.css``, a style sheet that holds nothing
but one quoted value. A script there would run inside a page that ``mids release verify`` vouches for; a style sheet
runs nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from mids_orchestration.files import write_atomically
from mids_orchestration.release.model import GateResult, Release
from mids_orchestration.release.store import REFUSED

#: Read by every page that is opened from disk, as ``../held.css``.
HELD = "held.css"
_HEAD = "/* Written by MIDS: why no release is newer than current. dashboard.html beside it reads this. */\n"


def hold_back(releases: Path, as_of: date, gates: Sequence[GateResult]) -> None:
    """Keep why the release of ``as_of`` was not published, for the command line and the pages."""
    releases.mkdir(parents=True, exist_ok=True)
    told = {"as_of": as_of.isoformat(), "gates": [gate.as_dict() for gate in gates]}
    write_atomically(releases / REFUSED, (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode())
    note = base64.b64encode(json.dumps(page_note(told)).encode()).decode()
    write_atomically(releases / HELD, f'{_HEAD}:root {{ --mids-held: "{note}"; }}\n'.encode())


def clear(releases: Path) -> None:
    """The newest attempt succeeded: nothing is held back any more."""
    write_atomically(releases / HELD, _HEAD.encode())
    (releases / REFUSED).unlink(missing_ok=True)


def page_note(refusal: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows: the day that was held back, and each gate that refused. No gate quotes a personal value."""
    return {"as_of": refusal["as_of"], "gates": _refused(refusal)}


def refusal_lines(refusal: Mapping[str, Any], current: Release | None) -> list[str]:
    """One line on what readers see, then one block per gate that refused."""
    shown = f"data as of {current.as_of} ({current.release_id})" if current else "nothing"
    lines = [f"Readers see {shown}. The release as of {refusal['as_of']} was held back:"]
    for gate in _refused(refusal):
        lines += [
            f"  gate    {gate['name']}  (answers for it: {gate['owner']})",
            f"  found   {gate['found']}",
            f"  to do   {gate['remedy']}",
        ]
    return lines


def _refused(refusal: Mapping[str, Any]) -> list[dict[str, str]]:
    return [gate for gate in refusal["gates"] if gate["status"] == "refused"]

"""Why no newer release is shown, in words for the command line and the served page.

Belongs here: turning ``refused.json`` into text. Does not belong here: deciding a refusal (gates, build).
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from mids_orchestration.release.model import Release


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


def refusal_banner(refusal: Mapping[str, Any] | None, current: Release) -> str:
    """The same as an HTML note in both languages; empty when nothing newer was refused."""
    if refusal is None or refusal["as_of"] < current.as_of.isoformat():
        return ""
    items = "".join(
        f"<li><strong>{escape(g['name'])}</strong> ({escape(g['owner'])}): {escape(g['found'])} → "
        f"{escape(g['remedy'])}</li>"
        for g in _refused(refusal)
    )
    return (
        f'<div class="note bad" role="note" data-testid="refused"><p><strong>'
        f'<span lang="en">Data as of {current.as_of}. Why not newer: the release as of {escape(refusal["as_of"])} '
        f'was held back by its gates.</span><span lang="ms">Data setakat {current.as_of}. Sebab tiada yang lebih '
        f"baharu: keluaran setakat {escape(refusal['as_of'])} ditahan oleh semakannya.</span></strong></p>"
        f"<ul>{items}</ul></div>"
    )


def _refused(refusal: Mapping[str, Any]) -> list[dict[str, str]]:
    return [gate for gate in refusal["gates"] if gate["status"] == "refused"]

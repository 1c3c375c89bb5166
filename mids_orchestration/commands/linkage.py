"""The verbs about persons: who they are, and how many no list has seen.

What belongs here: their registration, in one place. What does not: the verbs themselves, a module each.
"""

from __future__ import annotations

import typer

from mids_orchestration.commands import person, review
from mids_orchestration.commands.link import link
from mids_orchestration.commands.mse import mse
from mids_orchestration.commands.worklist import worklist


def register(app: typer.Typer) -> None:
    """Add the verbs of this room to ``mids``."""
    app.command()(link)
    app.command()(mse)
    app.command()(worklist)
    app.add_typer(review.app, name="review")
    app.add_typer(person.app, name="person")

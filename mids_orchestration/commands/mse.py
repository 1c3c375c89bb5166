"""``mids mse``: from counts of people by list to how many no list has seen.

What belongs here: reading the table and saying the answer. What does not: the estimate (``linkage/mse.py``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mids_orchestration.commands.tables import TableFileError, read_table

_UNUSABLE = 2


def mse(
    lists: Annotated[
        Path, typer.Argument(metavar="LISTS.csv", help="One 0/1 column per list and a column count.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")] = False,
) -> None:
    """Estimate how many people there are, seen and unseen, from who is on which lists.

    Each row of LISTS.csv is a set of lists (1: on it, 0: not) and the number of people on exactly these;
    without a column count each row is one person. The estimate needs three lists or more with common
    people; where the overlaps are too thin it is refused, and the reason is given. A refusal is an answer:
    the exit code is 0.
    """
    from mids_orchestration.linkage.mse import ListCountError, estimate_population

    try:
        found = estimate_population(read_table(lists))
    except (TableFileError, ListCountError) as error:
        typer.echo(f"mids mse: {error}", err=True)
        raise typer.Exit(_UNUSABLE) from error
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=1))
        return
    if found.refused:
        typer.echo(f"refused: {found.reason}")
    else:
        typer.echo(f"estimate {found.estimate:,}  (95 % interval {found.lower:,} to {found.upper:,})")
    typer.echo(
        f"observed {found.observed:,} on {len(found.lists)} lists, {found.shared:,} of them on two or more"
    )
    typer.echo(f"model    {found.model}")

"""``mids worklist``: the cross-check of reported persons, for case officers.

What belongs here: reading the warehouse, writing the two files, saying how many. What does not: what a status
means (dbt, `lnk_cross_check`) or how the list looks (``linkage/worklist.py``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from mids_orchestration.settings import SettingsError, load_settings

_UNUSABLE = 2


def worklist(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder (HOME/linkage/worklist).")
    ] = None,
    home: Annotated[
        Path | None, typer.Option("--home", help="Data home (default: MIDS_HOME, else .mids).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Write who was reported by organisations or to Wisma Putra, and who already knows of them.

    Most urgent first: a child, then whoever is still held, then whoever nobody knows of. Writes worklist.xlsx
    and worklist.html, which name persons: they are restricted and never part of a release.
    """
    import duckdb

    from mids_orchestration.linkage.worklist import QUERY, counts_by_status, worklist_html, worklist_xlsx
    from mids_orchestration.warehouse import open_warehouse

    try:
        settings = load_settings(home=home)
    except SettingsError as error:
        _fail(str(error))
    if not settings.warehouse.exists():
        _fail(f"no warehouse in {settings.home}: run the weekly cycle first (mids run)")
    try:
        with open_warehouse(settings, read_only=True) as connection:
            rows = connection.execute(QUERY).df()
    except duckdb.CatalogException:
        _fail(
            f"the warehouse in {settings.home} has no cross-check yet: run the weekly cycle again (mids run)"
        )
    except duckdb.IOException as error:
        _fail(
            f"the warehouse cannot be read now ({str(error).splitlines()[0]}): wait until the run has ended"
        )
    folder = out or settings.identities / "worklist"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in (
        ("worklist.xlsx", worklist_xlsx(rows)),
        ("worklist.html", worklist_html(rows).encode()),
    ):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    counts = counts_by_status(rows)
    if as_json:
        typer.echo(
            json.dumps({"out": str(folder), "rows": len(rows), "counts": counts.to_dict("records")}, indent=1)
        )
        return
    typer.echo(f"{len(rows):,} reported persons in {folder}/worklist.xlsx and worklist.html")
    for row in counts.itertuples(index=False):
        typer.echo(
            f"  {row.check_code:<20}{row.status_code:<14}{row.persons:>7,}   still held {row.still_held:,}"
        )


def _fail(message: str) -> NoReturn:
    typer.echo(f"mids worklist: {message}", err=True)
    raise typer.Exit(_UNUSABLE)

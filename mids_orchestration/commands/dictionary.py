"""``mids dictionary``: the data dictionary of the marts. Does not belong here: making it (release/dictionary)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mids_orchestration.commands.release import Home, _settings

TITLE = "Data dictionary / Kamus data"


def register(app: typer.Typer) -> None:
    """Put the verb on the command line."""
    app.command("dictionary")(dictionary)


def dictionary(
    xlsx: Annotated[Path | None, typer.Option(help="Write a workbook instead, to this file.")] = None,
    home: Home = None,
) -> None:
    """Print every mart's grain, keys, unit, calendar, columns and labels, with a diagram per fact (Markdown)."""
    from expectations.contract import load_contracts
    from mids_orchestration.release import exports_from_manifest
    from mids_orchestration.release.dictionary import dictionary_markdown, write_dictionary_workbook
    from mids_orchestration.warehouse import prepare_manifest

    exports = exports_from_manifest(prepare_manifest(load_contracts(), _settings(home)))
    if xlsx is None:
        typer.echo(dictionary_markdown(exports, TITLE), nl=False)
        return
    if not xlsx.parent.is_dir():
        typer.echo(f"there is no folder {xlsx.parent}: make it first, or name another file", err=True)
        raise typer.Exit(2)
    write_dictionary_workbook(exports, xlsx)
    typer.echo(f"{len(exports)} tables described in {xlsx}")

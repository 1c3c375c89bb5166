"""``mids publish …``: a finished release copied to where BI tools read. Does not belong here: making the copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mids_orchestration.commands.release import AsJson, Home, _fail, _settings

publish_app = typer.Typer(no_args_is_help=True, help="Copy a release to where BI tools read it.")


@publish_app.callback()
def _group() -> None:
    """Keep ``postgres`` a word of its own, also while it is the only one."""


@publish_app.command("postgres")
def postgres(
    dsn: Annotated[
        str,
        typer.Option(
            help="libpq address, for example postgresql://mids@host/mids; the password comes from PGPASSWORD or a "
            "password file, so that it stands in no list of processes."
        ),
    ],
    release_id: Annotated[str, typer.Option("--release", help="Which release.")] = "current",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Load a release into PostgreSQL aside and switch to it in one transaction; readers never wait.

    Public marts go to schema mids (role mids_bi), restricted ones to mids_restricted (role mids_officer, rows of
    the officer's own agency: insert the login role and its agency into mids_access.officer).
    """
    from mids_orchestration.release import ReleaseError, find_release
    from mids_orchestration.release.postgres import publish_postgres

    releases: Path = _settings(home).releases
    try:
        found = find_release(releases, release_id)
        done = publish_postgres(found, dsn, announce=lambda line: typer.echo(line, err=True))
    except ReleaseError as error:
        _fail(str(error))
    if as_json:
        told = {"release": done.release_id, "rows": dict(done.rows), "waiting": list(done.waiting)}
        typer.echo(json.dumps(told))
        return
    typer.echo(f"{done.release_id}: {len(done.rows)} tables, {sum(done.rows.values()):,} rows")
    if done.waiting:
        typer.echo(f"still read by a client, dropped by the next publish: {', '.join(done.waiting)}")


__all__ = ["publish_app"]

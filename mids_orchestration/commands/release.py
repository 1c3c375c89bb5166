"""Verbs on releases beyond reading them: compare, roll back, say why none is newer, serve the page.

Belongs here: arguments, printing, exit codes. Does not belong here: any of the work (release/).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from mids_orchestration.settings import Settings, load_settings

OK, WRONG, UNUSABLE = 0, 1, 2

Home = Annotated[Path | None, typer.Option("--home", help="Data home (default: MIDS_HOME, else .mids).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


def register(app: typer.Typer, release_app: typer.Typer) -> None:
    """Add this room's verbs to ``mids`` and ``mids release``."""
    release_app.command("diff")(diff)
    release_app.command("rollback")(roll_back)
    release_app.command("why")(why)
    app.command("dashboard")(dashboard)


def diff(
    before: Annotated[str, typer.Argument(help="Release id, its beginning, or 'current'.")],
    after: Annotated[str, typer.Argument(help="The release to compare it with.")] = "current",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Compare two releases: tables, rows, sums, and past weeks that changed, with the reason of each."""
    from mids_orchestration.release import ReleaseError, find_release
    from mids_orchestration.release.compare import compare_releases, in_words

    releases = _settings(home).releases
    try:
        compared = compare_releases(find_release(releases, before), find_release(releases, after))
    except (ReleaseError, OSError) as error:
        _fail(str(error))
    typer.echo(json.dumps(compared.as_dict(), indent=1) if as_json else in_words(compared))


def roll_back(
    release_id: Annotated[str, typer.Argument(help="The kept release to show readers again.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show readers an earlier release again, after checking that its files are as published.

    The newer one stays on the shelf: roll forward by naming it.
    """
    from mids_orchestration.release import ReleaseError, current_release, find_release, rollback

    releases = _settings(home).releases
    try:
        find_release(releases, release_id)
    except ReleaseError as error:
        _fail(str(error))
    was = current_release(releases)
    try:
        now = rollback(releases, release_id)
    except ReleaseError as error:
        typer.echo(f"mids: {error}", err=True)
        raise typer.Exit(WRONG) from error
    if as_json:
        typer.echo(json.dumps({"was": was.release_id if was else None, "current": now.release_id}))
    else:
        typer.echo(f"{now.release_id} is current (was {was.release_id if was else 'none'})")


def why(home: Home = None, as_json: AsJson = False) -> None:
    """Say why there is no newer release: which gate held it back, what it found, what to do.

    Exit code 1 while the newest attempt stands refused.
    """
    from mids_orchestration.release import current_release, last_refusal
    from mids_orchestration.release.refusal import refusal_lines

    releases = _settings(home).releases
    refusal, now = last_refusal(releases), current_release(releases)
    if as_json:
        typer.echo(json.dumps({"current": now.release_id if now else None, "refused": refusal}, indent=1))
    elif refusal is None:
        told = (
            f"{now.release_id} (as of {now.as_of}) is the newest" if now else "nothing has been published yet"
        )
        typer.echo(f"no attempt to publish stands refused; {told}")
    else:
        typer.echo("\n".join(refusal_lines(refusal, now)))
    raise typer.Exit(WRONG if refusal else OK)


def dashboard(
    home: Home = None,
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.")] = 8765,
    officers: Annotated[
        Path | None,
        typer.Option(
            "--officers", metavar="FILE", help="Write the officers' edition (restricted); serve nothing."
        ),
    ] = None,
) -> None:
    """Serve the current release's dashboard on loopback; it follows every switch, and says why none is newer.

    The officers' edition counts persons without protection, by week and by child or adult too. It is written for the
    account that asks, from the restricted zone, and never served.
    """
    from mids_orchestration.release import ReleaseError, find_release
    from mids_orchestration.release.serve import dashboard_server

    releases = _settings(home).releases
    if officers is not None:
        _write_for_officers(releases, officers)
        return
    try:
        find_release(releases, "current")
        server = dashboard_server(releases, port)
    except ReleaseError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"port {port} on loopback cannot be used ({error.strerror}): give another with --port")
    typer.echo(f"Dashboard: http://127.0.0.1:{server.server_address[1]}/   (Ctrl-C ends it)", err=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.shutdown()


def _write_for_officers(releases: Path, file: Path) -> None:
    from mids_orchestration.release import ReleaseError
    from mids_orchestration.release.officers_page import officers_page

    if file.resolve().is_relative_to(releases.resolve()):
        _fail(f"{file} lies among the releases, which others read: name a file elsewhere")
    try:
        page = officers_page(releases)
        with open(file, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(page)
    except (ReleaseError, OSError) as error:
        _fail(str(error))
    typer.echo(f"{file}: restricted, readable by this account only; do not pass it on")


def _settings(home: Path | None) -> Settings:
    try:
        return load_settings(home=home)
    except ValueError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(f"mids: {message}", err=True)
    raise typer.Exit(UNUSABLE)


__all__: list[Any] = ["register"]

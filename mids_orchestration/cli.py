"""The ``mids`` command: a thin face over jobs and pure functions. No verb does the work itself.

Exit codes: 0 done, or nothing to do · 1 it ran and something is wrong (a step failed, a gate held the
release back, a release does not verify) · 2 it could not run as asked (wrong words, nothing there).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer

from mids_orchestration.commands import answers as answers_verb
from mids_orchestration.commands import backfill as backfill_verb
from mids_orchestration.commands import dictionary as dictionary_verb
from mids_orchestration.commands import feeds
from mids_orchestration.commands import forecast as forecast_verbs
from mids_orchestration.commands import landing as landing_verbs
from mids_orchestration.commands import linkage as linkage_verbs
from mids_orchestration.commands import pull as pull_verbs
from mids_orchestration.commands import release as release_verbs
from mids_orchestration.commands.publish import publish_app
from mids_orchestration.settings import REPOSITORY, TIMEZONE, Settings, load_settings

OK, WRONG, UNUSABLE = 0, 1, 2

app = typer.Typer(
    name="mids",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="MIDS, the MAPO Integrated Data System: receive agencies' feeds, build the warehouse, "
    "link persons, project the coming weeks, publish a release.\n\n"
    "First steps: `mids sample --out .mids`, then `mids run`, then `mids status`. "
    "Data lives in MIDS_HOME (default `.mids` in the working folder).",
)
release_app = typer.Typer(
    no_args_is_help=True, help="List, show, verify, compare and roll back published releases."
)
app.add_typer(release_app, name="release")
release_verbs.register(app, release_app)
dictionary_verb.register(app)
app.add_typer(publish_app, name="publish")
forecast_verbs.register(app)
backfill_verb.register(app)
app.add_typer(feeds.app, name="feeds")
linkage_verbs.register(app)
landing_verbs.register(app)
pull_verbs.register(app)
answers_verb.register(app)

Home = Annotated[Path | None, typer.Option("--home", help="Data home (default: MIDS_HOME, else .mids).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


@app.command()
def sample(
    out: Annotated[Path, typer.Option(help="Folder to write inbox/ and truth/ into.")],
    weeks: Annotated[int, typer.Option(min=1, max=520, help="Weekly deliveries before the end date.")] = 104,
    scale: Annotated[float, typer.Option(min=0.001, max=1000, help="Volume; 1 is the national level.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed writes the same bytes.")] = 20260629,
    if_missing: Annotated[bool, typer.Option(help="Do nothing if this sample is there already.")] = False,
) -> None:
    """Simulate the agencies: ten years of a world, written down by each in its own way.

    Writes OUT/inbox/AGENCY/FEED/… and, beside it, OUT/truth/… (who is who; no pipeline code reads it).
    Nothing in it is a real person.
    """
    _listen()
    marker = out / "truth" / "manifest.json"
    if if_missing and marker.exists():
        asked = {"weeks": weeks, "scale": scale, "seed": seed}
        there = json.loads(marker.read_text())
        if {name: there.get(name) for name in asked} == asked:
            typer.echo(f"sample already in {out / 'inbox'} (seed {seed}, scale {scale:g})", err=True)
            return
    from mids_orchestration.progress import announce
    from mids_orchestration.sample.generate import generate

    manifest = generate(out, weeks=weeks, scale=scale, seed=seed, progress=announce)
    records = sum(total["rows"] for total in manifest.totals().values())
    typer.echo(f"{len(manifest.files):,} files, {records:,} records in {out / 'inbox'}")
    typer.echo(f"next: mids run --inbox {out / 'inbox'} --as-of {manifest.as_of}")


@app.command()
def run(
    inbox: Annotated[Path | None, typer.Option(help="Where the agencies' files wait (HOME/inbox).")] = None,
    home: Home = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="See the world as of this day.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Run even if nothing is new.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the weekly cycle: land, build, link, project, publish.

    Without --as-of the day is that of the newest delivery. Running again with nothing new changes
    nothing and takes a moment. Every run is shown in the Dagster UI (`mids dev`).
    """
    from expectations.contract import load_contracts
    from mids_orchestration import cycle, summary

    settings = _settings(home, inbox)
    _listen()
    contracts = load_contracts()
    if not settings.inbox.is_dir():
        _fail(f"no inbox at {settings.inbox}: give --inbox DIR, or make one with `mids sample --out DIR`")
    day = _date(as_of) if as_of else cycle.default_as_of(settings, contracts, _today())
    record = None if force else cycle.nothing_new(settings, contracts, day)
    ran = record is None
    if record is None:
        record = _run_weekly_cycle(settings, day)
    if as_json:
        typer.echo(json.dumps(summary.as_dict(settings, record, contracts, ran=ran), indent=1))
    else:
        typer.echo(summary.render(settings, record, contracts, ran=ran))
    raise typer.Exit(OK if record.succeeded else WRONG)


@app.command()
def status(home: Home = None, as_json: AsJson = False) -> None:
    """What has been received, how the last cycle went, which release is current, what is stale."""
    from expectations.contract import load_contracts
    from mids_orchestration import cycle, summary

    settings = _settings(home)
    record = cycle.read_last_cycle(settings)
    if record is None:
        _fail(f"no cycle has run in {settings.home}: start with `mids run`")
    contracts = load_contracts()
    if as_json:
        typer.echo(json.dumps(summary.as_dict(settings, record, contracts, ran=False), indent=1))
    else:
        typer.echo(summary.render(settings, record, contracts, ran=False))


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help='One SELECT, for example "from fct_weekly_count limit 5".')],
    home: Home = None,
    restricted: Annotated[bool, typer.Option(help="Also open the release's restricted marts.")] = False,
    as_json: AsJson = False,
) -> None:
    """Query the current release, read-only. `mids sql "show tables"` lists what is there."""
    import duckdb

    from mids_orchestration.release import ReleaseError, open_release

    settings = _settings(home)
    try:
        with open_release(settings.releases, restricted=restricted) as connection:
            relation = connection.sql(query)
            if relation is None:
                return
            if as_json:
                typer.echo(relation.df().to_json(orient="records", date_format="iso"))
            else:
                relation.show(max_width=200, max_rows=200)
    except ReleaseError as error:
        _fail(str(error))
    except duckdb.CatalogException as error:
        hint = "" if restricted else "\n(person- and case-level marts: add --restricted)"
        _fail(f"{error}{hint}")
    except duckdb.Error as error:
        _fail(str(error))


@app.command()
def dev(
    home: Home = None,
    port: Annotated[int, typer.Option(help="Port on loopback.")] = 3000,
) -> None:
    """Open the Dagster UI on loopback: the whole graph, runs, checks, schedule and sensor."""
    settings = _settings(home)
    try:  # dagster itself says that it serves, and ends in a pile of messages
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        _fail(
            f"port {port} on loopback cannot be used ({os.strerror(error.errno or 0)}): give another with --port"
        )
    _prepare_dagster(settings)
    typer.echo(f"Dagster UI: http://127.0.0.1:{port}   (data home {settings.home}; Ctrl-C ends it)", err=True)
    command = [str(Path(sys.executable).parent / "dagster"), "dev"]
    command += ["-w", str(REPOSITORY / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port)]
    os.chdir(REPOSITORY)
    os.execv(command[0], command)  # becomes dagster, so that whoever ends this ends it and its children


@release_app.command("list")
def release_list(home: Home = None, as_json: AsJson = False) -> None:
    """List releases, the current one marked."""
    from mids_orchestration.release import current_release, list_releases

    settings = _settings(home)
    current = current_release(settings.releases)
    rows = [
        {
            "release": r.release_id,
            "as_of": r.as_of.isoformat(),
            "current": bool(current and r.release_id == current.release_id),
        }
        for r in list_releases(settings.releases)
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(f"{'*' if row['current'] else ' '} {row['release']}   as of {row['as_of']}")
    if not rows:
        typer.echo("no release yet: `mids run` publishes the first")


@release_app.command("show")
def release_show(
    release_id: Annotated[str | None, typer.Argument(help="Default: the current one.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show one release: tables and rows, gates, freshness of feeds."""
    release = _release(_settings(home), release_id)
    facts = json.loads((release.path / "release.json").read_text())
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
        return
    typer.echo(f"{release.release_id}   as of {release.as_of}\n{release.path}")
    for table, rows in release.tables.items():
        typer.echo(f"  {table:<32}{rows:>10,} rows")
    for gate in release.gates:
        typer.echo(f"  gate {gate.name:<36}{gate.status:<14}{gate.found}")


@release_app.command("verify")
def release_verify(
    release_id: Annotated[str | None, typer.Argument(help="Default: the current one.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every checksum; names each file that is missing, changed or does not belong."""
    from mids_orchestration.release import verify_release

    release = _release(_settings(home), release_id)
    problems = [str(problem) for problem in verify_release(release.path)]
    if as_json:
        typer.echo(json.dumps({"release": release.release_id, "problems": problems}))
    elif problems:
        typer.echo("\n".join([f"{release.release_id}: {len(problems)} problem(s)", *problems]))
    else:
        typer.echo(f"{release.release_id}: every file is as published")
    raise typer.Exit(WRONG if problems else OK)


def _run_weekly_cycle(settings: Settings, as_of: date) -> Any:
    """Run the job in this process, on the home's own Dagster instance, and keep its record."""
    _prepare_dagster(settings)
    from mids_orchestration.defs.run import UnknownWeekError, run_weekly_cycle
    from mids_orchestration.warehouse import ManifestError

    # What dbt prints is progress; standard output is for the answer alone (a script reads it with --json).
    with contextlib.redirect_stdout(sys.stderr):
        try:
            return run_weekly_cycle(settings, as_of)
        except UnknownWeekError as error:
            _fail(str(error))
        except ManifestError as error:
            _fail(f"the dbt project does not parse, so nothing was run.\n{error}")


def _prepare_dagster(settings: Settings) -> None:
    from mids_orchestration.defs.instance import prepare_instance

    prepare_instance(settings)
    os.environ["MIDS_HOME"] = str(settings.home)
    os.environ["MIDS_INBOX"] = str(settings.inbox)
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"


def _settings(home: Path | None, inbox: Path | None = None) -> Settings:
    try:
        return load_settings(home=home, inbox=inbox)
    except ValueError as error:
        _fail(str(error))


def _release(settings: Settings, release_id: str | None) -> Any:
    from mids_orchestration.release import current_release, list_releases

    if release_id is None:
        found = current_release(settings.releases)
    else:
        found = next((r for r in list_releases(settings.releases) if r.release_id == release_id), None)
    if found is None:
        _fail(f"no release {release_id or 'yet'} in {settings.releases}: `mids release list` shows them")
    return found


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _fail(f"--as-of {text!r} is not a date: write it as 2026-06-29")


def _today() -> date:
    return datetime.now(ZoneInfo(TIMEZONE)).date()


def _listen() -> None:
    from mids_orchestration import progress

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    progress.listen(handler)


def _fail(message: str) -> NoReturn:
    typer.echo(f"mids: {message}", err=True)
    raise typer.Exit(UNUSABLE)


def main() -> None:
    """Entry point of the console script."""
    app()

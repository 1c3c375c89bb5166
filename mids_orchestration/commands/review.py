"""``mids review``: the grey zone goes out as a file, decisions come back as one.

What belongs here: reading and writing those files and the messages. What does not: what a decision is or how
long it holds (``linkage/review.py``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import pandas as pd
import typer

from mids_orchestration.commands.tables import TableFileError, read_table
from mids_orchestration.linkage import review
from mids_orchestration.settings import Settings, SettingsError, load_settings

_UNUSABLE = 2
app = typer.Typer(no_args_is_help=True, help="Pairs of records that a person must decide, and the decisions.")
Home = Annotated[Path | None, typer.Option("--home", help="Data home (default: MIDS_HOME, else .mids).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.csv", help="File to write the queue into.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write the pairs nobody has decided yet, likeliest first, with the reasons in words.

    Fill in decision (same, different, unsure), decided_by, decided_on and why; then `mids review import`. The
    file names persons: keep it where case files are kept.
    """
    settings = _settings(home)
    pending = review.queue(_read(settings, review.QUEUE_QUERY), review.read_decisions(settings.identities))
    try:
        # A mark at the head tells spreadsheets that the file is UTF-8.
        pending.to_csv(out, index=False, encoding="utf-8-sig")
    except OSError as error:
        _fail(f"cannot write {out}: {error.strerror or error}")
    _say({"pairs": len(pending), "out": str(out)}, f"{len(pending):,} pairs to decide in {out}", as_json)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The queue, filled in.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take decisions in, all of the file or none. They bind every later run until undone."""
    settings = _settings(home)
    decisions = review.read_decisions(settings.identities)
    known = set(_read(settings, "select person_record_id from conformed.cnf_person")["person_record_id"])
    try:
        new = review.read_answers(read_table(file), known, decisions)
    except (review.ReviewError, TableFileError) as error:
        _fail(f"{file}: {error}" if isinstance(error, review.ReviewError) else str(error))
    if new:
        review.append(settings.identities, new)
    text = f"{len(new):,} decisions taken in; they hold from the next run on (`mids run`)"
    _say({"taken_in": [review.as_line(d) for d in new]}, text, as_json)


@app.command("list")
def list_(home: Home = None, as_json: AsJson = False) -> None:
    """List the decisions that hold now."""
    held = sorted(
        review.in_force(review.read_decisions(_settings(home).identities)).values(),
        key=lambda d: d.decision_id,
    )
    lines = [
        f"{d.decision_id:>6}  {d.decision:<10}{d.decided_on}  {d.decided_by}  {d.record_l} {d.record_r}  {d.why}"
        for d in held
    ]
    _say([review.as_line(d) for d in held], "\n".join(lines) or "no decision holds", as_json)


@app.command()
def undo(
    decision_id: Annotated[int, typer.Argument(help="Number of the decision, as `list` shows it.")],
    by: Annotated[str, typer.Option(help="Who takes it back.")],
    why: Annotated[str, typer.Option(help="Why.")],
    on: Annotated[str, typer.Option(metavar="DATE", help="The day, as 2026-06-29.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take a decision back; from the next run on the score speaks again. Both stay on record."""
    root = _settings(home).identities
    decisions = review.read_decisions(root)
    try:
        line = review.undo(decisions, decision_id, by=by, on=on, why=why)
    except review.ReviewError as error:
        _fail(str(error))
    review.append(root, [line])
    _say(review.as_line(line), f"decision {decision_id} no longer holds", as_json)


def _settings(home: Path | None) -> Settings:
    try:
        return load_settings(home=home)
    except SettingsError as error:
        _fail(str(error))


def _read(settings: Settings, query: str) -> pd.DataFrame:
    import duckdb

    from mids_orchestration.warehouse import open_warehouse

    if not settings.warehouse.exists():
        _fail(f"no warehouse in {settings.home}: run the weekly cycle first (mids run)")
    try:
        with open_warehouse(settings, read_only=True) as connection:
            return connection.execute(query).df()
    except (duckdb.CatalogException, duckdb.BinderException):
        _fail(
            f"the warehouse in {settings.home} is of an earlier version: run the weekly cycle again (mids run)"
        )
    except duckdb.IOException as error:
        _fail(
            f"the warehouse cannot be read now ({str(error).splitlines()[0]}): wait until the run has ended"
        )


def _say(data: object, text: str, as_json: bool) -> None:
    typer.echo(json.dumps(data, indent=1, ensure_ascii=False) if as_json else text)


def _fail(message: str) -> NoReturn:
    typer.echo(f"mids review: {message}", err=True)
    raise typer.Exit(_UNUSABLE)

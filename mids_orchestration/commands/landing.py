"""``mids quarantine`` and ``mids archive``: what is held and why, and the bytes as they were sent.

Belongs here: arguments, exit codes and the text a person reads. Does not belong here: any of the work (``landing``).
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer

from expectations.contract import Contract, ContractError, load_contracts
from mids_orchestration.settings import TIMEZONE, Settings, load_settings

if TYPE_CHECKING:
    from mids_orchestration.landing import Receipt

OK, WRONG, UNUSABLE = 0, 1, 2

quarantine_app = typer.Typer(no_args_is_help=True, help="What is held and why; report it, replay it.")
archive_app = typer.Typer(
    no_args_is_help=True, help="Deliveries byte for byte: get, verify, erase, land anew."
)

Home = Annotated[Path | None, typer.Option("--home", help="Data home (default: MIDS_HOME, else .mids).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]
Feed = Annotated[str | None, typer.Option("--feed", help="Only AGENCY.FEED.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Stand on this day (default: today).")
]


def register(app: typer.Typer) -> None:
    """Add this room's verbs to ``mids``."""
    app.add_typer(quarantine_app, name="quarantine")
    app.add_typer(archive_app, name="archive")


@quarantine_app.command("list")
def list_held(feed: Feed = None, home: Home = None, as_json: AsJson = False) -> None:
    """List deliveries refused, or with records held, and the reasons. Ends 1 when there are any."""
    from mids_orchestration.landing.quarantine import summary

    rows = summary(_settings(home).home, _feed(feed))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
    for row in [] if as_json else rows:
        reasons = row["reasons"] if isinstance(row["reasons"], dict) else {}
        what = f"refused {row['refused']}" if row["refused"] else f"{row['records']:,} held"
        listed = ", ".join(f"{code} {count:,}" for code, count in reasons.items())
        typer.echo(f"{row['receipt']}  {row['feed']}  {row['file']}  {what}  {listed}")
    if not rows and not as_json:
        typer.echo("nothing is held")
    raise typer.Exit(WRONG if rows else OK)


@quarantine_app.command("export")
def export_held(
    out: Annotated[Path, typer.Option("--out", "-o", help="FILE.csv, .xlsx or .parquet.")],
    receipt: Annotated[
        str | None, typer.Option("--receipt", help="Only this delivery (id or its beginning).")
    ] = None,
    feed: Feed = None,
    home: Home = None,
) -> None:
    """Write every open reason with line, column, messages and the record as sent. Restricted: it names persons."""
    import pyarrow as pa

    from mids_orchestration.landing.quarantine import held, open_receipts
    from mids_orchestration.landing.reports import export
    from mids_orchestration.landing.verdict import QUARANTINE_SCHEMA

    place = _settings(home).home
    chosen = [_receipt(place, receipt)] if receipt else open_receipts(place, _feed(feed))
    table = pa.concat_tables([QUARANTINE_SCHEMA.empty_table(), *(held(place, one) for one in chosen)])
    try:
        export(table, out)
    except (ValueError, OSError) as error:
        _fail(str(error))
    typer.echo(f"{table.num_rows:,} reasons in {out}", err=True)


@quarantine_app.command("report")
def report(
    receipt: Annotated[
        str | None, typer.Argument(help="A delivery (default: every one with trouble).")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder (default: HOME/reports).")] = None,
    feed: Feed = None,
    home: Home = None,
) -> None:
    """Write the report each sender opens in Excel, in Malay and English: line, column, reason, remedy."""
    from mids_orchestration.landing.quarantine import open_receipts
    from mids_orchestration.landing.reports import write_report

    place = _settings(home).home
    chosen = [_receipt(place, receipt)] if receipt else open_receipts(place, _feed(feed))
    try:
        for one in chosen:
            typer.echo(str(write_report(place, one, out or place / "reports")))
    except OSError as error:
        _fail(str(error))


@quarantine_app.command("replay")
def replay_held(
    receipt: Annotated[
        str | None, typer.Argument(help="A delivery (default: all open ones, or those of --feed).")
    ] = None,
    feed: Feed = None,
    as_of: AsOf = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Judge what is held again by today's contracts and let in what passes. Ends 1 when something stays held."""
    from mids_orchestration.landing.quarantine import NothingToReplay, open_receipts, replay
    from mids_orchestration.release import current_release

    settings = _settings(home)
    chosen = [_receipt(settings.home, receipt)] if receipt else open_receipts(settings.home, _feed(feed))
    published = current_release(settings.releases)
    try:
        done = replay(
            settings.home, chosen, _contracts(), as_of=_day(as_of),
            known_after=published.as_of if published else None,
        )  # fmt: skip
    except NothingToReplay as error:
        _fail(str(error))
    if as_json:
        typer.echo(json.dumps([one.__dict__ for one in done]))
    else:
        for one in done:
            still = (
                f"still refused: {one.still_refused}"
                if one.still_refused
                else f"{one.held - one.let_in:,} stay held"
            )
            typer.echo(f"{one.receipt_id}  {one.let_in:,} of {one.held:,} let in, {still}")
        if not done:
            typer.echo("nothing is held")
    raise typer.Exit(WRONG if any(one.still_refused or one.held > one.let_in for one in done) else OK)


@archive_app.command("get")
def get_bytes(
    receipt: Annotated[str, typer.Argument(help="A delivery: receipt id or its beginning, or a sha256.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.")],
    home: Home = None,
) -> None:
    """Write a delivery byte for byte as it was sent, and print its sha256."""
    from mids_orchestration.landing.archives import ArchiveError, get

    place = _settings(home).home
    try:
        typer.echo(f"{get(place, _receipt(place, receipt), out)}  {out}")
    except (ArchiveError, OSError) as error:
        _fail(str(error))


@archive_app.command("verify")
def verify_bytes(home: Home = None, as_json: AsJson = False) -> None:
    """Recompute the sha256 of everything kept. Ends 1 when something is missing or not as it was sent."""
    from mids_orchestration.landing.archives import verify

    problems = verify(_settings(home).home)
    if as_json:
        typer.echo(json.dumps(problems))
    else:
        typer.echo("\n".join(problems) or "every delivery is there as it was sent")
    raise typer.Exit(WRONG if problems else OK)


@archive_app.command("erase")
def erase_bytes(
    receipt: Annotated[str, typer.Argument(help="A delivery: receipt id or its beginning, or a sha256.")],
    by: Annotated[str, typer.Option(help="Who ordered it.")],
    reason: Annotated[str, typer.Option(help="Why: the order, its date and number.")],
    as_of: AsOf = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = None,
) -> None:
    """Erase a delivery's bytes and the records landed from it, and keep a record that it was done."""
    from mids_orchestration.landing.archives import ArchiveError, erase

    place = _settings(home).home
    found = _receipt(place, receipt)
    if not yes and not typer.confirm(f"Erase {found.receipt_id} ({found.original_name}) for ever?"):
        _fail("nothing was erased")
    try:
        done = erase(place, found, erased_on=_day(as_of), by=by, reason=reason)
    except (ArchiveError, OSError) as error:
        _fail(str(error))
    typer.echo(f"erased {done.size_bytes:,} bytes, sha256 {done.sha256}: {', '.join(done.receipts)}")


@archive_app.command("reland")
def reland_all(feed: Feed = None, home: Home = None, as_json: AsJson = False) -> None:
    """Write landing and quarantine anew from the archive. Ends 1 when a delivery would now be judged otherwise."""
    from mids_orchestration.landing.archives import reland

    named = _feed(feed)
    done = reland(_settings(home).home, _contracts(), feeds={named} if named else None)
    if as_json:
        typer.echo(json.dumps(done.__dict__))
    else:
        typer.echo(
            f"{done.same:,} deliveries landed anew, {done.erased:,} erased, {len(done.different):,} different"
        )
        for one in done.different:
            typer.echo(f"  {one}: today's contract judges it otherwise: `mids quarantine replay {one}`")
    raise typer.Exit(WRONG if done.different else OK)


def _receipt(home: Path, name: str) -> Receipt:
    from mids_orchestration.landing import read_receipts

    receipts = read_receipts(home)
    exact = [r for r in receipts if r.receipt_id == name]
    found = exact or [r for r in receipts if r.receipt_id.startswith(name)]
    found = found or [r for r in receipts if len(name) >= 8 and r.sha256.startswith(name)][:1]
    if len(found) != 1:
        _fail(
            f"{len(found) or 'no'} receipts are called {name!r}: `mids quarantine list`, or {home / 'receipts'}"
        )
    return found[0]


def _feed(feed: str | None) -> str | None:
    if feed is None:
        return None
    named = feed.replace("/", ".")
    if named not in _contracts():
        _fail(f"no feed {feed!r}: `mids feeds list` names them")
    return named


def _contracts() -> dict[str, Contract]:
    try:
        return load_contracts()
    except ContractError as error:
        _fail(str(error))


def _settings(home: Path | None) -> Settings:
    try:
        settings = load_settings(home=home)
    except ValueError as error:
        _fail(str(error))
    if not (settings.home / "receipts").is_dir():
        _fail(f"nothing was ever received in {settings.home}: start with `mids run`")
    return settings


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text) if text else datetime.now(ZoneInfo(TIMEZONE)).date()
    except ValueError:
        _fail(f"--as-of {text!r} is not a date: write it as 2026-06-29")


def _fail(message: str) -> NoReturn:
    typer.echo(f"mids: {message}", err=True)
    raise typer.Exit(UNUSABLE)

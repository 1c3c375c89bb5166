"""``mids pull``: fetch what the agencies' servers hold for us, and land it.

Belongs here: arguments, exit codes and the text a person reads. Does not belong here: any of the work
(``landing.pull``).
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer

from mids_orchestration.settings import TIMEZONE, load_settings, secret

if TYPE_CHECKING:
    from mids_orchestration.landing.pull import FeedPull

OK, WRONG, UNUSABLE = 0, 1, 2


def register(app: typer.Typer) -> None:
    """Add this room's verb to ``mids``."""
    app.command("pull")(pull)


def pull(
    feeds: Annotated[
        list[str] | None, typer.Argument(help="AGENCY.FEED …; all sources when left out.")
    ] = None,
    inbox: Annotated[Path | None, typer.Option(help="Where fetched files go (HOME/inbox).")] = None,
    home: Annotated[
        Path | None, typer.Option("--home", help="Data home (default: MIDS_HOME, else .mids).")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Stand on this day (default: today).")
    ] = None,
    patience: Annotated[
        int, typer.Option(min=0, help="Seconds one feed may spend waiting for its server.")
    ] = 900,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")] = False,
) -> None:
    """Pull feeds from the servers named in HOME/sources.yml (SFTP, HTTP, PostgreSQL) and land them.

    Pulling again when nothing is new changes nothing. Ends 1 when a feed could not be pulled, a delivery was
    refused or waits for its receipt; 2 when it cannot run as asked.
    """
    from expectations.contract import ContractError, load_contracts
    from mids_orchestration.landing.pull import Patience, SourcesError, chosen, load_sources
    from mids_orchestration.landing.pull import pull as pull_all
    from mids_orchestration.release import current_release

    try:
        settings = load_settings(home=home, inbox=inbox)
        sources = load_sources(settings.home, load_contracts(), secret)
        if not sources:
            _fail(
                f"no feed has a server: write {settings.home / 'sources.yml'} (docs/add-a-feed.md shows how)"
            )
        wanted = chosen(sources, [feed.replace("/", ".") for feed in feeds or []])
    except (SourcesError, ContractError, ValueError) as error:
        _fail(str(error))
    published = current_release(settings.releases)
    results = pull_all(
        wanted, home=settings.home, inbox=settings.inbox, as_of=_day(as_of),
        known_after=published.as_of if published else None, patience=lambda: Patience(float(patience)),
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps([_as_dict(one) for one in results], ensure_ascii=False, indent=1))
    else:
        for one in results:
            typer.echo(_in_words(one))
    wrong = any(
        one.error or one.unreceipted or any(receipt.status == "refused" for receipt in one.receipts)
        for one in results
    )
    raise typer.Exit(WRONG if wrong else OK)


def _as_dict(one: FeedPull) -> dict[str, Any]:
    counts = [table for receipt in one.receipts for table in receipt.tables.values()]
    return {
        "feed": one.feed, "transport": one.transport, "files": one.files, "bytes": one.size_bytes,
        "received": sum(c.received for c in counts), "accepted": sum(c.accepted for c in counts),
        "quarantined": sum(c.quarantined for c in counts),
        "receipts": [
            {"receipt": r.receipt_id, "file": r.original_name, "status": r.status,
             "refused": r.refusal.code if r.refusal else None}
            for r in one.receipts
        ],
        "unreceipted": one.unreceipted, "waiting": one.waiting, "watermark": one.watermark, "notes": one.notes,
        "error": one.error,
    }  # fmt: skip


def _in_words(one: FeedPull) -> str:
    told = _as_dict(one)
    head = f"{one.feed:<26}{one.transport:<10}"
    if one.error:
        return f"{head}NOT PULLED  {one.error}"
    if not one.files and not one.receipts:
        lines = [f"{head}nothing new" + (f" since {one.watermark}" if one.watermark else "")]
    else:
        lines = [
            f"{head}{len(one.files)} file(s), {one.size_bytes:,} bytes: {told['received']:,} received = "
            f"{told['accepted']:,} accepted + {told['quarantined']:,} quarantined"
        ]
    lines += [f"    refused: {r.refusal.message_en} {r.refusal.remedy}" for r in one.receipts if r.refusal]
    lines += [f"    no receipt yet: {name}" for name in one.unreceipted]
    lines += [f"    still uploading or not due: {name}" for name in one.waiting]
    lines += [f"    {note}" for note in one.notes]
    return "\n".join(lines)


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(ZoneInfo(TIMEZONE)).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        _fail(f"--as-of {text!r} is not a date: write it as 2026-06-29")


def _fail(message: str) -> NoReturn:
    typer.echo(f"mids: {message}", err=True)
    raise typer.Exit(UNUSABLE)

"""``mids feeds``: what each agency has agreed to send, and whether a file keeps to it.

Belongs here: arguments, exit codes and the text a person reads. Does not belong here: judging (``landing``),
contracts (``expectations``).
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer

from expectations.contract import Contract, ContractError, load_contract, load_contracts
from mids_orchestration.settings import TIMEZONE

if TYPE_CHECKING:
    from mids_orchestration.landing.checking import Trial

OK, WRONG, UNUSABLE = 0, 1, 2

app = typer.Typer(
    no_args_is_help=True, help="Contracts of the feeds: list, describe, check a file, draft a new one."
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


@app.command("list")
def list_feeds(as_json: AsJson = False) -> None:
    """List every feed with a contract: who sends it, how, how often."""
    contracts = _contracts()
    rows = [
        {
            "feed": key, "version": c.version, "title": c.title, "owner": c.owner, "transport": c.transport,
            "format": c.format.type, "kind": c.delivery_kind, "cadence": c.cadence,
            "lateness_days": c.lateness_days, "source_class": c.source_class,
            "records": [record.name for record in c.records],
        }
        for key, c in sorted(contracts.items())
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        late = f"late after {row['lateness_days']} d" if row["lateness_days"] is not None else ""
        typer.echo(
            f"{row['feed']:<32}v{row['version']:<3}{row['transport']:<10}{row['format']:<9}{row['kind']:<12}"
            f"{row['cadence']:<10}{late:<17}{row['owner']}"
        )


@app.command()
def describe(
    feed: Annotated[
        str, typer.Argument(help="AGENCY.FEED (or AGENCY/FEED), or the path of a contract file.")
    ],
    as_json: AsJson = False,
) -> None:
    """Describe one feed: owner, cadence, delivery, every column with type, key and personal-data class."""
    contract = _contract(feed)
    if as_json:
        typer.echo(json.dumps(_facts(contract), ensure_ascii=False, indent=1))
        return
    c = contract
    typer.echo(f"{c.key}  version {c.version}, from {c.effective_from}\n{c.title_en} / {c.title_ms}")
    if c.description:
        typer.echo(c.description)
    late = f", late after {c.lateness_days} days" if c.lateness_days is not None else ""
    typer.echo(
        f"\nowner      {c.owner} <{c.contact}>\nsteward    {c.steward or '–'}\ncadence    {c.cadence}{late}"
    )
    typer.echo(
        f"transport  {c.transport}\ndelivery   {c.delivery_kind}, {c.format.type}, files like {c.file_pattern}"
    )
    for old in c.earlier:
        typer.echo(f"earlier    version {old.version}, from {old.effective_from}")
    for record in c.records:
        typer.echo(f"\n{record.name}: {record.description or 'record'}")
        if record.ordering:
            typer.echo(f"  later {record.ordering} supersedes earlier")
        for column in record.columns:
            marks = [*column.formats[:2]] if column.formats else []
            marks += ["key"] if column.key else []
            marks += ["required"] if not column.nullable else []
            marks += (
                [column.vocabulary_name or f"{len(column.vocabulary)} codes"] if column.vocabulary else []
            )
            marks += [f"pii {column.pii}"] if column.pii != "none" else []
            marks += ["watched"] if column.severity == "watch" else []
            typer.echo(
                f"  {column.name:<32}{column.standard or column.landed_as:<26}{column.type:<10}{', '.join(marks)}"
            )


@app.command()
def check(
    contract: Annotated[str, typer.Argument(help="A contract file anywhere, or AGENCY.FEED.")],
    file: Annotated[Path, typer.Argument(help="Any file; it is read only, and nothing is kept of it.")],
    as_json: AsJson = False,
) -> None:
    """Say what landing would make of FILE. Ends 0: all accepted · 1: some quarantined · 2: refused at the door."""
    from mids_orchestration.landing.checking import Trial, try_delivery

    try:
        agreed = _find(contract)
    except ContractError as error:
        if as_json:
            typer.echo(json.dumps(Trial(refused="UNUSABLE_CONTRACT").as_dict()))
        _fail(str(error))
    try:
        trial = try_delivery(agreed, file)
    except OSError as error:
        _fail(f"{file}: {error.strerror or error}")
    if as_json:
        typer.echo(json.dumps(trial.as_dict()))
    elif trial.refused:
        typer.echo(f"refused: {trial.refused}\n{trial.message}\nremedy: {trial.remedy}")
    else:
        _say(trial)
    raise typer.Exit(UNUSABLE if trial.refused else WRONG if trial.quarantined else OK)


@app.command()
def new(
    file: Annotated[
        Path, typer.Argument(help="A sample: CSV, TSV, XLSX, XLS, ODS, JSON, NDJSON, XML, Parquet.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the contract here (else print it).")
    ] = None,
    agency: Annotated[str | None, typer.Option(help="Short name of the sender.")] = None,
    feed: Annotated[str | None, typer.Option(help="Short name of the feed.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a contract that is there.")] = False,
) -> None:
    """Draft a contract from a sample file, for a person to finish.

    The draft receives that very file: `mids feeds check CONTRACT FILE` ends 0 unless the file is itself broken.
    """
    from mids_orchestration.landing.drafting import draft_contract
    from mids_orchestration.landing.reasons import REFUSALS, DeliveryRefused

    named = {"agency": agency, "feed": feed}
    if out is not None and out.parent.parent.name == "feeds":
        named = {"agency": agency or out.parent.name, "feed": feed or out.name.split(".")[0]}
    for option, name in named.items():
        if name is not None and not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
            _fail(f"{option} {name!r}: use lower-case letters, digits and _")
    if not file.is_file():
        _fail(f"{file}: there is no such file")
    today = datetime.now(ZoneInfo(TIMEZONE)).date()
    try:
        draft = draft_contract(
            file, effective_from=today.replace(month=1, day=1), agency=named["agency"], feed=named["feed"]
        )
    except DeliveryRefused as refused:
        reason = REFUSALS[refused.code]
        _fail(f"{file}: {refused.code}: {reason.en.format(what=refused.what, want=refused.want)}")
    except ContractError as error:
        _fail(f"{file}: no contract can be drafted from its names: {error}")
    except OSError as error:
        _fail(f"{file}: {error.strerror or error}")
    if out is None:
        typer.echo(draft.text, nl=False)
    else:
        _write(out, draft.text, force)
        typer.echo(
            f"drafted {out}: {sum(len(r['columns']) for r in draft.data['records'])} columns", err=True
        )
    for note in draft.notes:
        typer.echo(f"note: {note}", err=True)
    trial = draft.trial
    if trial.refused:
        typer.echo(f"the sample itself is refused: {trial.refused}: {trial.message}", err=True)
    elif trial.quarantined:
        typer.echo(
            f"of {trial.received} records of the sample {trial.quarantined} are broken: {trial.reasons}",
            err=True,
        )


@app.command()
def docs(
    feed: Annotated[str | None, typer.Option("--feed", help="Only AGENCY.FEED.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder (default: data_docs in the data home).")
    ] = None,
    home: Annotated[
        Path | None, typer.Option("--home", help="Data home (default: MIDS_HOME, else .mids).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build Great Expectations Data Docs: each contract's suite and what it says of all records received.

    The pages open without a network and hold counts and line numbers, no value of any record.
    """
    from mids_orchestration.landing.data_docs import build_data_docs
    from mids_orchestration.settings import load_settings

    settings = load_settings(home=home)
    contracts = _contracts()
    if feed is not None:
        contract = _contract(feed)
        contracts = {contract.key: contract}
    if not settings.home.is_dir():
        _fail(f"{settings.home}: there is no data home; land something first (mids run)")
    folder = out or settings.home / "data_docs"
    try:
        done = build_data_docs(
            settings.home, contracts, folder, seed=settings.seed,
            announce=lambda line: None if as_json else typer.echo(f"  {line}", err=True),
        )  # fmt: skip
    except OSError as error:
        _fail(f"{folder}: {error.strerror or error}")
    if as_json:
        from dataclasses import asdict

        pages = [asdict(one) for one in done]
        typer.echo(json.dumps({"index": str(folder / "index.html"), "pages": pages}, ensure_ascii=False))
    else:
        typer.echo(f"{len(done)} suites, {folder / 'index.html'}")


def _write(out: Path, text: str, force: bool) -> None:
    if out.exists() and not force:
        _fail(f"{out} is there already: give --force to overwrite it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        _fail(f"{out}: {error.strerror or error}")


def _say(trial: Trial) -> None:
    from mids_orchestration.landing.reasons import FAULTS

    typer.echo(
        f"received {trial.received:,}   accepted {trial.accepted:,}   quarantined {trial.quarantined:,}"
    )
    if trial.empty_rows:
        typer.echo(f"  empty rows, no records: {trial.empty_rows:,}")
    for code, count in sorted(trial.reasons.items(), key=lambda item: -item[1]):
        typer.echo(f"  {code:<22}{count:>10,}   {FAULTS[code].remedy}")
    for fault in trial.faults:
        typer.echo(f"  {fault['message_en']}")
    for record, watched in trial.watched.items():
        for where, count in watched.items():
            typer.echo(f"  watched, accepted: {record} {where} {count:,}")
    if not trial.balanced:
        typer.echo("  a second way of counting finds another number of records: tell the data engineer")


def _contracts() -> dict[str, Contract]:
    try:
        return load_contracts()
    except ContractError as error:
        _fail(str(error))


def _contract(name: str) -> Contract:
    try:
        return _find(name)
    except ContractError as error:
        _fail(str(error))


def _find(name: str) -> Contract:
    """Return the contract in the file *name*, else of the feed *name*. Raises ``ContractError``."""
    path = Path(name)
    if (
        path.suffix in (".yml", ".yaml", ".json")
        or path.is_file()
        or (os.sep in name and path.parent.is_dir())
    ):
        vocabulary = path.absolute().parent.parent.parent / "vocabulary"
        return load_contract(path, vocabulary if vocabulary.is_dir() else None)
    contracts = load_contracts()
    found = contracts.get(name.replace("/", "."))
    if found is None:
        raise ContractError(f"no feed {name!r}; there are: {', '.join(sorted(contracts))}")
    return found


def _facts(contract: Contract) -> dict[str, object]:
    from dataclasses import asdict

    facts = asdict(contract)
    facts["path"] = str(contract.path) if contract.path else None
    facts["earlier"] = [old.version for old in contract.earlier]
    plain: dict[str, object] = json.loads(json.dumps(facts, default=str))
    return plain


def _fail(message: str) -> NoReturn:
    typer.echo(f"mids: {message}", err=True)
    raise typer.Exit(UNUSABLE)

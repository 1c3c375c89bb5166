"""``mids person search``: look before a new record is made.

What belongs here: the verb's words and how an answer is shown. What does not: finding and ranking
(``linkage/search.py``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from mids_orchestration.settings import SettingsError, load_settings

_UNUSABLE = 2
app = typer.Typer(no_args_is_help=True, help="Find persons in the register.")


@app.callback()
def person() -> None:
    """Find persons in the register."""


@app.command()
def search(
    name: Annotated[str, typer.Argument(help="The name as told, in any order or spelling.")],
    birth_year: Annotated[
        int | None, typer.Option(min=1900, max=2100, help="Year of birth, if known.")
    ] = None,
    birth_date: Annotated[
        str | None, typer.Option(metavar="DATE", help="Date of birth, as 1990-02-03.")
    ] = None,
    nationality: Annotated[str | None, typer.Option(help="Country, two letters (MY, ID, MM …).")] = None,
    sex: Annotated[str | None, typer.Option(help="M or F.")] = None,
    document: Annotated[str | None, typer.Option(help="MyKad, passport or refugee file number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 10,
    home: Annotated[
        Path | None, typer.Option("--home", help="Data home (default: MIDS_HOME, else .mids).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")] = False,
) -> None:
    """List who in the register may be this person, likeliest first, with the reasons. Look before creating."""
    import duckdb
    import pandas as pd

    from mids_orchestration.linkage.model_config import TrainedModel
    from mids_orchestration.linkage.search import as_rows, search_persons
    from mids_orchestration.warehouse import open_warehouse

    try:
        settings = load_settings(home=home)
    except SettingsError as error:
        _fail(str(error))
    if birth_date and pd.isna(pd.to_datetime(birth_date, errors="coerce", format="%Y-%m-%d")):
        _fail(f"--birth-date {birth_date!r} is not a date: write it as 1990-02-03, or give --birth-year")
    stored = settings.identities / "model.json"
    if not settings.warehouse.exists() or not stored.exists():
        _fail(f"nothing is linked in {settings.home} yet: run the weekly cycle first (mids run)")
    model = TrainedModel.from_json(stored.read_text())
    try:
        with open_warehouse(settings, read_only=True) as connection:
            found = search_persons(
                connection, model, name=name, birth_year=birth_year, birth_date=birth_date, document=document,
                nationality=nationality.upper() if nationality else None, sex=sex.upper() if sex else None,
                limit=limit,
            )  # fmt: skip
            connection.register("search_hits", found[["person_record_id"]].astype("str"))
            persons = connection.execute(
                "select person.person_record_id, link.person_key, person.full_name, person.source_agency_code,"
                " person.source_case_no, person.role_code, cast(person.birth_date as varchar) as birth_date,"
                " person.age_years, person.nationality_code, cast(person.event_on as varchar) as event_on"
                " from conformed.cnf_person as person"
                " inner join linked.person_link as link on person.person_record_id = link.person_record_id"
                " where person.person_record_id in (select person_record_id from search_hits)"
            ).df()
    except (duckdb.CatalogException, duckdb.BinderException):
        _fail(
            f"the warehouse in {settings.home} is of an earlier version: run the weekly cycle again (mids run)"
        )
    except duckdb.IOException as error:
        _fail(
            f"the warehouse cannot be read now ({str(error).splitlines()[0]}): wait until the run has ended"
        )
    rows = as_rows(found, persons)
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(
            f"{row['match_weight']:>7.1f} bits  {row['full_name'] or '(no name)':<34}{row['source_agency_code']:<6}"
            f"{row['source_case_no'] or '':<24}{row['birth_date'] or '':<12}{row['nationality_code'] or '':<4}"
            f"{row['person_key']}\n              {row['reasons_en']}"
        )
    if not rows:
        typer.echo("nobody in the register sounds like that or holds that document")


def _fail(message: str) -> NoReturn:
    typer.echo(f"mids person search: {message}", err=True)
    raise typer.Exit(_UNUSABLE)

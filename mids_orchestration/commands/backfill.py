"""``mids backfill``: project past weeks again, each from what was known at its close, and put them on record.

Belongs here: the walk over weeks, what is skipped, the answer. Does not belong here: projecting
(forecast_step.py), the record's files (forecast_record.py).
"""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from mids_orchestration.settings import load_settings

UNUSABLE = 2


def backfill(
    weeks: Annotated[int, typer.Option(min=1, max=520, help="How many closed weeks back.")] = 104,
    home: Annotated[
        Path | None, typer.Option("--home", help="Data home (default: MIDS_HOME, else .mids).")
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Project weeks again that are on record (a new revision).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")] = False,
) -> None:
    """Project past weeks as they would have been projected then, record them, score what has matured.

    Nothing learnt after a week's close is read for it. Weeks on record are left as they are; the next `mids run`
    publishes the longer record. The first week takes about a minute of one core, each further one six seconds.
    """
    import logging
    import sys

    from mids_orchestration import forecast_score, progress
    from mids_orchestration import forecast_step as step
    from mids_orchestration.calendar import last_closed_week, week_label
    from mids_orchestration.cycle import data_version, read_last_cycle
    from mids_orchestration.forecast_record import load_record, record_forecast, recorded_weeks, replace_table
    from mids_orchestration.landing import read_receipts
    from mids_orchestration.warehouse import open_warehouse

    progress.listen(logging.StreamHandler(sys.stderr))
    try:
        settings = load_settings(home=home)
    except ValueError as error:
        _fail(str(error))
    cycle = read_last_cycle(settings)
    if cycle is None or not settings.warehouse.exists():
        _fail(f"no cycle has run in {settings.home}: start with `mids run`")
    newest = last_closed_week(date.fromisoformat(cycle.as_of))
    with open_warehouse(settings, read_only=True) as connection:
        counts = connection.execute("select * from marts.fct_weekly_count").df()
        beside = step.read_context(connection)
    version = data_version(read_receipts(settings.home))
    present = set() if force else recorded_weeks(settings.forecasts)
    wanted = [newest - timedelta(weeks=k) for k in range(weeks - 1, -1, -1)]
    refused: dict[str, str] = {}
    done = 0
    memos: dict[str, dict[Any, Any]] = {}
    began = time.monotonic()
    for week in wanted:
        if week in present:
            continue
        progress.announce(f"projecting {step.HORIZON_WEEKS} weeks from {week_label(week)} as known then")
        try:
            projections = step.project_units(counts, week, seed=settings.seed, context=beside, memos=memos)
        except ValueError as error:
            refused[week.isoformat()] = str(error)
            continue
        tables = step.recorded_tables(projections, data_version=version, seed=settings.seed)
        record_forecast(settings.forecasts, week, tables)
        done += 1
    with open_warehouse(settings) as connection:
        load_record(settings.forecasts, connection)
        made = forecast_score.matured_tables(connection, counts, newest)
        matured = made["matured_score"]
        replace_table(connection, "matured_score", forecast_score.MATURED_COLUMNS, matured)
        replace_table(
            connection, "matured_month", forecast_score.MATURED_MONTH_COLUMNS, made["matured_month"]
        )
    national = matured[(matured["level_code"] == "NATIONAL") & (matured["unit_code"] == "case")]
    near = national[national["horizon"] <= step.NEAR]
    naive = near["wis_seasonal_naive"].sum() if len(near) else 0
    facts = {
        "projected": done,
        "already_on_record": sum(week in present for week in wanted),
        "refused": refused,
        "seconds": round(time.monotonic() - began, 1),
        "matured": len(matured),
        "relative_wis_1_to_4_weeks": float(near["wis"].sum() / naive) if naive else None,
        "coverage_80": float(near["midcoverage_80"].mean()) if len(near) else None,
        "coverage_95": float(near["midcoverage_95"].mean()) if len(near) else None,
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
    else:
        typer.echo(
            f"{done} week(s) projected, {facts['already_on_record']} already on record, {len(refused)} refused; "
            f"{len(matured):,} matured forecasts scored"
        )
        if naive:
            typer.echo(
                f"national cases, 1 to 4 weeks ahead: WIS {facts['relative_wis_1_to_4_weeks']:.2f} of seasonal-naive, "
                f"80 % intervals held {facts['coverage_80']:.3f}, 95 % intervals {facts['coverage_95']:.3f}"
            )
        for week_text, why in refused.items():
            typer.echo(f"refused {week_text}: {why}", err=True)
    raise typer.Exit(1 if refused else 0)


def _fail(message: str) -> NoReturn:
    typer.echo(f"mids: {message}", err=True)
    raise typer.Exit(UNUSABLE)


def register(app: typer.Typer) -> None:
    """Add the verb to ``mids``."""
    app.command()(backfill)

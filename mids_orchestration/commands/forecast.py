"""The forecasting tools: the pipeline's own code on any file of series.

Belongs here: options, files, exit codes of ``mids forecast``, ``nowcast``, ``backtest`` and ``effect``.
Does not belong here: forecasting (forecasting/), reading files (series_file.py).

Exit codes: 0 done; 1 done, but at least one series was refused (named in the answer); 2 could not run as asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import pandas as pd
import typer

from mids_orchestration.commands.series_file import FileError, check_output, read_table, write_table

OK, WRONG, UNUSABLE = 0, 1, 2
#: Notes shown on a terminal; --json and --notes hold all.
SHOWN = 12

Series = Annotated[Path, typer.Argument(metavar="SERIES", help="CSV or Parquet with unique_id, ds, y.")]
Freq = Annotated[str, typer.Option(help="Period of ds: D, W, M or Q (days to quarters).")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")]
Gaps = Annotated[
    str,
    typer.Option(
        help="A period without a row is `zero`, `fill`-ed from its neighbours, or decided (`auto`)."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]
NoteRows = list[tuple[str, str, str]]


def forecast(
    series: Series,
    out: Annotated[Path, typer.Option(help="File to write: .csv or .parquet, hubverse long form.")],
    freq: Freq = "W",
    horizon: Annotated[int, typer.Option(min=1, max=104, help="Periods ahead.")] = 12,
    hierarchy: Annotated[
        str | None, typer.Option(help="Columns from outermost to innermost, as a/b/c: totals at every node.")
    ] = None,
    seed: Seed = 0,
    gaps: Gaps = "auto",
    samples: Annotated[
        int, typer.Option(min=0, max=1000, help="Also write so many sample paths; children add up in each.")
    ] = 0,
    root: Annotated[str, typer.Option(help="Name of the grand total of a hierarchy.")] = "total",
    as_json: AsJson = False,
) -> None:
    """Forecast every series of a file as quantiles; with --hierarchy, totals that add up.

    Several candidates are tried on each series' own past and combined by how well they did. A series that cannot
    be used is refused by name; the rest is forecast.
    """
    with _UserErrors(series):
        check_output(out)
        notes: NoteRows = []
        frame = read_table(series, notes)
        from forecasting.intake import read_series
        from forecasting.tool import forecast_intake

        levels = _levels(hierarchy)
        given = read_series(frame, freq=freq.upper(), hierarchy=levels, gaps=gaps)
        del frame
        paths = max(500 if len(given.ids) > 400 else 1000, samples)
        found = forecast_intake(given, horizon=horizon, seed=seed, paths=paths, root=root, samples=samples)
        write_table(found.frame, out)
    notes += list(found.notes.itertuples(index=False, name=None))
    facts: dict[str, Any] = {
        "out": str(out),
        "series": len(found.ids),
        "horizon": horizon,
        "rows": len(found.frame),
        "leading_models": {str(k): int(v) for k, v in pd.Series(found.models).value_counts().items()},
    }
    if levels:
        facts["incoherence"] = found.incoherent
    _answer(facts, notes, as_json, f"{len(found.ids):,} series, {horizon} periods ahead: {out}")


def nowcast(
    line_list: Annotated[Path, typer.Argument(metavar="LINELIST", help="CSV or Parquet, one row per case.")],
    event: Annotated[str, typer.Option(help="Column with the day it happened.")],
    report: Annotated[str, typer.Option(help="Column with the day it was reported.")],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="Use only what was reported by then.")
    ],
    out: Annotated[Path, typer.Option(help="File to write: .csv or .parquet, hubverse long form.")],
    unit: Annotated[str, typer.Option(help="Count by W (ISO weeks) or D (days).")] = "W",
    by: Annotated[str | None, typer.Option(help="Columns that make separate series, as a/b.")] = None,
    newest: Annotated[
        int | None, typer.Option(min=1, help="Periods to estimate (default: all open).")
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Estimate what the newest periods of a line list will hold once late reports are in.

    Horizon 0 is the newest period, -1 the one before it, as in hubverse nowcasts.
    """
    with _UserErrors(line_list):
        check_output(out)
        notes: NoteRows = []
        frame = read_table(line_list, notes)
        day = pd.to_datetime(as_of, errors="coerce", format="%Y-%m-%d")
        if pd.isna(day):
            raise FileError(f"--as-of {as_of!r} is not a date: write it as 2026-06-29")
        from forecasting.intake import read_dates
        from forecasting.line_list import STEP, nowcast_line_list

        for column in (event, report):
            if column in frame.columns:
                frame[column] = read_dates(frame[column])
        found = nowcast_line_list(
            frame, event=event, report=report, as_of=day.date(), unit=unit.upper(), by=_levels(by),
            newest=newest, seed=seed,
        )  # fmt: skip
        table = found.frame
        hub = pd.DataFrame(
            {
                "unique_id": table["unique_id"],
                "origin_date": found.newest,
                "horizon": (table["ds"] - found.newest).dt.days // STEP[unit.upper()],
                "target_end_date": table["ds"],
                "output_type": "quantile",
                "output_type_id": table["quantile"],
                "value": table["value"],
                "reported": table["reported"],
            }
        )
        write_table(hub, out)
    notes += [(name, "note", note) for name, note in found.notes.itertuples(index=False, name=None)]
    ids = table["unique_id"].nunique()
    facts = {"out": str(out), "series": ids, "newest": f"{found.newest:%Y-%m-%d}", "rows": len(hub)}
    _answer(facts, notes, as_json, f"{ids:,} series up to {found.newest:%Y-%m-%d}: {out}")


def backtest(
    series: Series,
    out: Annotated[
        Path, typer.Option(help="Folder to write scores.csv, summary.csv and forecasts.csv into.")
    ],
    freq: Freq = "W",
    horizon: Annotated[int, typer.Option(min=1, max=104, help="Periods ahead.")] = 4,
    origins: Annotated[int, typer.Option(min=1, max=520, help="Past origins to forecast from.")] = 26,
    every: Annotated[int, typer.Option(min=1, help="Periods between origins.")] = 1,
    seed: Seed = 0,
    gaps: Gaps = "auto",
    as_json: AsJson = False,
) -> None:
    """Forecast again from past origins, with what was known then, and score candidates and combination."""
    with _UserErrors(series):
        if out.exists() and not out.is_dir():
            raise FileError(f"--out {out} is a file: name a folder")
        notes: NoteRows = []
        frame = read_table(series, notes)
        from forecasting.intake import read_series
        from forecasting.replay import summary
        from forecasting.tool import replay_intake

        given = read_series(frame, freq=freq.upper(), gaps=gaps)
        found = replay_intake(given, horizon=horizon, origins=origins, every=every, seed=seed)
        by_horizon = summary(found.scores, ("model_name", "horizon"))
        overall = summary(found.scores)
        out.mkdir(parents=True, exist_ok=True)
        write_table(found.scores, out / "scores.csv")
        write_table(by_horizon, out / "summary.csv")
        write_table(found.frame, out / "forecasts.csv")
    notes += list(found.notes.itertuples(index=False, name=None))
    facts = {"out": str(out), "series": int(found.scores["unique_id"].nunique()), "origins": found.origins,
             "overall": json.loads(overall.to_json(orient="records", double_precision=6))}  # fmt: skip
    columns = ["model_name", "targets", "wis", "relative_wis", "coverage_50", "coverage_80", "coverage_95"]
    text = overall.sort_values("wis")[columns].to_string(index=False, float_format="{:.3f}".format)
    _answer(facts, notes, as_json, f"{text}\n{found.origins} origins, {horizon} periods ahead: {out}")


def effect(
    series: Series,
    date: Annotated[str, typer.Option(metavar="DATE", help="Day from which things may have changed.")],
    control: Annotated[
        Path | None, typer.Option(metavar="SERIES", help="Series that the event did not touch (summed up).")
    ] = None,
    known_break: Annotated[
        list[str] | None,
        typer.Option("--break", metavar="FROM:TO", help="Known break, for example a lockdown."),
    ] = None,
    freq: Freq = "W",
    out: Annotated[
        Path | None, typer.Option(help="Also write the estimates to this .csv or .parquet.")
    ] = None,
    gaps: Gaps = "auto",
    as_json: AsJson = False,
) -> None:
    """Estimate the step of each series at a date, with robust intervals and placebo dates; association only."""
    with _UserErrors(series):
        if out is not None:
            check_output(out)
        when = pd.to_datetime(date, errors="coerce", format="%Y-%m-%d")
        if pd.isna(when):
            raise FileError(f"--date {date!r} is not a date: write it as 2022-02-22")
        breaks = [_window(text) for text in known_break or []]
        from forecasting.frames import SeriesError
        from forecasting.intake import read_series
        from forecasting.intervention import effect as estimate

        notes: NoteRows = []
        given = read_series(read_table(series, notes), freq=freq.upper(), gaps=gaps)
        other = None
        if control is not None:
            try:
                other = read_series(read_table(control, notes), freq=freq.upper(), gaps=gaps).long()
            except SeriesError as error:
                raise FileError(f"{control}: {error}") from error
        rows = []
        notes += list(given.notes.itertuples(index=False, name=None))
        for name, part in given.long().groupby("unique_id"):
            try:
                rows.append(
                    estimate(part, date=when, control=other, breaks=breaks, freq=freq.upper(), name=str(name))
                )
            except SeriesError as error:
                notes.append((str(name), "refused", str(error)))
        if not rows:
            raise SeriesError("; ".join(f"{n[0]}: {n[2]}" for n in notes if n[1] == "refused"))
        table = pd.DataFrame(map(asdict, rows))
        if out is not None:
            write_table(table, out)
    facts = {
        "date": f"{when:%Y-%m-%d}",
        "effects": json.loads(table.to_json(orient="records", double_precision=6)),
    }
    _answer(facts, notes, as_json, "\n".join(f"{row.unique_id}: {row.words}" for row in rows))


def _window(text: str) -> tuple[str, str]:
    first, _, last = text.partition(":")
    if pd.isna(pd.to_datetime([first, last], errors="coerce", format="%Y-%m-%d")).any() or first > last:
        raise FileError(f"--break {text!r} is not FROM:TO: write it as 2020-03-18:2021-10-31")
    return first, last


def _levels(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("/") if part.strip()) if text else ()


def _answer(facts: dict[str, Any], notes: NoteRows, as_json: bool, said: str) -> NoReturn:
    refused = [n for n in notes if n[1] == "refused"]
    if as_json:
        keys = ("unique_id", "kind", "note")
        typer.echo(json.dumps({**facts, "notes": [dict(zip(keys, n, strict=True)) for n in notes]}, indent=1))
    else:
        for name, kind, note in [*refused, *(n for n in notes if n[1] != "refused")][:SHOWN]:
            typer.echo(f"{kind:<8}{name}: {note}", err=True)
        if len(notes) > SHOWN:
            typer.echo(f"… and {len(notes) - SHOWN} more note(s): --json lists all", err=True)
        if refused:
            typer.echo(f"{len(refused)} series refused", err=True)
        typer.echo(said)
    raise typer.Exit(WRONG if refused else OK)


class _UserErrors:
    """Turns what is wrong with a user's file into one line on standard error and exit code 2."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from forecasting.frames import SeriesError

        if isinstance(error, FileError):
            typer.echo(f"mids: {error}", err=True)
        elif isinstance(error, SeriesError | ValueError):
            typer.echo(f"mids: {self.path}: {error}", err=True)
        elif isinstance(error, OSError):
            typer.echo(f"mids: {error.filename or self.path}: {error.strerror}", err=True)
        else:
            return
        raise typer.Exit(UNUSABLE) from None


def register(app: typer.Typer) -> None:
    """Add the forecasting verbs to ``mids``."""
    verbs: Iterable[Any] = (forecast, nowcast, backtest, effect)
    for verb in verbs:
        app.command()(verb)

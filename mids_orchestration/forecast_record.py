"""The append-only record of what was forecast when, as Parquet files in the data home.

Belongs here: adding one week's forecast and its backtest, never touching an older file, and loading all of
them into the warehouse. Does not belong here: forecasting itself (forecasting/), or the marts over it (dbt).

The files, not the warehouse, are the record: a warehouse can be rebuilt from what was received, but no
rebuild can bring back what an earlier model once said.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

#: What a series counts, in every table that names one.
NODE_COLUMNS = {
    "unique_id": "varchar",
    "crime_type_code": "varchar",
    "state_code": "varchar",
    "agency_code": "varchar",
    "exploitation_group_code": "varchar",
    "is_child_code": "varchar",
    "unit_code": "varchar",
}
FORECAST_COLUMNS = {
    "as_of_week": "date",
    "revision": "integer",
    **NODE_COLUMNS,
    "target_week": "date",
    "horizon": "integer",
    "quantile": "double",
    "value": "double",
    "model_name": "varchar",
    "model_version": "varchar",
    "data_version": "varchar",
    "seed": "bigint",
}
SCORE_COLUMNS = {
    "as_of_week": "date",
    "revision": "integer",
    "unique_id": "varchar",
    "model_name": "varchar",
    "horizon": "integer",
    "origins": "integer",
    "wis": "double",
    "wis_seasonal_naive": "double",
    "relative_wis": "double",
    "coverage_50": "double",
    "coverage_80": "double",
    "coverage_95": "double",
    "midcoverage_80": "double",
    "midcoverage_95": "double",
}
NOWCAST_COLUMNS = {
    "as_of_week": "date",
    "revision": "integer",
    **NODE_COLUMNS,
    "event_week": "date",
    "silent_deliveries": "integer",
    "reported": "double",
    "quantile": "double",
    "value": "double",
}
MONTH_COLUMNS = {
    "as_of_week": "date",
    "revision": "integer",
    **NODE_COLUMNS,
    "target_month": "date",
    "horizon": "integer",
    "quantile": "double",
    "value": "double",
    "model_version": "varchar",
    "data_version": "varchar",
    "seed": "bigint",
}
CHANGE_COLUMNS = {
    "as_of_week": "date",
    "revision": "integer",
    **NODE_COLUMNS,
    "change_week": "date",
    "change_week_low": "date",
    "change_week_high": "date",
    "before": "double",
    "after": "double",
    "probability": "double",
    "method_code": "varchar",
}
TOTAL_COLUMNS = {
    "as_of_week": "date",
    "revision": "integer",
    **NODE_COLUMNS,
    "weeks": "integer",
    "quantile": "double",
    "value": "double",
}
TREND_COLUMNS = {
    "as_of_week": "date",
    "revision": "integer",
    **NODE_COLUMNS,
    "weeks": "integer",
    "recent": "double",
    "before": "double",
    "ratio": "double",
    "ratio_low": "double",
    "ratio_high": "double",
    "p_rising": "double",
    "p_stable": "double",
    "p_falling": "double",
    "call_code": "varchar",
    "statistic": "double",
    "alert_limit": "double",
    "expected": "double",
    "observed": "double",
    "is_alert": "boolean",
}
#: Table in schema ``forecast`` -> its columns. Each table has one folder of files of the same name.
TABLES = {
    "weekly_forecast": FORECAST_COLUMNS,
    "weekly_nowcast": NOWCAST_COLUMNS,
    "backtest_score": SCORE_COLUMNS,
    "weekly_total": TOTAL_COLUMNS,
    "weekly_trend": TREND_COLUMNS,
    "monthly_forecast": MONTH_COLUMNS,
    "change_point": CHANGE_COLUMNS,
}
_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})-r(\d+)\.parquet")


def record_forecast(root: Path, as_of_week: date, tables: dict[str, pd.DataFrame]) -> int:
    """Append one forecast; returns its revision (1 for the first of a week).

    ``tables`` holds one frame per name in :data:`TABLES`, without ``as_of_week`` and ``revision``. A
    frame equal to the newest revision of that week is not written again, so that re-running a week
    adds nothing. Otherwise a new revision is added beside the old ones.

    Raises:
        KeyError: when a table or one of its columns is missing.
    """
    newest = _revisions(root / "weekly_forecast", as_of_week)
    if newest and _same(root, as_of_week, newest[-1], tables):
        return newest[-1]
    revision = newest[-1] + 1 if newest else 1
    # The forecast table is written last: a revision without it does not exist.
    for name in sorted(TABLES, key=lambda table: table == "weekly_forecast"):
        _write(root / name, as_of_week, revision, _complete(tables[name], name, as_of_week, revision))
    return revision


def load_record(root: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """(Re)make schema ``forecast`` in the warehouse from the files; returns rows by table."""
    connection.execute("create schema if not exists forecast")
    rows = {}
    for name, columns in TABLES.items():
        folder = root / name
        complete = [
            str(folder / f"{week}-r{n}.parquet")
            for week, n in _files(root / "weekly_forecast")
            if (folder / f"{week}-r{n}.parquet").exists()
        ]
        if complete:
            source = f"read_parquet({complete!r}, union_by_name = true)"
            # A column that came later is empty in older files; where no file has it yet, it is empty in all.
            held = {row[0] for row in connection.execute(f"describe select * from {source}").fetchall()}
            select = ", ".join(
                f'"{column}"::{kind} as "{column}"' if column in held else f'null::{kind} as "{column}"'
                for column, kind in columns.items()
            )
            order = ", ".join(f'"{column}"' for column in columns)
            connection.execute(
                f"create or replace table forecast.{name} as select {select} from {source} order by {order}"
            )
        else:
            spec = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            connection.execute(f"create or replace table forecast.{name} ({spec})")
        row = connection.execute(f"select count(*) from forecast.{name}").fetchone()
        rows[name] = row[0] if row else 0
    return rows


def replace_table(
    connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], frame: pd.DataFrame
) -> int:
    """(Re)make ``forecast.<name>`` from a frame that can be made again at any time; returns its rows."""
    connection.execute("create schema if not exists forecast")
    spec = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    connection.execute(f"create or replace table forecast.{name} ({spec})")
    if len(frame):
        connection.register("made_frame", frame[list(columns)])
        connection.execute(f"insert into forecast.{name} select * from made_frame")
        connection.unregister("made_frame")
    return len(frame)


def _complete(frame: pd.DataFrame, name: str, as_of_week: date, revision: int) -> pd.DataFrame:
    frame = frame.assign(as_of_week=as_of_week, revision=revision)
    return frame[list(TABLES[name])].reset_index(drop=True)


def _write(folder: Path, as_of_week: date, revision: int, frame: pd.DataFrame) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{as_of_week}-r{revision}.parquet"
    aside = target.with_suffix(".tmp")
    frame.to_parquet(aside, index=False)
    aside.replace(target)
    target.chmod(0o444)


def recorded_weeks(root: Path) -> set[date]:
    """The weeks that have a forecast on record."""
    return {date.fromisoformat(week) for week, _ in _files(root / "weekly_forecast")}


def _revisions(folder: Path, as_of_week: date) -> list[int]:
    return sorted(n for week, n in _files(folder) if week == as_of_week.isoformat())


def _files(folder: Path) -> list[tuple[str, int]]:
    matches = [_FILE.fullmatch(path.name) for path in sorted(folder.glob("*.parquet"))]
    return [(match[1], int(match[2])) for match in matches if match]


def _same(root: Path, as_of_week: date, revision: int, tables: dict[str, pd.DataFrame]) -> bool:
    for name in TABLES:
        path = root / name / f"{as_of_week}-r{revision}.parquet"
        if not path.exists():
            return False
        old = pd.read_parquet(path)
        new = _complete(tables[name], name, as_of_week, revision)
        try:
            pd.testing.assert_frame_equal(old, new, check_dtype=False, rtol=0, atol=0)
        except AssertionError:
            return False
    return True

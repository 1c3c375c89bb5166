"""The release's forecasts as a hubverse hub: model output, target data and configuration in the folders hubs have.

Belongs here: layout, columns and configuration files of the export. Does not belong here: which rows are public
(tables, gates), forecasting. Read it with ``hubdata.connect_hub`` or R's ``hubData``: https://docs.hubverse.io.

A round is an as-of week, named by the Sunday on which it closed. ``target_end_date`` is the Sunday that ends the week
foretold, ``horizon`` counts weeks after the round.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from mids_orchestration.release.tables import TableFile, literal

#: team and model, as hub file names carry them.
MODEL_ID = "mids-combination"
#: Newest rounds written.
ROUNDS = 26
COLUMNS = ("unique_id", "origin_date", "horizon", "target_end_date", "output_type", "output_type_id", "value")
SCHEMA = pa.schema(
    [
        ("unique_id", pa.string()), ("origin_date", pa.date32()), ("horizon", pa.int32()),
        ("target_end_date", pa.date32()), ("output_type", pa.string()), ("output_type_id", pa.float64()),
        ("value", pa.float64()),
    ]
)  # fmt: skip
_SCHEMAS = "https://raw.githubusercontent.com/hubverse-org/schemas/main/v5.0.0"


def write_hub(folder: Path, tables: Sequence[TableFile]) -> int:
    """Write the hub into ``folder`` from the release's own files; returns rounds written (0: no forecast)."""
    by_name = {table.export.name: table for table in tables if table.export.zone == "public"}
    forecast = by_name.get("fct_forecast")
    if forecast is None or forecast.rows == 0:
        return 0
    with duckdb.connect(config={"threads": 1}) as connection:
        source = f"read_parquet({literal(str(forecast.path))})"
        held = {row[0] for row in connection.execute(f"describe select * from {source}").fetchall()}
        if not {"unique_id", "as_of_week", "target_week", "horizon", "quantile", "value"} <= held:
            return 0
        newest = " qualify revision = max(revision) over (partition by as_of_week)"
        connection.execute(
            f"create view forecast as select * from {source}{newest if 'revision' in held else ''}"
        )
        rounds = connection.execute(
            f"select distinct as_of_week + 6 from forecast order by 1 desc limit {ROUNDS}"
        ).fetchall()
        dates = sorted(row[0] for row in rounds)
        facts: dict[str, Any] = {"rounds": [day.isoformat() for day in dates]}
        for key, column in (("series", "unique_id"), ("levels", "quantile"), ("horizons", "horizon")):
            found = connection.execute(
                f"select distinct {column} from forecast where as_of_week + 6 >= ? order by 1", [dates[0]]
            )
            facts[key] = [row[0] for row in found.fetchall()]
        output = folder / "model-output" / MODEL_ID
        output.mkdir(parents=True)
        for day in dates:
            table = connection.execute(
                "select unique_id, as_of_week + 6 as origin_date, cast(horizon as integer) as horizon, "
                "target_week + 6 as target_end_date, 'quantile' as output_type, quantile as output_type_id, value "
                "from forecast where as_of_week + 6 = ? order by unique_id, horizon, quantile", [day]
            ).to_arrow_table()  # fmt: skip
            pq.write_table(
                table.select(list(COLUMNS)).cast(SCHEMA), output / f"{day.isoformat()}-{MODEL_ID}.parquet"
            )
        weekly = by_name.get("fct_weekly_count")
        if weekly is not None:
            _write_target(connection, folder / "target-data", weekly)
    _write_config(folder, facts)
    return len(dates)


def _write_target(connection: duckdb.DuckDBPyConnection, folder: Path, weekly: TableFile) -> None:
    """Write the counts of the national series as known now: ``target_end_date, unique_id, observation``."""
    folder.mkdir()
    connection.execute(
        f"""
        copy (
            with counted as (
                select event_week, 'MY/' || crime_type_code as unique_id, sum(count_value) as n
                from read_parquet({literal(str(weekly.path))}) where unit_code = 'case' group by all
            ), span as (
                select unnest(generate_series(min(event_week), max(event_week), interval 7 day))::date as event_week
                from counted
            )
            select span.event_week + 6 as target_end_date, names.unique_id,
                   coalesce(counted.n, 0)::bigint as observation
            from span cross join (select distinct unique_id from counted) as names
            left join counted using (event_week, unique_id)
            order by 1, 2
        ) to {literal(str(folder / "time-series.csv"))} (header, delimiter ',')
        """
    )


def _write_config(folder: Path, facts: dict[str, Any]) -> None:
    config = folder / "hub-config"
    config.mkdir()

    def ids(values: Sequence[Any]) -> dict[str, Any]:
        return {"required": None, "optional": list(values)}

    admin = {
        "schema_version": f"{_SCHEMAS}/admin-schema.json",
        "name": "MIDS weekly projections",
        "maintainer": "MAPO secretariat, forecasting",
        "contact": {"name": "MAPO secretariat, forecasting", "email": "forecasting@mapo.invalid"},
        "repository": {"host": "github", "owner": "mapo", "name": "mids"},
        "file_format": ["parquet"],
        "timezone": "Asia/Kuala_Lumpur",
        "model_output_dir": "model-output",
    }
    task = {
        "task_ids": {
            "unique_id": ids(facts["series"]),
            "origin_date": ids(facts["rounds"]),
            "horizon": ids([int(h) for h in facts["horizons"]]),
            "target_end_date": ids(_ends(facts["rounds"], facts["horizons"])),
        },
        "output_type": {
            "quantile": {
                "output_type_id": {"required": [float(q) for q in facts["levels"]]},
                "is_required": True,
                "value": {"type": "double", "minimum": 0},
            }
        },
        "target_metadata": [
            {
                "target_id": "wk inc cases",
                "target_name": "cases by ISO week of the event, all reports in",
                "target_units": "count",
                "target_keys": None,
                "description": "Cases known to the agencies by week, once late reports are in.",
                "target_type": "discrete",
                "is_step_ahead": True,
                "time_unit": "week",
            }
        ],
    }
    tasks = {
        "schema_version": f"{_SCHEMAS}/tasks-schema.json",
        "rounds": [
            {
                "round_id_from_variable": True,
                "round_id": "origin_date",
                "model_tasks": [task],
                "submissions_due": {"relative_to": "origin_date", "start": 0, "end": 7},
            }
        ],
        "output_type_id_datatype": "double",
        "derived_task_ids": ["target_end_date"],
    }
    metadata = {
        "type": "object",
        "required": ["team_abbr", "model_abbr", "designated_model"],
        "properties": {
            name: {"type": "string"} for name in ("team_name", "team_abbr", "model_name", "model_abbr")
        },
    }
    for name, value in (("admin", admin), ("tasks", tasks), ("model-metadata-schema", metadata)):
        (config / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n", "utf-8")
    about = folder / "model-metadata"
    about.mkdir()
    (about / f"{MODEL_ID}.yml").write_text(
        "team_name: MAPO secretariat\nteam_abbr: mids\nmodel_name: Combination weighted on vintages\n"
        "model_abbr: combination\ndesignated_model: true\n"
        "methods: Nowcast from the reporting triangle, pool of count models weighted by past WIS, reconciled paths.\n",
        "utf-8",
    )


def _ends(rounds: Sequence[str], horizons: Sequence[int]) -> list[str]:
    return sorted(
        {(date.fromisoformat(r) + timedelta(weeks=int(h))).isoformat() for r in rounds for h in horizons}
    )

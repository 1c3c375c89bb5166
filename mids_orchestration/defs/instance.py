"""The Dagster instance of a data home: its dagster.yaml, written once and never edited after."""

from __future__ import annotations

from mids_orchestration.settings import Settings

_DAGSTER_YAML = """\
# Written by MIDS when this home was made. SQLite storage: keep this folder on a local disk.
telemetry:
  enabled: false
# No invitation to sign up for a newsletter before the graph is seen.
nux:
  enabled: false
concurrency:
  pools:
    granularity: op
    # warehouse_writer is the only pool: one writer at a time on the DuckDB file.
    default_limit: 1
  runs:
    max_concurrent_runs: 1
"""


def prepare_instance(settings: Settings) -> None:
    """Make the folder and its settings file, unless they are there."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    path = settings.dagster_home / "dagster.yaml"
    if not path.exists():
        path.write_text(_DAGSTER_YAML)

"""The only reader of the environment: where MIDS lives and what it may use.

Belongs here: names of environment variables, their meaning, and the absolute paths that follow from
them. Does not belong here: anything that opens, creates or deletes a file.

Every other module is handed a :class:`Settings` (or plain paths), so that a test can build a whole
MIDS in a temporary folder without touching the process environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
DBT_PROJECT = REPOSITORY / "dbt_project"
CONTRACTS = REPOSITORY / "expectations" / "feeds"

TIMEZONE = "Asia/Kuala_Lumpur"


class SettingsError(ValueError):
    """An environment variable holds something MIDS cannot use; the message says which and what to do."""


@dataclass(frozen=True)
class Settings:
    """Where one MIDS keeps its data. All paths are absolute.

    Attributes:
        home: the data home (``MIDS_HOME``), holding archive, landing, warehouse and releases.
        inbox: where agencies drop their files (``MIDS_INBOX``, default ``<home>/inbox``).
        seed: seed of everything random in a cycle (``MIDS_SEED``, default 20260629).
        duckdb_memory_limit: what one DuckDB may use (``MIDS_DUCKDB_MEMORY``, default ``2GiB``).
    """

    home: Path
    inbox: Path
    seed: int = 20260629
    duckdb_memory_limit: str = "2GiB"

    @property
    def landing(self) -> Path:
        """Accepted records as Parquet, one folder per agency and record type."""
        return self.home / "landing"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that dbt builds; BI never opens it."""
        return self.home / "warehouse" / "mids.duckdb"

    @property
    def forecasts(self) -> Path:
        """The append-only record of what was forecast when."""
        return self.home / "forecasts"

    @property
    def identities(self) -> Path:
        """The register of person keys: who was given which key, and every merge and split."""
        return self.home / "linkage"

    @property
    def releases(self) -> Path:
        """Published releases and the pointer to the current one."""
        return self.home / "releases"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own run and event storage."""
        return self.home / "dagster"

    def dbt_environment(self) -> dict[str, str]:
        """What ``dbt_project/profiles.yml`` reads, and nothing else."""
        return {
            "MIDS_HOME": str(self.home),
            "MIDS_WAREHOUSE": str(self.warehouse),
            "MIDS_LANDING": str(self.landing),
            "MIDS_DUCKDB_MEMORY": self.duckdb_memory_limit,
            "MIDS_DUCKDB_TEMP": str(self.home / "warehouse" / "spill"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DO_NOT_TRACK": "1",
        }


def load_settings(
    *,
    home: Path | None = None,
    inbox: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings; arguments given by a caller (the command line) win over the environment.

    Raises:
        SettingsError: when ``MIDS_SEED`` is not a whole number.
    """
    env = os.environ if environment is None else environment
    home_path = (home or Path(env.get("MIDS_HOME") or ".mids")).expanduser().absolute()
    inbox_path = inbox or (Path(env["MIDS_INBOX"]) if env.get("MIDS_INBOX") else home_path / "inbox")
    seed_text = env.get("MIDS_SEED") or str(Settings.seed)
    if not seed_text.isdigit():
        raise SettingsError(f"MIDS_SEED is {seed_text!r}: set it to a whole number or leave it out")
    return Settings(
        home=home_path,
        inbox=inbox_path.expanduser().absolute(),
        seed=int(seed_text),
        duckdb_memory_limit=env.get("MIDS_DUCKDB_MEMORY") or Settings.duckdb_memory_limit,
    )


def secret(name: str) -> str | None:
    """The value of the environment variable *name*; None when it is not set. For the secrets that sources.yml names."""
    return os.environ.get(name)

"""Superset for MIDS in one command: first start makes the secrets and the database, every start imports the bundle.

Belongs here: preparing Superset's own home, filling in where the data are, importing, starting. Does not belong here:
what is shown (bundle/), settings (superset_config.py). Run by ``make bi`` with the Python of ``.venv-bi``; imports
nothing of MIDS, which lives in another environment.

Superset's home is ``$MIDS_HOME/bi`` (closed to others): ``secret_key``, ``admin_password``, ``superset.db``.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUNDLE = HERE / "bundle"
ADMIN = "admin"
#: DuckDB may read this one file and nothing else of the machine (the restricted zone lies beside it).
_DUCKDB_OPTIONS = "access_mode=read_only&enable_external_access=false&lock_configuration=true"


def main() -> int:
    """Prepare, import and (unless ``--prepare``) become the server; returns an exit code."""
    told = argparse.ArgumentParser(description="Superset on the current MIDS release, on loopback.")
    told.add_argument(
        "--home", type=Path, default=Path(os.environ.get("MIDS_HOME", ".mids")), help="data home"
    )
    told.add_argument("--port", type=int, default=int(os.environ.get("MIDS_BI_PORT", "8088")))
    told.add_argument("--prepare", action="store_true", help="prepare and import, do not start the server")
    asked = told.parse_args()
    postgres = os.environ.get("MIDS_BI_DSN")
    database = asked.home.resolve() / "releases" / "current" / "mids.duckdb"
    if not postgres and not database.exists():
        print(f"bi: no release at {database}: `make demo` (or `mids run`) publishes one", file=sys.stderr)
        return 2
    if postgres and not postgres.startswith("postgresql"):
        print(
            "bi: MIDS_BI_DSN must be postgresql://account@host/database (account in role mids_bi)",
            file=sys.stderr,
        )
        return 2
    bi_home = asked.home.resolve() / "bi"
    environment = prepared(bi_home)
    superset = str(Path(sys.executable).parent / "superset")
    for words in (["db", "upgrade"], ["init"]):
        _quietly([superset, *words], environment, bi_home / "start.log")
    environment["MIDS_BI_URI"] = (
        _postgres_uri(postgres) if postgres else f"duckdb:///{database}?{_DUCKDB_OPTIONS}"
    )
    _quietly([sys.executable, str(HERE / "import_bundle.py")], environment, bi_home / "start.log")
    print(
        f"bi: http://127.0.0.1:{asked.port}/superset/dashboard/mids/\n"
        f"    user {ADMIN}, password in {bi_home / 'admin_password'}",
        flush=True,
    )
    if asked.prepare:
        return 0
    gunicorn = str(Path(sys.executable).parent / "gunicorn")
    words = [gunicorn, "--bind", f"127.0.0.1:{asked.port}", "--workers", "1", "--threads", "8", "--worker-class",
             "gthread", "--timeout", "120", "--no-control-socket", "superset.app:create_app()"]  # fmt: skip
    os.execve(gunicorn, words, environment)  # becomes the server
    return 1


def prepared(bi_home: Path) -> dict[str, str]:
    """Make Superset's home and its secrets if they are missing; return the environment that it starts in."""
    bi_home.mkdir(parents=True, exist_ok=True)
    bi_home.chmod(0o700)
    for name, length in (("secret_key", 42), ("admin_password", 15)):
        path = bi_home / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(length) + "\n", "utf-8")
    return {
        **os.environ,
        "MIDS_BI_HOME": str(bi_home),
        "SUPERSET_HOME": str(bi_home),
        "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
        "FLASK_APP": "superset.app:create_app()",
    }


def _postgres_uri(dsn: str) -> str:
    """The address for SQLAlchemy, with the schema of the public marts as the only one looked in."""
    address = "postgresql+psycopg2" + dsn[dsn.index("://") :]
    return f"{address}{'&' if '?' in address else '?'}options=-csearch_path%3Dmids"


def _quietly(words: list[str], environment: dict[str, str], log: Path) -> None:
    with log.open("a", encoding="utf-8") as out:
        done = subprocess.run(words, env=environment, stdout=out, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        tail = "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-15:])
        raise SystemExit(f"bi: {Path(words[0]).name} {words[1]} ended {done.returncode}; {log} says:\n{tail}")


if __name__ == "__main__":
    raise SystemExit(main())

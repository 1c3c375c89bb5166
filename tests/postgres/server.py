"""A PostgreSQL server of the tests' own: Debian's, in a temporary folder, on a socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """The folder with initdb and pg_ctl, or None."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return kept[-1].parent if kept else None


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server; yields the DSN of its superuser ``owner`` and empty database ``postgres``.

    PostgreSQL does not run as root: as root it is started as user ``postgres``.
    """
    at = binaries()
    assert at is not None
    folder = Path(tempfile.mkdtemp(prefix="mids-pg-"))
    be: list[str] = []
    if os.geteuid() == 0:
        be = ["runuser", "-u", "postgres", "--"]
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o755)
    data = folder / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": "/"}
    settings = f"-k {folder} -c listen_addresses= -c fsync=off -c full_page_writes=off -c shared_buffers=32MB"
    try:
        subprocess.run(
            [*be, at / "initdb", "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "-N"], **quiet
        )
        subprocess.run(
            [*be, at / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", settings, "start"], **quiet
        )
        try:
            yield f"host={folder} user=owner dbname=postgres"
        finally:
            subprocess.run([*be, at / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

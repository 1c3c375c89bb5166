"""Superset as ``make bi`` starts it, on a small world of its own with two releases; a browser that is logged in."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import browser, screenshots
from tests.postgres.conftest import postgres_dsn
from tests.world import AS_OF, run_mids

__all__ = ["browser", "postgres_dsn", "screenshots"]
ROOT = Path(__file__).resolve().parents[2]
BI_PYTHON = Path(os.environ.get("MIDS_BI_PYTHON", ROOT / ".venv-bi" / "bin" / "python"))


@dataclass(frozen=True)
class TwoReleases:
    """A data home with two published releases; ``first`` is current when a test starts."""

    home: Path
    first: str
    second: str

    def show(self, release_id: str) -> None:
        """Switch readers to a release, as an operator would."""
        run_mids(self.home, "release", "rollback", release_id)


@pytest.fixture(scope="session")
def two_releases(tmp_path_factory: pytest.TempPathFactory) -> TwoReleases:
    home = tmp_path_factory.mktemp("bi") / "home"
    if given := os.environ.get(
        "MIDS_BI_TEST_HOME"
    ):  # a finished home, to save its making while one works on this
        shutil.copytree(given, home, symlinks=True, ignore=shutil.ignore_patterns("bi"))
    else:
        run_mids(home, "sample", "--out", str(home), "--scale", "0.15", "--weeks", "40", "--seed", "7")
        run_mids(home, "run", "--as-of", AS_OF)
    run_mids(home, "run", "--as-of", "2026-07-06")
    ids = sorted(json_of(home, "release", "list"), key=lambda row: row["as_of"])
    two = TwoReleases(home, ids[0]["release"], ids[-1]["release"])
    assert two.first != two.second
    two.show(two.first)
    return two


def json_of(home: Path, *words: str) -> Any:
    """What a verb prints as JSON."""
    return json.loads(run_mids(home, *words, "--json").stdout)


@contextmanager
def superset(home: Path, **environment: str) -> Iterator[str]:
    """Start Superset as ``make bi`` does; yields its address; ends it and its workers."""
    if not BI_PYTHON.exists():
        pytest.skip(f"no Superset: make bi-test installs it (looked for {BI_PYTHON})")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [BI_PYTHON, ROOT / "deploy/superset/start.py", "--home", home, "--port", str(port)]
    log = home / "superset.log"
    with log.open("w") as out:
        started = subprocess.Popen(
            words,
            env={**os.environ, **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(360):
                if started.poll() is not None:
                    pytest.fail(f"Superset ended {started.returncode}\n{log.read_text()[-3000:]}")
                try:
                    with urllib.request.urlopen(f"{address}/health", timeout=5):
                        break
                except OSError:
                    time.sleep(0.5)
            else:
                pytest.fail(f"Superset did not answer\n{log.read_text()[-3000:]}")
            yield address
        finally:
            os.killpg(started.pid, signal.SIGTERM)
            started.wait(30)


def logged_in(browser: Any, address: str, home: Path) -> Any:
    """A page of a browser in which the administrator has logged in; calls to other machines are collected."""
    from playwright.sync_api import TimeoutError as PageTimeout

    page = browser.new_page(viewport={"width": 1500, "height": 2200})
    page.set_default_timeout(60_000)
    page.goto(f"{address}/login/")
    page.wait_for_load_state("networkidle")
    password = (home / "bi" / "admin_password").read_text("utf-8").strip()
    # On a busy machine the page may not listen yet when it is first filled in.
    for last in (False, False, True):
        page.fill("#username", "admin")
        page.fill("#password", password)
        page.click("button[type=submit]")
        try:
            page.wait_for_url("**/welcome/", timeout=60_000 if last else 20_000)
            break
        except PageTimeout:
            if last:
                raise
    return page


if sys.platform == "win32":  # the start script becomes gunicorn, which does not run there
    pytest.skip("Superset's server does not run on Windows", allow_module_level=True)

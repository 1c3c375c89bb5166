"""``mids dev`` before the Dagster UI starts."""

from __future__ import annotations

import socket

from typer.testing import CliRunner

from mids_orchestration.cli import app


def test_a_port_that_is_taken_is_named_with_what_to_do(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["dev", "--home", str(tmp_path), "--port", str(port)])
    assert result.exit_code == 2
    assert (
        f"port {port} on loopback cannot be used (Address already in use): give another with --port"
        in result.stderr
    )

"""The dashboard of the current release over HTTP, on loopback only.

Belongs here: one page, the current release's, with the note on why none is newer. Does not belong here:
anything else of the shelf: restricted marts are never served.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from mids_orchestration.release.model import ReleaseError
from mids_orchestration.release.refusal import page_note
from mids_orchestration.release.store import CURRENT, find_release, last_refusal

#: Where the page lets the server put the note; the page on disk looks for it beside the releases.
PLACE = "<!--served-note-->"


def current_page(releases: Path) -> str:
    """The current release's page, with the note on a refused newer release.

    Raises:
        ReleaseError: when nothing has been published.
    """
    release = find_release(releases, CURRENT)
    page = release.dashboard.read_text("utf-8")
    refusal = last_refusal(releases)
    note = json.dumps(page_note(refusal) if refusal else None).replace("<", "\\u003c")
    return page.replace(PLACE, f'<script type="application/json" id="held">{note}</script>', 1)


def dashboard_server(releases: Path, port: int) -> ThreadingHTTPServer:
    """A server of the page on ``127.0.0.1:port`` (0: a free port); each request sees the release current then.

    Raises:
        OSError: when the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        """Answers ``/`` and nothing else."""

        def do_GET(self) -> None:  # the base class's name
            """Send the page."""
            if self.path.partition("?")[0] not in {"/", "/dashboard.html"}:
                self.send_error(404)
                return
            try:
                body = current_page(releases).encode()
            except (ReleaseError, OSError) as error:
                self.send_error(503, str(error)[:200])
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the answer is the page."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)

"""Files of others are read where they lie and never committed: no row of them is in any file of this project."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.world import REAL, REPOSITORY

#: Shorter rows (three numbers, say) may stand in a file by chance.
LONG_ENOUGH = 14
#: What a row is dressed in as SQL, Python, YAML, JSON or a table of Markdown.
_DRESS = re.compile(rb"""["'`|\[\](){}]|\s""")
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        not REAL.is_dir(), reason="the real files are not beside this checkout (../shared/real)"
    ),
]


def _bare(line: bytes) -> bytes:
    """A line without what only dresses its values, so that ``('2020-01-01', 5)`` is ``2020-01-01,5``."""
    return _DRESS.sub(b"", line.replace(b"|", b",").replace(b"\t", b",")).strip(b",;-")


def _real_rows() -> dict[bytes, str]:
    return {
        bare: path.name
        for path in REAL.glob("*.csv")
        for line in path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()[1:]
        if len(bare := _bare(line)) >= LONG_ENOUGH
    }


def _found(text: bytes, rows: dict[bytes, str]) -> set[str]:
    """Names of the real files of which a line of *text* is a row."""
    return {rows[bare] for line in text.splitlines() if (bare := _bare(line)) in rows}


def test_no_row_of_the_real_files_is_committed() -> None:
    rows = _real_rows()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True).stdout
    files = [path for name in listed.decode().split("\0") if name and (path := REPOSITORY / name).is_file()]
    assert len(rows) > 10_000 and len(files) > 100, "nothing was compared"
    assert not {
        str(f.relative_to(REPOSITORY)): names for f in files if (names := _found(f.read_bytes(), rows))
    }


def test_a_row_is_seen_in_any_dress() -> None:
    rows = _real_rows()
    cells = max(filter(bytes.isascii, rows), key=len).decode().split(",")
    for dressed in (
        ",".join(cells),
        "    (" + ", ".join(f"'{cell}'" for cell in cells) + "),",
        "- [" + ", ".join(f'"{cell}"' for cell in cells) + "]",
        "| " + " | ".join(cells) + " |",
    ):
        assert _found(f"first\n{dressed}\nlast".encode(), rows), dressed[:40]

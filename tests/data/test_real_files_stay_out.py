"""Files of others are read where they lie and never committed: no row of them is in any file of this project."""

from __future__ import annotations

import subprocess

import pytest

from tests.world import REAL, REPOSITORY

#: Shorter rows (three numbers, say) may stand in a file by chance.
LONG_ENOUGH = 14
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        not REAL.is_dir(), reason="the real files are not beside this checkout (../shared/real)"
    ),
]


def test_no_row_of_the_real_files_is_committed() -> None:
    rows: dict[bytes, str] = {}
    for path in REAL.glob("*.csv"):
        for line in path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()[1:]:
            if len(line.strip()) >= LONG_ENOUGH:
                rows[line.strip()] = path.name
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True).stdout
    files = [REPOSITORY / name for name in listed.decode().split("\0") if name]
    found = {
        (str(file.relative_to(REPOSITORY)), rows[line.strip()])
        for file in files
        if file.is_file()
        for line in file.read_bytes().splitlines()
        if line.strip() in rows
    }
    assert len(rows) > 10_000 and len(files) > 100, "nothing was compared"
    assert not found

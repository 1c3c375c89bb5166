"""Whether a file in the inbox is still coming.

Belongs here: what the system says of a file that may be half uploaded. Does not belong here: what to do about it
(``inbox`` waits, ``store`` leaves it for the next run).
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

# Where the system cannot say whether a file is still written. Uploads that pause longer want settle_seconds.
QUIET_SECONDS = 60


def still_coming(handle: int, now_ns: int | None) -> bool:
    """Whether the open file *handle* may be half uploaded.

    ``now_ns``: the time, for disks that cannot say whether a file is still written; None takes it as it is.
    """
    writing = _still_written(handle)
    if writing is None and now_ns is not None:
        return os.fstat(handle).st_mtime_ns > now_ns - QUIET_SECONDS * 1_000_000_000
    return bool(writing)


def path_still_coming(path: Path, now_ns: int) -> bool:
    """Whether the file at *path* may be half uploaded; False for what is no file (landing refuses that)."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return still_coming(handle, now_ns)
    finally:
        os.close(handle)


def _still_written(handle: int) -> bool | None:
    """Whether some process has the file open for writing: an upload that has not ended. None where none can say.

    Linux says so by refusing a read lease. Other systems, other owners' files and network disks cannot say; there
    the file must have kept still for ``QUIET_SECONDS``, or as long as the contract's ``settle_seconds`` ask.
    """
    lease = getattr(fcntl, "F_SETLEASE", None)
    if lease is None:
        return None
    try:
        fcntl.fcntl(handle, lease, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    fcntl.fcntl(handle, lease, fcntl.F_UNLCK)
    return False

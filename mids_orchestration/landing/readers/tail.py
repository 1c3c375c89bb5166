"""Empty rows at the end of a delimited text: what a spreadsheet leaves behind that exports more rows than are filled.

Belongs here: holding them back and counting them. Does not belong here: an empty row between two records; it may
be a record that was lost on the way, and goes to quarantine.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mids_orchestration.landing.reasons import DeliveryRefused

# A sheet has a million rows: with 60 columns of nothing it leaves this much behind.
_MOST = 64 * 1024 * 1024
_NEAR = 4096
_LINE = re.compile(rb"[^\r\n]+")


class WithoutTail:
    """The bytes of a delimited text without the empty rows at its end (``,,,`` or ``"",""``); ``rows`` counts them.

    An empty row holds delimiters, blanks and empty quotes and nothing else. A blank line is no row.
    """

    def __init__(self, read: Callable[[int], bytes], delimiter: str, quote: str | None) -> None:
        self.rows = 0
        self._read = read
        self._held: list[bytes] = []
        self._size = 0
        mark, quotes = delimiter.encode(), (quote or "").encode() * 2
        blank = b"[" + b" \t".replace(mark, b"") + b"]*+"
        # An odd quote shows that the run began inside a quoted text.
        cell = blank + (b"(?:" + re.escape(quotes) + b")?+" + blank if quotes else b"")
        self._empty = re.compile(cell + b"(?:" + re.escape(mark) + cell + b")*+")
        self._marks = (mark, quotes) if quotes else (mark,)
        self._chars = mark + quotes + b" \t\r\n" if len(mark) == 1 else b""

    def read(self, size: int) -> bytes:
        """Return about *size* more bytes; empty at the end. Raises ``DeliveryRefused`` for endless empty rows."""
        while data := self._read(size):
            filled = self._filled(data)
            if filled:
                out = b"".join([*self._held, data if filled == len(data) else memoryview(data)[:filled]])
                self._size = len(data) - filled
                self._held = [data[filled:]] if self._size else []
                return out
            self._held.append(data)
            self._size += len(data)
            if self._size > _MOST:
                raise DeliveryRefused("TOO_LARGE", f"more than {_MOST >> 20} MiB of empty rows")
        tail = b"".join(self._held)
        self._held, self._size = [], 0
        return tail[: self._end(tail)]

    def _filled(self, data: bytes) -> int:
        """How much of *data* is left without what an empty row may hold at its end."""
        if not self._chars:
            return len(data)
        end = data[-_NEAR:].rstrip(self._chars)  # nearly always there: spares a copy of it all
        return len(data) - min(_NEAR, len(data)) + len(end) if end else len(data.rstrip(self._chars))

    def _end(self, tail: bytes) -> int:
        """Where in *tail* the records end; counts the empty rows after that."""
        # Its first line is the end of the record before it.
        first = re.search(rb"[\r\n]", tail)
        end = first.start() if first else len(tail)
        for line in _LINE.finditer(tail, end):
            if not self._empty.fullmatch(line[0]):
                end, self.rows = line.end(), 0
            elif any(mark in line[0] for mark in self._marks):
                self.rows += 1
        return end if self.rows else len(tail)

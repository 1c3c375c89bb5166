"""The careful lane of delimited text: one record at a time, each bad one named, none swallowing the next.

Belongs here: strict parsing by physical lines. Does not belong here: blocks and Arrow (``delimited``).

A record that cannot be parsed costs its first line only: parsing starts again at the line after it. So a quote
that was never closed does not swallow the rest of the file.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mids_orchestration.landing.reasons import DeliveryRefused, Fault

if TYPE_CHECKING:
    from mids_orchestration.landing.readers.delimited import _Delimited

# Python's csv keeps this bound per process. Cells are bounded below it, by the record's own bound.
csv.field_size_limit(64 * 1024 * 1024)


# A fault weighs a kilobyte until it is written, however short its line.
_MOST_FAULTS = 50_000


class _Unclosed(Exception):
    """The record goes on past what one record may hold, or past the end of the file."""


class CarefulLines:
    """Physical lines of the reader's buffer and of what follows, parsed strictly."""

    def __init__(self, owner: _Delimited) -> None:
        self._owner = owner
        self._pending: deque[bytes] = deque()
        self._tail = b""
        self._ended = False
        self._taken: list[bytes] = []
        self._size = 0
        self._encoding = owner.stream.encoding
        self._bound = owner.limits.record_bytes
        self._blanks = b" \t\r\n".replace(
            owner.delimiter.encode(), b""
        )  # a tab that parts fields is no blank

    # -- physical lines -----------------------------------------------------------------------------------

    def _next_line(self) -> bytes | None:
        while not self._pending:
            if self._ended:
                return None
            data = self._owner.more()
            if not data:
                self._ended = True
                if self._tail:
                    self._pending.append(self._tail)
                    self._tail = b""
                continue
            pieces = (self._tail + data).splitlines(keepends=True)
            # The last piece may go on; a CR at the end may be half of CR LF.
            self._tail = pieces.pop()
            self._pending.extend(pieces)
            if len(self._tail) > self._bound:
                # Too long for any record: keep its beginning as the record and pass over the rest of it.
                self._pending.append(self._tail)
                self._tail = self._skip_line()
        return self._pending.popleft()

    def _skip_line(self) -> bytes:
        """Pass over the rest of a physical line; return what follows its end."""
        while data := self._owner.more():
            end = data.find(b"\n")
            if end >= 0:
                return data[end + 1 :]
        return b""

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._next_line()
            if line is None:
                if self._taken:
                    raise _Unclosed
                return
            self._taken.append(line)
            self._size += len(line)
            if self._size > self._bound:
                raise _Unclosed
            yield line.decode(self._encoding, errors="replace")

    def _give_back(self) -> None:
        """Return what was read ahead to the reader's buffer."""
        owner = self._owner
        owner.buffer = b"".join(self._pending) + self._tail + owner.buffer
        self._pending.clear()
        self._tail = b""

    # -- records --------------------------------------------------------------------------------------------

    def _parser(self) -> Iterator[list[str]]:
        owner = self._owner
        return csv.reader(
            self._feed(), delimiter=owner.delimiter, quotechar=owner.quote or None, doublequote=True, strict=True,
            quoting=csv.QUOTE_MINIMAL if owner.quote else csv.QUOTE_NONE,
        )  # fmt: skip

    def header(self, bound: int) -> list[str]:
        """Read the header record."""
        self._bound = bound
        first = self._next_line()
        if first is not None:
            if len(first) > bound:
                delimiters = first.count(self._owner.delimiter.encode())
                limit = self._owner.limits.columns
                if delimiters >= limit:
                    raise DeliveryRefused("TOO_MANY_COLUMNS", f"> {delimiters}", str(limit))
                raise DeliveryRefused("MISSING_HEADER", want=str(self._owner.record.header_row))
            self._pending.appendleft(first)
        try:
            cells = next(self._parser(), [])
        except (_Unclosed, csv.Error) as error:
            raise DeliveryRefused("UNREADABLE", "a quote in the header is not closed", "text") from error
        raw = b"".join(self._taken)
        try:
            raw.decode(self._encoding)
        except UnicodeDecodeError:
            raise DeliveryRefused("WRONG_ENCODING", want=self._owner.stream.source_encoding) from None
        self._owner.line += len(self._taken)
        self._taken = []
        self._give_back()
        return [cell.lstrip("\ufeff") for cell in cells]

    def records(self, size: int) -> tuple[list[list[str]], list[int], list[Fault]]:
        """Parse about *size* bytes of records, fewer where many are at fault: rows, their lines, and the faults."""
        rows: list[list[str]] = []
        numbers: list[int] = []
        faults: list[Fault] = []
        done = 0
        parser = self._parser()
        while done < size and len(faults) < _MOST_FAULTS:
            self._taken, self._size = [], 0
            try:
                row = next(parser, None)
                if row is None:
                    break
                problem = self._problem(row)
            except (_Unclosed, csv.Error) as error:
                parser = self._parser()
                row, problem = [], self._after_error(error)
            raw = b"".join(self._taken)
            done += len(raw)
            if raw.strip(self._blanks) == b"":
                pass  # a blank line is no record
            elif problem:
                faults.append(self._fault(raw, *problem))
            else:
                rows.append(row)
                numbers.append(self._owner.line + 1)
            self._owner.line += len(self._taken)
        self._taken = []
        self._give_back()
        return rows, numbers, faults

    def _after_error(self, error: Exception) -> tuple[str, str, str]:
        """Keep the first line as the bad record and give the others back to be parsed again."""
        self._pending.extendleft(reversed(self._taken[1:]))
        self._taken = self._taken[:1]
        if len(self._taken[0]) > self._owner.limits.cell_chars:
            return "CELL_TOO_LARGE", f"{len(self._taken[0])} bytes", str(self._owner.limits.cell_chars)
        return "BAD_QUOTING", str(error), ""

    def _problem(self, row: list[str]) -> tuple[str, str, str] | None:
        owner = self._owner
        raw = self._taken[0] if len(self._taken) == 1 else b"".join(self._taken)
        if b"\0" in raw:
            return "NUL_BYTE", "", ""
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError:
            return "INVALID_ENCODING", "", owner.stream.source_encoding
        if owner.stream.transcoded and "\ufffd" in text:
            return "INVALID_ENCODING", "", owner.stream.source_encoding
        width = len(owner.header)
        if len(row) != width:
            code = "TOO_FEW_FIELDS" if len(row) < width else "TOO_MANY_FIELDS"
            return code, str(len(row)), str(width)
        if len(raw) > owner.limits.cell_chars:
            longest = max(len(cell) for cell in row)
            if longest > owner.limits.cell_chars:
                return "CELL_TOO_LARGE", f"{longest} characters", str(owner.limits.cell_chars)
        return None

    def _fault(self, raw: bytes, code: str, what: str, want: str) -> Fault:
        text = raw.decode(self._encoding, errors="backslashreplace").rstrip("\r\n").replace("\0", "\\x00")
        return Fault(self._owner.record.name, self._owner.line + 1, code, text, what, want)

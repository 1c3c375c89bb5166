"""What a delivery is wrapped in: plain, gzip, zstd or zip with many members, unpacked within bounds.

Belongs here: recognising the container, listing its members, and opening each as a stream that stops at the
limit. Does not belong here: what the bytes mean (``readers``).
"""

from __future__ import annotations

import gzip
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from expectations.contract import Contract
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.reasons import DeliveryRefused

_UNPACK_ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile, zstandard.ZstdError, RuntimeError,
                  NotImplementedError)  # fmt: skip
_WEB_PAGE = re.compile(rb"(<\?xml[^>]*>|<!--.*?-->|\s)*<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)


class _Bounded(io.RawIOBase):
    """A stream that refuses the delivery once it has given more than its budget."""

    def __init__(self, inner: BinaryIO, budget: _Budget) -> None:
        self._inner, self._budget = inner, budget

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill *buffer* and count what came."""
        try:
            data = self._inner.read(len(buffer))
        except _UNPACK_ERRORS as error:
            raise DeliveryRefused("UNREADABLE", str(error)[:200], "gzip/zip/zstd") from error
        self._budget.spend(len(data))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the stream below too."""
        self._inner.close()
        super().close()


@dataclass
class _Budget:
    packed: int
    limits: Limits
    spent: int = 0

    def spend(self, count: int) -> None:
        self.spent += count
        if self.spent > self.limits.unpacked_bytes:
            raise DeliveryRefused("UNPACKS_TOO_LARGE", f"> {self.limits.unpacked_bytes} bytes")
        ratio = self.spent / max(self.packed, 1)
        if self.spent > self.limits.ratio_ignored_below and ratio > self.limits.unpacked_ratio:
            raise DeliveryRefused("UNPACKS_TOO_LARGE", f"> {self.limits.unpacked_ratio} : 1")


@dataclass
class Member:
    """One file inside a delivery. ``path`` is set when it stands on disk as it is."""

    name: str
    opener: Callable[[], BinaryIO] = field(repr=False)
    path: Path | None = None

    def open(self) -> BinaryIO:
        """Open the bytes of the member as a buffered stream."""
        return self.opener()

    def read(self, limits: Limits) -> bytes:
        """Return all bytes; raises ``DeliveryRefused`` when a whole document would be too large."""
        with self.open() as stream:
            data = stream.read(limits.document_bytes + 1)
        if len(data) > limits.document_bytes:
            raise DeliveryRefused("TOO_LARGE", f"> {limits.document_bytes} bytes")
        return data


def open_members(path: Path, contract: Contract, limits: Limits) -> list[Member]:
    """List the files in the delivery at *path*, in the order of their names.

    Raises ``DeliveryRefused`` for unsafe or broken containers.
    """
    with path.open("rb") as stream:
        magic = stream.read(4)
    kind = contract.format.compression
    if kind in (None, "none"):
        workbook = contract.format.type in ("xlsx", "ods")
        kind = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd", b"PK": "zip"}.get(magic[:2], "none")
        if kind == "zstd" and magic != b"\x28\xb5\x2f\xfd":
            kind = "none"
        if kind == "zip" and workbook and _is_workbook(path):
            kind = "none"
        if kind == "zip" and magic[2:] not in (b"\x03\x04", b"\x05\x06", b"\x07\x08"):
            kind = "none"
    budget = _Budget(path.stat().st_size, limits)
    if kind == "gzip":
        return [Member(path.name, lambda: _bounded(cast(BinaryIO, gzip.open(path, "rb")), budget))]
    if kind == "zstd":
        if not _zstd_is_whole(path):
            raise DeliveryRefused("UNREADABLE", "it ends before its end", "zstd")
        return [Member(path.name, lambda: _bounded(_zstd(path), budget))]
    if kind == "zip":
        return _zip_members(path, contract, limits, budget)
    return [Member(path.name, lambda: path.open("rb"), path)]


def refuse_web_page(member: Member) -> None:
    """Raise ``DeliveryRefused`` for HTML: many systems export it under the name of a workbook, and Excel opens it."""
    with member.open() as stream:
        head = stream.read(4096)
    # UTF-16 writes these letters with a NUL beside each.
    if _WEB_PAGE.match(head.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").replace(b"\0", b"")):
        raise DeliveryRefused("WEB_PAGE")


def _bounded(inner: BinaryIO, budget: _Budget) -> BinaryIO:
    # Each opening (reading, then counting) has the whole budget again.
    return cast(BinaryIO, io.BufferedReader(_Bounded(inner, _Budget(budget.packed, budget.limits)), 1 << 20))


def _zstd(path: Path) -> BinaryIO:
    # 128 MiB of window is what `zstd --long` may ask for; more is a memory bomb.
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    return cast(BinaryIO, reader.stream_reader(path.open("rb"), read_across_frames=True, closefd=True))


def _zstd_is_whole(path: Path) -> bool:
    """Whether the last frame ends where the file ends (RFC 8878, section 3.1.1).

    The library reads half a frame without a word, and half a delivery would land.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        while magic := stream.read(4):
            if magic[1:] == b"\x2a\x4d\x18":  # a frame to be skipped
                stream.seek(int.from_bytes(stream.read(4), "little"), io.SEEK_CUR)
                continue
            if magic != b"\x28\xb5\x2f\xfd":
                return True  # no frame: the library says so
            facts = int.from_bytes(stream.read(1), "little")
            single = facts >> 5 & 1
            header = (1 - single) + (0, 1, 2, 4)[facts & 3] + (single, 2, 4, 8)[facts >> 6]
            stream.seek(header, io.SEEK_CUR)
            last = 0
            while not last:
                block = stream.read(3)
                if len(block) < 3:
                    return False
                head = int.from_bytes(block, "little")
                last, kind = head & 1, head >> 1 & 3
                stream.seek(1 if kind == 1 else head >> 3, io.SEEK_CUR)
            stream.seek(4 * (facts >> 2 & 1), io.SEEK_CUR)
            if stream.tell() > size:
                return False
    return True


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except _UNPACK_ERRORS:
        return True  # broken: let the workbook reader say so
    return "[Content_Types].xml" in names or "content.xml" in names


def _zip_members(path: Path, contract: Contract, limits: Limits, budget: _Budget) -> list[Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except _UNPACK_ERRORS as error:
        raise DeliveryRefused("UNREADABLE", str(error)[:200], "zip") from error
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" in names or {"content.xml", "META-INF/manifest.xml"} <= names:
        raise DeliveryRefused("UNREADABLE", "an Office document", contract.format.type)
    if len(entries) > limits.members:
        raise DeliveryRefused("UNSAFE_ARCHIVE", f"{len(entries)} members")
    members = []
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        parts = re.split(r"[/\\]", name)
        if (
            ".." in parts
            or name.startswith(("/", "\\"))
            or re.match(r"[A-Za-z]:", name)
            or "\0" in entry.orig_filename
        ):
            raise DeliveryRefused("UNSAFE_ARCHIVE", f"member name {name[:80]!r}")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DeliveryRefused("UNSAFE_ARCHIVE", f"{name[:80]!r} is a link")
        if entry.flag_bits & 0x1:
            raise DeliveryRefused("UNSAFE_ARCHIVE", f"{name[:80]!r} is encrypted")
        if name in seen:
            raise DeliveryRefused("UNSAFE_ARCHIVE", f"{name[:80]!r} stands in it twice")
        seen.add(name)
        hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
        wanted = contract.format.members is None or re.fullmatch(contract.format.members, name, re.IGNORECASE)
        if entry.is_dir() or hidden or not wanted:
            continue
        members.append(Member(name, lambda name=name: _zip_stream(path, name, budget)))  # type: ignore[misc]
    if sum(entry.file_size for entry in entries) > limits.unpacked_bytes:
        raise DeliveryRefused("UNPACKS_TOO_LARGE", f"> {limits.unpacked_bytes} bytes")
    if not members:
        raise DeliveryRefused("UNREADABLE", "no member to read", "zip")
    return sorted(members, key=lambda member: member.name)


def _zip_stream(path: Path, name: str, budget: _Budget) -> BinaryIO:
    archive = zipfile.ZipFile(path)
    try:
        stream = cast(BinaryIO, archive.open(name))
    except _UNPACK_ERRORS as error:
        archive.close()
        raise DeliveryRefused("UNREADABLE", str(error)[:200], "zip") from error
    return _bounded(stream, budget)

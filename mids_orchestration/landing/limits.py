"""How much a delivery may ask of us: bounds on memory, time and disk.

Belongs here: the numbers, each with its reason. Does not belong here: enforcing them (readers, containers).
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds for one delivery. A test passes smaller ones; nothing else changes them."""

    # A year of every agency fits in 100 MiB; 16 GiB leaves room for a national back-file.
    delivery_bytes: int = 16 * 1024 * MIB
    # Compressed text shrinks 5-20 times; a bomb 1,000 times.
    unpacked_bytes: int = 16 * 1024 * MIB
    unpacked_ratio: int = 250
    # The ratio says nothing about a small file: a header-only sheet shrinks 100 times.
    ratio_ignored_below: int = 16 * MIB
    members: int = 1_000
    # No agency form has more than 100 fields. HTCDS, the widest standard here, has 93.
    columns: int = 2_000
    header_bytes: int = 1 * MIB
    # The longest free text seen is 4 KB.
    cell_chars: int = 1_000_000
    # A record that goes on for longer has a quote that was never closed.
    record_bytes: int = 32 * MIB
    # Documents that must be held whole (JSON, XML trees, workbooks): 5-10 times this in memory.
    document_bytes: int = 128 * MIB
    nesting: int = 64
    # Dense cells of a sheet: 24 bytes each while it is read.
    sheet_cells: int = 30_000_000
    # Text is read this much at a time: 100,000 records of 160 bytes.
    block_bytes: int = 16 * MIB


DEFAULT_LIMITS = Limits()

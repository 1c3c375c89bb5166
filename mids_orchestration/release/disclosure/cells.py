"""Cells of the published count tables, and every sum that ties them together.

Belongs here: what a cell is, and which cells add up to which, across tables. Does not belong here: suppressing
(protect) or attacking (attack).

All tables count the same persons, so a table by fewer attributes is the total of one by more: the cells of B are sums
of cells of A whenever B's attributes are among A's. A *block* is one crime type and year: sums never cross blocks.
A table with a column `check_code` counts those whom one source reported: every check is a block of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

#: Columns that every protected table has: the block, the number, and whether it is shown.
BLOCK = ("year_start", "crime_type_code")
VALUE, STATUS = "count_value", "count_status"
#: Who is counted, in tables that do not count everybody.
UNIVERSE = "check_code"
PUBLISHED, SUPPRESSED = "published", "suppressed"

Cell = tuple[str, tuple[str, ...]]
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Equation:
    """``total`` is the sum of ``parts``."""

    total: Cell
    parts: tuple[Cell, ...]


def attributes(frame: pd.DataFrame) -> tuple[str, ...]:
    """The columns of a table beside block, number and status."""
    return tuple(c for c in frame.columns if c not in {*BLOCK, VALUE, STATUS})


def blocks(tables: Tables) -> Iterator[tuple[tuple[object, ...], dict[str, pd.DataFrame]]]:
    """Every block with its rows of every table, ordered by block."""
    found: dict[tuple[object, ...], dict[str, pd.DataFrame]] = defaultdict(dict)
    for name, frame in sorted(tables.items()):
        for (year, crime), rows in frame.groupby(list(BLOCK), sort=True):
            if UNIVERSE not in rows:
                found[year, crime][name] = rows
                continue
            for universe, part in rows.groupby(UNIVERSE, sort=True):
                found[year, f"{crime} {universe}"][name] = part
    yield from sorted(found.items(), key=lambda item: str(item[0]))


def cells(block: Tables) -> dict[Cell, int | None]:
    """The number of every cell of a block; None = suppressed."""
    return {
        (name, key): None if pd.isna(value) else int(value)
        for name, frame in block.items()
        for key, value in zip(_keys(frame, attributes(frame)), frame[VALUE], strict=True)
    }


def equations(block: Tables) -> list[Equation]:
    """Every sum between the tables of a block, ordered by table and key; not those that follow from others.

    Complete as long as any two tables' common attributes are a table of their own (:func:`unlinked` says which are
    not): else their common total would tie them together without standing anywhere.
    """
    found: list[Equation] = []
    sets = [set(attributes(frame)) for frame in block.values()]
    for fine_name, fine in sorted(block.items()):
        for coarse_name, coarse in sorted(block.items()):
            shared = attributes(coarse)
            finest = set(attributes(fine))
            if not set(shared) < finest or any(set(shared) < between < finest for between in sets):
                continue
            parts: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
            for group, key in zip(_keys(fine, shared), _keys(fine, attributes(fine)), strict=True):
                parts[group].append((fine_name, key))
            found += [
                Equation((coarse_name, key), tuple(parts[key])) for key in _keys(coarse, shared) if parts[key]
            ]
    return found


def unlinked(tables: Tables) -> list[tuple[str, str]]:
    """Pairs of tables whose common attributes no table has: their sums could not all be seen."""
    named = sorted((name, frozenset(attributes(frame))) for name, frame in tables.items())
    held = {columns for _, columns in named}
    return [
        (one, other)
        for i, (one, mine) in enumerate(named)
        for other, yours in named[i + 1 :]
        if mine & yours not in held
    ]


def _keys(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not columns:
        return [()] * len(frame)
    return [tuple(str(v) for v in row) for row in frame[list(columns)].itertuples(index=False)]

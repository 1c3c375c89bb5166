"""Suppressing small counts of persons, and what would give them away; once published, a year stays as it was.

Belongs here: choosing the cells. Does not belong here: the attack itself (attack), or what tables there are.

Primary: every count from 1 to threshold - 1. Secondary: while an attacker's interval of a suppressed count is narrower
than the protection interval, one more count out of the sums it stands in, the smallest that widens it enough; then
the fewest counts that do as well (fewest). A block
that an earlier release has published is taken over as it stands: were it counted anew, the difference between two
releases would show the one person who came to be known in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

import pandas as pd

from mids_orchestration.release.disclosure.attack import System
from mids_orchestration.release.disclosure.cells import (
    BLOCK,
    PUBLISHED,
    STATUS,
    SUPPRESSED,
    VALUE,
    Cell,
    Equation,
    Tables,
    attributes,
    blocks,
    cells,
    equations,
    unlinked,
)
from mids_orchestration.release.disclosure.fewest import Fewest
from mids_orchestration.release.disclosure.policy import Policy
from mids_orchestration.release.model import ReleaseError

#: A solver's answers are whole numbers but for this.
_TINY = 1e-6

Blocks = Mapping[tuple[object, ...], Mapping[str, pd.DataFrame]]


def protect(tables: Tables, policy: Policy, *, as_of: date, published: Blocks) -> dict[str, pd.DataFrame]:
    """The tables as they may be published: settled years only, small counts and their giveaways suppressed.

    Args:
        tables: full counts by table, each with the columns of :data:`cells.BLOCK`, ``count_value``, ``count_status``
            and its attributes.
        published: blocks of earlier releases (:func:`published_blocks`), taken over as they stand.

    Raises:
        ReleaseError: when counts that should add up do not, or the tables differ from those published before.
    """
    if untied := unlinked(tables):
        raise ReleaseError(
            f"{untied[0][0]} and {untied[0][1]} share attributes that no table of persons has by themselves: add that "
            "table, or the sums between the two cannot all be protected"
        )
    done: dict[str, list[pd.DataFrame]] = {name: [] for name in tables}
    for key, block in {**dict(blocks(tables)), **dict(published)}.items():
        if not policy.is_settled(pd.Timestamp(str(key[0])).date(), as_of):
            continue
        if key in published:
            if set(block) - set(tables):
                raise ReleaseError(
                    f"{sorted(set(block) - set(tables))} of {key} have been published and are now missing: "
                    "raise the edition in disclosure/policy.yml to publish anew"
                )
            shown: Tables = block
        else:
            shown = _protect_block(block, policy)
        for name, rows in shown.items():
            done[name].append(rows)
    return {
        name: pd.concat(parts, ignore_index=True) if parts else tables[name].iloc[0:0].copy()
        for name, parts in done.items()
    }


def _protect_block(block: Tables, policy: Policy) -> dict[str, pd.DataFrame]:
    full = {cell: value or 0 for cell, value in cells(block).items()}
    sums = equations(block)
    for equation in sums:
        if full[equation.total] != sum(full[part] for part in equation.parts):
            raise ReleaseError(
                f"{equation.total[0]} {equation.total[1]} is {full[equation.total]}, but the rows of "
                f"{equation.parts[0][0]} add up to {sum(full[part] for part in equation.parts)}: mend the marts"
            )
    primary = {cell for cell, value in full.items() if 0 < value < policy.threshold}
    hidden = set(primary)
    # Hiding more never narrows an interval, so each cell has to be made safe once.
    queue = sorted(hidden)
    while queue:
        cell = queue.pop(0)
        while _width(cell, full, hidden, sums) < policy.width - _TINY:
            chosen = _giveaway(cell, policy, full, hidden, sums)
            hidden.add(chosen)
            queue.append(chosen)
    if hidden > primary:
        hidden = Fewest(full, sums, policy.width).improved(primary, hidden)
    return {name: _shown(name, frame, hidden) for name, frame in block.items()}


def _width(cell: Cell, full: Mapping[Cell, int], hidden: Collection[Cell], sums: Sequence[Equation]) -> float:
    known = {c: None if c in hidden else value for c, value in full.items()}
    return System(known, sums).interval(cell).width


def _giveaway(
    cell: Cell, policy: Policy, full: Mapping[Cell, int], hidden: set[Cell], sums: Sequence[Equation]
) -> Cell:
    """The next count to hide so that ``cell`` is known less well: near it, a part rather than a total, and small.

    The first that makes the cell safe by itself; else the one that helps most.
    """
    widths: dict[Cell, float] = {}
    for candidate in _candidates(cell, full, hidden, sums):
        widths[candidate] = _width(cell, full, {*hidden, candidate}, sums)
        if widths[candidate] >= policy.width - _TINY:
            return candidate
    if not widths:
        raise ReleaseError(f"{cell[0]} {cell[1]} cannot be protected: publish it with fewer attributes")
    return max(widths, key=lambda c: (widths[c], -full[c], c))


def _candidates(
    cell: Cell, full: Mapping[Cell, int], hidden: set[Cell], sums: Sequence[Equation]
) -> Iterator[Cell]:
    """Published counts tied to ``cell``, in the order in which they are given up.

    They are reached through the sums it stands in, then through those that its hidden neighbours stand in. Totals
    of everything come last: readers need them most.
    """
    grand = {e.total for e in sums} - {p for e in sums for p in e.parts}
    reached, edge, late = {cell}, {cell}, set()
    while edge:
        touched = {c for e in sums if edge & {*e.parts, e.total} for c in (*e.parts, e.total)} - reached
        reached |= touched
        open_cells = {c for c in touched if c not in hidden and full[c] > 0}
        late |= open_cells & grand
        yield from sorted(open_cells - grand, key=lambda c: (full[c], c))
        edge = touched - open_cells
    yield from sorted(late)


def _shown(name: str, frame: pd.DataFrame, hidden: set[Cell]) -> pd.DataFrame:
    columns = attributes(frame)
    keys = [tuple(str(v) for v in row) for row in frame[list(columns)].itertuples(index=False)]
    dark = pd.Series(
        [(name, key) in hidden for key in (keys if columns else [()] * len(frame))], index=frame.index
    )
    shown = frame.copy()
    shown[VALUE] = frame[VALUE].astype("Int64").mask(dark)
    shown[STATUS] = dark.map({True: SUPPRESSED, False: PUBLISHED})
    return shown


def published_blocks(earlier: Iterable[Tables]) -> dict[tuple[object, ...], dict[str, pd.DataFrame]]:
    """Blocks by the first of the ``earlier`` releases (newest first) that holds them."""
    found: dict[tuple[object, ...], dict[str, pd.DataFrame]] = {}
    for tables in earlier:
        for key, block in blocks(tables):
            found.setdefault(key, block)
    return found


__all__ = ["BLOCK", "protect", "published_blocks"]

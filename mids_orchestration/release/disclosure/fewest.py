"""The fewest further counts to suppress: an exact search by hitting sets, from a choice that is already safe.

Belongs here: improving a choice of cells. Does not belong here: finding the first one (protect), the attack (attack).

Hiding more never narrows an attacker's interval. So when a set of hidden cells leaves a cell too well known, every
subset of it does too, and some cell outside has to be hidden. Each such finding is grown to a largest unsafe set and
becomes one row of an integer programme (HiGHS in SciPy), whose cheapest answer is tried next. The first answer that is
safe is the best there is. The search has a budget of attacks, counted and not timed, so that it ends the same way on
every machine; when it is spent, the best safe choice known so far stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import numpy as np
import scipy

from mids_orchestration.release.disclosure.attack import System
from mids_orchestration.release.disclosure.cells import Cell, Equation

#: A solver's answers are whole numbers but for this.
_TINY = 1e-6
#: Attacks on one cell that a block's search may cost.
BUDGET = 600
#: A total of everything is worth this many other cells to a reader.
_GRAND = 5.0


class Fewest:
    """The search in one block."""

    def __init__(self, full: Mapping[Cell, int], sums: Sequence[Equation], width: int, budget: int = BUDGET):
        self._full, self._sums, self._needed = full, sums, width - _TINY
        self._left = budget
        self._culprits: list[Cell] = []
        grand = {e.total for e in sums} - {p for e in sums for p in e.parts}
        people = sum(full.values()) or 1
        #: Cells first, then the persons in them: two choices of as many cells differ by less than one cell.
        self._price = {c: (_GRAND if c in grand else 1.0) + 0.5 * n / people for c, n in full.items()}

    def improved(self, primary: Set[Cell], safe: Set[Cell]) -> set[Cell]:
        """The cheapest safe set of hidden cells with ``primary`` in it; at worst ``safe``, less what it needs not."""
        best = self._pruned(primary, set(safe))
        options = sorted(c for c, n in self._full.items() if n > 0 and c not in primary)
        rows: list[tuple[set[Cell], Cell | None]] = []
        while options and self._left > 0:
            chosen = self._cheapest(options, rows)
            if self._cost(chosen) >= self._cost(best - primary) - _TINY:
                break  # nothing cheaper is left
            hidden = {*primary, *chosen}
            known_well = self._known_well(hidden)
            if known_well is None:
                return hidden
            for option in options:  # grow to a largest unsafe set: what stays outside is what could help
                if (
                    self._left > 0
                    and option not in hidden
                    and self._is_known_well(known_well, {*hidden, option})
                ):
                    hidden.add(option)
            rows.append((set(options) - hidden, None if known_well in primary else known_well))
        return best

    def _pruned(self, primary: Set[Cell], hidden: set[Cell]) -> set[Cell]:
        """Show again what need not be hidden, dearest first."""
        for cell in sorted(hidden - primary, key=lambda c: (-self._price[c], c)):
            without = hidden - {cell}
            if self._left > 0 and self._known_well(without) is None:
                hidden = without
        return hidden

    def _known_well(self, hidden: Set[Cell]) -> Cell | None:
        """A hidden cell that is known too well; those that were so before are tried first."""
        system = self._system(hidden)
        for cell in [*(c for c in reversed(self._culprits) if c in hidden), *sorted(hidden)]:
            self._left -= 1
            if system.interval(cell).width < self._needed:
                self._culprits = [*(c for c in self._culprits if c != cell), cell]
                return cell
        return None

    def _is_known_well(self, cell: Cell, hidden: Set[Cell]) -> bool:
        self._left -= 1
        return self._system(hidden).interval(cell).width < self._needed

    def _system(self, hidden: Set[Cell]) -> System:
        return System({c: None if c in hidden else n for c, n in self._full.items()}, self._sums)

    def _cheapest(self, options: Sequence[Cell], rows: Sequence[tuple[set[Cell], Cell | None]]) -> set[Cell]:
        """The cheapest cells that answer every finding so far."""
        if not rows:
            return set()
        at = {cell: i for i, cell in enumerate(options)}
        matrix, least = np.zeros((len(rows), len(options))), np.ones(len(rows))
        for i, (helps, unless) in enumerate(rows):
            for cell in helps:
                matrix[i, at[cell]] = 1.0
            if unless is not None:  # or that cell is shown itself
                matrix[i, at[unless]] -= 1.0
                least[i] = 0.0
        answer = scipy.optimize.milp(
            np.array([self._price[c] for c in options]),
            constraints=scipy.optimize.LinearConstraint(matrix, least, np.inf),
            integrality=np.ones(len(options)),
            bounds=scipy.optimize.Bounds(0, 1),
        )
        if answer.status != 0:  # no answer at all: every cell of a row is needed and none is left
            return set(options)
        return {cell for cell, x in zip(options, answer.x, strict=True) if x > 0.5}

    def _cost(self, chosen: Set[Cell]) -> float:
        return sum(self._price[c] for c in chosen)

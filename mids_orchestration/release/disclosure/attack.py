"""What a reader can work out about suppressed counts: the attack that a release has to withstand.

Belongs here: the linear programme over everything published. Does not belong here: choosing what to suppress.

The attacker knows every published number and every sum, and that a suppressed count is at least 1 (zeros are
published). For each suppressed count HiGHS, the solver in SciPy, gives the least and the greatest value that fits.
Counts that stand in the same sums with the same sign have the same answer, so each such class is solved once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from mids_orchestration.release.disclosure.cells import Cell, Equation


@dataclass(frozen=True)
class Interval:
    """The least and the greatest value a suppressed count can have; ``high`` may be infinite."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """How much the attacker does not know."""
        return self.high - self.low


def intervals(known: Mapping[Cell, int | None], sums: Sequence[Equation]) -> dict[Cell, Interval]:
    """The attacker's interval of every suppressed cell.

    Args:
        known: number by cell, None = suppressed.
        sums: everything that is known to add up.

    Raises:
        ValueError: when the published numbers contradict the sums.
    """
    system = System(known, sums)
    return {cell: system.interval(cell) for cell in system.hidden}


class System:
    """Everything published as one system of linear equations; the unknowns are the suppressed counts."""

    def __init__(self, known: Mapping[Cell, int | None], sums: Sequence[Equation]):
        """Raises ValueError when the published numbers contradict the sums."""
        self.hidden = [cell for cell, value in known.items() if value is None]
        self._at = {cell: i for i, cell in enumerate(self.hidden)}
        self._solved: dict[tuple[tuple[int, float], ...], Interval] = {}
        self._columns: list[list[tuple[int, float]]] = [[] for _ in self.hidden]
        self._right: list[float] = []
        data: list[tuple[int, int, float]] = []
        for equation in sums:
            row, rest = _row(equation, known, self._at)
            if not row and rest:
                raise ValueError(
                    f"{equation.total} is not the sum of its parts: the published counts disagree"
                )
            for i, sign in row.items():
                data.append((len(self._right), i, sign))
                self._columns[i].append((len(self._right), sign))
            self._right += [rest] if row else []
        self._matrix = None
        if data:
            at_row, at_column, signs = zip(*data, strict=True)
            self._matrix = scipy.sparse.csr_matrix(
                (signs, (at_row, at_column)), shape=(len(self._right), len(self.hidden))
            )

    def interval(self, cell: Cell) -> Interval:
        """The least and greatest value that ``cell`` can have."""
        column = tuple(self._columns[self._at[cell]])
        if not column:
            return Interval(1.0, float("inf"))
        if column not in self._solved:
            self._solved[column] = _solve(self._matrix, self._right, self._at[cell], len(self.hidden))
        return self._solved[column]


def _row(
    equation: Equation, known: Mapping[Cell, int | None], at: Mapping[Cell, int]
) -> tuple[dict[int, float], float]:
    """One sum as coefficients of hidden cells and the number that the others leave."""
    row: dict[int, float] = {}
    rest = 0.0
    for cell, sign in [*((part, 1.0) for part in equation.parts), (equation.total, -1.0)]:
        value = known[cell]
        if value is None:
            row[at[cell]] = row.get(at[cell], 0.0) + sign
        else:
            rest -= sign * value
    return row, rest


def _solve(
    matrix: scipy.sparse.csr_matrix | None, right: Sequence[float], index: int, width: int
) -> Interval:
    ends = []
    for sense in (1.0, -1.0):
        cost = np.zeros(width)
        cost[index] = sense
        answer = scipy.optimize.linprog(cost, A_eq=matrix, b_eq=right, bounds=(1, None), method="highs")
        if answer.status == 3 or (answer.status == 4 and sense < 0):  # unbounded
            ends.append(float("inf"))
        elif answer.status == 0:
            ends.append(float(sense * answer.fun))
        else:
            raise ValueError(f"the published counts contradict each other ({answer.message})")
    return Interval(ends[0], ends[1])

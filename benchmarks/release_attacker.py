"""What an attacker works out about suppressed counts who holds everything published, in every kept release, at once.

Usage: ``python -m benchmarks.release_attacker [HOME]`` after ``make demo`` (default: ``MIDS_HOME``, else ``.mids``).
Shares no line with the code that suppresses. It reads the Parquet files as a stranger would, and puts every table of
persons, every total, every year and every release into *one* integer programme: any two tables are equal when summed
over what they have in common, suppressed means 1 or more and whole, and nobody counted in a year leaves it in a later
release. Printed beside it: the same attack on the release with nothing but its small counts suppressed, which shows
that it bites.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

#: Row of a table: (release's number, table, its attributes with their values).
Cell = tuple[int, str, tuple[tuple[str, str], ...]]
Tables = Mapping[str, pd.DataFrame]
_NUMBERS = ("count_value", "count_status")


@dataclass(frozen=True)
class Attack:
    """What was attacked and what is known.

    Attributes:
        cells: published rows over all releases.
        sums: equations and inequalities between them.
        widths: for every suppressed cell the greatest minus the least whole number it can be.
    """

    cells: int
    sums: int
    widths: dict[Cell, float]

    @property
    def narrowest(self) -> float:
        """The suppressed count known best; infinite when there is none."""
        return min(self.widths.values(), default=float("inf"))


def attack(releases: Sequence[Tables]) -> Attack:
    """One integer programme over all tables of all ``releases`` (oldest first).

    Raises:
        ValueError: when what is published contradicts itself.
    """
    known: dict[Cell, int | None] = {}
    for turn, tables in enumerate(releases):
        for name, frame in tables.items():
            keys = [c for c in frame.columns if c not in _NUMBERS]
            for row in frame.astype(dict.fromkeys(keys, str)).to_dict("records"):
                hidden = row["count_status"] == "suppressed"
                known[turn, name, tuple((c, row[c]) for c in keys)] = (
                    None if hidden else int(row["count_value"])
                )
    hidden = {cell: i for i, cell in enumerate(c for c, value in known.items() if value is None)}
    rows, low, high = [], [], []
    for signs, at_least in [*_equal(known), *_grown(known)]:
        row = {hidden[c]: sign for c, sign in signs.items() if c in hidden}
        rest = -sum(sign * (known[c] or 0) for c, sign in signs.items())
        if not row and not (rest == 0 or (at_least and rest <= 0)):
            raise ValueError(f"what is published contradicts itself at {next(iter(signs))}")
        if row:
            rows.append(row)
            low.append(rest)
            high.append(np.inf if at_least else rest)
    data = [(i, j, sign) for i, row in enumerate(rows) for j, sign in row.items()]
    at, columns, signs_ = zip(*data, strict=True) if data else ((), (), ())
    matrix = coo_array((signs_, (at, columns)), shape=(len(rows), len(hidden))).tocsr()
    limits = LinearConstraint(matrix, low, high) if rows else ()
    widths = {cell: _width(i, len(hidden), limits) for cell, i in hidden.items()}
    return Attack(len(known), len(rows), widths)


def _width(index: int, many: int, limits: LinearConstraint | tuple[()]) -> float:
    ends = []
    for sense in (1.0, -1.0):
        cost = np.zeros(many)
        cost[index] = sense
        answer = milp(cost, constraints=limits, integrality=np.ones(many), bounds=Bounds(1, np.inf))
        if answer.status in {3, 4} and sense < 0:
            return float("inf")
        if answer.status != 0:
            raise ValueError(f"what is published contradicts itself ({answer.message})")
        ends.append(sense * answer.fun)
    return float(ends[1] - ends[0])


def _equal(known: Mapping[Cell, int | None]) -> list[tuple[dict[Cell, float], bool]]:
    """Any two tables of one release that count the same persons agree on what they have in common."""
    tables: dict[tuple[int, str], list[Cell]] = defaultdict(list)
    for cell in known:
        tables[cell[:2]].append(cell)
    found = []
    for (one, mine), (other, yours) in itertools.combinations(sorted(tables.items()), 2):
        # A table of reported persons counts others than everybody: what it has in common is with its like only.
        names = [{name for name, _ in cells[0][2]} for cells in (mine, yours)]
        if one[0] != other[0] or len({"check_code" in n for n in names}) == 2:
            continue
        shared = names[0] & names[1]
        sums: dict[tuple[tuple[str, str], ...], tuple[list[Cell], list[Cell]]] = defaultdict(lambda: ([], []))
        for side, cells in enumerate((mine, yours)):
            for cell in cells:
                sums[tuple(pair for pair in cell[2] if pair[0] in shared)][side].append(cell)
        for left, right in sums.values():
            if left and right:
                found.append(({**dict.fromkeys(left, 1.0), **dict.fromkeys(right, -1.0)}, False))
    return found


def _grown(known: Mapping[Cell, int | None]) -> list[tuple[dict[Cell, float], bool]]:
    """Nobody leaves a settled year: a later release counts no fewer."""
    pairs = [(cell, (cell[0] - 1, *cell[1:])) for cell in known]
    return [({later: 1.0, earlier: -1.0}, True) for later, earlier in pairs if earlier in known]


def tables_of(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables of persons in a release folder."""
    names = json.loads((folder / "release.json").read_text("utf-8"))["disclosure"]["tables"]
    with duckdb.connect() as connection:
        return {n: connection.execute(f"from read_parquet('{folder}/data/{n}.parquet')").df() for n in names}


def _primary_only(shown: Tables, warehouse: Path, threshold: int) -> dict[str, pd.DataFrame]:
    """The same rows with their true numbers, only those below the threshold suppressed."""
    found = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for name, frame in shown.items():
            keys = [c for c in frame.columns if c not in _NUMBERS]
            true = connection.execute(f"select {', '.join(keys)}, count_value as n from marts.{name}").df()
            both = frame.merge(true, on=keys, how="left", validate="one_to_one")
            small = both["n"].between(1, threshold - 1)
            found[name] = frame.assign(
                count_value=both["n"].astype("Int64").mask(small),
                count_status=np.where(small, "suppressed", "published"),
            )
    return found


def main() -> None:
    """Attack what the home has published and print what came of it."""
    home = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MIDS_HOME", ".mids"))
    folders = sorted(p for p in (home / "releases").glob("2*") if (p / "release.json").exists())
    if not folders:
        print(f"not measured: {home} has published nothing (make demo does)")
        return
    policy = json.loads((folders[-1] / "release.json").read_text("utf-8"))["disclosure"]
    needed = policy["threshold"] - 1
    releases = [tables_of(folder) for folder in folders]
    print(f"{len(releases)} release(s): {', '.join(f.name for f in folders)}")
    told = attack(releases[-1:])
    _print("the newest release, all tables and totals at once", told, needed)
    if len(releases) > 1:
        _print("all kept releases at once, differences included", attack(releases), needed)
    warehouse = home / "warehouse" / "mids.duckdb"
    if warehouse.exists():
        naive = attack([_primary_only(releases[-1], warehouse, policy["threshold"])])
        _print("for comparison: only counts below the threshold suppressed", naive, needed)


def _print(what: str, told: Attack, needed: int) -> None:
    close = sum(width < needed for width in told.widths.values())
    exact = sum(width == 0 for width in told.widths.values())
    print(
        f"{what}\n  {told.cells:,} published rows, {told.sums:,} sums, {len(told.widths):,} suppressed counts; "
        f"tightest interval {told.narrowest:g} (to protect: {needed}); known closer: {close}, exactly: {exact}",
        flush=True,
    )


if __name__ == "__main__":
    main()

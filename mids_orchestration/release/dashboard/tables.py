"""Tables as shown and as CSV, with what each row is of, so that the page's filters can choose rows of both.

Belongs here: the shape of a table, writing its CSV. Does not belong here: choosing rows or words (view, panels), the
filtering itself (page.js).
"""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mids_orchestration.release.model import Bilingual

Cell = str | Bilingual

#: Columns of a CSV by which the page filters its rows, and the filter: a row without a value is of all of them.
FILTERED = {
    "crime_type_code": "crime",
    "state_code": "state",
    "year": "year",
    "is_child_code": "child",
    "child_split_code": "split",
}


@dataclass(frozen=True)
class Table:
    """A table as shown, and as CSV in a ``data:`` address.

    Attributes:
        heads: heading and whether its column holds numbers.
        keys: for each row what it is of (``state``, ``year``, ``child``, ``split``, ``crime``, ``week``);
            empty = of everything.
    """

    heads: list[tuple[Bilingual, bool]]
    rows: list[list[Cell]]
    file: str
    href: str
    keys: list[dict[str, str]] = field(default_factory=list)

    def keyed(self) -> list[tuple[dict[str, str], list[Cell]]]:
        """Rows with their keys."""
        return list(zip(self.keys or [{} for _ in self.rows], self.rows, strict=True))


def csv_link(name: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[str, str]:
    """File name and ``data:`` address of a CSV; the byte-order mark tells Excel that it is UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    encoded = base64.b64encode(out.getvalue().encode("utf-8-sig")).decode()
    return f"{name}.csv", f"data:text/csv;charset=utf-8;base64,{encoded}"


def made_table(
    heads: list[tuple[Bilingual, bool]],
    rows: list[list[Cell]],
    name: str,
    header: Sequence[str],
    plain: Sequence[Sequence[Any]],
) -> Table:
    """A table whose rows are those of its CSV, in the same order: the keys are read off the CSV's columns."""
    at = {FILTERED[column]: i for i, column in enumerate(header) if column in FILTERED}
    # A row of no state is of none, but a row of no year is of every year.
    keys = [{key: str(row[i]) for key, i in at.items() if key != "year" or row[i] != ""} for row in plain]
    return Table(heads, rows, *csv_link(name, header, plain), keys)

"""Whether the first row of a table is a header or already a record.

Belongs here: comparing its cells with those below them. Does not belong here: finding that row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

_DAY = r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|[0-9]{1,2}[- ][A-Za-z]{3,9}[- ,]+[0-9]{2,4}"
_FORMS = (
    ("moment", re.compile(rf"(?:{_DAY})(?:[T ,]+[0-9:.]+\S*(?: [AP]M)?)?|[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9.]+)?")),
    ("number", re.compile(r"[-+]?(?:RM ?|[$€£] ?)?[0-9][0-9., ']*%?")),
)  # fmt: skip
# Cells of the first row that say nothing about it.
_MUTE = {"", "-", "--", ".", "NA", "N/A", "n/a", "NULL", "null", "None", "nan", "Tiada", "tiada"}
_ROWS = 200


def is_record(head: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Return whether *head*, the first full row of a table, is a record like those of *body* and no header.

    A day or a number over days or numbers, a code of the form of the codes below it, or a text that occurs again
    below speak for a record; a text over days, numbers or codes speaks against. Years and other numbers that count
    on from cell to cell are names of columns.
    """
    cells = [cell.strip() for cell in head]
    if not body:
        kinds = [_kind(cell) for cell in cells if cell]
        numbers = kinds.count("number") - len(_counting(cells))
        return "moment" in kinds or (len(kinds) > 1 and 2 * numbers >= len(kinds))
    counting = _counting(cells)
    record = header = 0
    for index, cell in enumerate(cells):
        below = [row[index].strip() for row in body[:_ROWS] if index < len(row)]
        below = [text for text in below if text not in _MUTE]
        if cell in _MUTE or not below or index in counting:
            continue
        form, count = Counter(_form(text) for text in below).most_common(1)[0]
        if count >= 0.9 * len(below) and (form in ("moment", "number") or "9" in form):
            record, header = (record + 1, header) if _form(cell) == form else (record, header + 1)
        elif cell in below:
            record += 1
    return record > 3 * header


def _kind(text: str) -> str:
    return next((kind for kind, form in _FORMS if form.fullmatch(text)), "")


def _form(text: str) -> str:
    """Return the kind of *text*, or its runs of digits, capitals and small letters: ``D3/TIP/0012`` → ``A9/A/9``."""
    runs = re.sub(r"[A-Z]+", "A", re.sub(r"[a-z]+", "a", text[:100]))
    return _kind(text) or re.sub(r"[0-9]+", "9", runs)


def _counting(cells: Sequence[str]) -> set[int]:
    """Positions of whole numbers that count on (1, 2, 3; 2019, 2020), or of a single year."""
    found = [index for index, cell in enumerate(cells) if re.fullmatch(r"[0-9]{1,6}", cell)]
    numbers = [int(cells[index]) for index in found]
    if len(numbers) == 1:
        return set(found) if 1900 <= numbers[0] <= 2100 else set()
    steps = {later - earlier for earlier, later in pairwise(numbers)}
    return set(found) if len(steps) == 1 and steps != {0} else set()

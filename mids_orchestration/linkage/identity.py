"""Identity documents: MyKad, passports, refugee files, as they are written and mistyped.

What belongs here: cleaning a document number and reading what a MyKad number itself says (birth date,
place, sex). What does not: comparing two persons. MyKad is YYMMDD-PB-###G with G odd for men and even
for women; it has no check digit, and MyPR / MyKAS share the form, so the number never proves
citizenship. The century is not in the number: the age at the event decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_KEEP = re.compile(r"[^0-9A-Z]")
_MYKAD = re.compile(r"^\d{12}$")
_MIN_DOCUMENT = 5
_NOTHING = frozenset(("TIADA", "NONE", "NIL", "UNKNOWN", "NA", "NODOC", "TIDAKDIKETAHUI", "UNDOCUMENTED"))
# Codes that no table of places of birth holds: a number carrying one is suspect, not refused.
_UNISSUED_PLACES = frozenset(
    ["00", "17", "18", "19", "20", "69", "70", "73", "80", "81", "94", "95", "96", "97"]
)


@dataclass(frozen=True, slots=True)
class MyKad:
    """What a MyKad number says of its holder. `place_code` is the two-digit place of birth."""

    birth_date: date | None
    place_code: str
    sex: str
    plausible: bool


def clean_document(text: str | None) -> str | None:
    """Upper-case letters and digits of a document number; None when nothing usable is left.

    A number whose characters are all the same (000000, XXXXX) or shorter than five is no identity.
    """
    if not isinstance(text, str):
        return None
    kept = _KEEP.sub("", text.upper())
    if len(kept) < _MIN_DOCUMENT or len(set(kept)) == 1 or kept in _NOTHING:
        return None
    return kept


def is_mykad(document: str | None) -> bool:
    """True when a cleaned number has the form of a MyKad: twelve digits, a possible month and day."""
    if document is None or not is_card_number(document):
        return False
    month, day = int(document[2:4]), int(document[4:6])
    return 1 <= month <= 12 and 1 <= day <= 31


def is_card_number(document: str | None) -> bool:
    """True for twelve digits: a MyKad to compare by, whatever its date says. No passport of a known form has as many.

    A slip in the month or day (711726 for 710726) leaves a number that says no birth date and still is the card's.
    """
    return document is not None and bool(_MYKAD.match(document))


def read_mykad(document: str, event_year: int) -> MyKad:
    """Read birth date, place and sex from a cleaned MyKad number.

    `event_year` settles the century: a holder was born not after the event and less than 100 years
    before it. Raises ValueError when the text has not the form of a MyKad number.
    """
    if not is_mykad(document):
        raise ValueError(f"not a MyKad number: {len(document)} characters")
    short, month, day = int(document[:2]), int(document[2:4]), int(document[4:6])
    century = event_year // 100 * 100
    year = century + short if century + short <= event_year else century - 100 + short
    try:
        born = date(year, month, day)
    except ValueError:
        born = None
    sex = "M" if int(document[-1]) % 2 else "F"
    place = document[6:8]
    return MyKad(born, place, sex, born is not None and place not in _UNISSUED_PLACES)

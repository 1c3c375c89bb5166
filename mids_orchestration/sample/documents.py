"""Identity documents as issued: MyKad, passports by country, UNHCR file numbers. Not: how they get mistyped.

MyKad is YYMMDD-PB-###G: birth date, place-of-birth code, serial, and a last digit that is odd for men. It has no
check digit. Passport shapes are from memory and stand for their variety, not their rules.
"""

from __future__ import annotations

import random
from datetime import date

from .places import state

# 0 = digit, A = letter, anything else stands for itself; several shapes per country with equal chance.
PASSPORT_SHAPES = {
    "MY": ["A00000000", "H00000000", "K00000000"],
    "ID": ["@0000000", "@@000000", "@@0000000"],
    "BD": ["@@0000000", "@00000000"],
    "MM": ["M@000000"],
    "NP": ["00000000", "PA0000000"],
    "VN": ["@0000000", "@00000000"],
    "TH": ["@@0000000"],
    "PH": ["P0000000@"],
    "IN": ["@0000000"],
    "PK": ["@@0000000"],
    "KH": ["N00000000"],
    "CN": ["E00000000", "E@0000000"],
}
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def mykad(birth: date, sex: str, state_code: int, rng: random.Random) -> str:
    """A MyKad number with hyphens, consistent with birth date, sex and state of birth."""
    codes = state(state_code).mykad_codes
    # people born before 2001 mostly carry the older, finer codes; the short ones dominate since
    code = codes[0] if rng.random() < 0.6 else codes[int(rng.random() * len(codes))]
    last = int(rng.random() * 5) * 2 + (1 if sex == "M" else 0)
    return f"{birth:%y%m%d}-{code}-{int(rng.random() * 1000):03d}{last}"


def passport(nationality: str, rng: random.Random) -> str:
    """A passport number in a shape of the nationality (`@` letter, `0` digit)."""
    shapes = PASSPORT_SHAPES.get(nationality, ["@@0000000"])
    shape = shapes[int(rng.random() * len(shapes))]
    return "".join(
        str(int(rng.random() * 10))
        if c == "0"
        else _LETTERS[int(rng.random() * len(_LETTERS))]
        if c == "@"
        else c
        for c in shape
    )


def unhcr(registered_year: int, rng: random.Random) -> str:
    """A refugee agency file number, like 354-19C01234."""
    return f"354-{registered_year % 100:02d}C{int(rng.random() * 100_000):05d}"

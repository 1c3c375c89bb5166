"""Values of any list as people write them: dates, countries, sexes, words for "not known".

What belongs here: pure functions from a column of text to a column that can be compared. What does not: the
roles a column may play (`list_roles.py`), names (`names.py`) and the agencies' own codes (dbt seeds).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

from anyascii import anyascii

_WORD = re.compile(r"[^a-z0-9]+")
_MALE = frozenset(
    ["m", "male", "l", "lelaki", "laki", "lakilaki", "man", "boy", "masculine", "masculin", "maskulin", "1"]
)
_FEMALE = frozenset(
    ["f", "female", "p", "perempuan", "wanita", "woman", "w", "girl", "feminine", "feminin", "2"]
)
# Written where nothing is known. "na" is not among them for countries: it is Namibia.
_NOTHING = frozenset(
    [
        "na",
        "n/a",
        "nan",
        "none",
        "null",
        "nil",
        "unknown",
        "unk",
        "tiada",
        "tidak-diketahui",
        "tidak-pasti",
        "not-known",
        "not-available",
        "missing",
        "x",
        "xx",
        "xxx",
        "not-stated",
        "unspecified",
        "undefined",
        "no-data",
        "tbc",
        "tba",
    ]
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan januari", "feb februari", "mar mac march", "apr", "may mei", "jun", "jul julai",
         "aug ogo ogos agustus", "sep", "oct okt", "nov", "dec dis des disember"), start=1,
    )
    for name in names.split()
}  # fmt: skip
_PIVOT = 30  # a two-digit year up to here is of this century
_SERIAL_START = date(1899, 12, 30)
_DEMONYMS = {
    "malaysian": "MY", "warganegaramalaysia": "MY", "indonesian": "ID", "bangladeshi": "BD", "burmese": "MM",
    "burma": "MM", "rohingya": "MM", "nepali": "NP", "nepalese": "NP", "vietnamese": "VN", "vietnam": "VN",
    "thai": "TH", "filipino": "PH", "filipina": "PH", "indian": "IN", "pakistani": "PK", "chinese": "CN",
    "cambodian": "KH", "laotian": "LA", "laos": "LA", "srilankan": "LK", "singaporean": "SG", "uk": "GB",
    "british": "GB", "american": "US", "usa": "US", "nigerian": "NG", "taiwan": "TW", "kemboja": "KH",
    "siam": "TH", "china": "CN", "korea": "KR", "southkorea": "KR", "russia": "RU",
}  # fmt: skip


def plain(text: str) -> str:
    """Lower-case ASCII words with single blanks between them."""
    return _WORD.sub(" ", anyascii(text).lower()).strip()


def known(text: str, *, country: bool = False) -> str:
    """The text without blanks around it; empty when it only says that nothing is known."""
    text = text.strip()
    word = "-".join(text.lower().split())
    if country and word == "na":
        return text
    return "" if not plain(text) or word in _NOTHING else text


def sex_of(text: str | None) -> str | None:
    """M, F or None."""
    word = plain(text or "").replace(" ", "")
    return "M" if word in _MALE else "F" if word in _FEMALE else None


def country_of(text: str) -> str | None:
    """ISO 3166 alpha-2 of a country or its people; the plain word where it is neither."""
    word = plain(text).replace(" ", "")
    return _countries().get(word) or _DEMONYMS.get(word) or word or None


@cache
def _countries() -> dict[str, str]:
    import pycountry

    out: dict[str, str] = {}
    for country in pycountry.countries:
        for field in ("alpha_2", "alpha_3", "name", "common_name", "official_name"):
            name = getattr(country, field, None)
            if name:
                out.setdefault(plain(name.split(",")[0]).replace(" ", ""), country.alpha_2)
    return out


def read_dates(values: Iterable[str | None]) -> list[str | None]:
    """Eight digits YYYYMMDD per date as written; an impossible date keeps its digits, a bare year gets 0101.

    Reads ISO, day first or month first (whichever the column's own dates show; day first when they do not
    say), month names in English and Malay, eight digits run together, and Excel's day numbers. None for
    what is no date.
    """
    texts = list(values)
    parts = [re.findall(r"\d+|[a-z]{3,}", anyascii(t).lower()) if t else [] for t in texts]
    month_first = _month_first(parts)
    serials = sum(len(p) == 1 and len(p[0]) == 5 for p in parts) > 0.5 * max(sum(bool(p) for p in parts), 1)
    return [_eight(p, month_first, serials) if p else None for p in parts]


def _month_first(parts: list[list[str]]) -> bool:
    """True when the first number is never above 12 and the second is, somewhere."""
    pairs = [
        (int(p[0]), int(p[1])) for p in parts
        if len(p) >= 3 and p[0].isdigit() and p[1].isdigit() and len(p[0]) <= 2 and len(p[1]) <= 2
    ]  # fmt: skip
    first, second = sum(a > 12 for a, _ in pairs), sum(b > 12 for _, b in pairs)
    return second > first


def _eight(parts: list[str], month_first: bool, serials: bool) -> str | None:
    month = next((_MONTHS[p[:3]] for p in parts if not p.isdigit() and p[:3] in _MONTHS), None)
    numbers = [p for p in parts if p.isdigit()]
    if not numbers:
        return None
    if month is not None:
        return _with_month(numbers, month)
    if len(numbers) >= 3:
        a, b, c = numbers[:3]
        if len(a) == 4:
            return f"{a}{b[:2]:0>2}{c[:2]:0>2}"
        if len(c) in (2, 4) and len(a) <= 2 and len(b) <= 2:
            day, mon = (b, a) if month_first else (a, b)
            return f"{_year(c)}{mon:0>2}{day:0>2}"
        return None
    if len(numbers) == 2:
        year, mon = numbers if len(numbers[0]) == 4 else numbers[::-1]
        return f"{year}{mon:0>2}01" if len(year) == 4 and len(mon) <= 2 else None
    return _run_together(numbers[0], serials)


def _with_month(numbers: list[str], month: int) -> str | None:
    year = next((n for n in numbers if len(n) == 4), None)
    rest = [n for n in numbers if n is not year]
    if year is None:
        return f"{_year(numbers[1])}{month:02}{numbers[0]:0>2}" if len(numbers) >= 2 else None
    return f"{year}{month:02}{(rest[0] if rest else '01'):0>2}"[:8]


def _run_together(text: str, serials: bool) -> str | None:
    if len(text) == 8:
        if text[:2] not in ("18", "19", "20") and text[4:6] in ("19", "20"):
            return text[4:] + text[2:4] + text[:2]
        return text
    if len(text) == 4:
        return f"{text}0101"
    if len(text) == 5 and serials:
        return (_SERIAL_START + timedelta(days=int(text))).strftime("%Y%m%d")
    if len(text) == 6:
        return _year(text[:2]) + text[2:]
    return text[:8] if len(text) in (12, 14) else None


def _year(text: str) -> str:
    return text if len(text) == 4 else ("20" if int(text) <= _PIVOT else "19") + f"{text:0>2}"[-2:]


def day_number(digits: str | None) -> int | None:
    """Days since 1970-01-01 of eight digits; None where they are no date."""
    if digits is None:
        return None
    try:
        return (date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) - date(1970, 1, 1)).days
    except ValueError:
        return None

"""A sound key for the names of Malaysia and its neighbours.

What belongs here: one pure function from a written name token to a short key that survives the
spellings people choose for the same sound. What does not: word lists (`name_tables.py`) or splitting
a full name (`names.py`).

Soundex and Metaphone are built on English: they keep the first letter as written (Osman / Usman and
Zahid / Jahid fall apart), drop `h` after consonants inconsistently and know nothing of `sy`, `dz`,
`kh` or the old Indonesian `oe`, `dj`, `tj`. The rules below follow the Rumi (Malay Latin) spelling of
Arabic words, the Bengali habit of j for z and o for a, and Burmese aspirates (ht, hl, hn).
"""

from __future__ import annotations

import re
from functools import lru_cache

# Order matters: longer groups first.
_GROUPS: tuple[tuple[str, str], ...] = (
    ("tch", "c"), ("sch", "s"), ("dz", "z"), ("dj", "j"), ("tj", "c"), ("sy", "s"), ("sh", "s"),
    ("kh", "k"), ("gh", "g"), ("dh", "d"), ("th", "t"), ("ph", "p"), ("bh", "b"), ("ch", "c"),
    ("jh", "j"), ("ht", "t"), ("hl", "l"), ("hn", "n"), ("hp", "p"), ("hk", "k"), ("hm", "m"),
    ("hs", "s"), ("ts", "s"), ("ck", "k"), ("ng", "n"), ("nh", "n"), ("kw", "k"),
    ("q", "k"), ("x", "s"), ("f", "p"), ("v", "w"), ("z", "j"),
)  # fmt: skip
_VOWELS = "aeiouy"
_VOWEL_CLASS = {"a": "a", "e": "i", "i": "i", "y": "i", "o": "u", "u": "u"}
_DOUBLES = re.compile(r"(.)\1+")
_SHORT = 2


@lru_cache(maxsize=400_000)
def phonetic_key(token: str) -> str:
    """Return the sound key of one lower-case ASCII name token.

    Consonants are folded into classes and kept in order; vowels inside the word are dropped; a leading
    vowel is kept as `a`. A skeleton of at most two letters says too little (Burmese, Chinese and
    Vietnamese names are single syllables), so such a key also carries the class of its first vowel.

    Returns an empty string for an empty token.
    """
    word = _DOUBLES.sub(r"\1", re.sub("[^a-z]", "", token))
    if not word:
        return ""
    first_vowel = next((_VOWEL_CLASS[c] for c in word if c in _VOWELS), "")
    for group, sound in _GROUPS:
        word = word.replace(group, sound)
    word = _DOUBLES.sub(r"\1", word)
    head = "a" if word[0] in _VOWELS else word[0]
    # `w` and `h` inside a word come and go (Azhar / Azar, Dewi / Devi keep their sound through v -> w).
    tail = "".join(c for c in word[1:] if c not in _VOWELS and c != "h")
    key = head + tail
    if len(key) <= _SHORT:
        key += "-" + first_vowel
    return key

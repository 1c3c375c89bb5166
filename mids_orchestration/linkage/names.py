"""From a name as an agency wrote it to tokens that can be compared.

What belongs here: splitting, folding and classifying one written name. What does not: the tables
(`name_tables.py`), the sound key (`phonetic.py`) or any comparison between two names
(`person_model.py`).

Order of work: transliterate to ASCII, fold slashed particles (a/l, a/p, s/o, d/o), cut titles and
padding, split at particles, fold spelling variants, split glued prefixes (Abdulrahman, Norhayati).
The order of the tokens is forgotten in the compared form, since surname-first, surname-last and
given-name-only forms of one name meet in these lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from mids_orchestration.linkage.name_tables import (
    BENGALI_FEMININE,
    BURMESE_TITLES,
    COURTESY_TOKENS,
    MUHAMMAD,
    PADDING,
    PARTICLE_SEX,
    SURNAME_CLASS,
    THAI_TITLES,
    TITLES,
    VARIANT_OF,
)
from mids_orchestration.linkage.phonetic import phonetic_key

_SLASHED = (
    (re.compile(r"\b(a\s*[/\\]\s*l|s\s*[/\\]\s*o|anak\s+lelaki)(?=\b|_)"), " anaklelaki "),
    (re.compile(r"\b(a\s*[/\\]\s*p|d\s*[/\\]\s*o|anak\s+perempuan)(?=\b|_)"), " anakperempuan "),
)
_BARE_INDIAN = (
    (re.compile(r"(?<=\w )(al)(?= \w)"), "anaklelaki"),
    (re.compile(r"(?<=\w )(ap)(?= \w)"), "anakperempuan"),
)
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_DOTTED_B = re.compile(r"(?<=\w\s)b\.(?=\s|\w)")
_ABDUL_GLUED = re.compile(r"^(abdul|abdur|abdus|abdel)(?!lah$|la$)([a-z]{4,})$")
_NUR_GLUED = re.compile(r"^(nurul|nur|noor|nor)([a-z]{4,})$")
_NOT_GLUED = frozenset(["norman", "norbert", "nordin", "norain", "noraini"])
_HEAD_TITLES = {
    "MM": BURMESE_TITLES,
    "XX": BURMESE_TITLES | THAI_TITLES,
    "": BURMESE_TITLES | THAI_TITLES,
    "TH": THAI_TITLES,
}
_KNOWN_FORMS = frozenset((*_HEAD_TITLES, "VN"))


@dataclass(frozen=True, slots=True)
class ParsedName:
    """One name, ready to compare.

    tokens: spelling-folded tokens in written order, particles, titles and padding removed.
    sounds: sound keys of the tokens, same order.
    initials: single letters that stood for a name.
    given_count: how many leading tokens stood before the patronymic particle (0: no particle).
    sex_hint: M, F or U, from the particle or a feminine marker.
    """

    tokens: tuple[str, ...]
    sounds: tuple[str, ...]
    initials: tuple[str, ...]
    given_count: int
    sex_hint: str

    @property
    def sorted_name(self) -> str:
        """The tokens in alphabetical order, joined by a blank; empty when there is no name."""
        return " ".join(sorted(self.tokens))

    @property
    def sorted_sound(self) -> str:
        """The sound keys in alphabetical order, joined by a blank."""
        return " ".join(sorted(self.sounds))


EMPTY_NAME = ParsedName((), (), (), 0, "U")


def parse_name(text: str | None, nationality: str | None = None) -> ParsedName:
    """Parse one written name.

    `nationality` (ISO 3166 alpha-2, `XX` or empty for unknown) only decides whether Burmese or Thai forms of
    address at the head of the name are titles and Thi the mark of a woman. An absent or padded name gives
    `EMPTY_NAME`.
    """
    if not isinstance(text, str) or not text.strip():
        return EMPTY_NAME
    return _parse(
        text.strip(), nationality if nationality in _KNOWN_FORMS else ("" if not nationality else "-")
    )


@lru_cache(maxsize=200_000)
def _parse(text: str, nationality: str) -> ParsedName:
    words, sex = _words(text)
    # Titles stand before the name; "Haji" may also stand inside it after a particle.
    words = [w for w in words if w not in TITLES and w not in PADDING]
    if nationality in _HEAD_TITLES:
        words, hint = _cut_head_title(words, _HEAD_TITLES[nationality])
        sex = hint if sex == "U" else sex
    given_count = 0
    kept: list[str] = []
    for position, word in enumerate(words):
        if word in PARTICLE_SEX and 0 < position < len(words) - 1 and not (word == "b" and not kept):
            given_count = given_count or len(kept)
            sex = PARTICLE_SEX[word] if sex == "U" else sex
        elif word in BENGALI_FEMININE or (word == "thi" and nationality == "VN" and len(words) > 2):
            # Neither is a name of its own: clerks write it or leave it out.
            sex = "F"
        else:
            kept.extend(_fold(word))
    initials = tuple(w for w in kept if len(w) == 1)
    tokens = tuple(w for w in kept if len(w) > 1)
    if not tokens:
        return ParsedName((), (), initials, 0, sex)
    sounds = tuple(sound_of(t) for t in tokens)
    return ParsedName(tokens, sounds, initials, given_count, sex)


def _words(text: str) -> tuple[list[str], str]:
    """Lower-case ASCII words with slashed particles folded; and a sex hint (always U here)."""
    lower = anyascii(text).lower().replace("'", "").replace("`", "")
    for pattern, word in _SLASHED:
        lower = pattern.sub(word, lower)
    lower = _DOTTED_B.sub(" bin ", lower)
    lower = _NOT_WORD.sub(" ", lower).strip()
    for pattern, word in _BARE_INDIAN:
        lower = pattern.sub(word, lower)
    return [w for w in lower.split() if not w.isdigit()], "U"


def _cut_head_title(words: list[str], titles: dict[str, str]) -> tuple[list[str], str]:
    """Drop one form of address at the head when at least two words of the name remain, or one long one."""
    if len(words) > 1 and words[0] in titles:
        rest = words[1:]
        if len(rest) > 1 or len(rest[0]) > 3:
            return rest, titles[words[0]]
    return words, "U"


def _fold(word: str) -> list[str]:
    """One written word to its spelling-folded token or tokens."""
    if word in VARIANT_OF:
        return [VARIANT_OF[word]]
    glued = _ABDUL_GLUED.match(word)
    if glued and word != "abdullah":
        rest = glued.group(2)
        return ["abdul", VARIANT_OF.get(rest, rest)]
    glued = _NUR_GLUED.match(word)
    if glued and word not in _NOT_GLUED:
        rest = glued.group(2)
        return ["nur", VARIANT_OF.get(rest, rest)]
    return [word]


def sound_of(token: str) -> str:
    """The sound key of a folded token; Chinese surnames share one key across dialects."""
    return phonetic_key(SURNAME_CLASS.get(token, token))


def is_filler(token: str) -> bool:
    """True for tokens that come and go between records of one person and tell next to nothing."""
    return token == MUHAMMAD or token in COURTESY_TOKENS or token == "abdul"

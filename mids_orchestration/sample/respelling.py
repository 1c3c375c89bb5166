"""How names and numbers change between a person's papers and a clerk's screen.

Belongs here: one text in, one text out, with the errors known from the field (spelling sets, particles, dropped or
swapped words, padding, lost diacritics, typing errors). Not: which agency is how careless (agencies/*).
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

from .names import Name, forms

_PARTICLES = {
    "bin": ["bin", "b.", "b", "Bin", "bn"],
    "binti": ["binti", "bt.", "bt", "bte", "bte.", "binte"],
    "a/l": ["a/l", "A/L", "al", "s/o", "a / l", "A.L."],
    "a/p": ["a/p", "A/P", "ap", "d/o", "a / p"],
    "s/o": ["s/o", "S/O", "a/l", "so"],
    "d/o": ["d/o", "D/O", "a/p", "do"],
    "anak": ["anak", "ak", "ak.", "anak", "a/k"],
}
_HONORIFICS = {
    ("burmese", "M"): ["U", "Ko", "Maung"], ("burmese", "F"): ["Daw", "Ma"],
    ("bangladeshi", "M"): ["Md"], ("bangladeshi", "F"): ["Mst"],
    ("rohingya", "M"): ["Md", "Maulvi"], ("thai", "F"): ["Nang"], ("thai", "M"): ["Nai"],
    ("indonesian", "F"): ["Ibu"], ("malay", "M"): ["Hj"], ("malay", "F"): ["Hjh"],
}  # fmt: skip
_NEIGHBOURS = {
    "A": "SQ", "B": "VN", "C": "XV", "D": "SF", "E": "RW", "F": "DG", "G": "FH", "H": "GJ", "I": "UO", "J": "HK",
    "K": "JL", "L": "K", "M": "N", "N": "MB", "O": "IP", "P": "O", "Q": "W", "R": "ET", "S": "AD", "T": "RY",
    "U": "YI", "V": "CB", "W": "QE", "X": "ZC", "Y": "TU", "Z": "X",
    "0": "91", "1": "27", "2": "13", "3": "24", "4": "35", "5": "46", "6": "57", "7": "18", "8": "79", "9": "80",
}  # fmt: skip


@dataclass(frozen=True)
class Hand:
    """One agency's way of writing names: chances per name unless said otherwise."""

    upper: bool = False
    respell: float = 0.12  # per word that has other spellings
    particle: float = 0.35  # per particle
    drop: float = 0.03  # a patronym, second or christian word left out
    swap: float = 0.03  # two words change places
    typo: float = 0.04  # one slip of the key
    honorific: float = 0.05
    pad: float = 0.0  # FNU or a dash beside a single name
    surname_last: float = 0.0  # surname-first names turned round
    letters: str = "ascii"  # ascii | latin1 | unicode: which letters the system keeps


def fold(text: str, letters: str) -> str:
    """The text with only the letters a system keeps; Đ and đ fold to D and d."""
    if letters == "unicode":
        return text
    if letters == "latin1":
        return "".join(c if ord(c) < 256 else fold(c, "ascii") for c in text)
    decomposed = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).encode("ascii", "ignore").decode()


def slip(text: str, rng: random.Random) -> str:
    """The text with one slip: neighbour key, lost letter, doubled letter or two letters exchanged."""
    places = [i for i, c in enumerate(text) if c.isalnum()]
    if len(places) < 4:
        return text
    i = places[1 + int(rng.random() * (len(places) - 1))]
    kind = rng.random()
    if kind < 0.35:
        near = _NEIGHBOURS.get(text[i].upper(), text[i])
        new = near[int(rng.random() * len(near))]
        return text[:i] + (new if text[i].isupper() else new.lower()) + text[i + 1 :]
    if kind < 0.6:
        return text[:i] + text[i + 1 :]
    if kind < 0.75:
        return text[:i] + text[i] + text[i:]
    return text[: i - 1] + text[i] + text[i - 1] + text[i + 1 :]


def slip_digit(text: str, rng: random.Random) -> str:
    """A document number with one digit mistyped or two neighbours exchanged; its length stays."""
    places = [i for i, c in enumerate(text) if c.isdigit()]
    if len(places) < 3:
        return text
    k = int(rng.random() * (len(places) - 1))
    i, j = places[k], places[k + 1]
    if rng.random() < 0.5 and text[i] != text[j]:
        chars = list(text)
        chars[i], chars[j] = chars[j], chars[i]
        return "".join(chars)
    return text[:i] + _NEIGHBOURS[text[i]][int(rng.random() * 2)] + text[i + 1 :]


def write_words(name: Name, sex: str, hand: Hand, rng: random.Random) -> list[str]:
    """The words of a name as one clerk writes them (not yet cased or folded)."""
    spellings = forms()[name.form].spellings
    words: list[tuple[str, str]] = []
    for word, kind in zip(name.words, name.kinds, strict=True):
        if kind == "particle":
            if rng.random() < hand.particle:
                others = _PARTICLES[word]
                word = others[int(rng.random() * len(others))]
        elif kind == "honorific":
            if rng.random() < 0.6:
                continue
        else:
            same = spellings.get(word)
            if same and rng.random() < hand.respell:
                word = same[int(rng.random() * len(same))]
        words.append((word, kind))
    if len(words) > 2 and rng.random() < hand.drop:
        words = _drop(words, rng)
    if words[0][1] == "surname" and len(words) > 1 and rng.random() < hand.surname_last:
        words = [*words[1:], words[0]]
    if len(words) > 1 and rng.random() < hand.swap:
        i = int(rng.random() * (len(words) - 1))
        if "particle" not in (words[i][1], words[i + 1][1]):
            words[i], words[i + 1] = words[i + 1], words[i]
    if rng.random() < hand.honorific and (name.form, sex) in _HONORIFICS:
        choices = _HONORIFICS[name.form, sex]
        words.insert(0, (choices[int(rng.random() * len(choices))], "honorific"))
    return [w for w, _ in words]


def _drop(words: list[tuple[str, str]], rng: random.Random) -> list[tuple[str, str]]:
    kinds = [k for _, k in words]
    if "particle" in kinds and rng.random() < 0.6:
        cut = kinds.index("particle")
        return words[:cut] if rng.random() < 0.5 else words[:cut] + words[cut + 1 :]
    loose = [i for i, k in enumerate(kinds) if k in ("second", "christian")]
    if not loose:
        return words
    i = loose[int(rng.random() * len(loose))]
    return words[:i] + words[i + 1 :]


def write_name(name: Name, sex: str, hand: Hand, rng: random.Random) -> str:
    """A name as one agency's clerk writes it on one occasion."""
    words = write_words(name, sex, hand, rng)
    if len(words) == 1 and rng.random() < hand.pad:
        words = ["FNU", words[0]] if rng.random() < 0.5 else [words[0], "-"]
    text = fold(" ".join(words), hand.letters)
    if rng.random() < hand.typo:
        text = slip(text, rng)
    if rng.random() < 0.01:
        text = text.replace(" ", "  ", 1)
    return text.upper() if hand.upper else text

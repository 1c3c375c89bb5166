"""True names: name forms read as grammars from data/name_forms.yml and drawn at random.

Belongs here: what a person is called. Not: how an agency writes it (respelling). Names are put together from common
name parts; a likeness to a living person is chance.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import accumulate

import yaml

SKEW = 1.5  # 1 = all words of a pool equally common; at 1.5 the first tenth of a pool is drawn by 22 %


@dataclass(frozen=True)
class Name:
    """A name as its bearer's papers have it: the form, and words with their kinds in natural order."""

    form: str
    words: tuple[str, ...]
    kinds: tuple[str, ...]

    def full(self) -> str:
        """The whole name as one text."""
        return " ".join(self.words)


@dataclass(frozen=True)
class NameForm:
    """One grammar: patterns by sex over pools of words, and the sets of spellings that are the same name."""

    code: str
    nationality: str
    pools: dict[str, tuple[str, ...]]
    patterns: dict[str, tuple[tuple[tuple[str, str], ...], ...]]
    weights: dict[str, tuple[float, ...]]
    spellings: dict[str, tuple[str, ...]] = field(repr=False)

    def draw(self, sex: str, rng: random.Random) -> Name:
        """A name for a person of sex M or F; the spelling on the papers is itself one of several."""
        pattern = rng.choices(self.patterns[sex], cum_weights=self.weights[sex])[0]
        words, kinds = [], []
        for pool, kind in pattern:
            if pool.startswith("="):
                word = pool[1:]
            else:
                choices = self.pools[pool]
                # the first words of a pool are the common ones: a few names hold much of a population
                word = choices[int(rng.random() ** SKEW * len(choices))]
                if word in words:
                    word = choices[int(rng.random() * len(choices))]
                same = self.spellings.get(word)
                if same and kind != "particle" and rng.random() < 0.15:
                    word = same[int(rng.random() * len(same))]
            words.append(word)
            kinds.append(kind)
        return Name(self.code, tuple(words), tuple(kinds))


def _sets(lines: list[str]) -> dict[str, tuple[str, ...]]:
    spellings: dict[str, tuple[str, ...]] = {}
    for line in lines:
        words = [w.replace("_", " ") for w in line.split()]
        for word in words:
            others = tuple(w for w in words if w != word)
            spellings[word] = spellings.get(word, ()) + others
    return spellings


@cache
def forms() -> dict[str, NameForm]:
    """All name forms by code.

    Raises KeyError if a pattern names a pool that its form lacks.
    """
    source = resources.files("mids_orchestration.sample").joinpath("data/name_forms.yml")
    raw = yaml.safe_load(source.read_text(encoding="utf-8"))
    found: dict[str, NameForm] = {}
    for code, spec in raw["forms"].items():
        pools = {k: tuple(w.replace("_", " ") for w in str(v).split()) for k, v in spec["pools"].items()}
        lines = list(spec.get("respell", []))
        for shared in spec.get("respell_uses", []):
            lines += raw["shared_respell"][shared]
        patterns, weights = {}, {}
        for sex, weighted in spec["patterns"].items():
            slots = []
            for _, text in weighted:
                # the pool and the kind stand on the two sides of the last colon (a/l contains none)
                parsed = tuple((s.rsplit(":", 1)[0], s.rsplit(":", 1)[1]) for s in text.split())
                for pool, _kind in parsed:
                    if not pool.startswith("=") and pool not in pools:
                        raise KeyError(f"name form {code}: pattern {text!r} wants pool {pool!r}")
                slots.append(parsed)
            patterns[sex] = tuple(slots)
            weights[sex] = tuple(accumulate(float(w) for w, _ in weighted))
        found[code] = NameForm(code, spec["nationality"], pools, patterns, weights, _sets(lines))
    return found

"""States and districts of the sample, read from data/places.yml. Not: positions at sea (agencies/apmm)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import yaml


@dataclass(frozen=True)
class State:
    """One state or federal territory, with what the sample needs to place events and write it down."""

    code: int
    name: str
    abbreviation: str
    other_spellings: tuple[str, ...]
    mykad_codes: tuple[str, ...]
    share: dict[str, float]
    districts: tuple[str, ...]
    district_weights: tuple[float, ...]


@cache
def states() -> tuple[State, ...]:
    """The 16 states in code order."""
    text = (
        resources.files("mids_orchestration.sample").joinpath("data/places.yml").read_text(encoding="utf-8")
    )
    found = []
    for raw in yaml.safe_load(text)["states"]:
        weights = np.array(list(raw["districts"].values()), dtype=float)
        found.append(
            State(
                code=raw["code"], name=raw["name"], abbreviation=raw["abbreviation"],
                other_spellings=tuple(raw["other_spellings"]), mykad_codes=tuple(raw["mykad_codes"]),
                share={k: float(v) for k, v in raw["share"].items()}, districts=tuple(raw["districts"]),
                district_weights=tuple(weights / weights.sum()),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda s: s.code))


def state(code: int) -> State:
    """The state with a DOSM code 1-16."""
    return states()[code - 1]


def draw_states(rng: np.random.Generator, share: str, size: int) -> np.ndarray:
    """`size` state codes drawn with the shares of one kind (tip, som, jobscam, ops)."""
    weights = np.array([s.share[share] for s in states()])
    return rng.choice(np.arange(1, 17), size=size, p=weights / weights.sum())


def draw_districts(rng: np.random.Generator, codes: np.ndarray) -> list[str]:
    """One district per state code, by population."""
    u = rng.random(len(codes))
    cumulative = {s.code: np.cumsum(s.district_weights) for s in states()}
    return [
        state(c).districts[min(int(np.searchsorted(cumulative[c], x)), len(state(c).districts) - 1)]
        for c, x in zip(codes.tolist(), u.tolist(), strict=True)
    ]

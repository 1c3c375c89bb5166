"""Candidate models: each turns a panel of counts into sample paths of the weeks ahead.

Belongs here: one module per family, each with the same face (``Model``), and the pool by name.
Does not belong here: choosing between them (select.py), scoring, any notion of where series come from.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from forecasting.frames import Floats, Panel


class Model(Protocol):
    """What every candidate offers."""

    name: str

    def sample(self, panel: Panel, horizon: int, paths: int, rng: np.random.Generator) -> Floats:
        """Return sample paths (series, paths, horizon) of the periods after the panel's last one."""
        ...


def pool(names: tuple[str, ...] = ("seasonal_naive", "negbin_damped")) -> list[Model]:
    """Return models by name; raise ``KeyError`` naming the known ones on an unknown name."""
    from forecasting.models.negbin import NegBinDamped
    from forecasting.models.seasonal_naive import SeasonalNaive

    known: dict[str, Model] = {m.name: m for m in (SeasonalNaive(), NegBinDamped())}
    unknown = [n for n in names if n not in known]
    if unknown:
        raise KeyError(f"no model named {unknown}; there are {sorted(known)}")
    return [known[n] for n in names]

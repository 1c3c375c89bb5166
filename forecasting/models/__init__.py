"""Candidate models: each turns a panel of counts into predictive quantiles of the periods ahead.

Belongs here: one module per family, each with the same face (``Model``), and the pools by name.
Does not belong here: combining or choosing between them (combine.py, select.py), scoring, any notion of where
series come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from forecasting.frames import Floats, Panel
from forecasting.quantiles import path_quantiles


class Model(Protocol):
    """What every candidate offers."""

    name: str

    def quantiles(
        self, panel: Panel, horizon: int, levels: Sequence[float], *, paths: int, rng: np.random.Generator
    ) -> Floats:
        """Return quantiles (series, horizon, levels) of the periods after the panel's last one."""
        ...


class PathModel:
    """Base of models that simulate; their quantiles are those of their sample paths."""

    name = ""

    def sample(self, panel: Panel, horizon: int, paths: int, rng: np.random.Generator) -> Floats:
        """Return sample paths (series, paths, horizon) of the periods after the panel's last one."""
        raise NotImplementedError

    def quantiles(
        self, panel: Panel, horizon: int, levels: Sequence[float], *, paths: int, rng: np.random.Generator
    ) -> Floats:
        """Return quantiles (series, horizon, levels) of the sample paths."""
        return path_quantiles(self.sample(panel, horizon, paths, rng), levels)


#: Fitted for thousands of series at once, without a compiled forecasting library.
LIGHT = ("seasonal_naive", "negbin_damped", "seasonal_window")
#: The candidates of the weekly product's states and leaves, and of its national series.
NODES = (*LIGHT, "regression", "boosted", "croston", "tsb", "adida")
NATIONAL = (*NODES, "ets", "theta", "arima")


def pool(names: Sequence[str] = LIGHT) -> list[Model]:
    """Return models by name; raise ``KeyError`` naming the known ones on an unknown name."""
    from forecasting.models.boosted import Boosted
    from forecasting.models.negbin import NegBinDamped
    from forecasting.models.regression import Regression
    from forecasting.models.seasonal_naive import SeasonalNaive
    from forecasting.models.seasonal_window import SeasonalWindow
    from forecasting.models.statistical import KINDS, Statistical

    every: list[Model] = [SeasonalNaive(), NegBinDamped(), SeasonalWindow(), Regression(), Boosted()]
    every += [Statistical(kind) for kind in KINDS]
    known = {m.name: m for m in every}
    unknown = [n for n in names if n not in known]
    if unknown:
        raise KeyError(f"no model named {unknown}; there are {sorted(known)}")
    return [known[n] for n in names]

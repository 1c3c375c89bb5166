"""ETS, Theta, ARIMA and the intermittent-demand family, through ``statsforecast``, on a stabilised scale.

Belongs here: adapters from a panel to ``statsforecast`` models and from their output to count quantiles.
Does not belong here: models of our own.

``statsforecast`` is imported when first used: it takes seconds. ETS, Theta and ARIMA are fitted without season
(season 52 is unusable at scale) on square roots, where the variance of counts is about constant, and taken
back; monthly and daily series keep their season (12, 7), weekly ones have none here. Croston, TSB and ADIDA give
a rate only; around it the counts are negative binomial with the spread the series has shown about its own rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from forecasting.frames import Floats, Panel

KINDS = ("ets", "theta", "arima", "croston", "tsb", "adida")
#: Shorter series than this get a Poisson-gamma about their mean: nothing can be fitted.
SHORTEST = 8
#: Newest periods used: fitting time grows with length, and what is older says little about next month.
RECENT = {"W": 260, "M": 240, "D": 400}
#: Season these models are given, by frequency: 52 weeks are too many for them (measured: unusable at scale).
SEASONS = {"W": 1, "M": 12, "D": 7}


class Statistical:
    """One ``statsforecast`` model by kind (see ``KINDS``); a series it cannot fit gets its mean and spread."""

    def __init__(self, kind: str, *, stabilise: bool = True) -> None:
        self.kind = kind
        self.name = kind
        self.stabilise = stabilise

    def quantiles(
        self, panel: Panel, horizon: int, levels: Sequence[float], *, paths: int, rng: np.random.Generator
    ) -> Floats:
        """Return quantiles (series, horizon, levels)."""
        out = np.empty((len(panel.ids), horizon, len(levels)))
        for i, row in enumerate(panel.y):
            y = row[~np.isnan(row)][-RECENT[panel.freq] :]
            found = None
            if y.size >= SHORTEST and y.any():
                found = self._one(y, horizon, np.asarray(levels, dtype=float), SEASONS[panel.freq])
            out[i] = found if found is not None else _about(y, float(y.mean()), horizon, levels)
        return np.maximum(out, 0.0)

    def _one(self, y: Floats, horizon: int, levels: Floats, season: int) -> Floats | None:
        """Return quantiles (horizon, levels), or None where the library fails on the series."""
        from statsforecast import models as sf

        try:
            if self.kind in ("croston", "tsb", "adida"):
                known = {"croston": sf.CrostonSBA, "adida": sf.ADIDA}
                model = sf.TSB(alpha_d=0.1, alpha_p=0.1) if self.kind == "tsb" else known[self.kind]()
                return _about(y, float(model.forecast(y=y, h=1)["mean"][0]), horizon, levels)
            family = {"ets": sf.AutoETS, "theta": sf.OptimizedTheta, "arima": sf.AutoARIMA}[self.kind]
            scaled = np.sqrt(y + 0.375) if self.stabilise else y
            # One interval (about one standard deviation) is enough: all three are normal on this scale.
            got = family(season_length=season if y.size > 2 * season + 4 else 1).forecast(
                y=scaled, h=horizon, level=[68.27]
            )
        except Exception:  # the library raises many kinds of errors on constant or tiny series
            return None
        mean, spread = (
            np.asarray(got["mean"]),
            (np.asarray(got["hi-68.27"]) - np.asarray(got["lo-68.27"])) / 2,
        )
        value = mean[:, None] + np.maximum(spread, 1e-9)[:, None] * stats.norm.ppf(levels)
        if not np.isfinite(value).all():
            return None
        return np.maximum(value, 0.0) ** 2 - 0.375 if self.stabilise else value


def _about(y: Floats, rate: float, horizon: int, levels: Sequence[float] | Floats) -> Floats:
    """Return negative-binomial mid-quantiles about a constant rate with the series' own dispersion."""
    rate = max(rate if np.isfinite(rate) else 0.0, 1e-3)
    recent = y[-156:]
    excess = float(((recent - recent.mean()) ** 2).mean() - recent.mean()) if recent.size > 3 else 0.0
    size = max(min(recent.mean() ** 2 / excess, 200.0), 0.05) if excess > 0 else 200.0
    top = int(stats.nbinom.ppf(0.9999, size, size / (size + rate))) + 2
    grid = np.arange(top + 1)
    mass = stats.nbinom.cdf(grid, size, size / (size + rate))
    # P(Y <= k) sits at k + 1/2: linear between gives mid-distribution quantiles.
    value = np.interp(levels, np.concatenate([[0.0], mass]), np.concatenate([[-0.5], grid + 0.5]))
    return np.tile(np.maximum(value, 0.0), (horizon, 1))

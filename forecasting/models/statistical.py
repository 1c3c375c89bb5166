"""ETS, Theta, ARIMA and the intermittent-demand family, through ``statsforecast``, on a stabilised scale.

Belongs here: adapters from a panel to ``statsforecast`` models and from their output to count quantiles.
Does not belong here: models of our own.

``statsforecast`` is imported when first used: it takes seconds. ETS, Theta and ARIMA are fitted without season
(season 52 is unusable at scale) on square roots, where the variance of counts is about constant, and taken
back; monthly and daily series keep their season (12, 7), long weekly ones are divided by the season of the count models
(season.py; shrunk, so that sparse series keep none). Croston, TSB and ADIDA give
a rate only; around it the counts are negative binomial with the spread the series has shown about its own rate.

Long weekly series are fitted up to a fixed week of some half to one and a half years ago and carried forward with these
parameters: origins of the same year share one fit (kept by what was fitted), so a year's replay costs two fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special, stats

from forecasting.frames import Floats, Panel
from forecasting.models.season import seasonal_log, year_phase

KINDS = ("ets", "theta", "arima", "croston", "tsb", "adida")
#: Shorter series than this get a Poisson-gamma about their mean: nothing can be fitted.
SHORTEST = 8
#: Newest periods used: fitting time grows with length, and what is older says little about next month.
RECENT = {"W": 260, "M": 240, "D": 400, "Q": 160}
#: Weeks between fits carried forward, and the fewest that must be left to fit.
FIT_EVERY, FIT_WEEKS = 52, 156
#: Newest weeks never fitted: their counts are still being revised, and every revision would be a fit of its own.
UNSETTLED = 26
#: Season these models are given, by frequency: 52 weeks are too many for them (measured: unusable at scale).
SEASONS = {"W": 1, "M": 12, "D": 7, "Q": 4}


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
        if self.kind in ("ets", "theta", "arima"):
            season = self._season(panel, horizon)
            panel = replace(panel, y=panel.y / season[:, : panel.y.shape[1]])
        else:
            panel = _one_draw(panel)
            season = np.ones((len(panel.ids), panel.y.shape[1] + horizon))
        # The newest weeks of a running year are carried forward; they may be revised, the fit is not.
        late = _late(panel)
        for i, row in enumerate(panel.y):
            y = row[~np.isnan(row)]
            kept = y[: y.size - late] if panel.freq == "W" and y.size - late >= FIT_WEEKS else None
            y = y[-RECENT[panel.freq] :]
            found = None
            if y.size >= SHORTEST and y.any():
                found = self._one(y, horizon, np.asarray(levels, dtype=float), SEASONS[panel.freq], kept)
            out[i] = found if found is not None else _about(y, float(y.mean()), horizon, levels)
        return np.maximum(out * season[:, -horizon:, None], 0.0)

    def _season(self, panel: Panel, horizon: int) -> Floats:
        """Return seasonal factors (series, time + horizon) of long weekly series, ones of others.

        They are estimated from what is fitted, so that they change when the fit does.
        """
        steps = panel.y.shape[1]
        end = steps - _late(panel)
        if panel.freq != "W" or end < FIT_WEEKS:
            return np.ones((len(panel.ids), steps + horizon))
        phase = year_phase(np.concatenate([panel.ds, panel.future(horizon)]))
        past, ahead, _ = seasonal_log(panel.y[:, :end], phase[:end], phase[end:], season=panel.season)
        return np.asarray(np.exp(np.concatenate([past, ahead], axis=1)))

    def _one(
        self, y: Floats, horizon: int, levels: Floats, season: int, kept: Floats | None
    ) -> Floats | None:
        """Return quantiles (horizon, levels), or None where the library fails on the series.

        ``kept``: what to fit, carried forward through ``y``; None fits ``y`` itself.
        """
        from statsforecast import models as sf

        try:
            if self.kind in ("croston", "tsb", "adida"):
                known = {"croston": sf.CrostonSBA, "adida": sf.ADIDA}
                model = sf.TSB(alpha_d=0.1, alpha_p=0.1) if self.kind == "tsb" else known[self.kind]()
                return _about(y, float(model.forecast(y=y, h=1)["mean"][0]), horizon, levels)
            scaled = np.sqrt(y + 0.375) if self.stabilise else y
            # One interval (about one standard deviation) is enough: all three are normal on this scale.
            if kept is not None:
                fitted = _fitted(self.kind, (np.sqrt(kept + 0.375) if self.stabilise else kept).tobytes())
                got = fitted.forward(y=scaled, h=horizon, level=[68.27])
            else:
                length = season if y.size > 2 * season + 4 else 1
                got = _family(self.kind)(season_length=length).forecast(y=scaled, h=horizon, level=[68.27])
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


def _one_draw(panel: Panel) -> Panel:
    """Return the panel with one draw of its nowcast weeks in their means' place.

    Means of sparse counts are small fractions, week after week: to these models each would be a demand.
    """
    if panel.tail is None:
        return panel
    y = panel.y.copy()
    y[:, y.shape[1] - panel.tail.shape[2] :] = panel.tail[:, 0]
    return replace(panel, y=y)


def _late(panel: Panel) -> int:
    """Return how many newest weeks are carried forward, not fitted."""
    if panel.freq != "W":
        return 0
    return UNSETTLED + int(panel.last.astype("datetime64[D]").astype(int)) // 7 % FIT_EVERY


def _family(kind: str) -> Any:
    from statsforecast import models as sf

    return {"ets": sf.AutoETS, "theta": sf.OptimizedTheta, "arima": sf.AutoARIMA}[kind]


@lru_cache(maxsize=8192)
def _fitted(kind: str, values: bytes) -> Any:
    """Return the model fitted to a weekly series' newest years (kept: many origins ask for the same)."""
    return _family(kind)(season_length=1).fit(np.frombuffer(values)[-RECENT["W"] :])


def _about(y: Floats, rate: float, horizon: int, levels: Sequence[float] | Floats) -> Floats:
    """Return negative-binomial mid-quantiles about a constant rate with the series' own dispersion."""
    rate = max(rate if np.isfinite(rate) else 0.0, 1e-3)
    recent = y[-156:]
    excess = float(((recent - recent.mean()) ** 2).mean() - recent.mean()) if recent.size > 3 else 0.0
    size = max(min(recent.mean() ** 2 / excess, 200.0), 0.05) if excess > 0 else 200.0
    top = int(rate + 12 * np.sqrt(rate + rate**2 / size)) + 12
    grid = np.arange(min(top, 100_000) + 1)
    mass = special.betainc(size, grid + 1.0, size / (size + rate))
    # P(Y <= k) sits at k + 1/2: linear between gives mid-distribution quantiles.
    value = np.interp(levels, np.concatenate([[0.0], mass]), np.concatenate([[-0.5], grid + 0.5]))
    return np.tile(np.maximum(value, 0.0), (horizon, 1))

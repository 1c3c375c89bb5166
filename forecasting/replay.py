"""Replay: what the combination would have forecast at past origins, weights learnt only from what was over then.

Belongs here: the walk over origins that serves both the choice of weights and the record of how good they were.
Does not belong here: models, formulae of scores, hierarchy.

At every origin each candidate is run once, on what was known. Its paths are scored, and the pool is mixed from
the same paths with weights from those earlier origins whose whole horizon was over (and, with a reporting
triangle, whose truth had matured). Nothing after an origin reaches its forecast or its weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.backtest import origin_steps
from forecasting.calibrate import FINE, fine_quantiles, respread, spread_factors
from forecasting.combine import Weights, learn, sample_paths
from forecasting.frames import HUB_LEVELS, Floats, Panel, generator
from forecasting.models import Model
from forecasting.quantiles import path_quantiles
from forecasting.scores import COVERAGES, covered, mid_covered, pit, wis, wis_parts

#: Name under which the combination is scored beside its candidates.
POOL = "mids"


@dataclass(frozen=True)
class Replay:
    """Past forecasts of pool and candidates.

    ``names``: candidates, then ``POOL``. ``stops``: how many periods each origin knew. ``values``: quantiles
    (origins, names, series, horizon, levels), NaN where a series had not begun. ``truth``: (origins, series,
    horizon). ``weights`` and ``spread`` (calibrate.py): learnt from all origins: what a forecast made now should
    use.
    """

    panel: Panel
    names: tuple[str, ...]
    stops: tuple[int, ...]
    values: Floats
    truth: Floats
    levels: tuple[float, ...]
    weights: Weights
    spread: Floats

    def frame(self) -> pd.DataFrame:
        """Return one row per series, model, origin and horizon: truth, WIS and parts, error, PIT, coverage."""
        origins, models, n, horizon, _ = self.values.shape
        truth = np.repeat(self.truth[:, None], models, axis=1)
        origin = self.panel.ds[np.asarray(self.stops) - 1].astype("datetime64[ns]")
        shape = (origins, models, n, horizon)
        out = pd.DataFrame(
            {
                "unique_id": np.broadcast_to(
                    np.asarray(self.panel.ids, dtype=object)[None, None, :, None], shape
                ).ravel(),
                "model_name": np.broadcast_to(
                    np.asarray(self.names, dtype=object)[None, :, None, None], shape
                ).ravel(),
                "origin": np.broadcast_to(origin[:, None, None, None], shape).ravel(),
                "horizon": np.broadcast_to(np.arange(1, horizon + 1), shape).ravel(),
                "y": truth.ravel(),
            }
        )
        for name, column in wis_parts(truth, self.values, self.levels).items():
            out[name] = column.ravel()
        middle = len(self.levels) // 2
        out["absolute_error"] = np.abs(truth - self.values[..., middle]).ravel()
        out["pit"] = pit(truth, np.nan_to_num(self.values), self.levels).ravel()
        for coverage in COVERAGES:
            out[f"coverage_{round(coverage * 100)}"] = covered(
                truth, self.values, self.levels, coverage
            ).ravel()
            out[f"midcoverage_{round(coverage * 100)}"] = mid_covered(
                truth, np.nan_to_num(self.values), self.levels, coverage
            ).ravel()
        return out.dropna(subset=["wis"]).reset_index(drop=True)


def replay(
    panel: Panel,
    models: Sequence[Model],
    *,
    horizon: int,
    origins: int,
    every: int = 1,
    learn_on: int = 26,
    groups: np.ndarray | None = None,
    mature_after: int = 0,
    view: Callable[[int], Panel] | None = None,
    levels: Sequence[float] = HUB_LEVELS,
    paths: int = 400,
    seed: int = 0,
    memo: dict[Any, Any] | None = None,
    handicap: Mapping[str, float] | None = None,
) -> Replay:
    """Return the replay of the newest ``origins`` origins, ``every`` periods apart.

    ``learn_on`` more origins before them only teach weights. ``view`` and ``mature_after`` as in
    ``combine.rolling_wis``. ``memo`` keeps candidates' paths by origin for a later replay of the same series.
    ``handicap`` as in ``combine.learn``. Raises ``ValueError`` when the panel is too short for a single origin.
    """
    stops = origin_steps(panel.y.shape[1] - mature_after, horizon, origins + learn_on, every)
    if not stops:
        raise ValueError(
            f"{panel.y.shape[1]} periods are too few for one origin with horizon {horizon}: "
            "give a longer series or a shorter horizon"
        )
    n = len(panel.ids)
    names = (*(m.name for m in models), POOL)
    shown = stops[-origins:]
    values = np.full((len(shown), len(names), n, horizon, len(levels)), np.nan)
    truth = np.stack([panel.y[:, s : s + horizon] for s in shown])
    scores = np.full((len(stops), len(models), n, horizon), np.nan)
    fine = np.full((len(stops), n, horizon, len(FINE)), np.nan)
    ahead = np.stack([panel.y[:, s : s + horizon] for s in stops])
    where = {name: i for i, name in enumerate(panel.ids)}
    for k, stop in enumerate(stops):
        then = panel.until(stop) if view is None else view(stop)
        begun = np.flatnonzero((~np.isnan(then.y)).sum(1) >= 4)
        if not begun.size:
            continue
        then = then.rows(begun)
        rows = np.array([where[name] for name in then.ids])
        over = [j for j in range(k) if stops[j] + horizon + mature_after <= stop]
        part = None if groups is None else groups[rows]
        weights = learn(scores[over][:, :, rows], models, part, handicap)
        show = k - (len(stops) - len(shown))
        mixed = np.empty((rows.size, paths, horizon))
        edges = np.round(np.cumsum(weights.share, axis=1) * paths).astype(int)
        begin = np.concatenate([np.zeros((rows.size, 1), dtype=int), edges[:, :-1]], axis=1)
        for m, model in enumerate(models):
            key = ("paths", model.name, str(then.last), horizon, paths, seed)
            drawn = None if memo is None else memo.get(key)
            if drawn is None or view is None:
                rng = generator(seed, "replay", model.name, str(then.last))
                drawn = sample_paths(model, then, horizon, paths, rng)
                if memo is not None:
                    memo[key] = drawn
            found = path_quantiles(drawn, levels)
            scores[k, m, rows] = wis(panel.y[rows, stop : stop + horizon], found, levels)
            if show >= 0:
                values[show, m, rows] = found
            for i in np.flatnonzero(edges[:, m] > begin[:, m]):
                size = edges[i, m] - begin[i, m]
                mixed[i, begin[i, m] : edges[i, m]] = drawn[i, (np.arange(size) * paths) // size]
        fine[k, rows] = fine_quantiles(mixed)
        if show >= 0:
            calibrated = respread(mixed, spread_factors(fine[over], ahead[over])[rows])
            values[show, -1, rows] = path_quantiles(calibrated, levels)
    final = learn(scores, models, groups, handicap)
    return Replay(
        panel, names, tuple(shown), values, truth, tuple(levels), final, spread_factors(fine, ahead)
    )


def summary(
    rows: pd.DataFrame, by: Sequence[str] = ("model_name",), benchmark: str = "seasonal_naive"
) -> pd.DataFrame:
    """Return mean WIS, its ratio to the benchmark's on the same targets, and coverages, by ``by``."""
    measures = [c for c in rows.columns if c in ("wis", "absolute_error") or "coverage_" in c]
    table = rows.groupby(list(by), as_index=False)[measures].mean()
    table.insert(len(by), "targets", rows.groupby(list(by)).size().to_numpy())
    others = [c for c in by if c != "model_name"]
    base = rows[rows["model_name"] == benchmark]
    if others:
        naive = base.groupby(others)["wis"].mean().rename("wis_benchmark").reset_index()
        table = table.merge(naive, how="left")
    else:
        table["wis_benchmark"] = base["wis"].mean() if len(base) else np.nan
    table["relative_wis"] = table["wis"] / table["wis_benchmark"].where(table["wis_benchmark"] > 0)
    return table

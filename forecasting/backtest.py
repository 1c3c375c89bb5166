"""Rolling-origin backtest: forecast again from past origins with what was known then, and score.

Belongs here: origins, vintages, the loop over origins and models, the score frame.
Does not belong here: choosing (select.py), the formulae of scores (scores.py).

Nothing after an origin reaches a forecast: the panel is cut (or rebuilt from the reporting triangle as it
stood) before a model sees it. A test alters the data after the origin and expects the same forecasts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.delay_model import Spread
from forecasting.frames import Floats, Panel, generator, to_panel
from forecasting.models import Model
from forecasting.nowcast import Nowcast, add_strata, nowcast_parts
from forecasting.scores import COVERAGES, covered, wis_parts
from forecasting.series import known_series
from forecasting.strata import own_strata

#: Fewer periods than this before an origin say nothing about a model.
MIN_HISTORY = 16
#: Spreads of the delay model change slowly; they are estimated again every so many origins.
REFIT_EVERY = 13


@dataclass(frozen=True)
class Vintage:
    """A panel as known at one origin, with its newest weeks nowcast; ``known`` is the panel before that.

    ``parts``: the nowcasts by ``unique_id|stratum`` that were added up, where the triangle has strata; else empty.
    """

    panel: Panel
    known: Panel
    nowcasts: dict[str, Nowcast]
    parts: dict[str, Nowcast]


def vintage(
    triangle: pd.DataFrame,
    as_of_week: pd.Timestamp,
    *,
    paths: int,
    seed: int,
    spreads: dict[str, Spread] | None = None,
) -> Vintage:
    """Return what was known at the close of ``as_of_week`` and the nowcast of its newest weeks.

    All series get a tail of the same length (the longest any of them needs); a series that needs less has its
    known counts there. With a column ``stratum`` those strata whose delay differs are nowcast on their own
    (``strata.own_strata``, judged on what was known then).
    """
    as_of = pd.Timestamp(as_of_week)
    close = as_of + pd.Timedelta(days=7)
    part = triangle[(triangle["event_week"] <= as_of) & (triangle["known_week"] <= close)]
    known = to_panel(known_series(part, as_of_week=as_of))
    parts: dict[str, Nowcast] = {}
    if "stratum" in part.columns:
        part = own_strata(part, as_of_week=as_of)
        parts = nowcast_parts(part, as_of_week=as_of, paths=paths, seed=seed, spreads=spreads)
        found = add_strata(parts)
    else:
        found = nowcast_parts(part, as_of_week=as_of, paths=paths, seed=seed, spreads=spreads)
    length = max(one.draws.shape[1] for one in found.values())
    tail = np.repeat(known.y[:, None, -length:], paths, axis=1)
    for i, name in enumerate(known.ids):
        values = found[name].draws
        tail[i, :, length - values.shape[1] :] = values
    y = known.y.copy()
    y[:, -length:] = tail.mean(axis=1)
    return Vintage(replace(known, y=y, tail=tail), known, found, parts)


def origin_steps(steps: int, horizon: int, origins: int, every: int = 1) -> list[int]:
    """Return how many periods each origin knows; the newest leaves room for the whole horizon."""
    out = [steps - horizon - k * every for k in range(origins)]
    return sorted(s for s in out if s >= MIN_HISTORY)


def backtest(
    panel: Panel,
    models: Sequence[Model],
    *,
    horizon: int,
    levels: Sequence[float],
    origins: int = 26,
    every: int = 1,
    triangle: pd.DataFrame | None = None,
    mature_after: int = 0,
    paths: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Return one row per series, model, origin and horizon with WIS, its parts and coverages.

    ``panel`` is the truth to score against (its last ``mature_after`` periods are not used for that). With
    ``triangle`` every origin starts from its own vintage and nowcast; without, from the panel cut short.
    """
    rows = list(_rows(panel, models, horizon, levels, origins, every, triangle, mature_after, paths, seed))
    if not rows:
        return pd.DataFrame(columns=["unique_id", "model_name", "origin", "horizon", "y"])
    return pd.concat(rows, ignore_index=True)


def _rows(
    panel: Panel,
    models: Sequence[Model],
    horizon: int,
    levels: Sequence[float],
    origins: int,
    every: int,
    triangle: pd.DataFrame | None,
    mature_after: int,
    paths: int,
    seed: int,
) -> Iterator[pd.DataFrame]:
    steps = panel.y.shape[1] - mature_after
    spreads: dict[str, Spread] = {}
    for count, stop in enumerate(origin_steps(steps, horizon, origins, every)):
        origin = panel.ds[stop - 1]
        if triangle is None:
            view = panel.until(stop)
        else:
            given = None if count % REFIT_EVERY == 0 else spreads
            then = vintage(triangle, pd.Timestamp(origin), paths=paths, seed=seed, spreads=given)
            spreads = spreads | {k: v for one in then.nowcasts.values() for k, v in one.spreads.items()}
            view = then.panel
        for model in models:
            rng = generator(seed, model.name, str(origin))
            values = model.quantiles(view, horizon, levels, paths=paths, rng=rng)
            if view.ids != panel.ids:  # a series not yet heard of at this origin has no forecast to score
                aligned = np.full((len(panel.ids), horizon, len(levels)), np.nan)
                where = {name: i for i, name in enumerate(panel.ids)}
                aligned[[where[name] for name in view.ids]] = values
                values = aligned
            yield _score_rows(panel, model.name, stop, values, levels)


def _score_rows(
    panel: Panel, model_name: str, stop: int, values: Floats, levels: Sequence[float]
) -> pd.DataFrame:
    n, horizon = values.shape[:2]
    truth = panel.y[:, stop : stop + horizon]
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(np.asarray(panel.ids, dtype=object), horizon),
            "model_name": model_name,
            "origin": pd.Timestamp(panel.ds[stop - 1]),
            "horizon": np.tile(np.arange(1, horizon + 1), n),
            "y": truth.ravel(),
        }
    )
    for name, column in wis_parts(truth, values, levels).items():
        frame[name] = column.ravel()
    for coverage in COVERAGES:
        frame[f"coverage_{round(coverage * 100)}"] = covered(truth, values, levels, coverage).ravel()
    return frame.dropna(subset=["wis"])

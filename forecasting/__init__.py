"""Weekly nowcasts and forecasts of small, late counts: pure functions, frames in, frames out, seeded.

Belongs here: series and vintages, nowcast, candidate models, scores, backtest, choice, projection.
Does not belong here: Dagster, files, databases, the clock, the environment. Callers pass ``as_of``, ``seed``
and frames, and store what comes back.
"""

from forecasting.frames import HUB_LEVELS, LEVELS, SeriesError
from forecasting.projection import MODEL_VERSION, Projection, project
from forecasting.series import known_series, reporting_triangle, weekly_series

__all__ = [
    "HUB_LEVELS",
    "LEVELS",
    "MODEL_VERSION",
    "Projection",
    "SeriesError",
    "known_series",
    "project",
    "reporting_triangle",
    "weekly_series",
]

"""The sample's calendar: when its world runs, when MIDS began, which weeks were special.

Days are proleptic ordinals (`date.toordinal`) inside the sample, because whole columns of days are added and
compared; they become dates only when written.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

WORLD_START = date(2016, 7, 4)
WORLD_END = date(2026, 6, 28)
AS_OF = date(2026, 6, 29)
DEFAULT_WEEKS = 104
FIRST_DAY = WORLD_START.toordinal()
LAST_DAY = WORLD_END.toordinal()
N_WEEKS = (LAST_DAY + 1 - FIRST_DAY) // 7

AMENDMENT_ON = date(2022, 2, 22)  # Act A1644 in force (domain page 2.2; the day itself is from memory)
AKPS_ON = date(2025, 1, 1)  # border agency takes the entry points over


def week_starts() -> np.ndarray:
    """Ordinals of the Mondays of the world's weeks, oldest first."""
    return FIRST_DAY + 7 * np.arange(N_WEEKS)


def began_on(weeks: int) -> date:
    """Monday of the opening extracts when `weeks` weekly deliveries follow it.

    Raises ValueError if MIDS would have begun before there was a year of world to extract.
    """
    latest = N_WEEKS - 52
    if not 0 <= weeks <= latest:
        raise ValueError(
            f"weeks must be between 0 and {latest}, not {weeks}: the sample's world starts {WORLD_START}"
        )
    return AS_OF - timedelta(days=7 * weeks)


def years_of(days: np.ndarray) -> np.ndarray:
    """Calendar years of ordinals, as integers."""
    return to_datetime64(days).astype("datetime64[Y]").astype(int) + 1970


def to_datetime64(days: np.ndarray) -> np.ndarray:
    """Ordinals as NumPy days."""
    epoch = date(1970, 1, 1).toordinal()
    return (np.asarray(days, dtype="int64") - epoch).astype("datetime64[D]")


def to_dates(days: pd.Series | np.ndarray) -> list[date | None]:
    """Ordinals (NaN = unknown) as `date` or None, for tables that people read."""
    return [None if pd.isna(d) else date.fromordinal(int(d)) for d in days]

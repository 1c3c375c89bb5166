"""How much happens: expected weekly numbers by crime type, calibrated to published figures.

Belongs here: intensities and sizes as functions of time, with their sources. Not: drawing them (world_cases).
Figures marked (assumed) have no published source.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from .horizon import N_WEEKS, WORLD_END, WORLD_START, week_starts, years_of

# (first day, expected cases in the period). Published: 403 cases 2016; 1,854 over 2015-June 2021, of which 158 in
# 2015 and 165 in 2020; 256 over July 2021-May 2023; 280 over 2022-3 Dec 2024 of which 38 in 2024. The split of the
# remaining 1,068 over 2017-2019 and the years after 2024 are assumed.
TIP_CASES = [
    (date(2016, 1, 1), 403.0), (date(2017, 1, 1), 430.0), (date(2018, 1, 1), 360.0), (date(2019, 1, 1), 278.0),
    (date(2020, 1, 1), 165.0), (date(2021, 1, 1), 58.0), (date(2021, 7, 1), 80.0), (date(2022, 1, 1), 130.0),
    (date(2023, 1, 1), 112.0), (date(2024, 1, 1), 41.0), (date(2025, 1, 1), 50.0), (date(2026, 1, 1), 60.0),
]  # fmt: skip
# 265 smuggling cases in 2020; the other years are assumed.
SOM_CASES = [
    (date(2016, 1, 1), 115.0), (date(2017, 1, 1), 125.0), (date(2018, 1, 1), 140.0), (date(2019, 1, 1), 185.0),
    (date(2020, 1, 1), 265.0), (date(2021, 1, 1), 235.0), (date(2022, 1, 1), 185.0), (date(2023, 1, 1), 190.0),
    (date(2024, 1, 1), 200.0), (date(2025, 1, 1), 205.0), (date(2026, 1, 1), 210.0),
]  # fmt: skip
# Job-scam reports: nothing before 2021; ~300 persons by September 2022 and 519 by January 2023; about 7 reports a
# week over 2022-2023; the slow fall after is assumed.
JOBSCAM_REPORTS = [
    (date(2016, 1, 1), 0.0), (date(2021, 1, 1), 14.0), (date(2022, 1, 1), 48.0), (date(2022, 4, 1), 72.0),
    (date(2022, 7, 1), 120.0), (date(2022, 10, 1), 124.0), (date(2023, 1, 1), 116.0), (date(2023, 4, 1), 88.0),
    (date(2023, 7, 1), 166.0), (date(2024, 1, 1), 270.0), (date(2025, 1, 1), 250.0), (date(2026, 1, 1), 245.0),
]  # fmt: skip
# Immigration arrests: about 1,000 a week (5,065 over 1-25 July 2017; 34,529 over 2020 to 18 November; 58,508 over
# 2022-27 February 2024, ~520 a week; 26,320 over January-3 July 2025). Years without a figure are assumed.
ARRESTS = [
    (date(2016, 1, 1), 54_000.0), (date(2017, 1, 1), 60_000.0), (date(2018, 1, 1), 56_000.0),
    (date(2019, 1, 1), 56_000.0), (date(2020, 1, 1), 39_000.0), (date(2021, 1, 1), 32_000.0),
    (date(2022, 1, 1), 27_000.0), (date(2023, 1, 1), 27_500.0), (date(2024, 1, 1), 46_000.0),
    (date(2025, 1, 1), 52_000.0), (date(2026, 1, 1), 52_000.0),
]  # fmt: skip

# Rescued per case by year: police 599 of 146 raids (2020), 362 of 77 (2021), 141 of 38 (2024), 992 of 280 (2022-24);
# United States reports 1,305 (2018), 510 (2022). Assumed where no figure stands.
RESCUED_PER_CASE = {
    2016: 6.3, 2017: 5.5, 2018: 3.8, 2019: 5.8, 2020: 4.2, 2021: 4.5,
    2022: 3.9, 2023: 3.1, 2024: 3.7, 2025: 4.2, 2026: 4.2,
}  # fmt: skip
ARRESTS_PER_CASE = 1.75
# Protection Orders per rescued person, police: 22.4 % (2017), 5.8 % (2018), 12.4 % (2020), 26.2 % (2021);
# United States: 35 % (2022). Policy moves it, not crime.
PO_SHARE = {
    2016: 0.35, 2017: 0.224, 2018: 0.058, 2019: 0.05, 2020: 0.124, 2021: 0.262,
    2022: 0.353, 2023: 0.30, 2024: 0.30, 2025: 0.30, 2026: 0.30,
}  # fmt: skip
BOATS_PER_SEASON = (
    3.2  # big boats of the Andaman Sea, December-March (18 known 2010-2024; turned back ones assumed)
)
BOAT_MEAN_ABOARD = 116.0  # 2,089 persons in 18 boats
SMALL_BOATS_PER_WEEK = 1.9  # Straits and Sulu Sea (assumed)
OPERATIONS_PER_WEEK = (
    24.0  # named operations, each covering several premises (assumed; single inspections ~180)
)

# Movement restrictions: (first day, last day, what remained of enforcement, of land smuggling, of arrests)
RESTRICTIONS: list[tuple[date, date, float, float, float]] = [
    (date(2020, 3, 18), date(2020, 6, 9), 0.35, 0.55, 0.55),
    (date(2021, 1, 13), date(2021, 3, 4), 0.75, 0.8, 0.8),
    (date(2021, 6, 1), date(2021, 8, 15), 0.6, 0.75, 0.7),
]
CRIMES = ("TIP", "SOM", "JOBSCAM")


def _restriction(column: int) -> np.ndarray:
    factor = np.ones(N_WEEKS)
    starts = week_starts()
    for row in RESTRICTIONS:
        first, last, *remaining = row
        inside = (starts + 3 >= first.toordinal()) & (starts + 3 <= last.toordinal())
        factor[inside] = remaining[column]
    return factor


def _season(amplitude: float, peak_week: int) -> np.ndarray:
    """A yearly wave with mean 1; enforcement slackens around the year's turn and the fasting month."""
    return 1 + amplitude * np.cos(2 * np.pi * (np.arange(N_WEEKS) % 52.18 - (peak_week - 27)) / 52.18)


def _spread(totals: list[tuple[date, float]], shape: np.ndarray) -> np.ndarray:
    """Expected numbers by week whose sums over the stated periods are the stated totals, shaped by `shape`.

    The first and last periods reach beyond the world: their totals are taken in proportion to the weeks inside.
    """
    middle = week_starts() + 3
    edges = [start.toordinal() for start, _ in totals] + [date(WORLD_END.year + 1, 1, 1).toordinal()]
    mean = np.zeros(N_WEEKS)
    for (_, total), low, high in zip(totals, edges[:-1], edges[1:], strict=True):
        inside = (middle >= low) & (middle < high)
        if inside.any():
            weeks_in_period = (high - low) / 7
            mean[inside] = total * (inside.sum() / weeks_in_period) * shape[inside] / shape[inside].sum()
    return mean


def weekly_mean(crime: str) -> np.ndarray:
    """Expected cases (TIP, SOM), reports (JOBSCAM) or persons held (ARRESTS) by world week, at scale 1.

    Raises KeyError for another name.
    """
    shapes = {
        "TIP": (TIP_CASES, _restriction(0) * _season(0.10, 24)),
        "SOM": (SOM_CASES, _restriction(1) * _season(0.15, 2)),
        "JOBSCAM": (JOBSCAM_REPORTS, _season(0.05, 40)),
        "ARRESTS": (ARRESTS, _restriction(2) * _season(0.08, 28)),
    }
    totals, shape = shapes[crime]
    return _spread(totals, shape)


def boat_season() -> np.ndarray:
    """Expected big boats by world week: nearly all between December and March (the calm weather window)."""
    months = (np.array([d.month for d in map(date.fromordinal, (week_starts() + 3).tolist())])).astype(int)
    weight = np.array([0, 5, 3.4, 2.2, 0.25, 0.1, 0.05, 0.02, 0.02, 0.02, 0.1, 0.5, 4.0])[months]
    years = (N_WEEKS * 7) / 365.25
    return weight / weight.sum() * BOATS_PER_SEASON * years


def rescued_per_case(days: np.ndarray) -> np.ndarray:
    """Expected rescued persons per trafficking case of each day."""
    table = np.array([RESCUED_PER_CASE[y] for y in range(WORLD_START.year, WORLD_END.year + 1)])
    return table[years_of(days) - WORLD_START.year]


def po_share(days: np.ndarray) -> np.ndarray:
    """Share of rescued persons who receive a Protection Order, by day of rescue."""
    table = np.array([PO_SHARE[y] for y in range(WORLD_START.year, WORLD_END.year + 1)])
    return table[years_of(days) - WORLD_START.year]

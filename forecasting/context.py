"""What is known beside the counts: public holidays (known ahead) and operations (known late), by place and week.

Belongs here: the arrays a regression asks for, as known at an origin. Does not belong here: any model, any reading.

The calendar has three terms: days of public holiday, of these days of Hari Raya Puasa, and days of Ramadan before it.
Feasts of the moon come eleven days earlier each year, so no season of the sun can stand for them.

A series belongs to the place named by the third part of its ``unique_id`` (``MY/TIP/10/…``), else to the whole country.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.frames import Floats, monday

WEEK = np.timedelta64(7, "D")
#: Operations of the newest weeks are still being told: they are drawn like those of the weeks ahead.
LATE = 3
#: Weeks whose operations stand for those to come, and weeks before whose mean counts beside a week's own.
RECENT, LAGS = 52, 4
#: The feast that ends Ramadan, by its name in the calendar, and the days of Ramadan before its first day.
FEAST, FASTING_DAYS = "Eid al-Fitr", 30


@dataclass(frozen=True)
class Context:
    """Holidays and operations by place; row 0 of every array is the whole country.

    ``first``: Monday of the first column. ``places``: codes of rows 1 on. ``holidays`` (1 + places, weeks, 3): days of
    the week by term of the calendar (the country's: mean over places). ``place``, ``event``, ``known``: one entry per
    operation, its row and the Mondays of the weeks in which it took place and became known.
    """

    first: np.datetime64
    places: tuple[str, ...]
    holidays: Floats
    place: np.ndarray
    event: np.ndarray
    known: np.ndarray

    def rows(self, ids: tuple[str, ...]) -> np.ndarray:
        """Return the row of each series' place."""
        where = {code: i + 1 for i, code in enumerate(self.places)}
        parts = [name.split("/") for name in ids]
        return np.array([where.get(p[2], 0) if len(p) > 2 else 0 for p in parts])

    def holiday_days(self, row: int, weeks: np.ndarray) -> Floats:
        """Return days (weeks, 3) of holiday, feast and fasting in a place; none outside the calendar."""
        at = ((weeks.astype("datetime64[D]") - self.first) // WEEK).astype(int)
        inside = (at >= 0) & (at < self.holidays.shape[1])
        return np.where(inside[:, None], self.holidays[row, np.clip(at, 0, self.holidays.shape[1] - 1)], 0.0)

    def operations(self, row: int, weeks: np.ndarray) -> Floats:
        """Return operations by week in a place as known at the close of the last of ``weeks`` (consecutive Mondays)."""
        days = weeks.astype("datetime64[D]")
        keep = (self.known <= days[-1] + WEEK) & (self.event >= days[0]) & (self.event <= days[-1])
        if row:
            keep &= self.place == row
        at = ((self.event[keep] - days[0]) // WEEK).astype(int)
        return np.bincount(at, minlength=len(days)).astype(float)


def context_of(holidays: pd.DataFrame, operations: pd.DataFrame) -> Context | None:
    """Return the context of ``date_on, state_code, holiday_name_en`` and ``event_week, state_code, known_on``.

    None without holidays.
    """
    if holidays.empty:
        return None
    places = tuple(sorted(holidays["state_code"].astype(str).unique()))
    where = {code: i + 1 for i, code in enumerate(places)}
    feast = holidays["holiday_name_en"].str.startswith(FEAST)
    first_days = holidays[holidays["holiday_name_en"] == FEAST]
    fasting = [first_days.assign(date_on=pd.to_datetime(first_days["date_on"]) - pd.Timedelta(days=k))
               for k in range(1, FASTING_DAYS + 1)]  # fmt: skip
    terms = [
        frame[["date_on", "state_code"]].drop_duplicates()
        for frame in (holidays, holidays[feast], pd.concat(fasting))
    ]
    weeks = [monday(term["date_on"]).to_numpy().astype("datetime64[D]") for term in terms]
    first, last = (pick(np.concatenate(weeks)) for pick in (np.min, np.max))
    days = np.zeros((len(places) + 1, int((last - first) // WEEK) + 1, len(terms)))
    for k, (term, week) in enumerate(zip(terms, weeks, strict=True)):
        row = term["state_code"].astype(str).map(where).to_numpy(dtype=int)
        np.add.at(days[..., k], (row, ((week - first) // WEEK).astype(int)), 1.0)
    days[0] = days[1:].mean(0)
    place = operations["state_code"].astype(str).map(where).fillna(0).to_numpy(dtype=int)
    event = monday(operations["event_week"]).to_numpy().astype("datetime64[D]")
    known = monday(operations["known_on"]).to_numpy().astype("datetime64[D]")
    return Context(first, places, days, place, event, known)

from __future__ import annotations

import pandas as pd
import pytest

from forecasting import SeriesError, reporting_triangle, weekly_series

COLUMNS = ["event_week", "known_week", "crime_type_code", "state_code", "unit_code", "count_value"]


def fact(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


FACT = fact(
    ("2026-06-01", "2026-06-08", "TIP", "10", "case", 2),
    ("2026-06-01", "2026-06-22", "TIP", "10", "case", 1),
    ("2026-06-01", "2026-06-08", "TIP", "10", "person", 9),
    ("2026-06-15", "2026-06-22", "TIP", "12", "case", 4),
    ("2026-06-22", "2026-06-29", "SOM", "12", "case", 5),
)


def test_only_what_was_known_then_is_counted():
    series = weekly_series(FACT, as_of_week="2026-06-08")
    assert series["y"].tolist() == [2.0, 0.0]  # the late third case and later events are unknown
    later = weekly_series(FACT, as_of_week="2026-06-15")
    assert later["y"].tolist() == [3.0, 0.0, 4.0]


def test_weeks_are_zero_filled_from_a_common_start():
    series = weekly_series(FACT, as_of_week="2026-06-22").set_index(["unique_id", "ds"])["y"]
    assert series.loc["MY/SOM"].tolist() == [0.0, 0.0, 0.0, 5.0]
    assert series.loc["MY/TIP"].tolist() == [3.0, 0.0, 4.0, 0.0]


def test_levels_below_add_up_to_the_total(counts):
    total = weekly_series(counts, as_of_week="2026-06-22").groupby("ds")["y"].sum()
    split = weekly_series(counts, as_of_week="2026-06-22", by=("crime_type_code", "state_code"))
    assert split.groupby("ds")["y"].sum().equals(total)


def test_delay_counts_deliveries_after_the_week_closed():
    triangle = reporting_triangle(FACT, as_of_week="2026-06-22").set_index(
        ["unique_id", "event_week", "known_week"]
    )
    assert triangle["delay"].tolist() == [0, 0, 2, 0]
    assert triangle["count"].sum() == 12


@pytest.mark.parametrize(
    ("frame", "week", "says"),
    [
        (FACT.drop(columns="known_week"), "2026-06-22", "known_week"),
        (FACT, "2026-06-23", "not a Monday"),
        (FACT, "2020-01-06", "nothing was known"),
    ],
)
def test_refusals_say_what_is_wrong(frame, week, says):
    with pytest.raises(SeriesError, match=says):
        weekly_series(frame, as_of_week=pd.Timestamp(week))

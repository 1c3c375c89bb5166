"""The world against published figures, at full size. Tolerances leave room for chance, not for another level."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from mids_orchestration.sample import levels
from mids_orchestration.sample.agencies.base import MINUTES
from mids_orchestration.sample.horizon import (
    AKPS_ON,
    AMENDMENT_ON,
    FIRST_DAY,
    LAST_DAY,
    N_WEEKS,
    WORLD_END,
    WORLD_START,
    week_starts,
)
from mids_orchestration.sample.streams import Streams
from mids_orchestration.sample.world_cases import build_events


def per_week(world, crime: str, first: date, last: date, column: str | None = None) -> float:
    case = world.case[(world.case["crime_type"] == crime) & world.case["is_official"]]
    inside = case[(case["occurred"] >= first.toordinal()) & (case["occurred"] <= last.toordinal())]
    total = len(inside) if column is None else inside[column].sum()
    return total / ((last - first).days + 1) * 7


def test_the_world_runs_ten_years_of_whole_weeks():
    assert (date(2016, 7, 4), date(2026, 6, 28)) == (WORLD_START, WORLD_END)
    assert WORLD_START.weekday() == 0 and WORLD_END.weekday() == 6
    assert N_WEEKS == 521 and week_starts()[-1] == LAST_DAY - 6


@pytest.mark.parametrize(
    ("crime", "first", "last", "published"),
    [
        ("TIP", date(2021, 7, 1), date(2023, 5, 31), 2.6),  # 256 cases in 23 months
        ("TIP", date(2022, 1, 1), date(2023, 12, 31), 2.3),  # 242 in 24 months
        ("TIP", date(2024, 1, 1), date(2024, 12, 31), 0.8),  # 38 to 3 December
        ("TIP", date(2020, 1, 1), date(2020, 12, 31), 165 / 52.3),
        ("SOM", date(2020, 1, 1), date(2020, 12, 31), 265 / 52.3),
        ("JOBSCAM", date(2022, 1, 1), date(2023, 12, 31), 7.0),
    ],
)
def test_weekly_levels_follow_the_published_figures(full, crime, first, last, published):
    assert per_week(full.world, crime, first, last) == pytest.approx(published, rel=0.25)


def test_expected_levels_are_the_published_totals_exactly():
    tip = levels.weekly_mean("TIP")
    starts = week_starts()
    inside = (starts + 3 >= date(2022, 1, 1).toordinal()) & (starts + 3 < date(2024, 1, 1).toordinal())
    assert tip[inside].sum() == pytest.approx(242, abs=3)
    assert levels.weekly_mean("JOBSCAM")[: 52 * 4].sum() == 0
    with pytest.raises(KeyError):
        levels.weekly_mean("ARSON")


def test_restrictions_cut_enforcement(full):
    locked = per_week(full.world, "TIP", date(2020, 3, 23), date(2020, 6, 7))
    before = per_week(full.world, "TIP", date(2019, 7, 1), date(2020, 3, 1))
    assert locked < 0.6 * before


def test_rescued_and_arrested_per_case(full):
    tip = full.world.case[(full.world.case["crime_type"] == "TIP") & full.world.case["is_official"]]
    tip = tip[tip["country"] == "MY"]
    assert 4.0 <= tip["n_victims"].mean() <= 5.6
    assert 1.5 <= tip["n_suspects"].mean() <= 2.5


def test_boats_come_in_the_calm_season_and_carry_what_boats_carry(full):
    big = full.world.events.boat.query("is_big")
    months = [date.fromordinal(d).month for d in big["occurred"]]
    assert np.isin(months, [12, 1, 2, 3]).mean() > 0.8
    assert big["aboard"].mean() == pytest.approx(116, rel=0.2)
    assert 20 <= len(big) <= 55


def test_immigration_arrests_are_about_a_thousand_a_week(full):
    ops = full.world.events.operation
    recent = ops[ops["occurred"] >= date(2025, 1, 1).toordinal()]
    weeks = (LAST_DAY - date(2025, 1, 1).toordinal() + 1) / 7
    assert recent["arrested"].sum() / weeks == pytest.approx(1000, rel=0.15)


def test_the_amendment_raises_child_charges(full):
    charges = [
        (f.case_no, c.section == "14")
        for f in full.world.prosecutions
        for c in f.charges[:1]
        if c.act == "Act 670" and full.world.case.at[f.case_no, "crime_type"] == "TIP"
    ]
    frame = pd.DataFrame(charges, columns=["case_no", "is_14"])
    after = full.world.case.loc[frame["case_no"], "occurred"].to_numpy() >= AMENDMENT_ON.toordinal()
    before_share, after_share = frame["is_14"][~after].mean(), frame["is_14"][after].mean()
    assert after_share > 1.5 * before_share
    assert 0.02 < before_share < 0.2


def test_the_border_agency_takes_cases_from_immigration(full):
    case = full.world.case
    led = case[(case["crime_type"] == "SOM") & (case["boat_no"] < 0)]
    after = led["occurred"] >= AKPS_ON.toordinal()
    assert (led["lead"] == "JIM")[after].mean() < 0.75 * (led["lead"] == "JIM")[~after].mean()


def test_between_five_and_nine_percent_are_on_two_lists(full):
    lists = pd.DataFrame([(r[0], r[5]) for r in full.links.person], columns=["agency", "person_no"])
    on = lists.groupby("person_no")["agency"].nunique()
    assert 0.05 <= (on >= 2).mean() <= 0.09
    apart = lists[lists["agency"] != "agc"].groupby("person_no")["agency"].nunique()
    assert 0.05 <= (apart >= 2).mean() <= 0.09  # independent encounters alone, without the referral chain
    assert (apart >= 3).sum() > 0


def test_delays_have_a_same_day_bulk_and_a_long_tail(full):
    from mids_orchestration.sample.agencies.pdrm import PoliceDesk

    desk = PoliceDesk(full.world, type(full.links)())
    occurred = full.world.case["occurred"]
    reporting = np.array([d - occurred[no] for no, d in desk.reported.items()])
    total = np.array([d - occurred[no] for no, d in desk.registered.items()])
    assert (reporting == 0).mean() == pytest.approx(0.83, abs=0.05)
    assert (reporting >= 0).all() and (total >= reporting).all()
    assert 2 <= np.median(total) <= 8
    assert np.quantile(total, 0.99) > 45


def test_police_victims_number_about_ten_thousand_and_records_stay_in_budget(full):
    roles = [r[7] for r in full.links.person if r[0] == "pdrm"]
    assert 8_000 <= roles.count("MANGSA") <= 12_000
    horizon = (LAST_DAY + 1) * MINUTES
    records = sum(
        len({rid for rid, at in zip(log.rids, log.ats, strict=True) if at < horizon})
        for view in full.views.values()
        for log in view.logs.values()
    )
    assert 30_000 <= records <= 60_000


def test_scale_multiplies_events():
    whole, half = (len(build_events(Streams(5), s).operation) for s in (0.4, 0.2))
    assert half / whole == pytest.approx(0.5, rel=0.1)


def test_streams_of_subsystems_are_independent():
    one, two = Streams(1), Streams(1)
    two.array("view.pdrm").random(1000)
    assert one.array("world.boats").random() == two.array("world.boats").random()
    assert one.array("world.boats").random() != one.array("world.places").random()
    assert Streams(2).scalar("x").random() != Streams(1).scalar("x").random()
    assert WORLD_START.toordinal() == FIRST_DAY

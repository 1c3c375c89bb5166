import base64
import csv
import io
import json
import re
from datetime import date, timedelta

import pandas as pd
import pytest

from mids_orchestration.release import Bilingual
from mids_orchestration.release.dashboard import PageFacts, figures, headline, render, script_bundle, words
from release import small_warehouse as small

NEWEST = pd.Timestamp(small.LAST_WEEK)


def facts(**given):
    told = {"release_id": "2026-06-29-0123456789ab", "as_of": small.AS_OF, "as_of_week": small.LAST_WEEK}
    return PageFacts(**{**told, "data_version": "v", "feeds": tuple(small.FEEDS), **given})


def shown(page):
    """What stands in the page before anything is chosen."""
    return re.sub(r"<template.*?</template>", "", page.split('id="page-data"')[0], flags=re.DOTALL)


def frames(**given):
    marts = {name: frame for name, frame in small.tables().items() if name not in small.RESTRICTED}
    return {**marts, **given}


def crime(code, **given):
    return next(c for c in figures.crime_figures(frames(**given), small.AS_OF) if c.code == code)


def test_the_last_week_is_compared_at_the_same_age():
    weekly = small.weekly_counts()
    tip = weekly[weekly["crime_type_code"] == "TIP"]
    at_close = tip[tip["known_week"] - tip["event_week"] <= pd.Timedelta(weeks=1)]
    by_week = at_close.groupby("event_week")["count_value"].sum()
    before = [by_week.get(NEWEST - pd.Timedelta(weeks=k), 0) for k in (1, 2, 3, 4)]
    assert crime("TIP").last == by_week.get(NEWEST, 0)
    assert crime("TIP").before == pytest.approx(sum(before) / 4)
    # Counted as known today, the four weeks before would look larger than the newest for want of age alone.
    assert tip[tip["event_week"].between(NEWEST - pd.Timedelta(weeks=4), NEWEST - pd.Timedelta(weeks=1))][
        "count_value"
    ].sum() > sum(before)


def test_what_is_not_yet_known_on_the_day_is_not_counted():
    early = date(2026, 6, 1)
    told = headline(frames(), early)["SOM"]["last_week"]
    weekly = small.weekly_counts()
    known = weekly[
        (weekly["crime_type_code"] == "SOM")
        & (weekly["event_week"] == pd.Timestamp(2026, 5, 25))
        & (weekly["known_week"] <= pd.Timestamp(early))
    ]
    assert told == known["count_value"].sum()


def test_corrections_take_away():
    rows = [
        ("2026-06-22", "2026-06-29", 3),
        ("2026-06-15", "2026-06-22", 2),
        ("2026-06-15", "2026-06-29", -2),
    ]
    counts = pd.DataFrame(rows, columns=["event_week", "known_week", "count_value"])
    counts = counts.assign(crime_type_code="TIP", state_code="10", agency_code="PDRM", unit_code="case")
    tip = crime("TIP", fct_weekly_count=counts)
    assert tip.last == 3
    assert tip.weekly.set_index("week")["count"].loc[pd.Timestamp(2026, 6, 15)] == 0
    assert tip.before == 0.5  # two were known at the close of that week, as of this week one


def test_completeness_is_learnt_from_old_weeks():
    som = crime("SOM")
    assert som.share_at_close == pytest.approx(0.45, abs=0.08)  # small.weekly_counts draws Geometric(0.45)
    assert som.incomplete_weeks == 3  # 1 - 0.55**4 > 0.9
    assert som.weekly["complete"].tolist()[-4:] == [True, False, False, False]
    assert len(som.weekly) == figures.TREND_WEEKS


def test_the_outlook_adds_up_the_first_four_weeks():
    forecast = small.forecasts()
    ahead = forecast[(forecast["crime_type_code"] == "SOM") & (forecast["horizon"] <= 4)]
    outlook = crime("SOM").outlook
    assert outlook.low == pytest.approx(ahead[ahead["quantile"] == 0.1]["value"].sum())
    assert outlook.high == pytest.approx(ahead[ahead["quantile"] == 0.9]["value"].sum())
    assert outlook.expected == pytest.approx(4 * 5.5, rel=0.1)
    assert not outlook.joint


def test_a_joint_interval_is_preferred():
    total = pd.DataFrame({"quantile": [0.1, 0.5, 0.9], "value": [14.0, 21.0, 29.0]})
    total = total.assign(
        as_of_week=small.LAST_WEEK, unique_id="MY/SOM", crime_type_code="SOM", unit_code="case", weeks=4
    )
    outlook = crime("SOM", fct_forecast_total=total).outlook
    assert (outlook.low, outlook.high, outlook.joint) == (14.0, 29.0, True)
    assert (
        "cautious"
        not in render(frames(fct_forecast_total=total), facts())
        .split('data-testid="kpi-SOM"')[1]
        .split("</article>")[0]
    )


def test_only_the_newest_forecast_of_the_national_series_is_shown():
    older = small.forecasts(small.LAST_WEEK - timedelta(weeks=1)).assign(value=999.0)
    state = small.forecasts().assign(unique_id="MY/SOM/10", value=888.0)
    future = small.forecasts(small.LAST_WEEK + timedelta(weeks=1)).assign(value=777.0)
    mixed = pd.concat([older, state, future, small.forecasts()])
    assert crime("SOM", fct_forecast=mixed).fan["0.5"].max() < 20


def test_an_old_forecast_says_how_old_it_is():
    old = small.forecasts(small.LAST_WEEK - timedelta(weeks=2))
    page = render(frames(fct_forecast=old), facts())
    assert "Made after the week of 8–14 Jun 2026" in page
    outlook = crime("TIP", fct_forecast=old).outlook
    assert outlook.weeks == 4


def test_states_are_ranked_and_the_unknown_stands_last_under_its_own_name():
    states = crime("JOBSCAM").states
    assert len(states) == 17
    assert states["state_code"].iloc[-1] == figures.UNKNOWN_STATE
    known = states["count"].iloc[:-1].tolist()
    assert known == sorted(known, reverse=True)
    weekly = small.weekly_counts()
    year = weekly[
        (weekly["crime_type_code"] == "JOBSCAM") & (weekly["event_week"] > NEWEST - pd.Timedelta(weeks=52))
    ]
    assert states["count"].sum() == year["count_value"].sum()
    assert states["count"].iloc[-1] == year[year["state_code"].isna()]["count_value"].sum() > 0


def test_a_person_series_says_persons():
    counts = small.weekly_counts().assign(unit_code="person")
    page = render(frames(fct_weekly_count=counts), facts())
    assert shown(page).count("persons, by week of event") == 3
    assert "cases, by week of event" not in shown(page)


def test_untyped_cases_are_told_beside_the_cards():
    counts = small.weekly_counts()
    counts.loc[counts["event_week"] == NEWEST, "crime_type_code"] = "XX"
    assert "XX" not in {c.code for c in figures.crime_figures(frames(fct_weekly_count=counts), small.AS_OF)}
    n = counts[counts["crime_type_code"] == "XX"]["count_value"].sum()
    assert f'data-testid="untyped" data-value="{n}"' in render(frames(fct_weekly_count=counts), facts())


@pytest.mark.parametrize("given", [{}, {"fct_weekly_count": small.weekly_counts()}])
def test_the_page_stands_without_forecasts_or_data(given):
    page = render(given, facts(feeds=()))
    assert shown(page).count("No projection yet") == 3
    assert ("No data yet" in shown(page)) == (not given)
    text = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", " ", text).replace("None", "", 1)  # the key of the map says "None" for no cases
    assert not re.search(r"\b(nan|nat|none|null|undefined)\b", text, re.IGNORECASE)


def test_empty_tables_are_as_good_as_none():
    empty = {name: frame.head(0) for name, frame in frames().items()}
    assert shown(render(empty, facts())).count("No data yet") == 3


def test_the_page_reaches_for_nothing_and_stays_small():
    page = render(frames(fct_nowcast=small.nowcasts()), facts())
    own = page.replace(script_bundle(), "")
    assert len(page.encode()) < 3_000_000
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']+""", own)
    assert "http" not in re.sub(r"https://vega\.github\.io/schema/vega-lite/[^\"]+", "", own).replace(
        "http-equiv", ""
    )
    assert "Likely 3–8 once all reports are in." in own or "Likely" in own


def test_texts_are_escaped():
    feed = small.FEEDS[0].__class__(
        **{**small.FEEDS[0].__dict__, "title": Bilingual("<b>x</b>", "</script>")}
    )
    page = render(frames(), facts(feeds=(feed,), data_version="<i>"))
    assert "<b>x</b>" not in page
    assert "<i>" not in page.replace('<i class="', "")


def test_each_download_holds_the_numbers_of_its_table():
    page = render(frames(), facts())
    files = dict(re.findall(r'download="([^"]+)" href="data:text/csv;charset=utf-8;base64,([^"]+)"', page))
    assert set(files) == {
        *(f"mids_weekly_{c}_2026-06-29.csv" for c in ("tip", "som", "jobscam")),
        *(f"mids_states_{c}_2026-06-29.csv" for c in ("tip", "som", "jobscam")),
        "mids_projection_skill_2026-06-29.csv",
    }
    text = base64.b64decode(files["mids_weekly_som_2026-06-29.csv"]).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == figures.TREND_WEEKS + 12
    weekly = crime("SOM").weekly
    assert [int(r["count"]) for r in rows[: figures.TREND_WEEKS]] == weekly["count"].tolist()
    assert [r["kind"] for r in rows[-13:]] == ["recorded, incomplete", *["projected"] * 12]


def test_every_label_is_there_in_both_languages_and_used():
    page_words = json.loads(re.search(r'id="page-data">(.*?)</script>', render(frames(), facts()), re.S)[1])[
        "labels"
    ]
    folder = words.files("mids_orchestration.release.dashboard")
    sources = "".join(f.read_text() for f in folder.iterdir() if f.name.endswith((".py", ".j2", ".js")))
    for key, text in words.labels().items():
        assert set(text) == {"en", "ms"} and text["en"] and text["ms"], key
        stem = key.rsplit("_", 1)[0]
        assert (
            key in sources
            or f'"{stem}_' in sources
            or f"_{key.split('_')[-1]}" in sources
            or key in page_words
        ), key
    assert "t:kind_recorded" not in page_words


def test_dates_are_written_as_malay_readers_write_them():
    assert words.day(date(2026, 8, 3), "ms") == "3 Ogos 2026"
    assert words.week_span(date(2025, 12, 29)).ms == "29 Dis 2025 – 4 Jan 2026"
    assert words.week_span(date(2026, 4, 27)).en == "27 Apr – 3 May 2026"


def test_charts_are_valid_vega_lite_and_hold_every_number():
    import altair as alt

    from mids_orchestration.release.dashboard import charts, map_charts, states

    som = crime("SOM", fct_nowcast=small.nowcasts())
    trend = charts.trend_chart(som)
    for spec in (trend, map_charts.map_chart("SOM"), map_charts.states_chart("SOM")):
        alt.LayerChart.from_dict(json.loads(json.dumps(spec)), validate=True)
        assert spec["$schema"].endswith(f"/{alt.SCHEMA_VERSION}.json")
    drawn = trend["datasets"]
    assert [row["count"] for row in drawn["weekly"]] == som.weekly["count"].tolist()
    assert drawn["weekly"][-1]["week"] == "2026-06-22T00:00:00"
    assert [row["q0_5"] for row in drawn["fan"]] == som.fan["0.5"].tolist()
    assert len(drawn["nowcast"]) == 3
    held = map_charts.state_data(states.state_rows(frames(), som))
    assert sum(row["cases"] for row in held) == som.states["count"].sum()

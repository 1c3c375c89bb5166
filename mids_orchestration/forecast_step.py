"""One week's projection from the warehouse's counts to the rows that are recorded.

Belongs here: which series are projected, the shape of the recorded tables, effects of the interventions listed as a
seed. Does not belong here: the models (forecasting/), files (forecast_record.py), scores of what has matured
(forecast_score.py), scenarios (scenario_step.py), Dagster (defs/forecast).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import duckdb
import pandas as pd

from forecasting import Projection, SeriesError, project, reporting_triangle, weekly_series
from forecasting.context import Context, context_of
from forecasting.frames import HUB_LEVELS
from forecasting.intervention import effect
from forecasting.margins import place_of
from forecasting.models import NATIONAL
from forecasting.replay import POOL
from mids_orchestration.forecast_record import NODE_COLUMNS, TABLES
from mids_orchestration.release.model import FeedState

HORIZON_WEEKS = 12
LEVELS = HUB_LEVELS
#: Past weeks the combination is judged on (a year), and earlier ones that only teach it.
ORIGINS, LEARN_ON = 52, 13
#: The same for persons, on which no gate rests: half a year is enough to weigh candidates, at half the work.
PERSON_ORIGINS = 26
#: What is counted -> the first part of its series' names. Persons leave the house by year only (marts/public), so
#: their projections are on record and in restricted marts.
UNITS = {"case": "MY", "person": "MY.person"}
#: A case has victims of any age, a person is a child or not.
LEAF = {
    "case": ("crime_type_code", "state_code", "agency_code", "exploitation_group_code"),
    "person": ("crime_type_code", "state_code", "agency_code", "exploitation_group_code", "is_child_code"),
}
#: Newest weeks left out of effects: persons and charges become known late.
EFFECT_LAG_WEEKS = 26

#: Shares of counts that past intervals may have held before the gate closes. A year of overlapping four-week
#: forecasts of three series is worth about sixty independent ones: two standard errors are 10 and 6 points.
COVERAGE_BANDS = {0.8: (0.7, 0.9), 0.95: (0.89, 1.0)}
#: Share of a crime type's cases of the past year that may come from silent feeds before a projection is blind.
BLIND_SHARE = 0.5
#: Days without a delivery after which a stale feed is silent. One or two missed weeks are declared and estimated; they
#: must not hold back what every other agency told.
SILENT_DAYS = 28
NEAR = 4


def read_interventions(connection: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """Return the listed interventions and the days of events of every outcome they may name."""
    listed = connection.execute("select * from conformed.interventions").df()
    charges = connection.execute(
        "select charged_on, child_victim_code from marts.fct_charge where is_charged and charged_on is not null"
    ).df()
    victims = connection.execute(
        "select event_week, is_child_code from marts.fct_person_in_case where crime_type_code = 'TIP' and is_counted"
    ).df()
    child_charge, child = charges["child_victim_code"] == "Y", victims["is_child_code"]
    return listed, {
        "child_charge": charges.loc[child_charge, "charged_on"],
        "other_charge": charges.loc[~child_charge, "charged_on"],
        "child_victim": victims.loc[child == "Y", "event_week"],
        "adult_victim": victims.loc[child == "N", "event_week"],
    }


def read_context(connection: duckdb.DuckDBPyConnection) -> Context | None:
    """Return public holidays and operations by state and week, as candidates may use them."""
    return context_of(
        connection.execute("select date_on, state_code, holiday_name_en from marts.dim_public_holiday").df(),
        connection.execute("select event_week, state_code, known_on from marts.fct_operation").df(),
    )


def skill(scores: pd.DataFrame) -> dict[str, float | None]:
    """Return the combination's WIS relative to seasonal-naive by series and over ``all``; None if not scored."""
    mine = scores[scores["model_name"] == POOL] if len(scores) else scores
    if not len(mine):
        return {"all": None}
    sums = mine.groupby("unique_id")[["wis", "wis_seasonal_naive"]].sum()
    sums.loc["all"] = sums.sum()
    base = sums["wis_seasonal_naive"]
    return {
        str(name): float(sums.loc[name, "wis"] / base[name]) if base[name] > 0 else None
        for name in sums.index
    }


def coverage(scores: pd.DataFrame) -> dict[float, float]:
    """Return the share of counts inside the combination's past 80 and 95 % intervals, 1 to 4 weeks ahead.

    Counts on a bound are broken at random, in expectation (``forecasting.scores.mid_covered``).
    """
    if not len(scores):
        return {}
    mine = scores[(scores["model_name"] == POOL) & (scores["horizon"] <= NEAR)]
    return (
        {c: float(mine[f"midcoverage_{round(c * 100)}"].mean()) for c in COVERAGE_BANDS} if len(mine) else {}
    )


def project_week(
    counts: pd.DataFrame,
    as_of_week: date,
    *,
    seed: int,
    unit: str = "case",
    origins: int = ORIGINS,
    models: Sequence[str] = NATIONAL,
    context: Context | None = None,
    memo: dict[Any, Any] | None = None,
) -> Projection:
    """Return the projection of every series and node of one unit from what was known at the close of the week.

    ``memo``: a dict handed from week to week when several are projected (``forecasting.project``). Raises
    ``SeriesError`` when nothing of the unit was known.
    """
    about: dict[str, Any] = {"as_of_week": as_of_week, "unit_code": unit, "root": UNITS[unit]}
    return project(
        weekly_series(counts, **about),
        triangle=reporting_triangle(counts, **about, strata=("agency_code",)),
        leaves=reporting_triangle(counts, **about, by=LEAF[unit]),
        horizon=HORIZON_WEEKS,
        levels=LEVELS,
        origins=origins,
        learn_on=LEARN_ON,
        models=models,
        context=context,
        seed=seed,
        memo=memo,
    )


def project_units(
    counts: pd.DataFrame,
    as_of_week: date,
    *,
    seed: int,
    context: Context | None = None,
    memos: dict[str, dict[Any, Any]] | None = None,
) -> dict[str, Projection]:
    """Return the projections of the week by unit; a unit of which nothing is known yet is left out.

    Raises ``SeriesError`` when no case was known.
    """
    held = {unit: unit == "case" or (counts["unit_code"] == unit).any() for unit in UNITS}
    return {
        unit: project_week(
            counts,
            as_of_week,
            seed=seed,
            unit=unit,
            origins=ORIGINS if unit == "case" else PERSON_ORIGINS,
            context=context,
            memo=None if memos is None else memos.setdefault(unit, {}),
        )
        for unit in UNITS
        if held[unit]
    }


def source_states(counts: pd.DataFrame, feeds: Iterable[FeedState], as_of_week: date) -> pd.DataFrame:
    """Return one row per agency and crime type that projections rest on: is its feed fresh, and how much hangs on it.

    ``feeds``: freshness by the receipts (``release.freshness``). An agency with several feeds is as stale as its
    stalest. ``share``: its part of the cases of the 52 weeks known. ``treatment_code``: ESTIMATED where deliveries
    are missing (the nowcast fills the weeks they should have brought; silence is not zero), else AS_RECEIVED.
    Columns: ``SOURCE_COLUMNS``.
    """
    order = {"fresh": 0, "stale": 1, "never": 2}
    state: dict[str, FeedState] = {}
    for feed in feeds:
        code = feed.agency.upper()
        if code not in state or order[feed.status] > order[state[code].status]:
            state[code] = feed
    cases = counts[
        (counts["unit_code"] == "case")
        & (pd.to_datetime(counts["event_week"]) > pd.Timestamp(as_of_week) - pd.Timedelta(weeks=52))
    ]
    held = cases.groupby(["crime_type_code", "agency_code"])["count_value"].sum()
    held = held[held > 0]
    share = held / held.groupby(level="crime_type_code").sum()
    rows = []
    named = share.rename("part").reset_index()
    for crime, agency, part in zip(
        named["crime_type_code"], named["agency_code"], named["part"], strict=True
    ):
        own = state.get(str(agency))
        status = own.status if own else "never"
        rows.append(
            (as_of_week, crime, agency, status.upper(), own.last_known_on if own else None,
             own.lateness_days if own else None, float(part), "AS_RECEIVED" if status == "fresh" else "ESTIMATED")
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(SOURCE_COLUMNS))


def blind(sources: pd.DataFrame) -> dict[str, float]:
    """Return, by crime type, the share of its cases that comes from stale feeds silent for ``SILENT_DAYS`` or more."""
    if sources.empty:
        return {}
    end = pd.to_datetime(sources["as_of_week"]) + pd.Timedelta(weeks=1)
    days = (end - pd.to_datetime(sources["last_known_on"])).dt.days
    silent = (sources["status_code"] != "FRESH") & ~(days < SILENT_DAYS)
    away = sources["share"].where(silent, 0.0)
    return {str(k): float(v) for k, v in away.groupby(sources["crime_type_code"]).sum().items()}


def recorded_tables(
    projections: Mapping[str, Projection], *, data_version: str, seed: int
) -> dict[str, pd.DataFrame]:
    """Return the frames that ``record_forecast`` appends, of all units."""
    made = [_unit_tables(one, unit, data_version, seed) for unit, one in projections.items()]
    return {name: pd.concat([one[name] for one in made], ignore_index=True) for name in made[0]}


def _unit_tables(projection: Projection, unit: str, data_version: str, seed: int) -> dict[str, pd.DataFrame]:
    frame, months, totals = projection.forecast, projection.months, projection.totals
    version = {
        "model_version": projection.model_version,
        "data_version": data_version,
        "seed": seed,
    }
    trends = projection.trends
    trend = trends.drop(columns="unique_id").rename(
        columns={"call": "call_code", "alert": "is_alert", "limit": "alert_limit"}
    )
    nowcast, changes = projection.nowcast, projection.changes
    wanted = [name for name in TABLES["backtest_score"] if name not in {"as_of_week", "revision"}]
    values = ("horizon", "quantile", "value")
    return {
        "weekly_forecast": pd.DataFrame(
            {
                **place(frame["unique_id"], unit), "target_week": pd.to_datetime(frame["ds"]).dt.date,
                **{c: frame[c] for c in (*values, "model_name")}, **version,
            }
        ),
        "monthly_forecast": pd.DataFrame(
            {
                **place(months["unique_id"], unit), "target_month": pd.to_datetime(months["ds"]).dt.date,
                **{c: months[c] for c in values}, **version,
            }
        ),
        "weekly_nowcast": nowcast.drop(columns="ds").assign(
            event_week=pd.to_datetime(nowcast["ds"]).dt.date, **place(nowcast["unique_id"], unit),
            silent_deliveries=nowcast["unique_id"].map(_silent(projection)).fillna(0).astype(int),
        ),
        "backtest_score": projection.scores.reindex(columns=wanted),
        "weekly_total": pd.DataFrame(
            {**place(totals["unique_id"], unit), **{c: totals[c] for c in ("weeks", "quantile", "value")}}
        ),
        "weekly_trend": pd.concat([pd.DataFrame(place(trends["unique_id"], unit)), trend], axis=1).assign(
            call_code=trend["call_code"].str.replace(" ", "_").str.upper()
        ),
        "change_point": pd.DataFrame(
            {
                **place(changes["unique_id"], unit),
                **{f"change_{c}": pd.to_datetime(changes[d]).dt.date for c, d in
                   (("week", "ds"), ("week_low", "ds_low"), ("week_high", "ds_high"))},
                "before": changes["before"], "after": changes["after"], "probability": changes["probability"],
                "method_code": changes["method"],
            }
        ),
    }  # fmt: skip


def _silent(projection: Projection) -> dict[str, int]:
    """Return deliveries judged missing by series, agencies under their nodes' names."""
    return {
        key if "|" not in key else "/*/".join(key.split("|", 1)): count
        for key, count in projection.silent.items()
    }


def place(unique_id: pd.Series, unit: str) -> dict[str, Any]:
    """Return the columns that say what a series counts; ``ALL`` where it is a total over a dimension."""
    names = pd.Series(unique_id.unique(), dtype=object)
    found = pd.DataFrame(
        [place_of(str(name)) for name in names], index=names, columns=list(NODE_COLUMNS)[1:-1]
    )
    return {
        "unique_id": unique_id,
        **{column: unique_id.map(found[column]) for column in found.columns},
        "unit_code": unit,
    }


def every_node(projections: Mapping[str, Projection], as_of_week: date) -> pd.DataFrame:
    """Return the newest week's forecast of every node there is, totals over any set of dimensions."""
    pieces = []
    for unit, one in projections.items():
        frame = one.every_node(LEVELS)
        pieces.append(
            pd.DataFrame(
                {
                    "as_of_week": as_of_week, **place(frame["unique_id"], unit),
                    "target_week": pd.to_datetime(frame["ds"]).dt.date,
                    **{c: frame[c] for c in ("horizon", "quantile", "value")},
                }
            )
        )  # fmt: skip
    return pd.concat(pieces, ignore_index=True)[list(NODE_WEEK_COLUMNS)]


def intervention_effects(
    interventions: pd.DataFrame, outcomes: Mapping[str, pd.Series], as_of_week: date
) -> pd.DataFrame:
    """Return one row per listed intervention and outcome: the step at its date against its control.

    ``interventions``: the seed's rows; ``outcomes``: days of events by outcome name. Rows that cannot be
    estimated are kept with ``call_code`` NOT_ASSESSED and the reason. Columns: ``EFFECT_COLUMNS``.
    """
    last = pd.Timestamp(as_of_week - timedelta(weeks=EFFECT_LAG_WEEKS))
    rows = []
    for item in interventions.to_dict("records"):
        about = {k: item[k] for k in ("intervention_code", "effective_on", "outcome_code", "control_code")}
        window = [tuple(w.split("/")) for w in str(item["known_break"] or "").split(" ") if "/" in w]
        try:
            found = effect(
                _weekly(outcomes[item["outcome_code"]], last),
                date=pd.Timestamp(item["effective_on"]),
                control=_weekly(outcomes[item["control_code"]], last),
                breaks=[(first, end) for first, end in window],
                name=item["intervention_code"],
            )
        except (SeriesError, KeyError) as error:
            rows.append(
                {**about, "call_code": "NOT_ASSESSED", "statement_en": str(error), "statement_ms": ""}
            )
            continue
        facts = asdict(found)
        rows.append(
            {
                **about,
                **{k: v for k, v in facts.items() if k in EFFECT_COLUMNS},
                "kind_code": facts["kind"],
                "call_code": facts["call"].replace(" ", "_").upper(),
                "statement_en": facts["words"],
                "statement_ms": facts["words_ms"],
            }
        )
    return pd.DataFrame(rows).reindex(columns=list(EFFECT_COLUMNS))


def _weekly(days: pd.Series, last: pd.Timestamp) -> pd.DataFrame:
    day = pd.to_datetime(days.dropna())
    week = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    week = week[week <= last]
    if week.empty:
        raise SeriesError("no event of this outcome is known")
    # All outcomes share one start, so that a series and its control cover the same weeks.
    grid = pd.date_range("2017-01-02", last, freq="7D")
    return pd.DataFrame({"ds": grid, "y": week.value_counts().reindex(grid, fill_value=0).to_numpy()})


SOURCE_COLUMNS = {
    "as_of_week": "date",
    "crime_type_code": "varchar",
    "agency_code": "varchar",
    "status_code": "varchar",
    "last_known_on": "date",
    "lateness_days": "integer",
    "share": "double",
    "treatment_code": "varchar",
}
NODE_WEEK_COLUMNS = {
    "as_of_week": "date",
    **NODE_COLUMNS,
    "target_week": "date",
    "horizon": "integer",
    "quantile": "double",
    "value": "double",
}
EFFECT_COLUMNS = {
    "intervention_code": "varchar",
    "effective_on": "date",
    "outcome_code": "varchar",
    "control_code": "varchar",
    "kind_code": "varchar",
    "effect": "double",
    "low": "double",
    "high": "double",
    "p_value": "double",
    "p_placebo": "double",
    "placebos": "integer",
    "periods_before": "integer",
    "periods_after": "integer",
    "events_before": "double",
    "events_after": "double",
    "call_code": "varchar",
    "statement_en": "varchar",
    "statement_ms": "varchar",
}

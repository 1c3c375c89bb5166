"""One week's projection from the warehouse's counts to the rows that are recorded.

Belongs here: which series are projected, the shape of the recorded tables, scores of matured forecasts, effects
of the interventions listed as a seed. Does not belong here: the models (forecasting/), files (forecast_record.py),
Dagster (defs/forecast).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from forecasting import Projection, SeriesError, project, reporting_triangle, weekly_series
from forecasting.frames import LEVELS, generator, to_panel
from forecasting.intervention import effect
from forecasting.models import pool
from forecasting.replay import POOL
from forecasting.scores import score_frame, wis
from forecasting.series import known_series
from mids_orchestration.forecast_record import TABLES

HORIZON_WEEKS = 12
UNIT = "case"
#: Past weeks the combination is judged on (a year), and earlier ones that only teach it.
ORIGINS, LEARN_ON = 52, 13
LEAF = ("crime_type_code", "state_code", "agency_code")
#: Weeks after which a count is taken as final when a recorded forecast is scored.
MATURE_WEEKS = 13
#: Newest weeks left out of effects: persons and charges become known late.
EFFECT_LAG_WEEKS = 26


#: National forecasts on record: what matures and is scored.
RECORDED_NATIONAL = "select * from forecast.weekly_forecast where unique_id not like '%/%/%'"
#: Shares of counts that past intervals may have held before the gate closes. A year of overlapping four-week
#: forecasts of three series is worth about sixty independent ones: two standard errors are 10 and 6 points, and
#: intervals of counts near one cannot cover less than they do.
COVERAGE_BANDS = {0.8: (0.68, 0.94), 0.95: (0.87, 1.0)}
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
    """Return the share of counts inside the combination's past 80 and 95 % intervals, 1 to 4 weeks ahead."""
    if not len(scores):
        return {}
    mine = scores[(scores["model_name"] == POOL) & (scores["horizon"] <= NEAR)]
    return {c: float(mine[f"coverage_{round(c * 100)}"].mean()) for c in COVERAGE_BANDS} if len(mine) else {}


def project_week(counts: pd.DataFrame, as_of_week: date, *, seed: int, origins: int = ORIGINS) -> Projection:
    """Return the projection of every national series and node from what was known at the close of the week."""
    return project(
        weekly_series(counts, as_of_week=as_of_week, unit_code=UNIT),
        triangle=reporting_triangle(counts, as_of_week=as_of_week, unit_code=UNIT),
        leaves=weekly_series(counts, as_of_week=as_of_week, unit_code=UNIT, by=LEAF),
        horizon=HORIZON_WEEKS,
        levels=LEVELS,
        origins=origins,
        learn_on=LEARN_ON,
        seed=seed,
    )


def recorded_tables(projection: Projection, *, data_version: str, seed: int) -> dict[str, pd.DataFrame]:
    """Return the frames that ``record_forecast`` appends, without leaves (state and agency at once)."""
    frame = _shown(projection.forecast)
    forecast = pd.DataFrame(
        {
            **_place(frame["unique_id"]),
            "target_week": pd.to_datetime(frame["ds"]).dt.date,
            "horizon": frame["horizon"].astype(int),
            "quantile": frame["quantile"],
            "value": frame["value"],
            "model_name": frame["model_name"],
            "model_version": projection.model_version,
            "data_version": data_version,
            "seed": seed,
        }
    )
    totals, trends = _shown(projection.totals), _shown(projection.trends)
    trend = trends.drop(columns="unique_id").rename(
        columns={"call": "call_code", "alert": "is_alert", "limit": "alert_limit"}
    )
    nowcast = projection.nowcast.rename(columns={"ds": "event_week"})
    wanted = [name for name in TABLES["backtest_score"] if name not in {"as_of_week", "revision"}]
    return {
        "weekly_forecast": forecast,
        "weekly_nowcast": nowcast.assign(event_week=pd.to_datetime(nowcast["event_week"]).dt.date),
        "backtest_score": projection.scores.reindex(columns=wanted),
        "weekly_total": pd.DataFrame(
            {**_place(totals["unique_id"]), **{c: totals[c] for c in ("weeks", "quantile", "value")}}
        ),
        "weekly_trend": pd.concat([pd.DataFrame(_place(trends["unique_id"])), trend], axis=1).assign(
            call_code=trend["call_code"].str.replace(" ", "_").str.upper()
        ),
    }


def _shown(frame: pd.DataFrame) -> pd.DataFrame:
    name = frame["unique_id"]
    leaf = (name.str.count("/") == 3) & ~name.str.contains("/*/", regex=False)
    return frame[~leaf].reset_index(drop=True)


def _place(unique_id: pd.Series) -> dict[str, Any]:
    """Return the columns that say what a series counts; ``ALL`` where it is a total over states or agencies."""
    parts = unique_id.str.split("/")
    return {
        "unique_id": unique_id,
        "crime_type_code": parts.str[1],
        "state_code": parts.str[2].fillna("ALL").replace("*", "ALL"),
        "agency_code": parts.str[3].fillna("ALL"),
        "unit_code": UNIT,
    }


def matured_scores(recorded: pd.DataFrame, counts: pd.DataFrame, as_of_week: date) -> pd.DataFrame:
    """Return one row per recorded national forecast of a week whose count is final by ``as_of_week``.

    ``recorded``: rows of ``forecast.weekly_forecast``. The seasonal-naive beside it is made from what was known
    then. Columns: ``MATURED_COLUMNS``.
    """
    national = recorded[recorded["unique_id"].str.count("/") == 1].copy()
    final = as_of_week - timedelta(weeks=MATURE_WEEKS)
    national["target_week"] = pd.to_datetime(national["target_week"])
    national["as_of_week"] = pd.to_datetime(national["as_of_week"])
    national = national[national["target_week"] <= pd.Timestamp(final)]
    if national.empty:
        return pd.DataFrame(columns=list(MATURED_COLUMNS))
    truth = weekly_series(counts, as_of_week=as_of_week, unit_code=UNIT)
    triangle = reporting_triangle(counts, as_of_week=as_of_week, unit_code=UNIT)
    pieces = []
    keys = national[["as_of_week", "revision"]].drop_duplicates().sort_values(["as_of_week", "revision"])
    for week, revision in zip(pd.to_datetime(keys["as_of_week"]), keys["revision"], strict=True):
        part = national[(national["as_of_week"] == week) & (national["revision"] == revision)]
        scored = score_frame(part.rename(columns={"target_week": "ds"}), truth)
        if scored.empty:
            continue
        naive = _naive_wis(triangle, week, scored)
        pieces.append(scored.assign(as_of_week=week.date(), revision=revision, wis_seasonal_naive=naive))
    if not pieces:
        return pd.DataFrame(columns=list(MATURED_COLUMNS))
    out = pd.concat(pieces, ignore_index=True).rename(columns={"ds": "target_week", "y": "count_value"})
    out["target_week"] = pd.to_datetime(out["target_week"]).dt.date
    base = out["wis_seasonal_naive"].where(out["wis_seasonal_naive"] > 0)
    return out.assign(relative_wis=out["wis"] / base)[list(MATURED_COLUMNS)]


def _naive_wis(triangle: pd.DataFrame, week: pd.Timestamp, scored: pd.DataFrame) -> np.ndarray:
    panel = to_panel(known_series(triangle, as_of_week=week))
    (model,) = pool(("seasonal_naive",))
    rng = generator(0, "matured", str(week.date()))
    values = model.quantiles(panel, HORIZON_WEEKS, LEVELS, paths=400, rng=rng)
    where = {name: i for i, name in enumerate(panel.ids)}
    index = scored["unique_id"].map(where)
    known = index.notna().to_numpy() & (scored["horizon"] <= HORIZON_WEEKS).to_numpy()
    out = np.full(len(scored), np.nan)
    rows = index[known].to_numpy(dtype=int)
    ahead = scored.loc[known, "horizon"].to_numpy(dtype=int) - 1
    out[known] = wis(scored.loc[known, "y"].to_numpy(dtype=float), values[rows, ahead], LEVELS)
    return out


MATURED_COLUMNS = {
    "as_of_week": "date",
    "revision": "integer",
    "unique_id": "varchar",
    "target_week": "date",
    "horizon": "integer",
    "model_name": "varchar",
    "count_value": "double",
    "wis": "double",
    "dispersion": "double",
    "overprediction": "double",
    "underprediction": "double",
    "absolute_error": "double",
    "pit": "double",
    "coverage_50": "double",
    "coverage_80": "double",
    "coverage_95": "double",
    "wis_seasonal_naive": "double",
    "relative_wis": "double",
}


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

"""The numbers on the page, computed from the release's own tables.

Belongs here: every number shown, as plain values and small frames. Does not belong here: words (words),
marks and colours (charts), HTML (page.html.j2).

Weeks are Mondays. "Known at close" means known by the Monday after the week, the day the weekly deliveries
arrive. Comparisons between weeks are made *at the same age*: the newest week is never set against weeks
whose late reports have already come in, which would show a fall every week.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from forecasting.quantiles import expected_count
from mids_orchestration.calendar import last_closed_week, monday_of

#: Crime types in the order they are shown; others found in the data follow, by code.
CRIMES = ("TIP", "SOM", "JOBSCAM")
UNITS = ("case", "person")
#: Records whose crime type nobody has told: counted beside the cards, never shown as a crime type.
UNTYPED = ("XX", "", "UNKNOWN")
UNKNOWN_STATE = "?"
TREND_WEEKS = 104
STATE_WEEKS = 52
OUTLOOK_WEEKS = 4
COMPARED_WEEKS = 4
#: A week counts as complete once this share of what will be known is known, on average.
COMPLETE = 0.9
#: Event weeks younger than this are not used to learn the delay: their late reports are still out.
MATURE_WEEKS = 26
#: Earlier projections are shown one after the other, each over its own twelve weeks, two years back.
HISTORY_WEEKS, MOST_HISTORY = 12, 8
_WEEK = pd.Timedelta(days=7)
_NO_STATE = {"", "?", "XX", "00", "99", "UNK", "UNKNOWN", "NONE", "NAN", "<NA>"}


@dataclass(frozen=True)
class Outlook:
    """Expected total of the next weeks.

    Attributes:
        low, high: 80 % interval. Unless ``joint``, the sum of the weekly bounds: as if good and bad weeks
            came together, hence wider than need be.
        joint: True when the interval was made for the total itself.
        made_after: last week the forecast knew.
    """

    expected: float
    low: float
    high: float
    weeks: int
    joint: bool
    made_after: pd.Timestamp


@dataclass(frozen=True)
class Skill:
    """How past forecasts of one series did: scores by horizon, and the mean of the first four weeks."""

    model: str
    by_horizon: pd.DataFrame
    origins: int
    relative_wis: float | None
    coverage_80: float | None


@dataclass(frozen=True)
class CrimeFigures:
    """Everything the page tells about one crime type.

    Attributes:
        unit: ``case`` or ``person``, what is counted.
        weekly: ``week, count, complete, average`` of the last 104 closed weeks (zero where nothing is known).
        last: what is known of the last closed week; None when this crime type has no data.
        before: mean of the four weeks before it, each as known at the same age.
        usual: 10th and 90th percentile of the year before, at the same age.
        share_at_close: share of a week's final count that is known at its close, over mature weeks.
        incomplete_weeks: how many of the newest weeks are still incomplete.
        fan: ``week`` and one column per quantile level, newest forecast.
        nowcast: the same for the newest event weeks, may be empty.
        states: ``state_code, state_en, state_ms, count`` of the last 52 closed weeks, largest first.
        history: earlier forecasts that the fan is drawn over: ``made, week`` and one column per quantile level.
        state, child: the state and age group (``Y`` or ``N``) these are of; empty = the country, all ages.
        longer: the counts of ``weekly`` with the seven weeks before them, which its average needs.
    """

    code: str
    unit: str
    weekly: pd.DataFrame
    last: int | None
    before: float | None
    usual: tuple[float, float] | None
    share_at_close: float | None
    incomplete_weeks: int
    outlook: Outlook | None
    fan: pd.DataFrame
    nowcast: pd.DataFrame
    skill: Skill | None
    states: pd.DataFrame
    history: pd.DataFrame
    longer: tuple[int, ...] = ()
    state: str = ""
    child: str = ""

    @property
    def place(self) -> str:
        """Its name in the page's script: ``10``, ``/Y`` (the country's children), ``10/Y``."""
        return f"{self.state}/{self.child}" if self.child else self.state


def crime_figures(frames: Mapping[str, pd.DataFrame], as_of: date) -> list[CrimeFigures]:
    """Figures of every crime type, :data:`CRIMES` first; a type without data has empty frames."""
    counts = _counts(frames.get("fct_weekly_count"))
    found = [] if counts.empty else sorted({*counts["crime_type_code"]} - {*CRIMES, *UNTYPED})
    return [figures_of(code, counts, frames, as_of) for code in (*CRIMES, *found)]


def state_figures(frames: Mapping[str, pd.DataFrame], as_of: date, crime: CrimeFigures) -> list[CrimeFigures]:
    """The same of each state in which the crime type was ever recorded; how late reports come is the country's."""
    counts = _counts(frames.get("fct_weekly_count"))
    mine = counts[(counts["crime_type_code"] == crime.code) & (counts["unit_code"] == crime.unit)]
    return [
        figures_of(crime.code, rows, frames, as_of, str(state), crime)
        for state, rows in mine.groupby("state_code")
        if str(state).upper() not in _NO_STATE
    ]


def untyped_cases(frames: Mapping[str, pd.DataFrame], as_of: date) -> int:
    """Cases of the last 52 closed weeks whose crime type is not known."""
    counts = _counts(frames.get("fct_weekly_count"))
    if counts.empty:
        return 0
    newest = pd.Timestamp(last_closed_week(as_of))
    mine = counts[counts["crime_type_code"].isin(UNTYPED) & (counts["unit_code"] == "case")]
    year = mine[(mine["event_week"] <= newest) & (mine["event_week"] > newest - STATE_WEEKS * _WEEK)]
    return int(year["count_value"].sum())


def _counts(frame: pd.DataFrame | None) -> pd.DataFrame:
    columns = ["event_week", "known_week", "crime_type_code", "state_code", "unit_code", "count_value"]
    if frame is None or frame.empty:
        return pd.DataFrame({c: pd.Series(dtype="object") for c in columns})
    counts = frame[columns].copy()
    for column in ("event_week", "known_week"):
        counts[column] = pd.to_datetime(counts[column]).astype("datetime64[ns]")
    return counts


def figures_of(
    code: str,
    counts: pd.DataFrame,
    frames: Mapping[str, pd.DataFrame],
    as_of: date,
    state: str = "",
    country: CrimeFigures | None = None,
) -> CrimeFigures:
    """Figures of one crime type from its ``counts``; of a ``state`` when given, with the ``country``'s delays."""
    newest, today = pd.Timestamp(last_closed_week(as_of)), pd.Timestamp(monday_of(as_of))
    mine = counts[counts["crime_type_code"] == code]
    unit = next((u for u in UNITS if (mine["unit_code"] == u).any()), UNITS[0])
    mine = mine[mine["unit_code"] == unit]
    if not mine.empty:
        mine = mine[(mine["event_week"] <= newest) & (mine["known_week"] <= today)]
    if country is None:
        share, incomplete = _completeness(mine, newest)
    else:
        share, incomplete = country.share_at_close, country.incomplete_weeks
    forecast = _series(frames.get("fct_forecast"), code, unit, newest, state)
    fan, made_after = _fan(forecast)
    same_age = _weekly(mine[mine["known_week"] - mine["event_week"] <= today - newest], newest, 57)
    empty = mine.empty
    return CrimeFigures(
        code=code,
        unit=unit,
        weekly=_trend(mine, newest, incomplete),
        last=None if empty else int(same_age.iloc[-1]),
        before=None if empty else float(same_age.iloc[-1 - COMPARED_WEEKS : -1].mean()),
        usual=None if empty else _usual(same_age),
        share_at_close=share,
        incomplete_weeks=incomplete,
        outlook=_outlook(
            fan,
            made_after,
            _newest_run(_series(frames.get("fct_forecast_total"), code, unit, newest, state)),
            newest,
        ),
        fan=fan,
        nowcast=_nowcast(_newest_run(_series(frames.get("fct_nowcast"), code, unit, newest, state))),
        skill=_skill(
            _newest_run(_series(frames.get("fct_forecast_score"), code, None, newest, state)),
            _newest_run(forecast),
        ),
        states=_states(mine, frames.get("dim_state"), newest) if country is None else pd.DataFrame(),
        history=_history(forecast),
        longer=tuple(_weekly(mine, newest, TREND_WEEKS + 7).tolist()),
        state=state,
    )


def _weekly(counts: pd.DataFrame, newest: pd.Timestamp, weeks: int) -> pd.Series:
    """Counts by event week on the full axis of the last ``weeks`` weeks; nothing known is zero."""
    axis = pd.date_range(newest - (weeks - 1) * _WEEK, newest, freq="7D")
    if counts.empty:
        return pd.Series(0, index=axis, dtype="int64")
    summed = counts.groupby("event_week")["count_value"].sum()
    return summed.reindex(axis, fill_value=0).astype("int64")


def _trend(counts: pd.DataFrame, newest: pd.Timestamp, incomplete: int) -> pd.DataFrame:
    if counts.empty:
        return pd.DataFrame({"week": [], "count": [], "complete": [], "average": []})
    longer = _weekly(counts, newest, TREND_WEEKS + 7)
    average = longer.rolling(8).mean()
    series = longer.iloc[-TREND_WEEKS:]
    complete = series.index <= newest - incomplete * _WEEK
    return pd.DataFrame(
        {
            "week": series.index,
            "count": series.to_numpy(),
            "complete": complete,
            "average": average.iloc[-TREND_WEEKS:].where(complete).to_numpy(),
        }
    )


def _usual(same_age: pd.Series) -> tuple[float, float]:
    year = same_age.iloc[-53:-1]
    low, high = year.quantile([0.1, 0.9], interpolation="nearest")
    return float(low), float(high)


def _completeness(counts: pd.DataFrame, newest: pd.Timestamp) -> tuple[float | None, int]:
    """Share known at close, and the number of newest weeks that are on average less than 90 % known."""
    if counts.empty:
        return None, 0
    from_week, to_week = newest - 130 * _WEEK, newest - MATURE_WEEKS * _WEEK
    mature = counts[(counts["event_week"] > from_week) & (counts["event_week"] <= to_week)]
    total = mature["count_value"].sum()
    if total <= 0:
        return None, 1
    delay = ((mature["known_week"] - mature["event_week"]).dt.days // 7 - 1).clip(lower=0)
    known = mature["count_value"].groupby(delay).sum().sort_index().cumsum() / total
    full = known.reindex(range(MATURE_WEEKS + 1)).ffill().fillna(0.0)
    reached = full[full >= COMPLETE]
    return min(float(full.iloc[0]), 1.0), int(reached.index[0]) if len(reached) else MATURE_WEEKS


def _series(
    frame: pd.DataFrame | None, code: str, unit: str | None, newest: pd.Timestamp, state: str
) -> pd.DataFrame:
    """Rows of one crime type, of the country or one state, from every run that knew no later week than ``newest``."""
    if frame is None or frame.empty:
        return pd.DataFrame()
    rows = frame
    if "unique_id" in rows.columns:  # MY/TIP is the country, MY/TIP/10 a state, MY/TIP/*/PDRM an agency
        rows = rows[rows["unique_id"] == "/".join(["MY", code, *([state] if state else [])])]
    else:
        rows = rows[rows["crime_type_code"] == code]
    if unit is not None and "unit_code" in rows.columns:
        rows = rows[rows["unit_code"] == unit]
    rows = rows.assign(as_of_week=pd.to_datetime(rows["as_of_week"]).astype("datetime64[ns]"))
    return rows[rows["as_of_week"] <= newest]


def _newest_run(rows: pd.DataFrame) -> pd.DataFrame:
    """Of :func:`_series`, the newest run's rows; of a week run twice, the last revision's."""
    if rows.empty:
        return rows
    rows = rows[rows["as_of_week"] == rows["as_of_week"].max()]
    return rows[rows["revision"] == rows["revision"].max()] if "revision" in rows.columns else rows


def _wide(rows: pd.DataFrame, week_column: str) -> pd.DataFrame:
    rows = rows.assign(week=pd.to_datetime(rows[week_column]).astype("datetime64[ns]"))
    wide = rows.pivot_table(index="week", columns="quantile", values="value", aggfunc="last").sort_index()
    wide.columns = [f"{float(level):g}" for level in wide.columns]
    return wide.reset_index()


def _fan(forecast: pd.DataFrame) -> tuple[pd.DataFrame, pd.Timestamp | None]:
    rows = _newest_run(forecast)
    if rows.empty:
        return pd.DataFrame({"week": []}), None
    return _wide(rows, "target_week"), pd.Timestamp(rows["as_of_week"].iloc[0])


def _history(forecast: pd.DataFrame) -> pd.DataFrame:
    """Earlier runs, one after the other where there are enough of them: ``made, week`` and the quantile levels."""
    weeks = sorted(set(forecast["as_of_week"]), reverse=True) if len(forecast) else []
    if len(weeks) < 2:
        return pd.DataFrame({"made": [], "week": []})
    chosen = [weeks[0]]
    for week in weeks[1:]:
        if chosen[-1] - week >= HISTORY_WEEKS * _WEEK:
            chosen.append(week)
    earlier = chosen[1 : MOST_HISTORY + 1] or weeks[-1:]
    runs = []
    for week in earlier:
        run = _wide(_newest_run(forecast[forecast["as_of_week"] == week]), "target_week")
        runs.append(run.assign(made=week))
    return pd.concat(runs, ignore_index=True)


def _nowcast(rows: pd.DataFrame) -> pd.DataFrame:
    if rows.empty:
        return pd.DataFrame({"week": []})
    return _wide(rows, "event_week" if "event_week" in rows.columns else "target_week")


def _outlook(
    fan: pd.DataFrame,
    made_after: pd.Timestamp | None,
    own: pd.DataFrame,
    newest: pd.Timestamp,
) -> Outlook | None:
    ahead = fan[fan["week"] > newest].head(OUTLOOK_WEEKS) if len(fan) else fan
    if made_after is None or ahead.empty or not {"0.1", "0.9"} <= set(ahead.columns):
        return None
    names = sorted((c for c in ahead.columns if c != "week"), key=float)
    levels = [float(name) for name in names]
    expected = sum(expected_count(levels, [float(v) for v in row]) for row in ahead[names].to_numpy())
    low, high, joint = float(ahead["0.1"].sum()), float(ahead["0.9"].sum()), False
    if not own.empty and (own["as_of_week"] == newest).all():
        own = own[own["weeks"] == len(ahead)]
        held = {round(float(q), 4): float(v) for q, v in zip(own["quantile"], own["value"], strict=True)}
        if {0.1, 0.9} <= set(held):
            low, high, joint = held[0.1], held[0.9], True
            expected = expected_count(sorted(held), [held[q] for q in sorted(held)])
    return Outlook(expected, low, high, len(ahead), joint, made_after)


def _skill(rows: pd.DataFrame, used: pd.DataFrame) -> Skill | None:
    if rows.empty:
        return None
    models = sorted(set(rows["model_name"]))
    model = str(used["model_name"].iloc[0]) if not used.empty else models[0]
    rows = rows[rows["model_name"] == model].sort_values("horizon")
    if rows.empty:
        return None
    kept = ["horizon", "origins", "relative_wis", "coverage_50", "coverage_80", "coverage_95"]
    table = rows[kept].drop_duplicates("horizon").reset_index(drop=True)
    near = table[table["horizon"] <= OUTLOOK_WEEKS]
    return Skill(
        model, table, int(table["origins"].max()), _mean(near["relative_wis"]), _mean(near["coverage_80"])
    )


def _mean(values: pd.Series) -> float | None:
    kept = pd.to_numeric(values, errors="coerce").dropna()
    return float(kept.mean()) if len(kept) else None


def state_names(dim_state: pd.DataFrame | None) -> dict[str, tuple[str, str]]:
    """English and Malay name by state code, from whatever name columns ``dim_state`` has."""
    if dim_state is None or dim_state.empty:
        return {}
    have = list(dim_state.columns)
    english = _first(have, "label_en", "state_name_en", "name_en", "state_name", "state_label_en", "name")
    malay = _first(have, "label_ms", "state_name_ms", "name_ms", "state_label_ms") or english
    if english is None or malay is None:
        return {}
    codes = dim_state["state_code"].astype(str)
    named = zip(codes, dim_state[english].astype(str), dim_state[malay].astype(str), strict=True)
    return {code: (en, ms) for code, en, ms in named if code.upper() not in _NO_STATE}


def _first(have: list[str], *wanted: str) -> str | None:
    return next((name for name in wanted if name in have), None)


def _states(counts: pd.DataFrame, dim_state: pd.DataFrame | None, newest: pd.Timestamp) -> pd.DataFrame:
    """Counts by state over a year, every known state listed, what has no state last."""
    names = state_names(dim_state)
    columns = ["state_code", "state_en", "state_ms", "count"]
    if counts.empty:
        return pd.DataFrame({c: [] for c in columns})
    year = counts[counts["event_week"] > newest - STATE_WEEKS * _WEEK]
    codes = year["state_code"].astype("object").where(year["state_code"].notna(), "").astype(str)
    unknown = codes.str.upper().isin(_NO_STATE) | (~codes.isin(names) if names else False)
    summed = year["count_value"].groupby(codes.mask(unknown, UNKNOWN_STATE)).sum()
    rows: list[tuple[Any, ...]] = []
    for state in sorted({*names, *summed.index} - {UNKNOWN_STATE}):
        en, ms = names.get(state, (state, state))
        rows.append((state, en, ms, int(summed.get(state, 0))))
    rows.sort(key=lambda row: (-row[3], row[1]))
    rows.append((UNKNOWN_STATE, "", "", int(summed.get(UNKNOWN_STATE, 0))))
    return pd.DataFrame(rows, columns=columns)

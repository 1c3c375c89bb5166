"""What if: sample paths under a changed exposure or season, beside the baseline's, and where effort helps most.

Belongs here: reading scenarios given as data, changing baseline paths by drawn elasticities, the allocation view.
Does not belong here: estimating elasticities (exposure.py), forecasting the baseline, files.

A scenario never makes forecasts of its own. It takes the baseline's sample paths of the states and, path by path,
multiplies the expected count by what the change of exposure does under one draw of the elasticities (fewer: each
case stays with that probability; more: a Poisson number is added). National paths follow as sums, so scenario and
baseline differ by the change alone, and children still add up. What is not known of the elasticity, and of the
season's shape, is in the spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.exposure import EVENT_LIKE, LAGS, Elasticity, design
from forecasting.frames import Floats, Panel, SeriesError, generator
from forecasting.models.season import seasonal_log, year_phase
from forecasting.quantiles import path_quantiles

SEASON = "SEASON"
CHANGES = ("MULTIPLY", "ADD", "SHIFT_WEEKS")
COLUMNS = (
    "scenario_code", "crime_type_code", "state_code", "exposure_code", "change_code", "change_value",
    "first_week", "weeks",
)  # fmt: skip
#: Weeks whose mean exposure is what goes on without the scenario.
RECENT = 26
#: Weeks of the allocation view, and the probability at which one place is called the best.
ALLOCATION_WEEKS, SURE = 4, 0.8
ALL = "ALL"


@dataclass(frozen=True)
class Scenario:
    """One change: an exposure multiplied or added to in a place for some weeks, or the season moved.

    ``first_week`` counts from 1 (the first week ahead); ``weeks`` how long it lasts. ``state`` may be ``ALL``.
    """

    code: str
    crime_type: str
    state: str
    exposure: str
    change: str
    value: float
    first_week: int
    weeks: int


def read_scenarios(
    frame: pd.DataFrame,
    *,
    horizon: int,
    exposures: Sequence[str],
    states: Sequence[str],
    crime_types: Sequence[str],
) -> list[Scenario]:
    """Return the scenarios of a table (columns ``COLUMNS``, more are ignored).

    Raises ``SeriesError`` naming every faulty row and column; row n of the table is line n + 2 of its file.
    """
    missing = [c for c in COLUMNS if c not in frame.columns]
    if missing:
        raise SeriesError(f"scenarios lack column(s) {missing}; they need {', '.join(COLUMNS)}")
    wrong: list[str] = []
    found: list[Scenario] = []
    for line, row in enumerate(frame.to_dict("records"), 2):
        change, exposure = str(row["change_code"]).strip(), str(row["exposure_code"]).strip()
        numbers = {c: pd.to_numeric(row[c], errors="coerce") for c in ("change_value", "first_week", "weeks")}
        said = [f"{c} {row[c]!r} is not a number" for c, v in numbers.items() if not np.isfinite(v)]
        allowed: dict[str, Sequence[str]] = {
            "change_code": CHANGES,
            "exposure_code": [*exposures, SEASON],
            "state_code": [*states, ALL],
            "crime_type_code": crime_types,
        }
        said += [
            f"{c} {row[c]!r} is not one of {', '.join(known)}"
            for c, known in allowed.items()
            if str(row[c]).strip() not in known
        ]
        if not said and (change == "SHIFT_WEEKS") != (exposure == SEASON):
            said.append("SHIFT_WEEKS goes with exposure SEASON, and only with it")
        if not said:
            first, weeks, value = (numbers[c] for c in ("first_week", "weeks", "change_value"))
            if first < 1 or weeks < 1 or first + weeks - 1 > horizon or first % 1 or weeks % 1:
                said.append(f"first_week {first:g} and weeks {weeks:g} do not lie in weeks 1 to {horizon}")
            if change == "MULTIPLY" and not 0 <= value <= 10:
                said.append(f"change_value {value:g} is no factor from 0 to 10 (1.3 is 30 % more)")
            if change == "SHIFT_WEEKS" and abs(value) > 26:
                said.append(f"change_value {value:g} moves the season by more than half a year")
        if said:
            wrong.append(f"line {line} ({row['scenario_code']}): {'; '.join(said)}")
            continue
        found.append(
            Scenario(
                str(row["scenario_code"]).strip(), str(row["crime_type_code"]).strip(), str(row["state_code"]).strip(),
                exposure, change, float(numbers["change_value"]), int(numbers["first_week"]), int(numbers["weeks"]),
            )
        )  # fmt: skip
    codes = [s.code for s in found]
    wrong += [f"scenario_code {c!r} appears twice" for c in sorted({c for c in codes if codes.count(c) > 1})]
    if wrong:
        raise SeriesError("scenarios cannot be used: " + " | ".join(wrong))
    return found


def scenario_paths(
    scenario: Scenario,
    paths: Floats,
    places: Sequence[str],
    *,
    panel: Panel | None = None,
    slopes: Elasticity | None = None,
    exposures: Mapping[str, Floats] | None = None,
    seed: int,
) -> Floats:
    """Return the states' paths (places, paths, horizon) under the scenario, from the baseline's of the same shape.

    ``panel``: the states' history (for a moved season); ``slopes`` and ``exposures`` (places, weeks; by code): for a
    changed exposure. Raises ``SeriesError`` when what the scenario changes was not estimated.
    """
    _, size, horizon = paths.shape
    inside = np.zeros(horizon, dtype=bool)
    inside[scenario.first_week - 1 : scenario.first_week - 1 + scenario.weeks] = True
    hit = [i for i, place in enumerate(places) if scenario.state in (ALL, place)]
    if not hit:
        raise SeriesError(f"{scenario.code}: state {scenario.state} has no series of {scenario.crime_type}")
    out = paths.copy()
    for i in hit:
        if scenario.exposure == SEASON:
            if panel is None:
                raise SeriesError(f"{scenario.code}: a moved season needs the states' history")
            log = _season_log(panel, scenario.value, horizon, size, seed) * inside
        else:
            if slopes is None or exposures is None or scenario.exposure not in {c for c, _ in slopes.columns}:
                raise SeriesError(
                    f"{scenario.code}: the effect of {scenario.exposure} could not be estimated"
                )
            log = _exposure_log(scenario, exposures, i, slopes, str(places[i]), horizon, size, seed, inside)
        rng = generator(seed, "scenario", scenario.code, str(places[i]))
        out[i] = changed(paths[i], np.exp(np.clip(log, -4, 4)), rng)
    return out


def changed(paths: Floats, factor: Floats, rng: np.random.Generator) -> Floats:
    """Return counts (paths, horizon) whose expectation is ``factor`` times the given ones, whole and paired."""
    kept = rng.binomial(paths.astype(int), np.minimum(factor, 1.0))
    more = rng.poisson(paths * np.maximum(factor - 1.0, 0.0))
    return np.asarray(kept + more, dtype=float)


def _season_log(panel: Panel, shift: float, horizon: int, size: int, seed: int) -> Floats:
    """Return log factors (paths, horizon) of a season that comes ``shift`` weeks later (earlier if negative).

    The season is that of all places together: single states hold too few cases to have one.
    """
    total = np.nan_to_num(panel.y).sum(0, keepdims=True)
    ahead = panel.future(horizon)
    moved = ahead - np.timedelta64(round(shift * 7), "D")
    phase = np.concatenate([year_phase(ahead), year_phase(moved)])
    _, factor, doubt = seasonal_log(total, year_phase(panel.ds), phase, season=panel.season)
    normal = generator(seed, "season").standard_normal((size, doubt.shape[1]))
    log = factor[0] + normal @ doubt[0]
    return np.asarray(log[:, horizon:] - log[:, :horizon])


def _exposure_log(
    scenario: Scenario,
    exposures: Mapping[str, Floats],
    i: int,
    slopes: Elasticity,
    place: str,
    horizon: int,
    size: int,
    seed: int,
    inside: np.ndarray,
) -> Floats:
    base = recent_exposures(exposures, slopes, i)
    plain = {c: np.concatenate([v, np.full(horizon, _level(v, c))]) for c, v in base.items()}
    other = {c: v.copy() for c, v in plain.items()}
    ahead = other[scenario.exposure][-horizon:]
    now = ahead[inside]
    ahead[inside] = (
        now * scenario.value if scenario.change == "MULTIPLY" else np.maximum(now + scenario.value, 0)
    )
    move = regressors(other)[-horizon:] - regressors(plain)[-horizon:]
    return np.asarray(slopes.draws(size, seed=seed, place=place) @ move.T)


def recent_exposures(exposures: Mapping[str, Floats], slopes: Elasticity, i: int) -> dict[str, Floats]:
    """Return one place's newest exposures (weeks,) by code, of what was estimated."""
    return {
        c: np.asarray(exposures[c][i, -RECENT:], dtype=float) for c in sorted({c for c, _ in slopes.columns})
    }


def _level(values: Floats, code: str) -> float:
    """Return what goes on: the mean of events (operations), the last state of what stays (posts)."""
    return float(values.mean()) if code in EVENT_LIKE else float(values[-1])


def regressors(values: Mapping[str, Floats]) -> Floats:
    """Return the regressors (time, k) of one place."""
    return design({c: v[None] for c, v in values.items()})[1][0]


@dataclass(frozen=True)
class Allocation:
    """One more operation in the coming weeks, by place: draws (places, paths) of the cases it would bring to light.

    ``per_week``: operations a week as they go on; ``expected``: cases expected without it.
    """

    places: tuple[str, ...]
    extra: Floats
    per_week: Floats
    expected: Floats

    def frame(self) -> pd.DataFrame:
        """Return one row per place, the most promising first.

        Columns ``state_code, operations_per_week, expected_cases, extra_cases, extra_low, extra_high`` (80 %),
        ``p_positive`` (it helps at all), ``p_best`` (nowhere else would help more), ``call``: ``best`` where
        ``p_best`` is at least ``SURE``, else ``cannot tell``.
        """
        best = np.bincount(self.extra.argmax(0), minlength=len(self.places)) / self.extra.shape[1]
        low, middle, high = np.quantile(self.extra, [0.1, 0.5, 0.9], axis=1)
        out = pd.DataFrame(
            {
                "state_code": self.places, "operations_per_week": self.per_week, "expected_cases": self.expected,
                "extra_cases": middle, "extra_low": low, "extra_high": high,
                "p_positive": (self.extra > 0).mean(1), "p_best": best,
                "call": np.where((best >= SURE) & ((self.extra > 0).mean(1) >= SURE), "best", "cannot tell"),
            }
        )  # fmt: skip
        out = out.sort_values(["extra_cases", "state_code"], ascending=[False, True], ignore_index=True)
        out.insert(0, "rank", np.arange(1, len(out) + 1))
        return out


def allocation(
    paths: Floats, places: Sequence[str], slopes: Elasticity, exposures: Mapping[str, Floats], *, seed: int,
    code: str = "OPERATION", weeks: int = ALLOCATION_WEEKS,
) -> Allocation:  # fmt: skip
    """Return what one more operation, some time in the next ``weeks``, would bring to light in each place.

    Cases that happen and that no one finds stay unseen; an operation takes some of them out of the dark. Unseen
    cases fall by what is found in addition.
    """
    size = paths.shape[1]
    extra = np.empty((len(places), size))
    per_week = np.empty(len(places))
    expected = paths[:, :, :weeks].mean(1)
    length = weeks + LAGS
    for i, place in enumerate(places):
        base = recent_exposures(exposures, slopes, i)
        plain = {c: np.concatenate([v, np.full(length, _level(v, c))]) for c, v in base.items()}
        other = {c: v.copy() for c, v in plain.items()}
        # Which of the weeks is not said: each has its share of it.
        other[code][-length : -length + weeks] += 1.0 / weeks
        move = (regressors(other) - regressors(plain))[-length:][:weeks]
        log = slopes.draws(size, seed=seed, place=place) @ move.T
        extra[i] = (np.expm1(np.clip(log, -4, 4)) * expected[i]).sum(1)
        per_week[i] = _level(base[code], code)
    return Allocation(tuple(places), extra, per_week, expected.sum(1))


def beside(
    baseline: Floats, scenario: Floats, ids: Sequence[str], ds: np.ndarray, levels: Sequence[float]
) -> pd.DataFrame:
    """Return ``unique_id, ds, horizon, quantile, value, baseline_value`` of paths (series, paths, horizon)."""
    n, _, horizon = baseline.shape
    count = len(levels)
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.asarray(ids, dtype=object), horizon * count),
            "ds": np.tile(np.repeat(ds.astype("datetime64[ns]"), count), n),
            "horizon": np.tile(np.repeat(np.arange(1, horizon + 1), count), n),
            "quantile": np.tile(np.asarray(levels, dtype=float), n * horizon),
            "value": path_quantiles(scenario, levels).ravel(),
            "baseline_value": path_quantiles(baseline, levels).ravel(),
        }
    )


def expected_change(paths: Floats, factor_paths: Floats, window: slice) -> tuple[float, float, float, float]:
    """Return median, 80 % bounds and probability of more, of the change of the sum over a window."""
    away = factor_paths[:, window].sum(1) - paths[:, window].sum(1)
    low, middle, high = np.quantile(away, [0.1, 0.5, 0.9])
    return float(middle), float(low), float(high), float((away > 0).mean())

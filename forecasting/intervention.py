"""Interrupted time series: did a series move at a date, beyond its trend, season, known breaks and a control.

Belongs here: the estimate, its autocorrelation-robust interval, placebo dates, and careful words.
Does not belong here: reading files, forecasting, any claim of cause.

Counts alone follow a log-linear (quasi-Poisson) regression: level, trend, annual season, one level per known
break window, and a step at the date. With a control series the split of each period's total between the two is
regressed instead (logistic): whatever moved both, season and shocks included, cancels exactly, and the step is a
ratio of ratios. Series that are not counts use least squares, the control as a regressor.

Intervals come from a long-run covariance of the scores by cosine weights (equal-weighted, B terms, t with B
degrees of freedom; Lazarus, Lewis, Stock & Watson 2018, doi 10.1080/07350015.2018.1506926), widened where the same
estimate at placebo dates before the event spreads more than its standard errors say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from forecasting.frames import Floats, SeriesError
from forecasting.models.season import fourier, year_phase

#: Fewer periods before, periods after, or events in all cannot carry an estimate.
MIN_BEFORE, MIN_AFTER, MIN_EVENTS = 16, 4, 10
#: Placebo dates tried before the event, at most.
PLACEBOS = 24
#: A ridge of this size (prior events) keeps a step finite where one side holds no event.
RIDGE = 0.5
KINDS = ("ratio", "ratio_of_ratios", "difference")


@dataclass(frozen=True)
class Effect:
    """Estimated step of one series at a date.

    ``effect`` with bounds ``low`` and ``high`` (95 %): a factor (``kind`` ratio or ratio_of_ratios) or an amount
    per period (difference). ``extra``, ``extra_low``, ``extra_high``: the same as events after the date.
    ``p_value`` two-sided; ``p_placebo`` the share of placebo dates whose estimate was at least as far from none
    in standard errors (NaN without any). ``call``: higher, lower or ``cannot tell``; ``words`` says it.
    """

    unique_id: str
    kind: str
    effect: float
    low: float
    high: float
    p_value: float
    p_placebo: float
    placebos: int
    periods_before: int
    periods_after: int
    events_before: float
    events_after: float
    extra: float
    extra_low: float
    extra_high: float
    call: str
    words: str
    words_ms: str


def effect(
    series: pd.DataFrame,
    *,
    date: str | pd.Timestamp,
    control: pd.DataFrame | None = None,
    breaks: Sequence[tuple[str, str]] = (),
    freq: str = "W",
    name: str = "series",
) -> Effect:
    """Return the step of ``series`` (``ds, y``, equally spaced, no gaps) at the first period from ``date`` on.

    ``control`` (same shape) is cut to the periods both have. ``breaks`` are windows (first day, last day) with a
    level of their own. Raises ``SeriesError`` when either side of the date is too short.
    """
    table = series[["ds", "y"]].assign(ds=pd.to_datetime(series["ds"])).sort_values("ds")
    if control is not None:
        other = control.assign(ds=pd.to_datetime(control["ds"])).groupby("ds")["y"].sum().rename("control")
        table = table.merge(other, on="ds", how="inner")
        if table.empty:
            raise SeriesError(
                "series and control have no period in common: do their dates fall on the same days?"
            )
    y = table["y"].to_numpy(dtype=float)
    c = table["control"].to_numpy(dtype=float) if control is not None else None
    ds = table["ds"].to_numpy().astype("datetime64[D]")
    when = np.datetime64(pd.Timestamp(date).date())
    after = ds >= when
    before_n, after_n = int((~after).sum()), int(after.sum())
    if before_n < MIN_BEFORE or after_n < MIN_AFTER:
        raise SeriesError(
            f"{before_n} period(s) before {when} and {after_n} from it on; "
            f"at least {MIN_BEFORE} and {MIN_AFTER} are needed"
        )
    if not y.any():
        raise SeriesError("every value is zero: there is no event whose number could have changed")
    counts = bool((y >= 0).all() and (y == np.round(y)).all() and (c is None or ((c >= 0).all())))
    kind = "difference" if not counts else "ratio" if c is None else "ratio_of_ratios"
    base = _base(ds, breaks, freq, season=c is None)
    if kind == "difference" and c is not None:
        base = np.column_stack([base, (c - c.mean()) / (c.std() or 1.0)])
    estimate, error, free = _step(y, c, base, after, kind)
    tried = _placebos(y, c, base, ds, before_n, kind)
    # Placebo estimates spread by more than their own standard errors: the errors were too small.
    widen = max(1.0, float(np.sqrt(np.mean(tried**2)))) if tried.size >= 5 else 1.0
    error *= widen
    z = estimate / error
    p = float(2 * scipy.stats.t.sf(abs(z), free))
    reach = float(scipy.stats.t.ppf(0.975, free)) * error
    bounds = np.array([estimate, estimate - reach, estimate + reach])
    p_placebo = (
        float(((np.abs(tried) >= abs(z) * widen).sum() + 1) / (tried.size + 1)) if tried.size else np.nan
    )
    total = float(y[after].sum())
    if kind == "difference":
        value, extra = bounds, bounds * after_n
    else:
        value = np.exp(bounds)
        extra = total * (1 - 1 / value)
    events = float(y.sum())
    clear = p < 0.05 and not (kind != "difference" and events < MIN_EVENTS)
    call = "cannot tell" if not clear else "higher" if estimate > 0 else "lower"
    words, words_ms = _words(call, kind, value, when, events, control is not None, p_placebo)
    return Effect(
        name, kind, float(value[0]), float(value[1]), float(value[2]), p, p_placebo, int(tried.size),
        before_n, after_n, float(y[~after].sum()), total, float(extra[0]), float(extra[1]), float(extra[2]),
        call, words, words_ms,
    )  # fmt: skip


def _base(ds: np.ndarray, breaks: Sequence[tuple[str, str]], freq: str, *, season: bool) -> Floats:
    """Return regressors other than the step: level, trend in years, season, break windows."""
    years = (ds - ds[0]).astype(float) / 365.25
    columns = [np.ones(len(ds)), years - years.mean()]
    if season and years[-1] >= 2 and freq != "Y":
        columns += list(fourier(year_phase(ds), 2 if len(ds) > 60 else 1).T)
    for first, last in breaks:
        inside = (ds >= np.datetime64(first)) & (ds <= np.datetime64(last))
        if inside.any() and not inside.all():
            columns.append(inside.astype(float))
    if freq == "D":
        day = ds.astype(int) % 7
        columns += [(day == k).astype(float) - 1 / 7 for k in range(6)]
    return np.column_stack(columns)


def _step(
    y: Floats, c: Floats | None, base: Floats, after: np.ndarray, kind: str
) -> tuple[float, float, int]:
    """Return the step's estimate (log scale for ratios), standard error and degrees of freedom."""
    x = np.column_stack([base, after.astype(float)])
    keep = np.ones(x.shape[1], dtype=bool)
    # A break window that lies wholly on one side may leave nothing else there to compare with.
    while np.linalg.matrix_rank(x[:, keep]) < keep.sum():
        extra = [j for j in range(x.shape[1] - 2, 0, -1) if keep[j]]
        rank = np.linalg.matrix_rank(x[:, keep])
        for j in extra:
            keep[j] = False
            if np.linalg.matrix_rank(x[:, keep]) == rank:
                break
            keep[j] = True
        else:
            break
    x = x[:, keep]
    penalty = np.zeros(x.shape[1])
    if kind == "difference":
        beta = np.linalg.lstsq(x, y, rcond=None)[0]
        resid, weight = y - x @ beta, np.ones(len(y))
    else:
        penalty[1:] = RIDGE
        beta = np.zeros(x.shape[1])
        size = y if c is None else y + c
        start = (y.sum() + 0.5) / (len(y) if c is None else size.sum() + 1.0)
        beta[0] = np.log(start) if c is None else np.log(start / max(1 - start, 1e-6))
        for _ in range(60):
            eta = np.clip(x @ beta, -20, 20)
            if c is None:
                mean = np.exp(eta)
                weight = mean
            else:
                share = 1 / (1 + np.exp(-eta))
                mean, weight = size * share, size * share * (1 - share)
            resid = y - mean
            hess = (x * weight[:, None]).T @ x + np.diag(penalty + 1e-9)
            move = np.linalg.solve(hess, x.T @ resid - penalty * beta)
            beta = beta + np.clip(move, -1.5, 1.5)
            if np.abs(move).max() < 1e-8:
                break
    hess = (x * weight[:, None]).T @ x + np.diag(penalty + 1e-9)
    bread = np.linalg.inv(hess)
    steps, width = x.shape
    scores = x * resid[:, None] * np.sqrt(steps / max(steps - width, 1))
    terms = int(np.clip(round(0.4 * steps ** (2 / 3)), 4, steps // 2))
    angle = np.pi * np.outer(np.arange(1, terms + 1), np.arange(steps) + 0.5) / steps
    parts = np.sqrt(2 / steps) * np.cos(angle) @ scores
    long_run = steps * parts.T @ parts / terms
    # Never less than independence would give.
    plain = scores.T @ scores
    variance = max(float((bread @ m @ bread)[-1, -1]) for m in (long_run, plain))
    return float(beta[-1]), float(np.sqrt(max(variance, 1e-18))), terms


def _placebos(y: Floats, c: Floats | None, base: Floats, ds: np.ndarray, before: int, kind: str) -> Floats:
    """Return estimates in standard errors at dates before the event, using only what came before it."""
    margin = max(MIN_BEFORE // 2, before // 6)
    places = np.unique(np.linspace(margin, max(before - margin, margin), PLACEBOS).astype(int))
    if before <= 3 * margin:
        places = places[:0]
    rows = slice(0, before)
    other = None if c is None else c[rows]
    out = []
    for place in places:
        after = np.arange(before) >= place
        estimate, error, _ = _step(y[rows], other, base[rows], after, kind)
        if np.isfinite(estimate) and error > 0:
            out.append(estimate / error)
    return np.array(out)


def _words(
    call: str,
    kind: str,
    value: Floats,
    when: np.datetime64,
    events: float,
    controlled: bool,
    p_placebo: float,
) -> tuple[str, str]:
    what = "" if kind == "difference" else " times"
    held = ", compared with the control series" if controlled else ""
    held_ms = ", berbanding siri kawalan" if controlled else ""
    span = f"{value[0]:.2f}{what} (95 % interval {value[1]:.2f} to {value[2]:.2f})"
    span_ms = f"{value[0]:.2f}{' kali' if what else ''} (selang 95 % {value[1]:.2f} hingga {value[2]:.2f})"
    base = f"It rests on {events:,.0f} events." if kind != "difference" else ""
    base_ms = f"Ia berdasarkan {events:,.0f} kejadian." if kind != "difference" else ""
    if call == "cannot tell":
        return (
            f"From {when} on no change can be told from chance{held}: {span}. {base}".strip(),
            f"Sejak {when} perubahan tidak dapat dibezakan daripada kebetulan{held_ms}: {span_ms}. {base_ms}".strip(),
        )
    doubt = ""
    doubt_ms = ""
    if np.isfinite(p_placebo) and p_placebo > 0.1:
        doubt = " Dates without any event show changes as large, so read it with care."
        doubt_ms = (
            " Tarikh tanpa peristiwa menunjukkan perubahan yang sama besar; bacalah dengan berhati-hati."
        )
    return (
        f"From {when} on the series was {call}{held}: {span}. {base}{doubt} An association, not proof of a cause.",
        f"Sejak {when} siri ini lebih {'tinggi' if call == 'higher' else 'rendah'}{held_ms}: {span_ms}. "
        f"{base_ms}{doubt_ms} Ini perkaitan, bukan bukti sebab.",
    )

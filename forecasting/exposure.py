"""How counts move with exposure (operations, border posts): elasticities by place, with their uncertainty.

Belongs here: the regression of counts by place and week on exposures, places' own slopes, draws of both.
Does not belong here: what a scenario changes and what follows from it (scenario.py), files, any claim of cause.

Counts of one crime type in place s and week t are split between places within each week: the share of s is
multinomial with logit ``a_s + b_s t + c_s t^2 + x_st beta``. Whatever moved all places in a week, season and
lockdowns included, cancels exactly; a place's own drift is its quadratic. Operations enter twice, as log(1 + this
week's) and log(1 + mean of the four weeks before); posts as log(1 + number open). Errors are robust to weeks that
resemble their neighbours (scores summed over quarters) and never below what the dispersion gives. A weak prior
(``PRIOR_SD``) keeps what the data do not tell near none. Places' slopes are shrunk towards the common one by how
much they differ beyond chance (DerSimonian & Laird 1986, doi 10.1016/0197-2456(86)90046-2).
An association: raids go where cases are expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy

from forecasting.frames import Floats, SeriesError, generator

#: Prior standard deviation of an elasticity: twice the operations hardly give more than twice the cases.
PRIOR_SD = 0.5
#: Weeks before this one whose mean exposure counts beside this week's own.
LAGS = 4
#: Weeks summed into one score when errors are made robust.
BLOCK = 13
MIN_WEEKS, MIN_PLACES, MIN_EVENTS = 78, 3, 60
#: Exposures that act at once and for some weeks after (events); others act while they last (states).
EVENT_LIKE = ("OPERATION",)


@dataclass(frozen=True)
class Elasticity:
    """Estimated elasticities of one crime type.

    ``columns``: (exposure code, lag) per regressor. ``mean`` (k,), ``cov`` (k, k): the common slopes. ``place``:
    by place, ``(shift, variance)`` of its own total slope of event-like exposures about the common one. ``spread``:
    standard deviation between places (tau). ``events``, ``weeks``, ``places``: what it rests on.
    """

    columns: tuple[tuple[str, int], ...]
    mean: Floats
    cov: Floats
    place: Mapping[str, tuple[float, float]]
    spread: float
    events: float
    weeks: int
    places: int
    free: int

    def total(self, code: str) -> tuple[float, float]:
        """Return the long-run elasticity to an exposure (all its lags) and its standard error."""
        pick = np.array([c == code for c, _ in self.columns], dtype=float)
        if not pick.any():
            raise SeriesError(
                f"no exposure {code!r} was estimated; there are {sorted({c for c, _ in self.columns})}"
            )
        return float(pick @ self.mean), float(np.sqrt(pick @ self.cov @ pick))

    def interval(self, code: str, level: float = 0.95) -> tuple[float, float, float, float]:
        """Return estimate, lower and upper bound, two-sided p value of the long-run elasticity."""
        value, error = self.total(code)
        reach = float(scipy.stats.t.ppf((1 + level) / 2, self.free)) * error
        return (
            value,
            value - reach,
            value + reach,
            float(2 * scipy.stats.t.sf(abs(value) / max(error, 1e-12), self.free)),
        )

    def draws(self, paths: int, *, seed: int, place: str | None = None) -> Floats:
        """Return draws (paths, k) of the slopes, common or of a place; common parts are the same for all places."""
        rng = generator(seed, "elasticity")
        root = np.linalg.cholesky(self.cov + 1e-12 * np.eye(len(self.mean)))
        out = self.mean + rng.standard_normal((paths, len(self.mean))) @ root.T
        if place is None:
            return out
        shift, variance = self.place.get(place, (0.0, self.spread**2))
        own = shift + np.sqrt(variance) * generator(seed, "elasticity", place).standard_normal(paths)
        event = np.array([code in EVENT_LIKE for code, _ in self.columns])
        # A place's own slope moves its lags alike.
        out[:, event] += own[:, None] / max(int(event.sum()), 1)
        return out


def design(values: Mapping[str, Floats]) -> tuple[tuple[tuple[str, int], ...], Floats]:
    """Return regressors (places, time, k) and their names from exposures (places, time) by code."""
    columns: list[tuple[str, int]] = []
    parts = []
    for code in sorted(values):
        x = np.maximum(np.asarray(values[code], dtype=float), 0.0)
        columns.append((code, 0))
        parts.append(np.log1p(x))
        if code in EVENT_LIKE:
            grown = np.pad(np.cumsum(x, axis=1), ((0, 0), (1, 0)))
            t = np.arange(x.shape[1])
            first = np.maximum(t - LAGS, 0)
            before = (grown[:, t] - grown[:, first]) / np.maximum(t - first, 1)
            columns.append((code, 1))
            parts.append(np.log1p(before))
    return tuple(columns), np.stack(parts, axis=-1)


def elasticity(y: Floats, exposures: Mapping[str, Floats], places: tuple[str, ...]) -> Elasticity:
    """Return elasticities of counts ``y`` (places, weeks) to exposures of the same shape, by code.

    Weeks must be final (late reports in). Exposures that never differ are left out. Raises ``SeriesError`` when
    there are too few weeks, places or events to tell anything.
    """
    y = np.nan_to_num(y)
    active = y.sum(1) > 0
    if y.shape[1] < MIN_WEEKS or active.sum() < MIN_PLACES or y.sum() < MIN_EVENTS:
        raise SeriesError(
            f"{int(y.sum())} events in {int(active.sum())} places over {y.shape[1]} weeks; at least {MIN_EVENTS}, "
            f"{MIN_PLACES} and {MIN_WEEKS} are needed to estimate what exposure does"
        )
    kept = {c: v for c, v in exposures.items() if float(np.ptp(v[active])) > 0}
    if not kept:
        raise SeriesError("no exposure ever differs between weeks or places: nothing can be told from it")
    columns, x = design(kept)
    # The first weeks have no full lag.
    y, x = y[active][:, LAGS:], x[active][:, LAGS:]
    names = tuple(p for p, a in zip(places, active, strict=True) if a)
    beta, own, mu = _fit(y, x)
    resid = y - mu
    count, steps, k = x.shape
    away = _partial(x, own, mu)
    info = np.einsum("stk,st,stl->kl", away, mu, away) + np.eye(k) / PRIOR_SD**2
    bread = np.linalg.inv(info)
    free = count * (steps - 3) - steps - k
    phi = max(1.0, float((resid**2 / np.maximum(mu, 1e-9)).sum() / max(free, 1)))
    blocks = np.arange(steps) // BLOCK
    score = np.einsum("stk,st->tk", away, resid)
    summed = np.stack([score[blocks == b].sum(0) for b in np.unique(blocks)])
    groups = len(summed)
    meat = summed.T @ summed * groups / max(groups - 1, 1)
    robust, plain = bread @ meat @ bread, phi * bread
    # Never less than the dispersion of single weeks gives.
    scale = np.sqrt(np.maximum(np.diag(robust), np.diag(plain)))
    correlation = robust / np.sqrt(np.outer(np.diag(robust), np.diag(robust)))
    cov = correlation * np.outer(scale, scale)
    place, spread = _place_slopes(columns, away, resid, mu, phi, names)
    return Elasticity(columns, beta, cov, place, spread, float(y.sum()), steps, count, max(groups - 1, 4))


def _own_terms(count: int, steps: int) -> Floats:
    """Return each place's level, drift and bend (places, time, 3 * places)."""
    t = np.linspace(-1, 1, steps)
    basis = np.stack([np.ones(steps), t, t**2 - 1 / 3], axis=-1)
    out = np.zeros((count, steps, 3 * count))
    for s in range(count):
        out[s, :, 3 * s : 3 * s + 3] = basis
    return out


def _fit(y: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
    """Return slopes, the places' own regressors and fitted means (places, time), by Newton steps."""
    count, steps, k = x.shape
    own = _own_terms(count, steps)
    z = np.concatenate([own, x], axis=2)
    width = z.shape[2]
    penalty = np.concatenate([np.full(width - k, 0.05), np.full(k, 1 / PRIOR_SD**2)])
    total = y.sum(0)
    beta = np.zeros(width)
    beta[: width - k : 3] = np.log(y.sum(1) + 0.5) - np.log(y.sum(1) + 0.5).mean()
    flat = z.reshape(count * steps, width)
    mu = y
    for _ in range(40):
        eta = np.clip(z @ beta, -30, 30)
        eta = eta - eta.max(0)
        share = np.exp(eta) / np.exp(eta).sum(0)
        mu = total * share
        centre = np.einsum("st,stw->tw", share, z)
        gradient = flat.T @ (y - mu).ravel() - penalty * beta
        hess = (flat * mu.ravel()[:, None]).T @ flat - (centre * total[:, None]).T @ centre + np.diag(penalty)
        move = np.linalg.solve(hess, gradient)
        beta = beta + np.clip(move, -1, 1)
        if np.abs(move).max() < 1e-7:
            break
    return beta[width - k :], own, mu


def _partial(x: Floats, own: Floats, mu: Floats) -> Floats:
    """Return the regressors cleared of what the week and the places' own terms explain (weights ``mu``)."""
    share = mu / np.maximum(mu.sum(0), 1e-12)

    def within(v: Floats) -> Floats:
        return v - np.einsum("st,stw->tw", share, v)

    a, b = within(own), within(x)
    weight = np.sqrt(mu)[..., None]
    left = (a * weight).reshape(-1, a.shape[2])
    right = (b * weight).reshape(-1, b.shape[2])
    ridge = 0.05 * np.eye(left.shape[1])
    return b - a @ np.linalg.solve(left.T @ left + ridge, left.T @ right)


def _place_slopes(
    columns: tuple[tuple[str, int], ...],
    away: Floats,
    resid: Floats,
    mu: Floats,
    phi: float,
    names: tuple[str, ...],
) -> tuple[dict[str, tuple[float, float]], float]:
    """Return each place's own slope about the common one (shift, variance), and the spread between places."""
    event = np.array([code in EVENT_LIKE for code, _ in columns])
    if not event.any():
        return dict.fromkeys(names, (0.0, 0.0)), 0.0
    # One direction: all lags alike.
    x = away[:, :, event].mean(2)
    info = (x**2 * mu).sum(1)
    shift = (x * resid).sum(1) / np.maximum(info, 1e-9)
    variance = phi / np.maximum(info, 1e-9)
    weight = 1 / variance
    centre = float((weight * shift).sum() / weight.sum())
    q = float((weight * (shift - centre) ** 2).sum())
    tau2 = max(
        0.0, (q - (len(names) - 1)) / max(float(weight.sum() - (weight**2).sum() / weight.sum()), 1e-9)
    )
    # Not knowing that places differ is not knowing that they do not: a tenth is always allowed for.
    tau2 = max(tau2, 0.1**2)
    keep = tau2 / (tau2 + variance)
    own = {
        n: (float(k * (s - centre)), float(tau2 * (1 - k)))
        for n, k, s in zip(names, keep, shift, strict=True)
    }
    return own, float(np.sqrt(tau2))

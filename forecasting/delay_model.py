"""The statistical core of the nowcast: a latent Gaussian model of a reporting triangle.

Belongs here: the model of one triangle (event period x delay), its fit and its draws. Arrays only.
Does not belong here: frames, calendars, silent feeds and other judgement about feeds (nowcast.py).

Reports of events in period t that arrive with delay d are negative binomial with log mean
``rate_t + curve_d + batch_{t+d} + drift_t * (d - mean delay) (+ weekday of arrival, weekday of event)``.
``rate`` is a random walk (what happened), ``curve`` the delay curve (prior: older history), ``batch`` what one
delivery carried too much or too little, ``drift`` a damped walk that lets reporting become quicker or
slower. The four spreads are chosen by Laplace-approximate marginal likelihood under weak priors; draws come
from the Gaussian at the mode (as INLA does). Sources: Bastos et al. 2019, doi 10.1002/sim.8303; McGough et al.
2020 (NobBS), doi 10.1371/journal.pcbi.1007735.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from forecasting.frames import Floats

#: Prior medians and log standard deviations of the spreads (per period), from many reporting systems' scale.
PRIOR = {"rate": (0.15, 0.6), "batch": (0.12, 0.7), "drift": (0.04, 0.5), "size": (20.0, 1.0)}
#: Spread of log delay proportions around those of older history.
CURVE_SPREAD = 0.7
WEEKDAY_SPREAD = 0.7
#: How much of a speeding-up or slowing-down of reporting lasts to the next period. A pure random walk (1.0)
#: ran away when reporting stalled for three weeks in autumn 2007 of the dengue list: WIS 5.8 against 3.5.
DRIFT_LASTS = 0.85


@dataclass(frozen=True)
class Spread:
    """Standard deviations per period of rate, batch and drift, and the negative-binomial size of a cell."""

    rate: float = PRIOR["rate"][0]
    batch: float = PRIOR["batch"][0]
    drift: float = PRIOR["drift"][0]
    size: float = PRIOR["size"][0]


@dataclass(frozen=True)
class Design:
    """One triangle in long form: its cells, who is seen, and which latent effects act on each."""

    counts: Floats
    seen: np.ndarray
    cells: scipy.sparse.csr_matrix
    curve_prior: Floats
    centred: Floats
    weekdays: int
    level: float

    @property
    def periods(self) -> int:
        """Number of event periods in the window."""
        return int(self.counts.shape[0])

    @property
    def width(self) -> int:
        """Number of delay columns; the last one holds that delay and more."""
        return int(self.counts.shape[1])


@dataclass(frozen=True)
class Fit:
    """Mode of the latent effects, Cholesky factor of their precision, log marginal likelihood."""

    design: Design
    spread: Spread
    mode: Floats
    factor: Floats
    evidence: float


def design(counts: Floats, seen: np.ndarray, curve_prior: Floats, *, weekdays: int = 0) -> Design:
    """Return the design of a triangle (period, delay); ``seen`` marks cells that could have been received.

    ``curve_prior`` holds log proportions by delay; ``weekdays`` is 7 for daily data, else 0.
    """
    periods, width = counts.shape
    t, d = (a.ravel() for a in np.indices(counts.shape))
    p = np.exp(curve_prior)
    centred = np.clip(np.arange(width) - (p * np.arange(width)).sum() / p.sum(), -3.0, 3.0)
    batches = periods + width - 1
    columns = [t, periods + d, periods + width + t + d, periods + width + batches + t]
    values = [np.ones(t.size), np.ones(t.size), np.ones(t.size), centred[d]]
    total = 2 * periods + width + batches
    if weekdays:
        columns += [total + (t + d) % weekdays, total + weekdays + t % weekdays]
        values += [np.ones(t.size)] * 2
        total += 2 * weekdays
    rows = np.tile(np.arange(t.size), len(columns))
    cells = scipy.sparse.csr_matrix(
        (np.concatenate(values), (rows, np.concatenate(columns))), shape=(t.size, total)
    )
    early = counts[: max(periods - width, 1)].sum(1)
    return Design(counts, seen, cells, curve_prior, centred, weekdays, max(float(early.mean()), 0.2))


def _walk(periods: int, first: float, step: float, lasts: float = 1.0) -> Floats:
    """Return the square root (rows of differences) of the precision of a (damped) random walk."""
    out = np.zeros((periods, periods))
    out[0, 0] = 1 / first
    index = np.arange(1, periods)
    out[index, index], out[index, index - 1] = 1 / step, -lasts / step
    return out


def _prior(model: Design, spread: Spread) -> tuple[Floats, Floats, float]:
    """Return mean, precision and log determinant of the latent effects' prior."""
    n, w = model.periods, model.width
    rate = _walk(n, 2.0, spread.rate)
    drift = _walk(n, spread.drift / (1 - DRIFT_LASTS**2) ** 0.5, spread.drift, DRIFT_LASTS)
    single = np.concatenate(
        [
            np.full(w, CURVE_SPREAD**-2),
            np.full(n + w - 1, spread.batch**-2),
        ]
    )
    days = np.full(2 * model.weekdays, WEEKDAY_SPREAD**-2)
    precision = scipy.linalg.block_diag(rate.T @ rate, np.diag(single), drift.T @ drift, np.diag(days))
    mean = np.zeros(len(precision))
    mean[:n] = np.log(model.level)
    mean[n : n + w] = model.curve_prior
    logdet = 2 * np.log(np.diag(rate)).sum() + 2 * np.log(np.diag(drift)).sum() + np.log(single).sum()
    return mean, precision, float(logdet + np.log(days).sum())


def fit_mode(model: Design, spread: Spread, start: Floats | None = None) -> Fit:
    """Return the mode and curvature of the latent effects given the spreads (Newton with step halving)."""
    mean, precision, logdet = _prior(model, spread)
    seen = model.seen.ravel()
    x, y, r = model.cells[seen], model.counts.ravel()[seen], spread.size
    gammaln = scipy.special.gammaln
    constant = (gammaln(y + r) - gammaln(r) - gammaln(y + 1) + r * np.log(r)).sum()
    state = mean.copy() if start is None else start.copy()

    def objective(at: Floats) -> tuple[Floats, float]:
        mu = np.exp(np.clip(x @ at, -15, 15))
        away = at - mean
        loglik = (y * np.log(mu) - (y + r) * np.log(r + mu)).sum() + constant
        return mu, float(loglik - 0.5 * away @ precision @ away)

    mu, value = objective(state)
    factor = np.eye(len(mean))
    for _ in range(25):
        weight = mu * r / (r + mu)
        gradient = x.T @ ((y - mu) * r / (r + mu)) - precision @ (state - mean)
        hessian = precision + (x.multiply(weight[:, None]).T @ x).toarray()
        factor = scipy.linalg.cholesky(hessian, lower=True)
        step = scipy.linalg.cho_solve((factor, True), gradient)
        # From a poor start one Newton step can overshoot on the log scale by far.
        step *= min(1.0, 4.0 / max(np.abs(step).max(), 1e-9))
        size = 1.0
        while True:
            mu_new, value_new = objective(state + size * step)
            if value_new >= value - 1e-9 or size < 1e-3:
                break
            size /= 2
        state, gain = state + size * step, value_new - value
        mu, value = mu_new, value_new
        if gain < 1e-5:
            break
    evidence = value + 0.5 * logdet - np.log(np.diag(factor)).sum()
    return Fit(model, spread, state, factor, float(evidence))


def fit(model: Design, *, evaluations: int = 60) -> Fit:
    """Return the fit with spreads chosen by marginal likelihood and their priors (Nelder-Mead on logs)."""
    names = list(PRIOR)
    centre = np.log([PRIOR[k][0] for k in names])
    width = np.array([PRIOR[k][1] for k in names])
    last: list[Floats | None] = [None]

    def spread(theta: Floats) -> Spread:
        return Spread(**dict(zip(names, np.exp(theta).tolist(), strict=True)))

    def loss(theta: Floats) -> float:
        out = fit_mode(model, spread(theta), last[0])
        last[0] = out.mode
        return -out.evidence + 0.5 * float((((theta - centre) / width) ** 2).sum())

    simplex = np.vstack([centre, centre + np.diag(0.8 * width)])
    found = scipy.optimize.minimize(
        loss, centre, method="Nelder-Mead",
        options={"maxfev": evaluations, "initial_simplex": simplex, "xatol": 0.05, "fatol": 0.05},
    )  # fmt: skip
    return fit_mode(model, spread(found.x), last[0])


def draw(found: Fit, paths: int, newest: int, rng: np.random.Generator) -> Floats:
    """Return draws (paths, newest) of what is still to come for each of the newest periods."""
    model, r = found.design, found.spread.size
    normal = rng.standard_normal((len(found.mode), paths))
    state = found.mode[:, None] + scipy.linalg.solve_triangular(found.factor, normal, lower=True, trans="T")
    out = np.zeros((paths, newest))
    for k in range(newest):
        t = model.periods - newest + k
        row = slice(t * model.width, (t + 1) * model.width)
        missing = ~model.seen[t]
        if missing.any():
            mu = np.exp(np.clip(model.cells[row][missing] @ state, -15, 15))
            out[:, k] = rng.poisson(rng.gamma(r, mu / r)).sum(0)
    return out


def completeness(found: Fit) -> Floats:
    """Return the share of reports in by each delay, by today's delay curve (with its drift)."""
    model = found.design
    n, w = model.periods, model.width
    drift = found.mode[n + w + n + w - 1 + n - 1]
    log = found.mode[n : n + w] + drift * model.centred
    share = np.exp(log - log.max())
    return np.cumsum(share / share.sum())


__all__ = ["PRIOR", "Design", "Fit", "Spread", "completeness", "design", "draw", "fit", "fit_mode"]

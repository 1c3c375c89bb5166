"""Multiple systems estimation: how many people no list has seen.

What belongs here: from counts of people by the set of lists they are on, an estimate of the whole population
with an interval, or a refusal with its reason. What does not: linking the lists (a person counted twice as
two people inflates the estimate) or reading files.

Method: Poisson log-linear models with main effects and interactions of two lists. All models that a search
by BIC finds near the best are averaged with weights exp(-BIC/2), so the interval also carries that nobody
knows which lists depend on each other. Two safeguards for thin overlaps, after Chan, Silverman & Vincent
(2021, "Multiple systems estimation for sparse capture data"):
- two lists without a common person: their interaction, if in the model, is minus infinity, which is the same as
  leaving out the cells in which both occur; those zeros then say nothing of the unseen;
- a model whose estimate does not exist or is not unique for these counts (a linear programme decides) is
  never used.
Kept libraries for this exist in R only (SparseMSE, Rcapture, dga); none on PyPI was found.

Assumed and not testable: the population is closed, people are linked without error, and no dependence of
three lists at once remains.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import scipy

_WINDOW = 10.0  # BIC difference up to which a model is averaged: a weight of at least 1/150 of the best
_MOST_MODELS = 400
_MIN_LISTS = 3
_MIN_SHARED = 10  # people on two lists or more
_WIDEST = 10.0  # upper over lower bound of the unseen beyond which the counts say nothing
_LEVEL = 0.95

Pair = tuple[int, int]


class ListCountError(ValueError):
    """The table is no table of list counts; the message names the column or row and the remedy."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Population size with a 95 % interval; all three None when refused, `reason` then says why.

    observed: people on one list or more. shared: those on two or more. model: the best model in words and its
    weight. models: how many were averaged. best_model: estimate, lower and upper of the best model alone, as if
    it were known to be the right one.
    """

    estimate: int | None
    lower: int | None
    upper: int | None
    observed: int
    refused: bool
    reason: str | None
    model: str
    models: int
    lists: tuple[str, ...]
    shared: int
    best_model: tuple[int, int, int] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON-able form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Fit:
    pairs: frozenset[Pair]
    bic: float
    log_unseen: float
    variance: float


def read_counts(table: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Lists, 0/1 histories (rows × lists, each once) and counts from a table of list columns and `count`.

    A row of only zeros (people on no list) is left out: nobody can have counted them. Without a column
    `count` (in letters of any case) every row is one person. Raises `ListCountError`.
    """
    table = table.rename(columns={c: "count" for c in table.columns if str(c).strip().casefold() == "count"})
    if list(table.columns).count("count") > 1:
        raise ListCountError("more than one column `count`: leave the one that counts the people of each row")
    names = [c for c in table.columns if c != "count"]
    if not names:
        raise ListCountError("no list in the table: it needs one 0/1 column per list and a column `count`")
    numbers = {c: pd.to_numeric(table[c].astype(str).str.strip(), errors="coerce") for c in names}
    for name, column in numbers.items():
        wrong = ~column.isin([0, 1])
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise ListCountError(
                f"column {name!r}, row {row + 1} below the header: {table[name].iloc[row]!r} is neither 0 nor 1"
            )
    counts = pd.Series(1.0, index=table.index)
    if "count" in table.columns:
        counts = pd.to_numeric(table["count"].astype(str).str.strip(), errors="coerce")
        wrong = counts.isna() | (counts < 0) | (counts % 1 != 0)
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise ListCountError(
                f"column 'count', row {row + 1} below the header: {table['count'].iloc[row]!r} is no whole number "
                "of people"
            )
    grouped = pd.DataFrame(numbers).assign(count=counts).groupby(names, sort=True)["count"].sum()
    histories = np.array([k if isinstance(k, tuple) else (k,) for k in grouped.index], dtype=int)
    histories = histories.reshape(-1, len(names))
    seen = histories.any(axis=1)
    return names, histories[seen], grouped.to_numpy(dtype=float)[seen]


def estimate_population(table: pd.DataFrame) -> Estimate:
    """Estimate the population from `table` (one 0/1 column per list, and `count`).

    Raises `ListCountError` when the table has another form; refuses, with a reason, where the counts do not
    carry an estimate.
    """
    names, histories, counts = read_counts(table)
    used = [i for i in range(len(names)) if counts[histories[:, i] == 1].sum() > 0]
    lists = [names[i] for i in used]
    full, cells = _all_cells(histories[:, used], counts)
    observed = int(counts.sum())
    shared = int(cells[full.sum(axis=1) > 1].sum())
    reason = _too_thin(lists, full, cells, shared)
    if reason:
        return _refusal(reason, observed, shared, lists)
    fits = _search(full, cells)
    if not fits:
        return _refusal("no model has an estimate for these counts", observed, shared, lists)
    return _average(fits, lists, full, cells, observed, shared)


def _refusal(reason: str, observed: int, shared: int, lists: list[str], model: str = "none") -> Estimate:
    return Estimate(None, None, None, observed, True, reason, model, 0, tuple(lists), shared)


def _too_thin(lists: list[str], full: np.ndarray, cells: np.ndarray, shared: int) -> str | None:
    if len(lists) < _MIN_LISTS:
        return (
            f"{len(lists)} list(s) with people on them: fewer than {_MIN_LISTS} cannot show whether lists depend "
            "on each other"
        )
    if shared < _MIN_SHARED:
        return f"{shared} people are on two lists or more: fewer than {_MIN_SHARED} carry no estimate"
    linked, grown = {0}, True
    while grown:
        near = {
            j for i in linked for j in range(len(lists))
            if j not in linked and cells[(full[:, i] == 1) & (full[:, j] == 1)].sum() > 0
        }  # fmt: skip
        linked, grown = linked | near, bool(near)
    if len(linked) < len(lists):
        alone = ", ".join(lists[i] for i in range(len(lists)) if i not in linked)
        return (
            f"nobody connects {alone} with {lists[0]}: lists without common people say nothing of the unseen"
        )
    return None


def _all_cells(histories: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every history but the empty one, with its count (0 where nobody has it)."""
    k = histories.shape[1]
    full = (np.arange(1, 2**k)[:, None] >> np.arange(k)) & 1
    position = histories @ (1 << np.arange(k)) if k else np.zeros(0, dtype=int)
    cells = np.zeros(len(full))
    np.add.at(cells, position[position > 0] - 1, counts[position > 0])
    return full, cells


def _search(full: np.ndarray, cells: np.ndarray) -> list[_Fit]:
    """Models near the best by BIC: from no interaction on, always from the best one not yet widened."""
    k = full.shape[1]
    pairs = list(combinations(range(k), 2))
    met: dict[frozenset[Pair], _Fit | None] = {}

    def fit(model: frozenset[Pair]) -> _Fit | None:
        if model not in met:
            met[model] = _fit(model, full, cells)
        return met[model]

    fit(frozenset())
    widened: set[frozenset[Pair]] = set()
    while len(widened) < _MOST_MODELS:
        alive = [f for f in met.values() if f is not None]
        best = min((f.bic for f in alive), default=np.inf)
        open_ = [f for f in alive if f.pairs not in widened and f.bic <= best + _WINDOW]
        if not open_:
            if alive or widened:
                break
            # Without an interaction nothing can be estimated: look one interaction further.
            for pair in pairs:
                fit(frozenset([pair]))
            widened.add(frozenset())
            continue
        centre = min(open_, key=lambda f: (f.bic, sorted(f.pairs))).pairs
        widened.add(centre)
        for pair in pairs:
            fit(centre ^ {pair})
    alive = [f for f in met.values() if f is not None]
    best = min((f.bic for f in alive), default=np.inf)
    near = [f for f in alive if f.bic <= best + _WINDOW]
    return sorted(near, key=lambda f: (f.bic, sorted(f.pairs)))[:_MOST_MODELS]


def _fit(model: frozenset[Pair], full: np.ndarray, cells: np.ndarray) -> _Fit | None:
    """Maximum likelihood of one model; None when its estimate does not exist or is not unique."""
    empty = [p for p in sorted(model) if cells[(full[:, p[0]] == 1) & (full[:, p[1]] == 1)].sum() == 0]
    finite = [p for p in sorted(model) if p not in empty]
    keep = np.ones(len(full), dtype=bool)
    for i, j in empty:
        keep &= ~((full[:, i] == 1) & (full[:, j] == 1))
    design = np.column_stack(
        [np.ones(keep.sum()), full[keep], *((full[keep, i] * full[keep, j]) for i, j in finite)]
    ).astype(float)
    y = cells[keep]
    if np.linalg.matrix_rank(design) < design.shape[1] or not _exists(design, y):
        return None
    beta, information = _newton(design, y)
    if beta is None or information is None:
        return None
    mean = np.exp(design @ beta)
    likelihood = float(np.sum(y * np.log(mean) - mean))
    parameters = design.shape[1] + len(empty)
    covariance = np.linalg.inv(information)
    unseen = float(beta[0])
    # The unseen are a Poisson count around their mean as well.
    variance = float(covariance[0, 0]) + float(np.exp(-min(max(unseen, -20.0), 20.0)))
    return _Fit(model, -2 * likelihood + parameters * float(np.log(cells.sum())), unseen, variance)


def _exists(design: np.ndarray, y: np.ndarray) -> bool:
    """True when no direction leaves the means of occupied cells and drives those of empty cells to zero."""
    zero, positive = design[y == 0], design[y > 0]
    if not len(zero):
        return True
    columns = design.shape[1]
    result = scipy.optimize.linprog(
        zero.sum(axis=0), A_ub=zero, b_ub=np.zeros(len(zero)), A_eq=positive, b_eq=np.zeros(len(positive)),
        bounds=[(-1, 1)] * columns, method="highs",
    )  # fmt: skip
    return bool(result.status == 0 and result.fun > -1e-7)


def _newton(design: np.ndarray, y: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Poisson regression by iteratively reweighted least squares with step halving."""
    beta = np.linalg.lstsq(design, np.log(y + 0.5), rcond=None)[0]

    def likelihood(b: np.ndarray) -> float:
        eta = np.clip(design @ b, -50, 50)
        return float(y @ eta - np.exp(eta).sum())

    now = likelihood(beta)
    for _ in range(100):
        mean = np.exp(np.clip(design @ beta, -50, 50))
        information = design.T @ (mean[:, None] * design)
        try:
            step = np.linalg.solve(information, design.T @ (y - mean))
        except np.linalg.LinAlgError:
            return None, None
        size = 1.0
        while likelihood(beta + size * step) < now - 1e-9 and size > 1e-6:
            size /= 2
        beta = beta + size * step
        after = likelihood(beta)
        if abs(after - now) < 1e-9 * (abs(now) + 1):
            mean = np.exp(np.clip(design @ beta, -50, 50))
            return beta, design.T @ (mean[:, None] * design)
        now = after
    return None, None


def _average(
    fits: list[_Fit], lists: list[str], full: np.ndarray, cells: np.ndarray, observed: int, shared: int
) -> Estimate:
    bic = np.array([f.bic for f in fits])
    weight = np.exp(-(bic - bic.min()) / 2)
    weight /= weight.sum()
    centre = np.array([f.log_unseen for f in fits])
    spread = np.sqrt([f.variance for f in fits])

    def quantile(q: float) -> float:
        """Of the mixture of the models' log-normal answers, by bisection."""
        low, high = float((centre - 10 * spread).min()), float((centre + 10 * spread).max())
        for _ in range(200):
            middle = (low + high) / 2
            if float(weight @ scipy.stats.norm.cdf((middle - centre) / spread)) < q:
                low = middle
            else:
                high = middle
        return float(np.exp(min((low + high) / 2, 60.0)))

    tail = (1 - _LEVEL) / 2
    lower, middle, upper = quantile(tail), quantile(0.5), quantile(1 - tail)
    model = (
        f"log-linear, {len(fits)} models averaged; best: {_words(fits[0], lists)} (weight {weight[0]:.2f})"
    )
    if upper > _WIDEST * max(lower, 1.0) and upper > 0.5 * observed:
        return _refusal(
            f"the overlaps leave the unseen between {lower:,.0f} and {upper:,.0f}: too thin for an estimate",
            observed, shared, lists, model,
        )  # fmt: skip
    numbers = (observed + round(middle), observed + round(lower), observed + round(upper))
    half = scipy.stats.norm.ppf(1 - tail) * spread[0]
    alone = [observed + round(float(np.exp(centre[0] + d))) for d in (0.0, -half, half)]
    return Estimate(
        *numbers, observed, False, None, model, len(fits), tuple(lists), shared, (alone[0], alone[1], alone[2])
    )  # fmt: skip


def _words(fit: _Fit, lists: list[str]) -> str:
    if not fit.pairs:
        return "lists independent"
    return "lists and " + ", ".join(f"{lists[i]}×{lists[j]}" for i, j in sorted(fit.pairs))

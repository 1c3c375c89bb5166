"""Expectation maximisation over all candidate pairs at once, by agreement pattern.

What belongs here: pure arithmetic on counted agreement patterns. What does not: Splink, SQL, names.

Splink trains m inside one block at a time and leaves the prior to the user. For two lists whose overlap
nobody knows, the prior matters most. Here u is held at its sampled value (cleaned of the true matches that
any random sample contains) and m and the number of matches are estimated over the union of all blocks:
a pair's odds depend on its agreement pattern only, so blocking does not bias them, and pairs outside
the blocks count as non-matches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_FLOOR = 1e-9
# What the stored m weighs at least, in pairs: a few dozen matches cannot tell their own class.
_ANCHOR_PAIRS = 30.0


@dataclass(frozen=True, slots=True)
class Refined:
    """m and u per comparison and level, the prior over `universe` pairs, and the expected matches."""

    parameters: dict[str, list[tuple[float, float]]]
    prior: float
    expected_matches: float
    iterations: int


def clean_u(u: np.ndarray, m: np.ndarray, share: float) -> np.ndarray:
    """Remove the true matches (`share` of the sampled pairs) from a sampled u.

    A level can lose at most 95 % of its sampled share: what remains is sampling noise.
    """
    cleaned = np.maximum((u - share * m) / (1.0 - share), 0.05 * u)
    return np.asarray(cleaned / cleaned.sum())


def refine(
    names: list[str],
    levels: np.ndarray,
    counts: np.ndarray,
    term_weights: np.ndarray,
    start: dict[str, list[tuple[float, float]]],
    *,
    prior: float,
    universe: float,
    sampled_universe: float,
    fixed_u: dict[str, list[bool]],
    most_matches: float,
    anchor: dict[str, list[tuple[float, float]]],
    hold: float = 0.5,
    sure: float = 0.9,
    iterations: int = 60,
    tolerance: float = 1e-5,
) -> Refined:
    """Estimate m and the prior from agreement patterns.

    levels: patterns × comparisons, level position (0 = first non-null level), -1 for null.
    counts: pairs per pattern. term_weights: term-frequency adjustment of the pattern in bits.
    universe: pairs that could match at all; sampled_universe: pairs that u was sampled from.
    anchor, hold: stored m and how strongly it holds: the estimate is drawn towards it as if `hold` times the
        expected matches had shown it. Without that, people who share an event and little else (one raid,
        one household) form a class of their own and pass for matches.
    sure: only patterns believed at least so much teach the next step. Lists hold far more namesakes than
        matches, and a thousand namesakes believed at one in ten would outweigh a hundred true pairs.
    most_matches: no more matches than this can exist.
    """
    m = {n: np.array([v[0] for v in start[n]]) for n in names}
    sampled = {n: np.array([v[1] for v in start[n]]) for n in names}
    held = {n: np.array(fixed_u[n]) for n in names}
    done = 0
    expected = prior * universe
    for step in range(1, iterations + 1):
        done = step
        share = min(expected / sampled_universe, 0.5)
        u = {n: np.where(held[n], sampled[n], clean_u(sampled[n], m[n], share)) for n in names}
        weight = np.full(len(counts), np.log2(prior / (1 - prior))) + term_weights
        for i, n in enumerate(names):
            seen = levels[:, i] >= 0
            weight[seen] += np.log2(m[n] / u[n])[levels[seen, i]]
        chance = 1.0 / (1.0 + np.exp2(-np.clip(weight, -60, 60)))
        posterior = np.where(chance >= sure, counts * chance, 0.0)
        expected_now = float(posterior.sum())
        if expected_now > most_matches:
            posterior *= most_matches / expected_now
            expected_now = most_matches
        moved = 0.0
        for i, n in enumerate(names):
            seen = levels[:, i] >= 0
            mass = np.bincount(levels[seen, i], weights=posterior[seen], minlength=len(m[n]))
            if mass.sum() > 0:
                pseudo = hold * mass.sum() + _ANCHOR_PAIRS
                fresh = (mass + pseudo * np.array([v[0] for v in anchor[n]])) / (mass.sum() + pseudo)
                moved = max(moved, float(np.abs(fresh - m[n]).max()))
                m[n] = fresh
        prior = min(max(expected_now / universe, 1e-12), 0.5)
        change = abs(expected_now - expected) / max(expected, 1.0)
        expected = expected_now
        if moved < tolerance and change < tolerance:
            break
    share = min(expected / sampled_universe, 0.5)
    out = {}
    for n in names:
        u_final = np.where(held[n], sampled[n], clean_u(sampled[n], m[n], share))
        out[n] = [(max(float(a), _FLOOR), max(float(b), _FLOOR)) for a, b in zip(m[n], u_final, strict=True)]
    return Refined(out, prior, expected, done)

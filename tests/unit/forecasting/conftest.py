"""Simulated worlds with known truth for the forecasting tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


def simulate_counts(
    *, weeks: int = 260, mean: float = 6.0, size: float = 3.0, season: float = 0.3, late: float = 0.4,
    seed: int = 1, names: tuple[str, ...] = ("TIP", "SOM"), end: str = "2026-06-22",
) -> pd.DataFrame:  # fmt: skip
    """Weekly fact of seasonal negative-binomial cases; each is reported with geometric delay."""
    rng = np.random.default_rng(seed)
    events = pd.date_range(end=end, periods=weeks, freq="7D")
    rows = []
    for name in names:
        rate = mean * np.exp(season * np.cos(2 * np.pi * np.arange(weeks) / 52.18))
        for week, n in zip(events, rng.negative_binomial(size, size / (size + rate)), strict=True):
            delay, count = np.unique(rng.geometric(late, size=n), return_counts=True)
            rows += [
                (week, week + pd.Timedelta(weeks=int(d)), name, "01", "PDRM", "case", int(c))
                for d, c in zip(delay, count, strict=True)
            ]
    columns = ["event_week", "known_week", "crime_type_code", "state_code", "agency_code", "unit_code"]
    return pd.DataFrame(rows, columns=[*columns, "count_value"])


@pytest.fixture(scope="session")
def counts() -> pd.DataFrame:
    return simulate_counts()

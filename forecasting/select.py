"""Choosing a model per series by mean WIS over origins, and the table that shows why.

Belongs here: aggregation of backtest rows, the choice, the comparison with seasonal-naive.
Does not belong here: running backtests.
"""

from __future__ import annotations

import pandas as pd

BENCHMARK = "seasonal_naive"


def score_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per series, model and horizon: origins, mean WIS, relative WIS, coverages.

    ``relative_wis`` is the ratio of mean WIS to that of seasonal-naive on the same origins (below 1 is
    better); NaN where the benchmark scored zero.
    """
    keys = ["unique_id", "model_name", "horizon"]
    measures = [c for c in rows.columns if c == "wis" or "coverage_" in c]
    table = rows.groupby(keys, as_index=False)[measures].mean()
    table.insert(3, "origins", rows.groupby(keys)["origin"].nunique().to_numpy())
    naive = table[table["model_name"] == BENCHMARK][["unique_id", "horizon", "wis"]]
    table = table.merge(naive.rename(columns={"wis": "wis_seasonal_naive"}), how="left")
    base = table["wis_seasonal_naive"].where(table["wis_seasonal_naive"] > 0)
    table["relative_wis"] = table["wis"] / base
    order = [*keys, "origins", "wis", "wis_seasonal_naive", "relative_wis"]
    return table[[*order, *(c for c in table.columns if "coverage_" in c)]]


def choose(rows: pd.DataFrame, *, default: str) -> dict[str, str]:
    """Return for each series the model with the lowest mean WIS over origins and horizons.

    Ties go to the name that sorts first, so the choice does not depend on row order. Series without any
    scored origin are absent: the caller gives them ``default``.
    """
    if rows.empty:
        return {}
    mean = rows.groupby(["unique_id", "model_name"])["wis"].mean().reset_index()
    mean = mean.sort_values(["unique_id", "wis", "model_name"]).groupby("unique_id").first()
    return {str(k): str(v) for k, v in mean["model_name"].fillna(default).items()}

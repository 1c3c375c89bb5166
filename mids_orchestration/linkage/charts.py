"""Charts of a model and of its scores, as HTML pages that open without a network.

What belongs here: Splink's own charts, drawn from a trained model and, for waterfalls, from a few pairs.
What does not: writing files (the caller does) and the public dashboard. Waterfalls show values of persons:
they belong among a run's restricted artefacts.
"""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd

from mids_orchestration.linkage.engine import splink_settings
from mids_orchestration.linkage.model_config import TrainedModel
from mids_orchestration.linkage.workspace import attach_terms, open_workspace


def model_charts(
    model: TrainedModel, prepared: pd.DataFrame, pairs: pd.DataFrame | None = None, *, waterfalls: int = 20
) -> dict[str, str]:
    """File name → HTML: `match_weights.html`, `parameters.html` and, given pairs, `waterfall.html`.

    prepared: the prepared records the pairs are of (`prepare_persons`, `prepare_list`).
    pairs: record_id_l, record_id_r, match_weight; the `waterfalls` pairs nearest the threshold are drawn.
    """
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    chosen = _nearest(pairs, model, waterfalls) if pairs is not None and len(pairs) else None
    records = prepared
    if chosen is not None:
        wanted = set(chosen["record_id_l"]) | set(chosen["record_id_r"])
        records = prepared[prepared["record_id"].isin(wanted)]
    work = open_workspace(records.reset_index(drop=True), threads=1)
    try:
        attach_terms(work, model.config, model.terms, model.bits, model.records)
        api = DuckDBAPI(connection=work.con)
        settings = splink_settings(model.config, model.prior, model.parameters, retain=True, drawn=True)
        linker = Linker(api.register("records"), settings, log_level=None, validate_settings=False)
        out = {
            "match_weights.html": linker.visualisations.match_weights_chart().to_html(inline=True),
            "parameters.html": linker.visualisations.m_u_parameters_chart().to_html(inline=True),
        }
        if chosen is not None:
            out["waterfall.html"] = _waterfall(work, api, linker, chosen)
    finally:
        work.con.close()
    return out


def _nearest(pairs: pd.DataFrame, model: TrainedModel, count: int) -> pd.DataFrame:
    distance = (pairs["match_probability"] - model.config.threshold).abs()
    order = pairs.assign(_distance=distance).sort_values(["_distance", "record_id_l", "record_id_r"])
    return order.head(count)[["record_id_l", "record_id_r"]]


def _waterfall(work: Any, api: Any, linker: Any, chosen: pd.DataFrame) -> str:
    table = chosen.rename(columns={"record_id_l": "join_key_l", "record_id_r": "join_key_r"})
    work.con.register("chosen_frame", table.assign(match_key="0")[["match_key", "join_key_l", "join_key_r"]])
    work.con.execute("CREATE TEMP TABLE chosen AS SELECT * FROM chosen_frame")
    linker.table_management.register_blocked_pairs_for_predict(api.register("chosen"))
    scored = linker.inference.predict(warning_mode="never")
    records = scored.as_record_list()
    return str(linker.visualisations.waterfall_chart(records, filter_nulls=False).to_html(inline=True))

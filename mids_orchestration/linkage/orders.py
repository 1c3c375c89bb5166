"""Which person a protection order is about: the police's victims looked for among the Welfare Department's orders.

What belongs here: orders as person records, their pairs with the records that are already linked, one person each.
What does not: the persons themselves. An order is a later step of a case, not another list of victims: it never joins
two persons and never moves a key, so the counts of persons do not depend on it.
"""

from __future__ import annotations

import math

import pandas as pd

from mids_orchestration.linkage.blocking import build_keys, count_and_cap, form_pairs
from mids_orchestration.linkage.engine import score
from mids_orchestration.linkage.model_config import TrainedModel
from mids_orchestration.linkage.prepare import prepare_persons
from mids_orchestration.linkage.reasons import describe_pairs
from mids_orchestration.linkage.workspace import attach_terms, open_workspace

#: The orders of the warehouse as `conformed.cnf_person` would have them; the place is that of the case they name.
ORDERS_QUERY = """
    with places as (
        select case_no_norm, min(state_code) as state_code, min(raid_no) as raid_no
        from conformed.cnf_case
        where source_agency_code = 'PDRM' and state_code <> 'XX'
        group by case_no_norm
    )

    select
        orders.order_record_id as person_record_id, 'JKM' as source_agency_code,
        'protection_orders' as source_record, orders.order_no as source_case_no, orders.case_no_norm,
        'VICTIM' as role_code, orders.full_name, orders.sex_code, orders.birth_date,
        case
            when orders.birth_date is null then 'unknown'
            when extract(month from orders.birth_date) = 1 and extract(day from orders.birth_date) = 1 then 'year'
            else 'day'
        end as birth_date_precision,
        orders.nationality_code, orders.document_type, orders.document_no,
        coalesce(places.state_code, 'XX') as state_code, 'MY' as country_code, orders.interim_on as event_on,
        places.raid_no, orders.known_on
    from conformed.cnf_protection_order as orders
    left join places on orders.case_no_norm = places.case_no_norm
"""
PAIR_COLUMNS = [
    "order_record_id", "person_record_id", "match_probability", "match_weight", "is_same_person", "reasons_en",
    "reasons_ms",
]  # fmt: skip


def link_orders(prepared: pd.DataFrame, orders: pd.DataFrame, model: TrainedModel | None) -> pd.DataFrame:
    """One row per order and person record that may be one person, in `PAIR_COLUMNS`.

    prepared: the persons (`prepare_persons`). orders: rows of `ORDERS_QUERY`. is_same_person: the pair reaches the
    model's threshold.
    """
    if model is None or not len(orders) or not len(prepared):
        return pd.DataFrame(columns=PAIR_COLUMNS)
    config = model.config
    theirs = prepare_persons(orders)
    work = open_workspace(pd.concat([prepared, theirs], ignore_index=True))
    try:
        work.con.register("order_ids", theirs[["record_id"]])
        work.con.execute("CREATE TABLE fresh AS SELECT record_id FROM order_ids")
        attach_terms(work, config, model.terms, model.bits, model.records)
        build_keys(work.con, "records", config.blocking, "block_keys")
        count = count_and_cap(work.con, "block_keys", config.blocking, config.max_pairs)
        # Two orders are never compared: a person may well be protected twice.
        form_pairs(
            work.con, "records", "block_keys", count, "blocked_pairs", only_with="fresh",
            cannot_link_sql="(l.agency = 'JKM') = (r.agency = 'JKM')",
        )  # fmt: skip
        if count.pairs == 0:
            return pd.DataFrame(columns=PAIR_COLUMNS)
        floor = math.log2(config.review_threshold / (1 - config.review_threshold))
        pairs = score(work, model, "blocked_pairs", threshold_weight=floor)
    finally:
        work.con.close()
    left_is_order = pairs["record_id_l"].isin(theirs["record_id"])
    out = pairs.assign(
        order_record_id=pairs["record_id_l"].where(left_is_order, pairs["record_id_r"]),
        person_record_id=pairs["record_id_r"].where(left_is_order, pairs["record_id_l"]),
    ).join(describe_pairs(pairs, config))
    out["is_same_person"] = out["match_probability"] >= config.threshold
    return (
        out[PAIR_COLUMNS]
        .sort_values(["order_record_id", "person_record_id"], kind="stable")
        .reset_index(drop=True)
    )

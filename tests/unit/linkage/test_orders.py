"""A protection order finds the police's record of its person, and changes nobody."""

from __future__ import annotations

import pandas as pd
import pytest

from mids_orchestration.linkage.orders import PAIR_COLUMNS, link_orders
from mids_orchestration.linkage.persons import LinkageResult, link_persons
from mids_orchestration.linkage.prepare import prepare_persons

from .population import make_population, vary


@pytest.fixture(scope="module")
def police() -> pd.DataFrame:
    persons = make_population(2500, seed=31)[0]
    return persons[persons["source_agency_code"] == "PDRM"].reset_index(drop=True)


@pytest.fixture(scope="module")
def linked(police: pd.DataFrame) -> LinkageResult:
    return link_persons(police, seed=3)


def _orders(police: pd.DataFrame) -> pd.DataFrame:
    """The orders of every twentieth victim: the case number, the name by another hand, no age, no place."""
    import numpy as np

    rng = np.random.default_rng(5)
    some = police[police["role_code"] == "VICTIM"].iloc[::20].copy()
    some["person_record_id"] = "order-" + some["person_record_id"]
    some["full_name"] = [vary(rng, name) for name in some["full_name"]]
    return some.assign(
        source_agency_code="JKM", source_record="protection_orders", state_code="XX", age_years=None
    )


def test_orders_find_their_persons(police: pd.DataFrame, linked: LinkageResult) -> None:
    orders = _orders(police)
    pairs = link_orders(linked.prepared, orders, linked.model)
    assert list(pairs.columns) == PAIR_COLUMNS
    sure = pairs[pairs["is_same_person"]]
    right = sure["order_record_id"] == "order-" + sure["person_record_id"]
    found = sure.loc[right, "order_record_id"].nunique() / len(orders)
    print(f"{len(orders)} orders, {found:.3f} found, precision {right.mean():.3f}")
    assert found >= 0.9 and right.mean() >= 0.97
    assert set(pairs["person_record_id"]) <= set(police["person_record_id"]), (
        "orders are not compared with orders"
    )
    assert (sure["reasons_en"].str.len() > 0).all() and (sure["reasons_ms"].str.len() > 0).all()


def test_without_orders_or_model_there_is_no_pair(police: pd.DataFrame, linked: LinkageResult) -> None:
    assert not len(link_orders(linked.prepared, police.head(0), linked.model))
    assert not len(link_orders(prepare_persons(police.head(3)), _orders(police), None))

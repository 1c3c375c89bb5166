"""A protection order finds the police's record of its person, and changes nobody."""

from __future__ import annotations

import pandas as pd
import pytest

from mids_orchestration.linkage.orders import PAIR_COLUMNS, link_orders
from mids_orchestration.linkage.persons import LinkageResult, link_persons
from mids_orchestration.linkage.prepare import prepare_persons

from .population import make_population, vary


@pytest.fixture(scope="module")
def population() -> tuple[pd.DataFrame, pd.Series]:
    persons, truth = make_population(3000, seed=31)
    return persons, truth.set_index("person_record_id")["true_person_id"]


@pytest.fixture(scope="module")
def linked(population: tuple[pd.DataFrame, pd.Series]) -> LinkageResult:
    return link_persons(population[0], seed=3)


def _orders(persons: pd.DataFrame) -> pd.DataFrame:
    """The orders of every twentieth victim: the case number, the name by another hand, no age."""
    import numpy as np

    rng = np.random.default_rng(5)
    police = persons[persons["person_record_id"].str.startswith("PDRM-")]
    some = police[police["role_code"] == "VICTIM"].iloc[::20].copy()
    some["person_record_id"] = "order-" + some["person_record_id"]
    some["full_name"] = [vary(rng, name) for name in some["full_name"]]
    return some.assign(source_agency_code="JKM", source_record="protection_orders", age_years=None)


def test_orders_find_their_persons(population: tuple[pd.DataFrame, pd.Series], linked: LinkageResult) -> None:
    persons, truth = population
    orders = _orders(persons)
    pairs = link_orders(linked.prepared, orders, linked.model)
    assert list(pairs.columns) == PAIR_COLUMNS
    sure = pairs[pairs["is_same_person"]]
    mine = sure["order_record_id"].str.removeprefix("order-").map(truth)
    right = mine == sure["person_record_id"].map(truth)
    found = sure.loc[right, "order_record_id"].nunique() / len(orders)
    print(f"{len(orders)} orders, {found:.3f} found, precision {right.mean():.3f}")
    assert found >= 0.9 and right.mean() >= 0.97
    assert set(pairs["person_record_id"]) <= set(persons["person_record_id"]), (
        "orders are not compared with orders"
    )
    assert (sure["reasons_en"].str.len() > 0).all() and (sure["reasons_ms"].str.len() > 0).all()


def test_without_orders_or_model_there_is_no_pair(
    population: tuple[pd.DataFrame, pd.Series], linked: LinkageResult
) -> None:
    persons, _ = population
    assert not len(link_orders(linked.prepared, persons.head(0), linked.model))
    assert not len(link_orders(prepare_persons(persons.head(3)), _orders(persons), None))

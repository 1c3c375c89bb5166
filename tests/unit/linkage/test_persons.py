"""Linking persons end to end on a small invented population with known truth."""

from __future__ import annotations

import pandas as pd
import pytest

from mids_orchestration.linkage.evaluate import evaluate
from mids_orchestration.linkage.model_config import LinkageConfig, TrainedModel
from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.persons import LINK_COLUMNS, LinkageResult, link_persons
from mids_orchestration.linkage.prepare import PersonFrameError
from mids_orchestration.linkage.register import write_charts

from .population import make_population


@pytest.fixture(scope="module")
def population() -> tuple[pd.DataFrame, pd.DataFrame]:
    return make_population(5000, seed=11)


@pytest.fixture(scope="module")
def linked(population: tuple[pd.DataFrame, pd.DataFrame]) -> LinkageResult:
    return link_persons(population[0], seed=3)


def test_precision_and_recall_at_real_prevalence(population, linked) -> None:
    truth = population[1]
    scores = evaluate(linked.links, truth, truth.set_index("person_record_id")["group"])
    total = scores["all"]
    print({g: (s.true_pairs, s.precision, s.recall) for g, s in scores.items()})
    assert 0.05 < total.true_pairs / len(truth) < 0.09, "the test must stand at the overlap of real lists"
    assert total.precision is not None and total.precision >= 0.975
    assert total.recall is not None and total.recall >= 0.90


def test_shape_of_the_result(population, linked) -> None:
    assert list(linked.links.columns) == LINK_COLUMNS
    assert sorted(linked.links["person_record_id"]) == sorted(population[0]["person_record_id"])
    alone = linked.links["cluster_size"] == 1
    assert linked.links.loc[alone, "match_probability"].isna().all()
    assert linked.links.loc[~alone, "match_probability"].notna().mean() > 0.99
    assert linked.metrics["pairs"] <= sum(linked.metrics["pairs_by_rule"].values())
    assert linked.metrics["training"] == "em"


def test_row_order_does_not_matter(population, linked) -> None:
    shuffled = population[0].sample(frac=1.0, random_state=5)
    again = link_persons(shuffled, seed=3)
    pd.testing.assert_frame_equal(again.links, linked.links)
    assert again.model.version == linked.model.version


def test_a_given_model_and_previous_keys_change_nothing(population, linked) -> None:
    model = TrainedModel.from_json(linked.model.to_json())
    again = link_persons(population[0], seed=99, model=model, previous=linked.links)
    pd.testing.assert_frame_equal(again.links, linked.links)
    assert again.events.empty


def test_keys_survive_new_records(population) -> None:
    persons = population[0].sort_values("known_on")
    first = link_persons(persons.iloc[:4800], seed=3)
    second = link_persons(persons, seed=3, model=first.model, previous=first.links)
    old = first.links.set_index("person_record_id")["person_key"]
    new = second.links.set_index("person_record_id")["person_key"].reindex(old.index)
    moved = set(old[old != new].index)
    assert moved == {r for ids in second.events["record_ids"] for r in ids}, "every change of key is an event"
    assert len(moved) < 10


def test_decisions_bind_and_can_be_undone(population, linked) -> None:
    sure = linked.pairs.nlargest(1, "match_weight").iloc[0]
    a, b = sure["person_record_id_l"], sure["person_record_id_r"]
    apart = link_persons(population[0], seed=3, model=linked.model, previous=linked.links, different=[(a, b)])
    keys = apart.links.set_index("person_record_id")["person_key"]
    assert keys[a] != keys[b]
    assert "split" in set(apart.events["event"])
    undone = link_persons(population[0], seed=3, model=linked.model, previous=apart.links)
    keys = undone.links.set_index("person_record_id")["person_key"]
    assert keys[a] == keys[b]


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_tiny_inputs(population, rows: int) -> None:
    result = link_persons(population[0].head(rows), seed=1)
    assert len(result.links) == rows
    assert list(result.links.columns) == LINK_COLUMNS


def test_two_records_of_one_person_without_any_training() -> None:
    one = {
        "person_record_id": "a", "source_agency_code": "PDRM", "source_record": "persons",
        "source_case_no": "1",
        "full_name": "Mohd Rizal bin Othman", "sex_code": "M", "birth_date": "1990-02-15",
        "birth_date_precision": "day", "nationality_code": "MY", "document_type": "mykad",
        "document_no": "900215-10-5437", "event_on": "2024-05-01", "state_code": "10",
    }  # fmt: skip
    other = one | {
        "person_record_id": "b",
        "source_agency_code": "NGO",
        "full_name": "MUHAMMAD RIZAL B OSMAN",
    }
    stranger = one | {
        "person_record_id": "c", "full_name": "Tan Wei Ming", "source_case_no": "2",
        "birth_date": "1970-07-09", "document_no": "700709-14-5431",
    }  # fmt: skip
    result = link_persons(pd.DataFrame([one, other, stranger]), seed=1)
    keys = result.links.set_index("person_record_id")["person_key"]
    assert keys["a"] == keys["b"] != keys["c"]
    assert result.metrics["training"] == "stored"
    assert "fewer than" in result.metrics["training_note"]


def test_wholly_unknown_columns_link_nobody() -> None:
    frame = pd.DataFrame({"person_record_id": [f"r{i}" for i in range(40)]})
    result = link_persons(frame, seed=1)
    assert result.metrics["clusters"] == 40


def test_repeated_ids_are_refused(population) -> None:
    twice = pd.concat([population[0].head(2), population[0].head(1)])
    with pytest.raises(PersonFrameError, match="repeats"):
        link_persons(twice, seed=1)


def test_configuration_is_data() -> None:
    assert LinkageConfig.from_dict(DEFAULT.as_dict()) == DEFAULT
    assert DEFAULT.with_(threshold=0.5).version != DEFAULT.version


def test_charts_of_a_run_open_without_a_network(linked, tmp_path) -> None:
    pages = write_charts(tmp_path / "charts", linked)
    assert {p.name for p in pages} == {"match_weights.html", "parameters.html", "waterfall.html"}
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert 'src="http' not in text and 'href="http' not in text
        assert page.stat().st_mode & 0o077 == 0, "pages name persons"
    assert "same birth date" in pages[0].read_text(encoding="utf-8")

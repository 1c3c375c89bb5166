"""Floors of linkage block when they are surely missed, and only then."""

from __future__ import annotations

import pandas as pd

from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.prepare import prepare_persons
from mids_orchestration.linkage.quality import assess, blocking_recall

from .population import make_population


def _links(pairs: int, found: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """`pairs` true pairs, the first `found` of them linked."""
    records = [
        (f"r{i}{side}", f"p{i}", f"k{i}" if i < found else f"k{i}{side}")
        for i in range(pairs)
        for side in "ab"
    ]
    frame = pd.DataFrame(records, columns=["person_record_id", "true_person_id", "person_key"])
    return frame, frame, pd.Series("thai", index=frame["person_record_id"])


def test_a_floor_blocks_only_when_surely_missed() -> None:
    links, truth, form = _links(200, 198)
    good = assess(links, truth, {"name_form": form})
    assert good.failures == [] and good.worse == []
    links, truth, form = _links(200, 100)
    bad = assess(links, truth, {"name_form": form})
    assert any("recall of all" in f for f in bad.failures)
    assert any("name_form thai" in f for f in bad.failures)
    links, truth, form = _links(12, 6)
    few = assess(links, truth, {"name_form": form})
    assert few.failures == [], "twelve pairs say nothing sure"
    assert {r["status"] for r in few.rows} == {"NOT_ASSESSED"}


def test_a_group_linked_worse_is_named() -> None:
    links, truth, _ = _links(400, 360)
    form = pd.Series(["thai" if int(r[1:-1]) >= 350 else "malay" for r in links["person_record_id"]],
                     index=links["person_record_id"])  # fmt: skip
    quality = assess(links, truth, {"name_form": form})
    assert [w.split(":")[0] for w in quality.worse] == ["name_form thai"]


def test_blocking_brings_true_pairs_together_and_its_loss_is_seen() -> None:
    persons, truth = make_population(1500, seed=4)
    prepared = prepare_persons(persons)
    found, interval = blocking_recall(prepared, DEFAULT, truth)
    assert found is not None and interval is not None and found > 0.97
    only_documents = DEFAULT.with_(blocking=DEFAULT.blocking[:1])
    less, _ = blocking_recall(prepared, only_documents, truth)
    assert less is not None and less < found - 0.2

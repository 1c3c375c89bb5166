"""Leaving out hopeless pairs changes nothing but the time."""

from __future__ import annotations

import pandas as pd
import pytest

from mids_orchestration.linkage import engine, link_persons
from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.prune import prune_pairs

from .population import make_population


def test_the_answer_is_the_same_and_most_pairs_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    persons, _ = make_population(1500, seed=11, overlap=0.2)
    stored = DEFAULT.with_(min_records_to_train=10**9)
    counts: list[tuple[int, int]] = []

    def watched(work, model, pairs_table, out, *, threshold_weight):
        done = prune_pairs(work, model, pairs_table, out, threshold_weight=threshold_weight)
        counts.append(
            work.con.execute(f"SELECT count(*), (SELECT count(*) FROM {out}) FROM {pairs_table}").fetchone()
        )
        return done

    monkeypatch.setattr(engine, "prune_pairs", watched)
    pruned = link_persons(persons, config=stored, seed=1)
    monkeypatch.setattr(engine, "prune_pairs", lambda *_, **__: False)
    whole = link_persons(persons, config=stored, seed=1)
    pd.testing.assert_frame_equal(pruned.pairs, whole.pairs)
    pd.testing.assert_frame_equal(pruned.links, whole.links)
    before, after = counts[0]
    print(f"{before:,} pairs, {after:,} scored")
    assert len(whole.pairs) > 100
    assert after < 0.5 * before

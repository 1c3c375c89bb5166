"""What counts as news for a cycle."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mids_orchestration import cycle
from mids_orchestration.linkage import review
from mids_orchestration.settings import load_settings

AS_OF = date(2026, 6, 29)


@pytest.fixture
def settings(tmp_path: Path):
    settings = load_settings(home=tmp_path / "home", inbox=tmp_path / "inbox")
    (settings.releases / "r1").mkdir(parents=True)
    settings.inbox.mkdir()
    settings.identities.mkdir(parents=True, exist_ok=True)
    return settings


def _ran(settings) -> None:
    """Record a cycle that has seen all there is."""
    cycle.write_last_cycle(
        settings,
        cycle.CycleRecord(
            as_of=AS_OF.isoformat(),
            data_version=cycle.data_version([]),
            code_version=cycle.code_version(),
            run_id="run",
            succeeded=True,
            release_id="r1",
            decisions_version=cycle.decisions_version(settings),
        ),
    )


def test_a_cycle_that_saw_everything_need_not_run_again(settings) -> None:
    assert cycle.nothing_new(settings, {}, AS_OF) is None
    _ran(settings)
    assert cycle.nothing_new(settings, {}, AS_OF) is not None
    assert cycle.nothing_new(settings, {}, date(2026, 7, 6)) is None


def test_a_reviewers_decision_is_news_and_so_is_its_undoing(settings) -> None:
    _ran(settings)
    taken = review.Decision(1, "a", "b", review.SAME, "officer", "2026-06-29", "same passport")
    review.append(settings.identities, [taken])
    assert cycle.nothing_new(settings, {}, AS_OF) is None
    _ran(settings)
    assert cycle.nothing_new(settings, {}, AS_OF) is not None
    undone = review.undo([taken], 1, by="officer", on="2026-06-29", why="another photograph")
    review.append(settings.identities, [undone])
    assert cycle.nothing_new(settings, {}, AS_OF) is None


def test_an_unsure_answer_binds_nothing_and_is_no_news(settings) -> None:
    _ran(settings)
    review.append(
        settings.identities,
        [review.Decision(1, "a", "b", review.UNSURE, "officer", "2026-06-29", "no photograph")],
    )
    assert cycle.nothing_new(settings, {}, AS_OF) is not None

"""The only candidate of another list in one event."""

from __future__ import annotations

import pandas as pd
import pytest

from mids_orchestration.linkage.candidates import weigh_candidates
from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.prepare import prepare_persons
from mids_orchestration.linkage.reasons import describe_pairs

_SAID = [level for c in DEFAULT.comparisons if c.name == "event" for level in c.levels if not level.is_null]
NEAR, ELSEWHERE = (
    len(_SAID) - 1 - next(i for i, level in enumerate(_SAID) if level.label == label)
    for label in ("same days, same locality", "other time and place")
)
LISTS = {"n1": "NGO", "n2": "NGO", "p1": "PDRM", "p2": "PDRM", "k1": "KLN"}


def _pairs(*rows: tuple[str, str, int]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["record_id_l", "record_id_r", "gamma_event"])
    return frame.assign(match_weight=0.0, match_probability=0.5)


def test_the_only_candidate_weighs_more_and_says_so() -> None:
    found = weigh_candidates(_pairs(("n1", "p1", NEAR), ("k1", "n1", NEAR)), LISTS, DEFAULT)
    assert found["only_candidate"].tolist() == [True, True], "a third list is no rival"
    assert found["match_weight"].tolist() == [DEFAULT.only_candidate_bits] * 2
    assert found["match_probability"].iloc[0] == pytest.approx(1 / (1 + 2**-2.5))
    assert "nobody else of the other list" in describe_pairs(found, DEFAULT)["reasons_en"].iloc[0]
    assert "tiada orang lain" in describe_pairs(found, DEFAULT)["reasons_ms"].iloc[0]


def test_a_rival_another_event_and_the_same_list_weigh_nothing() -> None:
    pairs = _pairs(("n1", "p1", NEAR), ("n1", "p2", ELSEWHERE), ("k1", "p1", ELSEWHERE), ("p1", "p2", NEAR))
    found = weigh_candidates(pairs, LISTS, DEFAULT)
    assert not found["only_candidate"].any()
    assert found["match_weight"].eq(0).all() and found["match_probability"].eq(0.5).all()


def test_a_rival_that_comes_later_takes_the_weight_away_again() -> None:
    first = weigh_candidates(_pairs(("n1", "p1", NEAR)), LISTS, DEFAULT)
    again = weigh_candidates(first, LISTS, DEFAULT)
    pd.testing.assert_frame_equal(first, again)
    later = weigh_candidates(pd.concat([first, _pairs(("n1", "p2", NEAR))]), LISTS, DEFAULT)
    assert later["match_weight"].tolist() == [0.0, 0.0]
    assert later["match_probability"].tolist() == [0.5, 0.5]


def test_what_a_record_says_of_place_and_birth() -> None:
    rows = [
        {"person_record_id": "1", "locality_text": "W.P. Kuala Lumpur", "birth_date": "1990-05-17"},
        {"person_record_id": "2", "locality_text": "w.p. kuala  lumpur ", "birth_date": "1990-01-01"},
        {"person_record_id": "3", "locality_text": " - ", "age_years": 30, "event_on": "2020-05-17"},
        {"person_record_id": "4"},
    ]
    found = prepare_persons(pd.DataFrame(rows)).set_index("record_id")
    assert found.at["1", "locality"] == found.at["2", "locality"] == "w p kuala lumpur"
    assert found.loc[["3", "4"], "locality"].isna().all()
    spans = found[["born_first", "born_last"]].map(
        lambda d: "" if pd.isna(d) else str((pd.Timestamp("1970-01-01") + pd.Timedelta(days=int(d))).date())
    )
    assert spans.loc["1"].tolist() == ["1990-05-17", "1990-05-17"]
    assert spans.loc["2"].tolist() == ["1990-01-01", "1990-12-31"], "1 January stands for a year"
    assert spans.loc["3"].tolist() == ["1989-05-18", "1990-05-18"], "thirty mean years before, to a day"
    assert spans.loc["4"].tolist() == ["", ""]

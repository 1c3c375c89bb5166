"""Documents: cleaning, and what a MyKad says of its holder."""

from __future__ import annotations

from datetime import date

import pytest

from mids_orchestration.linkage.identity import clean_document, is_mykad, read_mykad


@pytest.mark.parametrize(
    ("written", "clean"),
    [("900215-10-5437", "900215105437"), (" a 1234567 ", "A1234567"), ("-", None), ("TIADA", None),
     ("00000000", None), ("12", None), (None, None), ("354-13C01234", "35413C01234")],
)  # fmt: skip
def test_clean_document(written: str | None, clean: str | None) -> None:
    assert clean_document(written) == clean


def test_mykad_says_birth_place_and_sex() -> None:
    card = read_mykad("900215105437", 2024)
    assert (card.birth_date, card.place_code, card.sex, card.plausible) == (
        date(1990, 2, 15),
        "10",
        "M",
        True,
    )


def test_century_is_settled_by_the_event() -> None:
    assert read_mykad("050101105438", 2024).birth_date == date(2005, 1, 1)
    assert read_mykad("300101105438", 2024).birth_date == date(1930, 1, 1)


def test_impossible_dates_and_places_are_suspect_not_fatal() -> None:
    assert read_mykad("900230105437", 2024).birth_date is None
    assert not read_mykad("900215005437", 2024).plausible


def test_not_a_mykad() -> None:
    assert not is_mykad("901515105437")
    with pytest.raises(ValueError, match="not a MyKad"):
        read_mykad("A1234567", 2024)

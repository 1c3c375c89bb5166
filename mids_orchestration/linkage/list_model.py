"""The model for any two lists of persons, built from the roles that are there.

What belongs here: comparisons and blocking rules per role, as data. What does not: the agencies' own
model (`person_model.py`), whose event, case and document rules these lists do not have.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from mids_orchestration.linkage.model_config import BlockingRule, Comparison, Level, LinkageConfig

ELSE = "ELSE"
_SHARED = "shared_bits(sounds_l, sound_bits_l, sounds_r)"


def _null(column: str) -> Level:
    return Level(
        f"{column}_l IS NULL OR {column}_r IS NULL", "unknown", words=("not known", "tidak diketahui")
    )


# The whole name turned round: one part exact, the other at least near. One way alone is no swap: Otto and Walter
# are given names and surnames of different people.
_SWAPPED = (
    "(given_l = surname_r AND jaro_winkler_similarity(surname_l, given_r) >= 0.85"
    " OR surname_l = given_r AND jaro_winkler_similarity(given_l, surname_r) >= 0.85)"
)


def _part(column: str, *, both: bool) -> Comparison:
    """A name part; `both`: given name and surname are there and may have been swapped.

    A swap is one fact: the given name tells it, and the surname then says nothing more.
    """
    null, swapped = _null(column), []
    if both and column == "given":
        swapped = [Level(_SWAPPED, "parts swapped", 0.03, 1e-6)]
    elif both:
        null = replace(null, sql=f"{null.sql} OR given_l <> given_r AND {_SWAPPED}")
    return Comparison(
        "given_name" if column == "given" else column,
        (
            null,
            Level(f"{column}_l = {column}_r", "same", 0.75, 4e-3, tf_column=column),
            *swapped,
            Level(f"damerau_levenshtein({column}_l, {column}_r) <= 1", "one slip apart", 0.10, 2e-3),
            Level(f"jaro_winkler_similarity({column}_l, {column}_r) >= 0.88", "near", 0.05, 8e-3),
            Level(f"jaro_winkler_similarity({column}_l, {column}_r) >= 0.75", "alike", 0.02, 3e-2),
            Level(ELSE, "different", 0.03, 0.95),
        ),
    )


_FULL_NAME = Comparison(
    "full_name",
    (
        _null("sound"),
        Level("name_l = name_r", "same", 0.5, 1e-4, tf_column="name"),
        Level("sound_l = sound_r", "same sound", 0.15, 1e-4, tf_column="sound"),
        Level("jaro_winkler_similarity(name_l, name_r) >= 0.94", "near", 0.12, 1e-4),
        Level(f"{_SHARED} >= 14", "rare words shared", 0.10, 5e-5),
        Level("jaro_winkler_similarity(name_l, name_r) >= 0.87", "alike", 0.06, 2e-3),
        Level(f"{_SHARED} >= 7", "a word shared", 0.04, 1e-2),
        Level(ELSE, "different", 0.03, 0.98),
    ),
)

_BIRTH = Comparison(
    "birth_date",
    (
        _null("dob"),
        Level("dob_l = dob_r", "same", 0.85, 5e-5, tf_column="dob"),
        Level("damerau_levenshtein(dob_l, dob_r) <= 1", "one slip apart", 0.08, 5e-4),
        Level("substr(dob_l, 1, 4) = substr(dob_r, 1, 4) AND substr(dob_l, 5, 2) = substr(dob_r, 7, 2)"
              " AND substr(dob_l, 7, 2) = substr(dob_r, 5, 2)", "day and month swapped", 0.01, 3e-5),
        Level("damerau_levenshtein(dob_l, dob_r) <= 2", "two slips apart", 0.03, 6e-3),
        Level("substr(dob_l, 1, 4) = substr(dob_r, 1, 4)", "same year", 0.01, 1e-2),
        Level(ELSE, "different", 0.02, 0.98),
    ),
)  # fmt: skip

_DOCUMENT = Comparison(
    "document_no",
    (
        _null("document"),
        Level("document_l = document_r", "same", 0.9, 1e-7, fixed_u=True),
        Level("damerau_levenshtein(document_l, document_r) <= 1", "one slip apart", 0.06, 1e-5),
        Level("damerau_levenshtein(document_l, document_r) <= 2", "two slips apart", 0.01, 5e-4),
        Level(ELSE, "different", 0.03, 0.999),
    ),
)

_POSTCODE = Comparison(
    "postcode",
    (
        _null("postcode"),
        Level("postcode_l = postcode_r", "same", 0.8, 2e-3, tf_column="postcode"),
        Level("damerau_levenshtein(postcode_l, postcode_r) <= 1", "one slip apart", 0.1, 1e-2),
        Level(ELSE, "different", 0.1, 0.98),
    ),
)

_PLACE = Comparison(
    "place",
    (
        _null("place"),
        Level("place_l = place_r", "same", 0.75, 5e-3, tf_column="place"),
        Level("damerau_levenshtein(place_l, place_r) <= 2 AND least(len(place_l), len(place_r)) >= 5",
              "one or two slips apart", 0.1, 1e-3),
        Level("jaro_winkler_similarity(place_l, place_r) >= 0.85", "alike", 0.03, 1e-2),
        Level(ELSE, "different", 0.12, 0.98),
    ),
)  # fmt: skip

_ADDRESS_BITS = "shared_bits(address_words_l, address_word_bits_l, address_words_r)"
_ADDRESS = Comparison(
    "address",
    (
        _null("address"),
        Level("address_l = address_r", "same", 0.45, 1e-6, fixed_u=True),
        Level(f"{_ADDRESS_BITS} >= 20", "several rare words shared", 0.3, 1e-5),
        Level("jaro_winkler_similarity(address_l, address_r) >= 0.92", "near", 0.08, 1e-4),
        Level(f"{_ADDRESS_BITS} >= 10", "a rare word shared", 0.1, 3e-3),
        Level(f"{_ADDRESS_BITS} >= 5", "a word shared", 0.03, 5e-2),
        Level(ELSE, "different", 0.04, 0.95),
    ),
)


def _same_or_not(column: str, name: str, m: float = 0.95, u: float = 0.5) -> Comparison:
    return Comparison(
        name,
        (
            _null(column),
            Level(f"{column}_l = {column}_r", "same", m, u, tf_column=None if column == "sex" else column),
            Level(ELSE, "different", 1 - m, 1 - u),
        ),
    )


def _other(column: str) -> Comparison:
    """A column nothing is known about: equal, a slip apart (only of a value long enough to have one), not."""
    slip = (
        f"damerau_levenshtein({column}_l, {column}_r) <= 1 AND least(len({column}_l), len({column}_r)) >= 5"
    )
    return Comparison(
        column,
        (
            _null(column),
            Level(f"{column}_l = {column}_r", "same", 0.85, 0.2, tf_column=column),
            Level(slip, "one slip apart", 0.05, 1e-2),
            Level(ELSE, "different", 0.1, 0.79),
        ),
    )


def _event() -> Comparison:
    gap = "abs(event_day_l - event_day_r)"
    return Comparison(
        "event_date",
        (
            _null("event_day"),
            Level(f"{gap} <= 3", "within three days", 0.7, 5e-3),
            Level(f"{gap} <= 31", "within a month", 0.15, 5e-2),
            Level(ELSE, "further apart", 0.15, 0.945),
        ),
    )


def list_config(columns: Collection[str]) -> LinkageConfig:
    """Build the model for the columns that `prepare_list` gave.

    Without training rules: m and the prior come from all candidate pairs together (`em.py`), which does
    not depend on one block telling matches from namesakes.

    Raises ValueError when none of the columns can be compared.
    """
    has = set(columns)
    comparisons: list[Comparison] = []
    if "surname" in has or "given" in has:
        both = {"surname", "given"} <= has
        comparisons += [_part(c, both=both) for c in ("given", "surname") if c in has]
    elif "sound" in has:
        comparisons.append(_FULL_NAME)
    for column, comparison in (
        ("dob", _BIRTH), ("document", _DOCUMENT), ("postcode", _POSTCODE), ("place", _PLACE),
        ("address", _ADDRESS), ("event_day", _event()), ("sex", _same_or_not("sex", "sex", 0.98, 0.5)),
        ("nationality", _same_or_not("nationality", "nationality", 0.95, 0.2)),
    ):  # fmt: skip
        if column in has:
            comparisons.append(comparison)
    others = sorted(c for c in has if c.startswith("other_"))
    comparisons += [_other(c) for c in others]
    if not comparisons:
        raise ValueError("none of the mapped columns can be compared")
    terms = [c for c in ("dob", "given", "surname", "postcode", "place", "nationality", *others) if c in has]
    if "sound" in has and "surname" not in has and "given" not in has:
        terms += ["name", "sound"]
    bits = [c for c in ("sounds", "tokens", "address_words") if c in has]
    return LinkageConfig(
        name="lists-1",
        comparisons=tuple(comparisons),
        blocking=tuple(_blocking(has)),
        training_rules=(),
        min_records_to_train=100,
        links_per_record=0.25,
        threshold=0.5,
        review_threshold=0.05,
        max_matches_factor=8.0,
        refine=True,
        term_columns=tuple(terms),
        bits_columns=tuple(bits),
        # A value that one record holds is at least this rare in the world, however short the list.
        # Of a whole name its words tell more: two rare ones meet in one stranger far less often.
        extra={
            "alone": {"dob": 5e-5, "name": 1e-4, "sound": 2e-4},
            "alone_bits": {} if "nationality" in has else {"name": "tokens", "sound": "sounds"},
            # Relatives and countrymen share more than one word: the product of the words' shares is too small.
            "alone_hold": 1.0 if len(comparisons) == 1 else 0.8,
            "sure": _sure(comparisons, has),
        },
    )


def _sure(comparisons: list[Comparison], has: set[str]) -> float:
    """How sure a pattern must be to teach the estimate (`em.refine`).

    People of one raid or one country agree on several columns at once and would pass for a class of matches:
    there only the sure ones teach. One comparison alone cannot agree with another, and all its pairs may.
    """
    if len(comparisons) == 1:
        return 0.0
    return 0.9 if has & {"event_day", "nationality"} else 0.7


def _blocking(has: set[str]) -> list[BlockingRule]:
    """The rules whose columns are all there: (name, columns needed, keys, largest block)."""
    each = "list_transform(sounds, lambda s: {} || '|' || s)"
    rules: list[tuple[str, tuple[str, ...], str, int]] = [
        ("document", ("document",), "[document]", 100),
        ("birth_date", ("dob",), "[dob]", 100),
        ("two_sounds", ("sounds",), "sound_pairs(sounds)", 150),
        ("whole_sound", ("sounds",), "[sound]", 100),
        ("month_day_sound", ("dob", "sounds"), each.format("substr(dob, 5, 4)"), 100),
        ("address_pair", ("address_words",), "sound_pairs(address_words)", 60),
        ("house_postcode", ("house", "postcode"), "[house || '|' || postcode]", 60),
        ("year_postcode", ("birth_year", "postcode"), "[birth_year || '|' || postcode]", 60),
        ("month_day_place", ("dob", "place"), "[substr(dob, 5, 4) || '|' || place]", 60),
    ]
    rules += [
        (f"{column}_sound", (column, "sounds"), each.format(column), 100)
        for column in ("postcode", "place", "house", "birth_year", "event_day")
    ]
    # Whatever is rare enough to be a key of its own: blocks above the size are left out.
    alone = ("given", "surname", "postcode", "place", "event_day", "birth_year")
    rules += [(f"rare_{c}", (c,), f"[{c}::VARCHAR]", 20) for c in alone]
    rules += [("rare_sound", ("sounds",), "sounds", 30), ("address", ("address",), "[address]", 60)]
    rules += [(f"rare_{c}", (c,), f"[{c}]", 30) for c in sorted(has) if c.startswith("other_")]
    return [BlockingRule(name, sql, cap) for name, needs, sql, cap in rules if set(needs) <= has]

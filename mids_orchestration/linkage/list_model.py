"""The model for any two lists of persons, built from the roles that are there.

What belongs here: comparisons and blocking rules per role, as data. What does not: the agencies' own
model (`person_model.py`), whose event, case and document rules these lists do not have.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from mids_orchestration.linkage.model_config import BlockingRule, Comparison, Level, LinkageConfig

ELSE = "ELSE"
_ALIKE = "jaro_winkler_similarity(name_l, name_r)"
_SHORTER = "least(length(name_l), length(name_r))"
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


def _part(column: str, *, both: bool, among: str | None) -> Comparison:
    """A name part; `both`: given name and surname are there and may have been swapped; `among`: people alike.

    A swap is one fact: the given name tells it, and the surname then says nothing more.
    """
    null, swapped = _null(column), []
    own = f"{column}_among" if among else column
    if both and column == "given":
        swapped = [Level(_SWAPPED, "parts swapped", 0.03, 1e-6)]
    elif both:
        null = replace(null, sql=f"{null.sql} OR given_l <> given_r AND {_SWAPPED}")
    return Comparison(
        "given_name" if column == "given" else column,
        (
            null,
            Level(f"{column}_l = {column}_r", "same", 0.75, 4e-3, tf_column=own),
            *swapped,
            Level(f"damerau_levenshtein({column}_l, {column}_r) <= 1", "one slip apart", 0.10, 2e-3),
            Level(f"jaro_winkler_similarity({column}_l, {column}_r) >= 0.88", "near", 0.05, 8e-3),
            Level(f"jaro_winkler_similarity({column}_l, {column}_r) >= 0.75", "alike", 0.02, 3e-2),
            Level(ELSE, "different", 0.03, 0.95),
        ),
        u_given=among,
    )


def _full_name(among: str | None) -> Comparison:
    """A whole name; `among`: the column whose equals are the people it is weighed among."""
    own = "_among" if among else ""
    return Comparison(
        "full_name",
        (
            _null("sound"),
            Level("name_l = name_r", "same", 0.5, 1e-4, tf_column=f"name{own}"),
            Level("sound_l = sound_r", "same sound", 0.15, 1e-4, tf_column=f"sound{own}"),
            Level(f"{_ALIKE} >= 0.94 OR {_SHORTER} >= 8 AND one_slip(name_l, name_r)", "near", 0.12, 1e-4),
            Level(f"{_SHARED} >= 14", "rare words shared", 0.10, 5e-5),
            Level(f"{_ALIKE} >= 0.87 OR {_SHORTER} >= 4 AND one_slip(name_l, name_r)", "alike", 0.06, 2e-3),
            Level(f"{_SHARED} >= 7", "a word shared", 0.04, 1e-2),
            Level(ELSE, "different", 0.03, 0.98),
        ),
        u_given=among,
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

_GAP = "abs(event_day_l - event_day_r)"
_SAME_EVENT = f"{_GAP} <= 3 AND place_l = place_r"


def _place(*, of_event: bool) -> Comparison:
    """of_event: the event's comparison has told it already where two lists agree on the day and the place."""
    null = _null("place")
    return Comparison(
        "place",
        (
            replace(null, sql=f"{null.sql} OR {_SAME_EVENT}") if of_event else null,
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
        Level("address_l = address_r", "same", 0.45, 1e-5),
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


def _event(*, placed: bool, among: bool) -> Comparison:
    """People of one raid share its day, its place and mostly their nationality: one fact, weighed by their number."""
    same = [Level(_SAME_EVENT, "same days, same place", 0.5, 1e-3, tf_column="event_among")] if placed else []
    return Comparison(
        "event_date",
        (
            _null("event_day"),
            *same,
            Level(f"{_GAP} = 0", "same day", 0.3, 2e-3, tf_column="day_among"),
            Level(f"{_GAP} <= 3", "within three days", 0.1, 5e-3),
            Level(f"{_GAP} <= 31", "within a month", 0.15, 5e-2),
            Level(ELSE, "further apart", 0.15, 0.945),
        ),
        u_given="nationality" if among else None,
    )


def list_config(columns: Collection[str]) -> LinkageConfig:
    """Build the model for the columns that `prepare_list` gave.

    Without training rules: m and the prior come from all candidate pairs together (`em.py`), which does
    not depend on one block telling matches from namesakes.

    Raises ValueError when none of the columns can be compared.
    """
    has = set(columns)
    among = "kin" if "kin" in has else None
    comparisons: list[Comparison] = []
    if "surname" in has or "given" in has:
        both = {"surname", "given"} <= has
        comparisons += [_part(c, both=both, among=among) for c in ("given", "surname") if c in has]
    elif "sound" in has:
        comparisons.append(_full_name(among))
    event = _event(placed="event_among" in has, among="nationality" in has)
    place = _place(of_event="event_among" in has)
    for column, comparison in (
        ("dob", _BIRTH), ("document", _DOCUMENT), ("postcode", _POSTCODE), ("place", place),
        ("address", _ADDRESS), ("event_day", event), ("sex", _same_or_not("sex", "sex", 0.98, 0.5)),
        ("nationality", _same_or_not("nationality", "nationality", 0.95, 0.2)),
    ):  # fmt: skip
        if column in has:
            comparisons.append(comparison)
    others = sorted(c for c in has if c.startswith("other_"))
    comparisons += [_other(c) for c in others]
    if not comparisons:
        raise ValueError("none of the mapped columns can be compared")
    names = [c for c in ("given", "surname") if c in has] or [c for c in ("name", "sound") if "sound" in has]
    within = {f"{c}_among": "kin" for c in names if among}
    within |= {c: "nationality" for c in ("event_among", "day_among") if c in has and "nationality" in has}
    plain = ("dob", "postcode", "place", "nationality", "kin", *others)
    terms = [c for c in (*plain, "event_among", "day_among") if c in has]
    terms += [f"{c}_among" if among else c for c in names]
    bits = [c for c in ("sounds", "tokens", "address_words") if c in has]
    return LinkageConfig(
        name="lists-3",
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
        term_within=tuple(within.items()),
        bits_columns=tuple(bits),
        # A value that one record holds is at least this rare in the world, however short the list.
        # Of a whole name its words tell more: two rare ones meet in one stranger far less often.
        extra={
            "alone": {"dob": 5e-5, "name": 1e-4, "sound": 2e-4, "name_among": 3e-4, "sound_among": 6e-4},
            "alone_bits": {
                f"{c}{a}": w for c, w in (("name", "tokens"), ("sound", "sounds")) for a in ("", "_among")
            },
            # Relatives share more than one word, people alike more still: the product of the shares is too small.
            "alone_hold": 1.0 if len(comparisons) == 1 else 0.6 if "nationality" in has and among else 0.8,
            # One comparison alone cannot agree with another: there all pairs teach the estimate.
            "sure": 0.0 if len(comparisons) == 1 else 0.5,
        },
    )


def _blocking(has: set[str]) -> list[BlockingRule]:
    """The rules whose columns are all there: (name, columns needed, keys, largest block)."""
    each = "list_transform(sounds, lambda s: {} || '|' || s)"
    rules: list[tuple[str, tuple[str, ...], str, int]] = [
        # Equal, or equal once a character is left out of either: every number within one slip.
        ("document", ("document",), "list_append(without_one(document), document)", 100),
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

"""From rows of persons to the columns the model compares.

What belongs here: cleaning and deriving, one row in, one row out, no row lost. What does not: which
columns are compared and how (`person_model.py`), which pairs are compared (`blocking.py`).

Input columns are those of `conformed.cnf_person`; any of them but `person_record_id` may be missing
and is then wholly unknown.
"""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from anyascii import anyascii

from mids_orchestration.linkage.chinese_readings import readings
from mids_orchestration.linkage.identity import clean_document, is_card_number, is_mykad, read_mykad
from mids_orchestration.linkage.names import ParsedName, is_filler, parse_name

PERSON_COLUMNS = (
    "person_record_id", "source_agency_code", "source_record", "source_case_no", "case_no_norm", "role_code",
    "full_name", "sex_code", "birth_date", "birth_date_precision", "age_years", "nationality_code",
    "document_type", "document_no", "state_code", "country_code", "locality_text", "event_on", "raid_no", "known_on",
)  # fmt: skip

_ROLE_SIDE = {"VICTIM": "V", "SMUGGLED_MIGRANT": "V", "MISSING_ABROAD": "V", "SUSPECT": "S", "ACCUSED": "S"}
_DEFAULT_EVENT_YEAR = 2020
_EPOCH, _YEAR = date(1970, 1, 1), 365.25
_NOT_WORD = re.compile(r"[^a-z0-9]+")


class PersonFrameError(ValueError):
    """The frame of persons cannot be linked; the message names the column and the remedy."""


def check_persons(persons: pd.DataFrame) -> None:
    """Raise `PersonFrameError` when ids are absent, null or repeated."""
    if "person_record_id" not in persons.columns:
        raise PersonFrameError("column person_record_id is absent: give every person record its own id")
    ids = persons["person_record_id"]
    if ids.isna().any():
        raise PersonFrameError(f"person_record_id is null in {int(ids.isna().sum())} rows: fill the key")
    if ids.duplicated().any():
        example = str(ids[ids.duplicated()].iloc[0])
        raise PersonFrameError(f"person_record_id repeats (e.g. {example}): pass current versions only")


def prepare_persons(persons: pd.DataFrame) -> pd.DataFrame:
    """Return one comparable row per person record, sorted by id, so that row order never matters.

    Columns: record_id; name, sound, core (sorted and folded; core without filler words; null when there is
    no name), written (the tokens of name in the order they were written in), tokens, sounds (lists without fillers
    unless nothing else is left), readings (of a Chinese name, `chinese_readings.py`), name_key and core_key
    (with the nationality in front), sex, dob (ISO text, only when a full date is believed), birth_year,
    born_first and born_last (days since 1970 between which the date, year or age puts the birth), year_exact (bool:
    from a date, not from an age), nationality, mykad, passport, other_document, side (V
    victim, S suspect), agency, list_case (agency and case), case_no, raid_no, event_day (days since 1970),
    state, abroad (country when not Malaysia), locality (district, town or compound, folded),
    mykad_conflict (bool: the MyKad contradicts the stated sex or birth date).
    """
    check_persons(persons)
    frame = persons.reindex(columns=list(PERSON_COLUMNS)).copy()
    frame["person_record_id"] = frame["person_record_id"].astype(str)
    frame = frame.sort_values("person_record_id", kind="stable").reset_index(drop=True)
    event = pd.to_datetime(frame["event_on"], errors="coerce")
    known = pd.to_datetime(frame["known_on"], errors="coerce")
    when = event.fillna(known)
    days = [v.date() if pd.notna(v) else date(_DEFAULT_EVENT_YEAR, 7, 1) for v in when.tolist()]
    birth = [_as_date(v) for v in pd.Series(frame["birth_date"], dtype=object).tolist()]
    precision = (
        frame["birth_date_precision"].astype(object).where(frame["birth_date_precision"].notna(), None)
    )
    nationality = _text(frame["nationality_code"], unknown="XX")
    sex = _text(frame["sex_code"], unknown="U")
    rows = [
        _one(name, nat, sx, doc, kind, born, exactness, age, day)
        for name, nat, sx, doc, kind, born, exactness, age, day in zip(
            frame["full_name"].astype(object).tolist(),
            nationality,
            sex,
            frame["document_no"].astype(object).tolist(),
            _text(frame["document_type"]),
            birth,
            precision.tolist(),
            # A nullable integer column would hand out pd.NA, which is no number.
            pd.to_numeric(frame["age_years"], errors="coerce")
            .to_numpy(dtype=float, na_value=np.nan)
            .tolist(),
            days,
            strict=True,
        )
    ]
    out = pd.DataFrame(rows, columns=_DERIVED, dtype=object)
    for column in ("birth_year", "born_first", "born_last"):
        out[column] = pd.array(out[column].tolist(), dtype="Int64")
    out["year_exact"] = out["year_exact"].astype(bool)
    out["mykad_conflict"] = out["mykad_conflict"].astype(bool)
    out.insert(0, "record_id", frame["person_record_id"])
    agency = _text(frame["source_agency_code"])
    record = _text(frame["source_record"])
    out["nationality"] = nationality
    for key, column in (("name_key", "name"), ("core_key", "core")):
        out[key] = [f"{n or ''}|{v}" if v else None for n, v in zip(nationality, out[column], strict=True)]
    out["side"] = [_ROLE_SIDE.get(r or "") for r in _text(frame["role_code"])]
    out["agency"] = agency
    out["list_case"] = [
        f"{a}|{r}|{c}" if c else None
        for a, r, c in zip(agency, record, _text(frame["source_case_no"]), strict=True)
    ]
    out["case_no"] = _text(frame["case_no_norm"])
    out["raid_no"] = _text(frame["raid_no"])
    since = (event - pd.Timestamp("1970-01-01")).dt.days
    out["event_day"] = pd.array([None if pd.isna(d) else int(d) for d in since], dtype="Int64")
    out["state"] = _text(frame["state_code"], unknown="XX")
    out["locality"] = [_place_words(v) for v in _text(frame["locality_text"])]
    out["abroad"] = [c if c != "MY" else None for c in _text(frame["country_code"], unknown="XX")]
    return out


_DERIVED = [
    "name", "written", "sound", "core", "tokens", "sounds", "readings", "sex", "dob", "birth_year", "born_first",
    "born_last", "year_exact", "mykad", "passport", "other_document", "mykad_conflict",
]  # fmt: skip


def _one(
    name: Any, nationality: str | None, sex: str | None, document: Any, kind: str | None,
    born: date | None, exactness: str | None, age: float, event: date,
) -> tuple[Any, ...]:  # fmt: skip
    parsed = parse_name(name, nationality)
    number = clean_document(document if isinstance(document, str) else None)
    card = number if is_card_number(number) and kind in (None, "mykad", "other") else None
    conflict = False
    known_sex = sex if sex in ("M", "F") else None
    exact = born is not None and exactness in (None, "day") and not (born.month == 1 and born.day == 1)
    if card and is_mykad(card):
        read = read_mykad(card, event.year)
        conflict = bool(
            (known_sex and read.sex != known_sex) or (exact and read.birth_date and read.birth_date != born)
        )
        known_sex = known_sex or read.sex
        if not exact and read.birth_date:
            born, exact = read.birth_date, True
    if known_sex is None and parsed.sex_hint != "U":
        known_sex = parsed.sex_hint
    year = born.year if born else (event.year - int(age) if not math.isnan(age) else None)
    first, last = _born_between(born, exact, age, event)
    tokens, sounds = core_tokens(parsed)
    return (
        parsed.sorted_name or None,
        " ".join(parsed.tokens) or None,
        parsed.sorted_sound or None,
        " ".join(sounds) or None,
        tokens or None,
        sounds or None,
        readings(parsed.tokens),
        known_sex,
        born.isoformat() if born and exact else None,
        year,
        first,
        last,
        born is not None,
        card,
        number if not card and kind in (None, "passport", "mykad") else None,
        number if not card and kind not in (None, "passport", "mykad") else None,
        conflict,
    )


def _born_between(born: date | None, exact: bool, age: float, event: date) -> tuple[int | None, int | None]:
    """First and last day of birth that a record allows, in days since 1970: a date, a year, an age at the event."""
    if born:
        first, last = (born, born) if exact else (date(born.year, 1, 1), date(born.year, 12, 31))
        return (first - _EPOCH).days, (last - _EPOCH).days
    if math.isnan(age):
        return None, None
    latest = (event - _EPOCH).days - int(int(age) * _YEAR)
    return latest - int(_YEAR), latest


def core_tokens(parsed: ParsedName) -> tuple[list[str], list[str]]:
    """Tokens and sounds without fillers (Muhammad, Abdul, Begum …) unless only fillers are left.

    Each list is sorted and free of repeats, so that lists of two records can be intersected.
    """
    kept = [i for i, t in enumerate(parsed.tokens) if not is_filler(t)] or list(range(len(parsed.tokens)))
    return (
        sorted({parsed.tokens[i] for i in kept}),
        sorted({parsed.sounds[i] for i in kept}),
    )


def _place_words(text: str | None) -> str | None:
    """A place's name in lower-case ASCII letters and digits: clerks differ in case, dots and marks."""
    return _NOT_WORD.sub(" ", anyascii(text).lower()).strip() or None if text else None


def _text(column: pd.Series, unknown: str | None = None) -> list[str | None]:
    texts = column.astype("string").str.strip()
    said = texts.notna() & ~texts.isin(["", unknown or ""])
    return [text if known else None for text, known in zip(texts.tolist(), said.tolist(), strict=True)]


def _as_date(value: Any) -> date | None:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    if isinstance(value, date):
        return value
    parsed = pd.to_datetime(str(value), errors="coerce")
    return None if pd.isna(parsed) else parsed.date()

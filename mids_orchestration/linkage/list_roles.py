"""Any list of persons, read through a map of roles.

What belongs here: the form of MAP.yml, and turning the columns it names into the columns that the list
model compares. What does not: the model (`list_model.py`) and the run (`lists.py`).

MAP.yml::

    id: rec_id
    columns:
      given_name: given_name
      surname: surname
      birth_date: date_of_birth
      address: [street_number, address_1, address_2]   # a role may take several columns
      other: [state]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd
from anyascii import anyascii

from mids_orchestration.linkage.identity import clean_document
from mids_orchestration.linkage.names import parse_name

ROLES = (
    "full_name", "given_name", "surname", "birth_date", "sex", "nationality", "document_no", "place",
    "postcode", "address", "event_date", "other",
)  # fmt: skip
_WORD = re.compile(r"[^a-z0-9]+")
_MALE = frozenset(("m", "male", "l", "lelaki", "man", "masculine", "1"))
_FEMALE = frozenset(("f", "female", "p", "perempuan", "woman", "w", "feminine", "2"))


class ListMapError(ValueError):
    """The map does not fit the lists; the message names the role, the column and the remedy."""


@dataclass(frozen=True, slots=True)
class ListMap:
    """`id` is the key column; `columns` gives each role its column or columns."""

    id: str
    columns: dict[str, tuple[str, ...]]

    @classmethod
    def from_dict(cls, data: Any) -> ListMap:
        """Read the parsed MAP.yml. Raises `ListMapError` with a remedy on any other shape."""
        if not isinstance(data, dict) or "id" not in data or not isinstance(data.get("columns"), dict):
            raise ListMapError("the map needs `id: <column>` and `columns: {<role>: <column>}`")
        unknown = sorted(set(map(str, data["columns"])) - set(ROLES))
        if unknown:
            raise ListMapError(f"unknown role {unknown[0]!r}: the roles are {', '.join(ROLES)}")
        columns = {
            str(role): tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)
            for role, value in data["columns"].items()
        }
        if not columns:
            raise ListMapError("the map names no column to compare: give at least one role")
        return cls(str(data["id"]), columns)

    def check(self, frame: pd.DataFrame, side: str) -> None:
        """Raise `ListMapError` when a named column is absent or the id is not a key."""
        for column in (self.id, *(c for cs in self.columns.values() for c in cs)):
            if column not in frame.columns:
                raise ListMapError(
                    f"column {column!r} of the map is not in the {side} list; it has {', '.join(frame.columns)}"
                )
        ids = frame[self.id]
        if ids.isna().any() or (ids.astype(str).str.strip() == "").any():
            raise ListMapError(f"{side} list: {self.id} is empty in some rows; every row needs its own id")
        if ids.astype(str).duplicated().any():
            example = ids.astype(str)[ids.astype(str).duplicated()].iloc[0]
            raise ListMapError(f"{side} list: id {example!r} stands on several rows; make {self.id} unique")


def prepare_list(frame: pd.DataFrame, mapping: ListMap, side: str) -> pd.DataFrame:
    """One comparable row per row of a list, sorted by record id (`<side>|<id>`).

    Columns: record_id, side, then as far as the roles allow: given, surname, name, sound, tokens, sounds,
    dob (eight digits as written, or ISO without dashes), birth_year, sex, nationality, document,
    postcode, place, address, address_words, house, event_day, other_0 … other_n. All text but the lists
    (tokens, sounds, address_words) and the integers (birth_year, event_day).
    """
    mapping.check(frame, side)
    frame = frame.reset_index(drop=True)
    out = pd.DataFrame({"record_id": side + "|" + frame[mapping.id].astype(str).str.strip()})
    out["side"] = side
    of = mapping.columns
    joined = {role: _joined(frame, of[role]) for role in of if role != "other"}
    _names(out, joined)
    if "birth_date" in of:
        dob = [_digits(v) for v in joined["birth_date"]]
        out["dob"] = pd.Series(dob, dtype=object)
        out["birth_year"] = pd.array([int(d[:4]) if d else None for d in dob], dtype="Int64")
    if "sex" in of:
        out["sex"] = [_sex(v) for v in joined["sex"]]
    if "document_no" in of:
        out["document"] = [clean_document(v) for v in joined["document_no"]]
    for role in ("nationality", "postcode", "place"):
        if role in of:
            out[role] = [_plain(v).replace(" ", "") or None if v else None for v in joined[role]]
    if "address" in of:
        words = [_plain(v).split() if v else [] for v in joined["address"]]
        out["address"] = [" ".join(w) or None for w in words]
        out["address_words"] = _objects([sorted(set(w)) or None for w in words])
        out["house"] = [next((x for x in w if x.isdigit()), None) for w in words]
    if "event_date" in of:
        when = pd.to_datetime(pd.Series(joined["event_date"]), errors="coerce", format="mixed")
        days = (when - pd.Timestamp("1970-01-01")).dt.days
        out["event_day"] = pd.array([None if pd.isna(d) else int(d) for d in days], dtype="Int64")
    for i, column in enumerate(of.get("other", ())):
        out[f"other_{i}"] = [_plain(v) or None if v else None for v in _joined(frame, (column,))]
    return out.sort_values("record_id", kind="stable").reset_index(drop=True)


def _names(out: pd.DataFrame, joined: dict[str, list[str | None]]) -> None:
    for role, column in (("given_name", "given"), ("surname", "surname")):
        if role in joined:
            out[column] = [_plain(v).replace(" ", "") or None if v else None for v in joined[role]]
    parts = [joined[r] for r in ("full_name", "given_name", "surname") if r in joined]
    if not parts:
        return
    whole = [" ".join(v for v in row if v) for row in zip(*parts, strict=True)]
    parsed = [parse_name(v, None) for v in whole]
    out["name"] = [p.sorted_name or None for p in parsed]
    out["sound"] = [p.sorted_sound or None for p in parsed]
    out["tokens"] = _objects([sorted(set(p.tokens)) or None for p in parsed])
    out["sounds"] = _objects([sorted(set(p.sounds)) or None for p in parsed])


def _objects(values: list[Any]) -> pd.Series:
    return pd.Series(values, dtype=object)


def _joined(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[str | None]:
    texts = [
        ["" if pd.isna(v) else str(v).strip() for v in frame[c].astype(object).tolist()] for c in columns
    ]
    return [" ".join(v for v in row if v) or None for row in zip(*texts, strict=True)]


def _plain(text: str) -> str:
    return _WORD.sub(" ", anyascii(text).lower()).strip()


def _digits(text: str | None) -> str | None:
    """Eight digits YYYYMMDD from a date as written; impossible dates keep their digits."""
    if not text:
        return None
    numbers = re.findall(r"\d+", text)
    if len(numbers) == 1 and len(numbers[0]) == 8:
        return numbers[0]
    if len(numbers) >= 3:
        first, second, third = numbers[:3]
        if len(first) == 4:
            return f"{first}{second:0>2}{third:0>2}"
        if len(third) == 4:
            return f"{third}{second:0>2}{first:0>2}"
    return f"{numbers[0]}0101" if numbers and len(numbers[0]) == 4 else None


def _sex(text: str | None) -> str | None:
    word = (text or "").strip().lower()
    return "M" if word in _MALE else "F" if word in _FEMALE else None

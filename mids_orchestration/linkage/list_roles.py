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

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mids_orchestration.linkage.list_values import country_of, day_number, known, plain, read_dates, sex_of
from mids_orchestration.linkage.names import parse_name

ROLES = (
    "full_name", "given_name", "surname", "birth_date", "sex", "nationality", "document_no", "place",
    "postcode", "address", "event_date", "other",
)  # fmt: skip
# A document number held by this many records on average tells no person from another.
_SHARED_DOCUMENT = 4.0
_MIN_DOCUMENT = 3
_NAMES = ("name", "sound", "given", "surname")
_KIN_UNKNOWN = 0.5


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
        columns = {str(role): _names_of(value) for role, value in data["columns"].items()}
        columns = {role: names for role, names in columns.items() if names}
        if not columns:
            raise ListMapError("the map names no column to compare: give at least one role")
        if data["id"] is None or isinstance(data["id"], list | dict):
            raise ListMapError("the map's `id` must name one column")
        return cls(str(data["id"]), columns)

    def check(self, frame: pd.DataFrame, side: str) -> None:
        """Raise `ListMapError` when a named column is absent or the id is not a key."""
        for column in (self.id, *(c for cs in self.columns.values() for c in cs)):
            if column not in frame.columns:
                raise ListMapError(
                    f"column {column!r} of the map is not in the {side} list; it has {', '.join(frame.columns)}"
                )
        ids = frame[self.id].map(_text)
        empty = ids == ""
        if empty.any():
            row = int(empty.to_numpy().argmax()) + 1
            raise ListMapError(
                f"{side} list: {self.id} is empty in {int(empty.sum())} rows, first in row {row} below the "
                "header; every row needs its own id"
            )
        again = ids.duplicated(keep=False)
        if again.any():
            example = ids[again].iloc[0]
            rows = [str(i + 1) for i in range(len(ids)) if ids.iloc[i] == example]
            raise ListMapError(
                f"{side} list: id {example!r} stands on several rows ({', '.join(rows[:5])} below the header); "
                f"make {self.id} unique"
            )


def prepare_list(frame: pd.DataFrame, mapping: ListMap, side: str) -> pd.DataFrame:
    """One comparable row per row of a list, sorted by record id (`<side>|<id>`).

    Columns: record_id, side, then as far as the roles allow: given, surname, name, sound, tokens, sounds,
    dob (eight digits as written), birth_year, sex, nationality, document,
    postcode, place, address, address_words, house, event_day, other_0 … other_n; kin (`<nationality>/<sex>`, of what
    is mapped), `<kin>|<name>` of every name column (name_among, …), day_among and event_among
    (`<nationality>|<day>` and `<nationality>|<day>@<place>`). All text but the lists (tokens, sounds, address_words)
    and the integers (birth_year, event_day).
    """
    mapping.check(frame, side)
    frame = frame.reset_index(drop=True)
    out = pd.DataFrame({"record_id": [f"{side}|{_text(v)}" for v in frame[mapping.id]]}, dtype=object)
    out["side"] = side
    of = mapping.columns
    joined = {role: _joined(frame, of[role], country=role == "nationality") for role in of if role != "other"}
    _names(out, joined)
    if "birth_date" in of:
        dob = read_dates(joined["birth_date"])
        out["dob"] = pd.Series(dob, dtype=object)
        out["birth_year"] = pd.array([int(d[:4]) if d else None for d in dob], dtype="Int64")
    if "sex" in of:
        out["sex"] = _objects([sex_of(v) for v in joined["sex"]])
    if "document_no" in of:
        out["document"] = _objects([_document(v) for v in joined["document_no"]])
    if "nationality" in of:
        out["nationality"] = _objects([country_of(v) if v else None for v in joined["nationality"]])
    for role in ("postcode", "place"):
        if role in of:
            out[role] = _objects([plain(v).replace(" ", "") or None if v else None for v in joined[role]])
    if "address" in of:
        words = [plain(v).split() if v else [] for v in joined["address"]]
        out["address"] = _objects([" ".join(w) or None for w in words])
        out["address_words"] = _objects([sorted(set(w)) or None for w in words])
        out["house"] = _objects([next((x for x in w if x.isdigit()), None) for w in words])
    if "event_date" in of:
        days = [day_number(d) for d in read_dates(joined["event_date"])]
        out["event_day"] = pd.array(days, dtype="Int64")
    for i, column in enumerate(of.get("other", ())):
        out[f"other_{i}"] = _objects([plain(v) or None if v else None for v in _joined(frame, (column,))])
    _weighed_among(out)
    return out.sort_values("record_id", kind="stable").reset_index(drop=True)


_READ = {"sex": "sex", "birth_date": "dob", "event_date": "event_day", "document_no": "document"}


def unread(frame: pd.DataFrame, mapping: ListMap, prepared: pd.DataFrame, side: str) -> list[str]:
    """In words, per role: how many values are there but could not be read, with the first of them.

    prepared: what `prepare_list` made of `frame`.
    """
    notes: list[str] = []
    for role, column in _READ.items():
        if role in mapping.columns:
            written = _joined(frame.reset_index(drop=True), mapping.columns[role])
            of = dict(zip(prepared["record_id"], prepared[column].isna(), strict=True))
            ids = [f"{side}|{_text(v)}" for v in frame[mapping.id]]
            lost = [w for w, i in zip(written, ids, strict=True) if w and of[i]]
            if lost:
                notes.append(f"{side} list: {len(lost):,} of {len(ids):,} values of {role} could not be read and "
                             f"count as unknown, first {lost[0]!r}")  # fmt: skip
    return notes


def usable(prepared: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out columns that cannot tell records apart; returns the frame and what was left out, in words.

    prepared: the prepared rows of all lists together. A wholly empty column is left out; a document number
    that many records share is compared as any other column is; names are weighed among people alike only where most
    records say whom they are like.
    """
    if "kin" in prepared and prepared["kin"].isna().mean() > _KIN_UNKNOWN:
        prepared = prepared.drop(columns=["kin", *(f"{c}_among" for c in _NAMES if f"{c}_among" in prepared)])
    notes: list[str] = []
    names = {"dob": "birth_date", "document": "document_no", "event_day": "event_date", "given": "given_name"}
    derived = {"name": "name", "tokens": "name", "sounds": "name", "sound": "name"}
    for column in [c for c in prepared.columns if c not in ("record_id", "side")]:
        if len(prepared) and prepared[column].isna().all():
            prepared = prepared.drop(columns=column)
            if (
                column not in ("birth_year", "address_words", "house", "kin", *derived)
                and "_among" not in column
            ):
                notes.append(f"{names.get(column, column)} is empty or unreadable in every row: not compared")
    if "document" in prepared:
        held = prepared["document"].dropna()
        if len(held) >= 100 and len(held) / held.nunique() > _SHARED_DOCUMENT:
            notes.append(
                f"document_no is shared by {len(held) / held.nunique():.0f} records on average: "
                "compared as an ordinary column"
            )
            prepared = prepared.rename(columns={"document": "other_document"})
    return prepared, notes


def _weighed_among(out: pd.DataFrame) -> None:
    """The values that are weighed among people alike.

    Women of one country share names that are rare among all, and people of one raid share its day, its place and
    mostly their nationality: agreement on both is one fact.
    """
    alike = [out[c].tolist() for c in ("nationality", "sex") if c in out]
    if alike:
        kin = ["/".join(row) if all(row) else None for row in zip(*alike, strict=True)]
        out["kin"] = _objects(kin)
        for column in _NAMES:
            if column in out:
                out[f"{column}_among"] = _among(kin, out[column].tolist())
    if "event_day" in out:
        nations = out["nationality"].tolist() if "nationality" in out else [None] * len(out)
        days = [None if pd.isna(d) else str(d) for d in out["event_day"]]
        out["day_among"] = _among(nations, days)
        if "place" in out:
            placed = zip(days, out["place"].tolist(), strict=True)
            out["event_among"] = _among(nations, [f"{d}@{p}" if d and p else None for d, p in placed])


def _among(groups: list[str | None], values: list[str | None]) -> pd.Series:
    return _objects([f"{g or ''}|{v}" if v else None for g, v in zip(groups, values, strict=True)])


def _names(out: pd.DataFrame, joined: dict[str, list[str | None]]) -> None:
    for role, column in (("given_name", "given"), ("surname", "surname")):
        if role in joined:
            out[column] = _objects([plain(v).replace(" ", "") or None if v else None for v in joined[role]])
    parts = [joined[r] for r in ("full_name", "given_name", "surname") if r in joined]
    if not parts:
        return
    whole = [" ".join(v for v in row if v) for row in zip(*parts, strict=True)]
    parsed = [parse_name(v, None) for v in whole]
    out["name"] = _objects([p.sorted_name or None for p in parsed])
    out["sound"] = _objects([p.sorted_sound or None for p in parsed])
    out["tokens"] = _objects([sorted(set(p.tokens)) or None for p in parsed])
    out["sounds"] = _objects([sorted(set(p.sounds)) or None for p in parsed])


def _names_of(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(str(v).strip() for v in values if v is not None and str(v).strip())


def _objects(values: list[Any]) -> pd.Series:
    return pd.Series(values, dtype=object)


def _text(value: Any) -> str:
    missing = value is None or value is pd.NA or value is pd.NaT or value != value
    return "" if missing else str(value).strip()


def _joined(frame: pd.DataFrame, columns: tuple[str, ...], *, country: bool = False) -> list[str | None]:
    texts = [[known(_text(v), country=country) for v in frame[c].astype(object).tolist()] for c in columns]
    return [" ".join(v for v in row if v) or None for row in zip(*texts, strict=True)]


def _document(text: str | None) -> str | None:
    """Capital letters and digits; None for a number of one repeated character or under three."""
    kept = plain(text or "").replace(" ", "").upper()
    return kept if len(kept) >= _MIN_DOCUMENT and len(set(kept)) > 1 else None

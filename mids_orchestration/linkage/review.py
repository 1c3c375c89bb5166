"""Clerical review: which pairs a person must look at, and what was decided of them.

What belongs here: the queue, the form of a decision, checking decisions that come in, which of them hold now,
and the file that keeps them. What does not: the words of a reason (`reasons.py`), applying decisions
(`persons.py`, which takes the pairs as `same` and `different`) or the command line.

The file is only ever appended to: a decision and its undoing are both lines of it, with who, when and why. The
newest line on a pair holds; an undone one lets the score speak again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

FILE = "decisions.jsonl"
SAME, DIFFERENT, UNSURE, UNDONE = "same", "different", "unsure", "undone"
_WORDS = {
    "same": SAME, "sama": SAME, "different": DIFFERENT, "berbeza": DIFFERENT, "lain": DIFFERENT, "unsure": UNSURE,
    "tidak pasti": UNSURE,
}  # fmt: skip

#: Pairs that the scores leave open, or that they take for one person while the records stand apart.
QUEUE_QUERY = """
    select
        pair.person_record_id_l as record_l, pair.person_record_id_r as record_r, pair.match_probability,
        pair.reasons_en, pair.reasons_ms,
        l.source_agency_code as agency_l, l.source_case_no as case_no_l, l.full_name as full_name_l,
        l.birth_date as birth_date_l, l.age_years as age_l, l.nationality_code as nationality_l,
        l.document_no as document_l, l.event_on as event_on_l,
        r.source_agency_code as agency_r, r.source_case_no as case_no_r, r.full_name as full_name_r,
        r.birth_date as birth_date_r, r.age_years as age_r, r.nationality_code as nationality_r,
        r.document_no as document_r, r.event_on as event_on_r
    from linked.person_pair as pair
    inner join conformed.cnf_person as l on pair.person_record_id_l = l.person_record_id
    inner join conformed.cnf_person as r on pair.person_record_id_r = r.person_record_id
    inner join linked.person_link as kl on pair.person_record_id_l = kl.person_record_id
    inner join linked.person_link as kr on pair.person_record_id_r = kr.person_record_id
    where kl.person_key <> kr.person_key
    order by pair.match_probability desc, record_l, record_r
"""
DECISION_COLUMNS = ("decision", "decided_by", "decided_on", "why")


class ReviewError(ValueError):
    """A decision cannot be taken in; the message names the line, the column and the remedy."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the file. `decision_id` is a running number; `undoes` the number a line takes back."""

    decision_id: int
    record_l: str
    record_r: str
    decision: str
    decided_by: str
    decided_on: str
    why: str
    undoes: int | None = None


def read_decisions(root: Path) -> list[Decision]:
    """All lines ever written, oldest first."""
    path = root / FILE
    if not path.exists():
        return []
    return [Decision(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]


def in_force(decisions: list[Decision]) -> dict[tuple[str, str], Decision]:
    """The decision that holds for each pair; a pair whose newest line is undone has none."""
    undone = {d.undoes for d in decisions if d.undoes is not None}
    out: dict[tuple[str, str], Decision] = {}
    for decision in decisions:
        if decision.undoes is None and decision.decision_id not in undone:
            out[decision.record_l, decision.record_r] = decision
    return out


def binding(decisions: list[Decision]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The pairs that are the same person and those that are not, as `link_persons` takes them."""
    held = in_force(decisions)
    return (
        sorted(p for p, d in held.items() if d.decision == SAME),
        sorted(p for p, d in held.items() if d.decision == DIFFERENT),
    )


def queue(open_pairs: pd.DataFrame, decisions: list[Decision]) -> pd.DataFrame:
    """The pairs still to be decided (`QUEUE_QUERY`'s rows), with empty columns for the decision."""
    held = in_force(decisions)
    pairs = zip(open_pairs["record_l"], open_pairs["record_r"], strict=True)
    left = open_pairs[[_ordered(a, b) not in held for a, b in pairs]].reset_index(drop=True)
    for column in DECISION_COLUMNS:
        left.insert(list(DECISION_COLUMNS).index(column), column, "")
    return left


def read_answers(table: pd.DataFrame, known: set[str], decisions: list[Decision]) -> list[Decision]:
    """Decisions of a filled-in queue; rows without a decision are skipped, so are those that already hold.

    known: record ids of the warehouse. All rows are checked before any counts: raises `ReviewError`.
    """
    needed = ("record_l", "record_r", *DECISION_COLUMNS)
    for column in needed:
        if column not in table.columns:
            raise ReviewError(
                f"column {column!r} is missing: fill in the file that `mids review export` wrote"
            )
    held, number, out = in_force(decisions), len(decisions), []
    for row, answer in enumerate(table[list(needed)].fillna("").astype(str).to_dict("records"), start=2):
        said = {str(k): str(v).strip() for k, v in answer.items()}
        if not said["decision"]:
            continue
        word = _WORDS.get(said["decision"].lower())
        if word is None:
            raise ReviewError(f"line {row}, decision: {said['decision']!r} is not same, different or unsure")
        for column in ("decided_by", "why"):
            if not said[column]:
                raise ReviewError(f"line {row}, {column}: empty; a decision needs who decided and why")
        for column in ("record_l", "record_r"):
            if said[column] not in known:
                raise ReviewError(f"line {row}, {column}: no record {said[column]!r} in the warehouse")
        if said["record_l"] == said["record_r"]:
            raise ReviewError(f"line {row}: both records are {said['record_l']!r}")
        pair = _ordered(said["record_l"], said["record_r"])
        day = _day(said["decided_on"], f"line {row}, decided_on")
        now = held.get(pair)
        if now and (now.decision, now.decided_by, now.decided_on, now.why) == (
            word, said["decided_by"], day, said["why"],
        ):  # fmt: skip
            continue
        number += 1
        held[pair] = Decision(number, *pair, word, said["decided_by"], day, said["why"])
        out.append(held[pair])
    return out


def undo(decisions: list[Decision], decision_id: int, *, by: str, on: str, why: str) -> Decision:
    """The line that takes decision `decision_id` back. Raises `ReviewError` when it does not hold."""
    if not by.strip() or not why.strip():
        raise ReviewError("undoing needs who and why: give --by and --why")
    for decision in in_force(decisions).values():
        if decision.decision_id == decision_id:
            day = _day(on, "--on")
            return Decision(
                len(decisions) + 1, decision.record_l, decision.record_r, UNDONE, by.strip(), day, why.strip(),
                undoes=decision_id,
            )  # fmt: skip
    raise ReviewError(f"no decision {decision_id} holds: `mids review list` shows those that do")


def append(root: Path, new: list[Decision]) -> None:
    """Add lines to the file, all or none."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = root / FILE
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    aside = root / f"{FILE}.tmp"
    lines = "".join(json.dumps(as_line(d), ensure_ascii=False) + "\n" for d in new)
    aside.write_text(before + lines, encoding="utf-8")
    aside.chmod(0o600)
    aside.replace(path)


def as_line(decision: Decision) -> dict[str, Any]:
    """Plain JSON-able form."""
    return asdict(decision)


def _ordered(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _day(text: str, where: str) -> str:
    try:
        return date.fromisoformat(text.strip()[:10]).isoformat()
    except ValueError as error:
        raise ReviewError(f"{where}: {text!r} is no day; write it as 2026-06-29") from error

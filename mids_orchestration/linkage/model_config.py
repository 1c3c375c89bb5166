"""The linkage model as data: comparisons, blocking rules, thresholds, parameters.

What belongs here: frozen dataclasses that say what a model is, their JSON form and their version.
What does not: the default model for persons (`person_model.py`), training or scoring (`engine.py`).

A model is separate from a run: a run may train a new `TrainedModel` or be given one, and a given one is
used as it stands (same probabilities, same term frequencies), so that a re-run without new evidence
cannot change anybody's identity.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Level:
    """One level of agreement. SQL refers to columns as `x_l` and `x_r`.

    m, u: stored probabilities of seeing this level among matches and among non-matches. They are the
    starting values of training, what training shrinks towards and what is used when it cannot run.
    fixed_u: keep the stored u (levels so rare among non-matches that a sample cannot show them); with a group, keep
        its share of the group's u, because how many pairs know this kind of thing differs by population.
    tf_column: column whose share (`tf_<column>`) replaces u for this very value.
    group: levels of one kind of knowledge (full dates, years only, …). How much is known does not depend
        on being the same person, so within a comparison every group gets as much m as it has u.
    one_event: both records tell of one event (`candidates.py`).
    words: how a reviewer reads this level, English and Malay.
    """

    sql: str
    label: str
    m: float | None = None
    u: float | None = None
    fixed_u: bool = False
    fixed_m: bool = False
    tf_column: str | None = None
    group: str = ""
    one_event: bool = False
    words: tuple[str, str] = ("", "")

    @property
    def is_null(self) -> bool:
        """True for a level that says nothing either way."""
        return self.m is None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Levels in order; the first whose SQL holds is taken, the last is `ELSE`.

    u_given: a column; u is then sampled among pairs that agree on it (names among compatriots), so that
        agreement on that column is not counted a second time.
    train_with: the training rules (positions) whose matches are like all matches in this respect; empty: every
        rule that leaves the comparison free.
    """

    name: str
    levels: tuple[Level, ...]
    u_given: str | None = None
    train_with: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockingRule:
    """Pairs that share one of `keys_sql` (an expression of type VARCHAR[]) are compared.

    max_block: keys held by more records than this are too common to tell anything and are left out.
    """

    name: str
    keys_sql: str
    max_block: int = 200


@dataclass(frozen=True, slots=True)
class LiveCount:
    """How many other records a record shares its event with, counted in the data at hand.

    sql: a window count over all records. shared: it counts other agencies' records; most records share with none, and
    the share is then among those that do (an event that two agencies list is where their lists meet).
    keys, days: only records that agree on one of the keys (SQL expressions), and whose events are at most so many days
    apart (0: whatever the day), take part in each other's count; a week counts anew only whom its news touch.
    """

    name: str
    sql: str
    shared: bool
    keys: tuple[str, ...]
    days: int = 0


@dataclass(frozen=True, slots=True)
class LinkageConfig:
    """Everything that is decided before data is seen.

    links_per_record: expected true pairs per record; with n records the prior probability that two
    random records match is 2 * links_per_record / (n - 1).
    threshold: match probability from which a pair is taken as the same person.
    review_threshold: from here up to `threshold` a pair goes to a person.
    max_matches_factor: a training pass that believes in more matches than this times the expected number
        has mistaken namesakes for matches; it is not used.
    term_columns: columns whose values have frequencies. term_within: (column, other column): the frequency is
        counted within the records of the same other column (names among compatriots).
    bits_columns: list columns whose members have information in bits.
    live_counts: how many other records a record shares its event with; taken from the data at hand (new records of an
        event are new evidence), over the frozen size of its nationality.
    only_candidate_bits: weight of being the only candidate of another list in one event (`candidates.py`); 0: none.
    refine: after training, estimate m and the prior once more over all candidate pairs together
        (`em.py`); for lists whose overlap nobody knows.
    """

    name: str
    comparisons: tuple[Comparison, ...]
    blocking: tuple[BlockingRule, ...]
    training_rules: tuple[str, ...]
    cannot_link_sql: str = "false"
    links_per_record: float = 0.1
    threshold: float = 0.95
    review_threshold: float = 0.2
    keep_threshold: float = 0.9
    max_pairs: int = 40_000_000
    max_cluster: int = 30
    u_pairs: int = 600_000
    u_pseudo_pairs: float = 2.0
    em_pairs: int = 400_000
    min_records_to_train: int = 500
    min_matches_to_train: float = 25.0
    max_matches_factor: float = 3.0
    refine: bool = False
    only_candidate_bits: float = 0.0
    shrink_pseudo_matches: float = 50.0
    term_columns: tuple[str, ...] = ()
    term_within: tuple[tuple[str, str], ...] = ()
    bits_columns: tuple[str, ...] = ()
    live_counts: tuple[LiveCount, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON-able form."""
        return asdict(self)

    def with_(self, **changes: Any) -> LinkageConfig:
        """A copy with some fields changed."""
        return replace(self, **changes)

    @property
    def version(self) -> str:
        """Name and the first ten digits of the sha256 of the JSON form."""
        return f"{self.name}-{digest(self.as_dict())}"

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LinkageConfig:
        """Read the form written by `as_dict`. Raises KeyError or TypeError on an unknown shape."""
        comparisons = tuple(
            Comparison(
                c["name"],
                tuple(Level(**{**lv, "words": tuple(lv.get("words", ("", "")))}) for lv in c["levels"]),
                c.get("u_given"),
                tuple(c.get("train_with", ())),
            )
            for c in data["comparisons"]
        )
        plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        plain["comparisons"] = comparisons
        plain["term_within"] = tuple(tuple(p) for p in data.get("term_within", ()))
        plain["live_counts"] = tuple(_live_count(c) for c in data.get("live_counts", ()))
        plain["blocking"] = tuple(BlockingRule(**b) for b in data["blocking"])
        return cls(**plain)


def _live_count(data: dict[str, Any] | list[Any]) -> LiveCount:
    """The written form; models up to `persons-5` wrote (name, sql, shared)."""
    if isinstance(data, list):
        name, sql, shared = data
        return LiveCount(name, sql, shared, ())
    return LiveCount(**{**data, "keys": tuple(data["keys"])})


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A configuration with the numbers that data gave it.

    parameters: comparison → one (m, u) per non-null level, in order.
    terms: column → value → share of other records that hold it; only for values held by at least three
        (a value held by one or two may be one person's alone and has the share of a single record).
    bits: column → token → information in bits (-log2 of the share of records that hold it).
    records: size of the population it was trained on (the prior belongs to that size).
    trained: per comparison, whether m came from expectation maximisation or from storage.
    """

    config: LinkageConfig
    prior: float
    parameters: dict[str, list[tuple[float, float]]]
    terms: dict[str, dict[str, float]]
    bits: dict[str, dict[str, float]]
    records: int
    seed: int
    trained: dict[str, str]

    @property
    def version(self) -> str:
        """Version of the configuration followed by a digest of the numbers."""
        return f"{self.config.version}.{digest([self.prior, self.parameters, self.terms, self.bits])}"

    def to_json(self) -> str:
        """The whole model as JSON text."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> TrainedModel:
        """Read the form written by `to_json`."""
        data = json.loads(text)
        data["config"] = LinkageConfig.from_dict(data["config"])
        data["parameters"] = {k: [(float(m), float(u)) for m, u in v] for k, v in data["parameters"].items()}
        return cls(**data)


def digest(value: Any) -> str:
    """Ten hexadecimal digits of the sha256 of the canonical JSON of a value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:10]

"""The policy of disclosure control as data. Belongs here: reading policy.yml. Does not belong here: applying it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

import yaml

_PRIVACY = ("synthetic_epsilon", "synthetic_delta", "synthetic_budget")


@dataclass(frozen=True)
class Policy:
    """What a public release may say of persons.

    Attributes:
        edition: raised when settled years may be published anew.
        threshold: counts from 1 to ``threshold - 1`` are suppressed; an attacker's interval of a suppressed count is
            at least ``threshold - 1`` wide.
        settle_days: days after the end of a year until it is published.
        synthetic_epsilon, synthetic_delta: what one synthetic case file costs every person.
        synthetic_budget: the sum of ``synthetic_epsilon`` that all files together may cost.
    """

    edition: int
    threshold: int
    settle_days: int
    synthetic_epsilon: float = 2.0
    synthetic_delta: float = 1e-6
    synthetic_budget: float = 8.0

    @property
    def width(self) -> int:
        """The protection interval: how narrow an attacker's interval may become."""
        return self.threshold - 1

    def is_settled(self, year_start: date, as_of: date) -> bool:
        """True when the year that starts on ``year_start`` may be published on ``as_of``."""
        return as_of >= date(year_start.year + 1, 1, 1) + timedelta(days=self.settle_days)


@cache
def load_policy() -> Policy:
    """The policy of this MIDS.

    Raises:
        ValueError: when a value is missing or not a whole number in its range.
    """
    told = yaml.safe_load(files(__package__).joinpath("policy.yml").read_text("utf-8"))
    least = {"edition": 1, "threshold": 3, "settle_days": 0}
    for name, lowest in least.items():
        if not isinstance(told.get(name), int) or told[name] < lowest:
            raise ValueError(f"disclosure/policy.yml: {name} must be a whole number from {lowest} up")
    for name in _PRIVACY:
        if not isinstance(told.get(name), float) or told[name] <= 0:
            raise ValueError(f"disclosure/policy.yml: {name} must be a number above 0, written with a point")
    return Policy(**{name: told[name] for name in (*least, *_PRIVACY)})

"""What all agency views share: versions of records, links to the truth, dates as text, case numbers rewritten.

A view is a log of record versions. Each version says when the agency wrote it; deliveries later pick, per record,
the newest version of their period (deliver). Not here: any one agency's habits.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

Row = dict[str, Any]
MYT = timezone(timedelta(hours=8))
MINUTES = 1440


@dataclass
class RecordLog:
    """All versions of one record type; parallel lists, one entry per version.

    `columns` are the source headers in order; `stamp` writes the time of a version into its row.
    """

    record: str
    columns: tuple[str, ...]
    stamp: Callable[[Row, int], None]
    rids: list[int] = field(default_factory=list)
    ats: list[int] = field(default_factory=list)  # minutes since day 0 (ordinal * 1440)
    rows: list[Row] = field(default_factory=list)
    faults: dict[int, tuple[str, Any]] = field(default_factory=dict)  # version -> column, value

    def add(self, rid: int, at: int, row: Row) -> None:
        """One more version of record `rid`, written at minute `at`."""
        copy = dict(row)
        self.stamp(copy, at)
        self.rids.append(rid)
        self.ats.append(at)
        self.rows.append(copy)

    def spoil(self, rng: random.Random, share: float, kinds: list[tuple[str, Callable[[Any], Any]]]) -> None:
        """Plan faults in about `share` of the versions; more than half are sent again, corrected, weeks later."""
        for i in range(len(self.rows)):
            if rng.random() >= share:
                continue
            column, change = kinds[int(rng.random() * len(kinds))]
            self.faults[i] = (column, change(self.rows[i].get(column)))
            if rng.random() < 0.6:
                later = self.ats[i] + int((4 + rng.random() * 30) * MINUTES)
                self.add(self.rids[i], later, self.rows[i])


@dataclass
class FeedView:
    """One agency's feed: its record logs, by record type."""

    agency: str
    feed: str
    logs: dict[str, RecordLog]


@dataclass
class Links:
    """Ties between what agencies write and what is true.

    person: (agency, feed, record, rid, key text as sent, person_no, case_no, role)
    case: (agency, feed, record, rid, source case number, case_no)
    order: (agency, feed, record, rid, key text as sent, person_no, case_no): protection of a victim, a later step of
    the same case and so no list of its own
    """

    person: list[tuple[str, str, str, int, str, int, int, str]] = field(default_factory=list)
    case: list[tuple[str, str, str, int, str, int]] = field(default_factory=list)
    order: list[tuple[str, str, str, int, str, int, int]] = field(default_factory=list)


@lru_cache(maxsize=8192)
def dmy(day: int) -> str:
    """dd/mm/yyyy of an ordinal."""
    return f"{date.fromordinal(day):%d/%m/%Y}"


@lru_cache(maxsize=8192)
def iso(day: int) -> str:
    """yyyy-mm-dd of an ordinal."""
    return date.fromordinal(day).isoformat()


def moment(at: int) -> datetime:
    """Minute of the sample as Malaysian time (naive)."""
    day, minute = divmod(at, MINUTES)
    return datetime.fromordinal(day) + timedelta(minutes=minute)


def iso_offset(at: int, seconds: int = 0) -> str:
    """Minute as ISO 8601 with +08:00."""
    return (moment(at) + timedelta(seconds=seconds)).replace(tzinfo=MYT).isoformat()


def office_hour(day: int, rng: random.Random) -> int:
    """A minute of the working day (08:00-17:59) on a day."""
    return day * MINUTES + 480 + int(rng.random() * 600)


def delay(
    rng: random.Random, same_day: float, shape: float, mean: float, tail: float, tail_median: float
) -> int:
    """Days of delay: `same_day` share none, most gamma with `mean`, a `tail` share lognormal around its median."""
    u = rng.random()
    if u < same_day:
        return 0
    if u > 1 - tail:
        return int(rng.lognormvariate(0, 0.8) * tail_median)
    return int(rng.gammavariate(shape, mean / shape))


_PDRM = re.compile(r"D3/(TIP|SOM)/(\d{5})/(\d{4})")
_JIM = re.compile(r"JIM/ATIPSOM/(\d{4})/(\d{4})")
_APMM = re.compile(r"MMEA/KES/(\d{4})/(\d{3})")
_OTHERS = re.compile(r"(JKDM|JTK|AKPS)/KES/(\d{4})/(\d{4})")


def rewrite_case_no(number: str, rng: random.Random, faithful: float = 0.1) -> str:
    """Another agency's way to write a case number; `faithful` = chance that it is copied as it is.

    Raises ValueError for a number in no known series.
    """
    u = rng.random()
    if u < faithful:
        return number
    pick = int(rng.random() * 4)
    if m := _PDRM.fullmatch(number):
        kind, n, year = m[1], int(m[2]), m[3]
        return (
            f"{kind}-{n}-{year} (D3)", f"D3/{kind}/{n}/{year[2:]}", f"IP D3 {kind} {n:05d}/{year}",
            f"D3-{kind}-{n:05d}-{year}",
        )[0 if u < faithful + 0.5 else pick]  # fmt: skip
    if m := _JIM.fullmatch(number):
        year, n = m[1], int(m[2])
        return (
            f"ATIPSOM-{n}-{year} (JIM)", f"JIM ATIPSOM {n}/{year}", f"JIM/ATIPSOM/{n}/{year[2:]}",
            f"JIM-ATIPSOM-{year}-{n:04d}",
        )[0 if u < faithful + 0.5 else pick]  # fmt: skip
    if m := _APMM.fullmatch(number):
        return f"APMM {int(m[2])}/{m[1]}" if pick < 2 else f"KES-{int(m[2])}-{m[1]} (MMEA)"
    if m := _OTHERS.fullmatch(number):
        agency, year, n = m[1], m[2], int(m[3])
        return f"{agency} {n}/{year}" if pick < 2 else f"KES-{n}-{year} ({agency})"
    raise ValueError(f"case number {number!r} is in no known series")


def numbers_by_year(days: list[int], ids: list[int], template: str) -> dict[int, str]:
    """Running numbers per year for ids in order of day; `template` has {year} and {n}."""
    counts: dict[int, int] = {}
    given: dict[int, str] = {}
    for day, key in sorted(zip(days, ids, strict=True)):
        year = date.fromordinal(day).year
        counts[year] = counts.get(year, 0) + 1
        given[key] = template.format(year=year, n=counts[year])
    return given

"""How fresh each feed is on the day of the release.

Belongs here: the arithmetic from receipts and contracts to :class:`FeedState`. Does not belong here:
reading receipts from disk (landing), or showing them (dashboard).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, Protocol

import pandas as pd

from mids_orchestration.release.model import Bilingual, FeedState

_NEEDED = ("agency", "feed", "known_on", "status", "received", "accepted", "quarantined")


class FeedContract(Protocol):
    """What freshness asks of a feed contract (expectations.contract.Contract has it)."""

    @property
    def agency(self) -> str: ...  # noqa: D102
    @property
    def feed(self) -> str: ...  # noqa: D102
    @property
    def title_en(self) -> str: ...  # noqa: D102
    @property
    def title_ms(self) -> str: ...  # noqa: D102
    @property
    def source_class(self) -> str: ...  # noqa: D102
    @property
    def cadence(self) -> str: ...  # noqa: D102
    @property
    def lateness_days(self) -> int | None: ...  # noqa: D102


def feed_states(
    receipts: pd.DataFrame, contracts: Mapping[str, FeedContract] | Iterable[FeedContract], *, as_of: date
) -> list[FeedState]:
    """Return one state per contracted feed, ordered by agency and feed.

    Args:
        receipts: the derived ledger ``landing/receipts.parquet`` (one row per receipt × record type).
        contracts: the feed contracts; a feed without any receipt is ``never``, not left out.
        as_of: the day of the release; receipts known after it are not counted.

    Raises:
        ValueError: when the ledger lacks a column.
    """
    missing = [column for column in _NEEDED if column not in receipts.columns]
    if missing:
        raise ValueError(f"receipts lack column(s) {missing}; pass landing/receipts.parquet as it is")
    told = receipts[_good(receipts)].copy()
    told["known_on"] = pd.to_datetime(told["known_on"])
    told = told[told["known_on"] <= pd.Timestamp(as_of)]
    listed = contracts.values() if isinstance(contracts, Mapping) else contracts
    states = [_state(contract, told, as_of) for contract in listed]
    return sorted(states, key=lambda state: (state.agency, state.feed))


def _good(receipts: pd.DataFrame) -> pd.Series:
    """Accepted deliveries, and the same bytes sent again: "nothing new" said twice is no silence."""
    accepted = receipts["status"] == "accepted"
    if "sha256" not in receipts:
        return accepted
    known = set(receipts.loc[accepted, "sha256"].dropna())
    return accepted | ((receipts["status"] == "duplicate") & receipts["sha256"].isin(known))


def _state(contract: FeedContract, told: pd.DataFrame, as_of: date) -> FeedState:
    mine = told[(told["agency"] == contract.agency) & (told["feed"] == contract.feed)]
    # Records let in from quarantine are no news of the sender.
    sent = mine[mine["let_in"].fillna(0) == 0] if "let_in" in mine else mine
    last = None if sent.empty else sent["known_on"].max().date()
    days = None if last is None else (as_of - last).days
    allowed = contract.lateness_days
    status: Literal["fresh", "stale", "never"] = "fresh"
    if days is None:
        status = "never"
    elif allowed is not None and contract.cadence != "adhoc" and days > allowed:
        status = "stale"
    return FeedState(
        agency=contract.agency,
        feed=contract.feed,
        title=Bilingual(contract.title_en, contract.title_ms),
        source_class=contract.source_class,
        lateness_days=allowed or 0,
        last_known_on=last,
        days_since=days,
        status=status,
        received=int(mine["received"].sum()),
        accepted=int(mine["accepted"].sum()),
        quarantined=int(mine["quarantined"].sum()),
    )

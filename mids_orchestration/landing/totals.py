"""Sums over receipts in which every record is counted once.

Belongs here: the one way of adding receipts up. Does not belong here: showing the sums.

A replay of a delivery that was accepted before moves records from quarantine to the accepted: they were received with
the delivery and are not received again. A replay of a refused delivery receives it for the first time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mids_orchestration.landing.receipts import Receipt

_REPLAY = re.compile(r"^(.*)-replay-\d+$")


@dataclass(frozen=True)
class Totals:
    """Records over several deliveries. ``quarantined`` are still held; ``let_in`` of the accepted were held before."""

    deliveries: int = 0
    received: int = 0
    accepted: int = 0
    quarantined: int = 0
    let_in: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every record received is accepted or held."""
        return self.received == self.accepted + self.quarantined


def moves_only(receipt_id: str, statuses: Mapping[str, str]) -> bool:
    """Whether the receipt is a replay that moved records out of quarantine; ``statuses`` is of receipts by id."""
    found = _REPLAY.match(receipt_id)
    return found is not None and statuses.get(found[1]) == "accepted"


def totals(receipts: Iterable[Receipt], record: str | None = None) -> Totals:
    """Add up the receipts of accepted deliveries, over all record types or one.

    A replay must be among *receipts* together with the delivery it is of.
    """
    listed = list(receipts)
    statuses = {receipt.receipt_id: receipt.status for receipt in listed}
    deliveries = received = accepted = quarantined = let_in = 0
    for receipt in listed:
        tables = [t for name, t in receipt.tables.items() if record in (None, name)]
        if receipt.status != "accepted" or not tables:
            continue
        moved = moves_only(receipt.receipt_id, statuses)
        deliveries += not moved
        for table in tables:
            accepted += table.accepted
            received += 0 if moved else table.received
            quarantined += -table.accepted if moved else table.quarantined
            let_in += table.accepted if moved else 0
    return Totals(deliveries, received, accepted, quarantined, let_in)

"""Landing: every waiting delivery received, refused, or known again; each with a receipt.

Belongs here: ``land``, the order of its steps and the day a delivery counts as known.
Does not belong here: reading (``readers``), judging (``verdict``), what is on disk (``store``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from expectations.contract import Contract
from mids_orchestration.landing.delivery import Processed, Receiver
from mids_orchestration.landing.inbox import UNKNOWN, PendingDelivery, waiting
from mids_orchestration.landing.limits import DEFAULT_LIMITS, Limits
from mids_orchestration.landing.reasons import REFUSALS, DeliveryRefused
from mids_orchestration.landing.receipts import (
    Receipt,
    Refusal,
    Sighting,
    append_sightings,
    duplicate_receipt,
    hash_path,
    read_receipt,
    read_receipts,
    read_sightings,
    write_ledger,
)
from mids_orchestration.landing.store import (
    Archived,
    FileChanged,
    archive,
    commit,
    discard,
    locked,
    make_durable,
    prepare,
    staging,
)

Progress = Callable[[int, int, Receipt], None]


def land(
    inbox: Path,
    home: Path,
    *,
    as_of: date,
    contracts: Mapping[str, Contract],
    feeds: Collection[str] | None = None,
    known_after: date | None = None,
    progress: Progress | None = None,
    settled_before_ns: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list[Receipt]:
    """Receive what waits in *inbox* and was sent by *as_of*; return one receipt per delivery looked at.

    Args:
        inbox: folders ``<agency>/<feed>/`` of files as sent; read only.
        home: the data home; made where it is missing.
        as_of: the day this run stands on. Deliveries sent later wait.
        contracts: by ``agency.feed``.
        feeds: take only these feeds; None takes all, and then refuses files no feed is known for.
        known_after: ``as_of`` of the newest published release. What comes after it counts as known the day after
            at the earliest, so that no published past changes.
        progress: called with (done, total, receipt) after each delivery.
        settled_before_ns: leave files changed after this time (nanoseconds since 1970) for the next run.
        limits: bounds on what one delivery may ask for.

    Returns:
        Receipts in the order of sending: accepted, refused, or duplicate (same bytes for the same feed as before).

    Running it again changes nothing. A crash at any point leaves nothing half received: the next run clears
    what has no receipt and lands it again.
    """
    wanted = {key: contract for key, contract in contracts.items() if feeds is None or key in feeds}
    with locked(home):
        prepare(home, wanted.values())
        session = _Session(home, inbox, as_of, wanted, known_after, limits, read_sightings(home))
        known, strays = waiting(
            inbox, session.sightings, as_of=as_of, contracts=contracts, settled_before_ns=settled_before_ns
        )
        todo = [item for item in known if item.key in wanted] + (strays if feeds is None else [])
        receipts: list[Receipt] = []
        try:
            for number, item in enumerate(todo, start=1):
                receipt = session.take(item)
                if receipt is not None:
                    receipts.append(receipt)
                    if progress is not None:
                        progress(number, len(todo), receipt)
        finally:
            session.close()
        if receipts:
            make_durable(home, wanted.values())
        if receipts or not (home / "landing" / "receipts.parquet").exists() or session.stale_ledger():
            refresh_ledger(home)
    return receipts


def refresh_ledger(home: Path) -> None:
    """Write ``landing/receipts.parquet`` anew from the receipts and the sightings."""
    receipts = read_receipts(home)
    by_id = {receipt.receipt_id: receipt for receipt in receipts}
    duplicates = [
        duplicate_receipt(by_id[sighting.receipt_id], sighting)
        for sighting in read_sightings(home).values()
        if sighting.duplicate and sighting.receipt_id in by_id
    ]
    write_ledger(home, receipts, duplicates)


def known_day(sent_on: date | None, as_of: date, known_after: date | None) -> date:
    """Return the day a delivery counts as known: the day it was sent, but never inside a published past."""
    day = sent_on or as_of
    if known_after is not None and day <= known_after:
        return known_after + timedelta(days=1)
    return day


@dataclass
class _Session:
    home: Path
    inbox: Path
    as_of: date
    contracts: Mapping[str, Contract]
    known_after: date | None
    limits: Limits
    sightings: dict[str, Sighting]
    _receivers: dict[tuple[str, int], Receiver] = field(default_factory=dict)
    _connection: duckdb.DuckDBPyConnection | None = None

    def take(self, item: PendingDelivery) -> Receipt | None:
        """Receive one delivery; None when the file is still changing."""
        relative = item.path.relative_to(self.inbox).as_posix()
        try:
            kept = archive(item.path, self.home, self.limits)
        except (FileChanged, FileNotFoundError):
            return None
        except DeliveryRefused as refused:
            return self._refuse_unread(item, relative, refused)
        contract = self.contracts.get(item.key)
        feed = (contract.agency, contract.feed) if contract else (UNKNOWN, UNKNOWN)
        receipt_id = f"{feed[0]}-{feed[1]}-{kept.sha256[:16]}"
        original = read_receipt(self.home, receipt_id)
        duplicate = original is not None and not self._same_path(relative, receipt_id)
        if original is None:
            original = self._receive(item, contract, kept, receipt_id)
        sighting = self._sight(item, relative, kept.sha256, kept.size, receipt_id, duplicate)
        return duplicate_receipt(original, sighting) if duplicate else original

    def _same_path(self, relative: str, receipt_id: str) -> bool:
        """Whether this very path had brought these bytes before (touched, or the ledger's line was lost)."""
        seen = self.sightings.get(relative)
        if seen is not None and seen.receipt_id == receipt_id:
            return not seen.duplicate
        return all(sighting.receipt_id != receipt_id for sighting in self.sightings.values())

    def _receive(
        self, item: PendingDelivery, contract: Contract | None, kept: Archived, receipt_id: str
    ) -> Receipt:
        if contract is None:
            receipt = self._receipt(
                item, None, kept.sha256, kept.size, receipt_id, DeliveryRefused("UNKNOWN_FEED")
            )
            commit(self.home, None, None, receipt)
            return receipt
        layout = contract.for_day(item.sent_on or self.as_of)
        known_on = known_day(item.sent_on, self.as_of, self.known_after)
        outcome: Processed | DeliveryRefused
        try:
            if kept.size == 0:
                raise DeliveryRefused("EMPTY_FILE")
            receiver = self._receiver(contract, layout)
            outcome = receiver.receive(kept.path, staging(self.home), receipt_id, known_on, contract)
        except DeliveryRefused as refused:
            discard(self.home, receipt_id)
            outcome = refused
        receipt = self._receipt(item, layout, kept.sha256, kept.size, receipt_id, outcome)
        staged = outcome.staged if isinstance(outcome, Processed) else None
        commit(self.home, contract, staged, receipt)
        return receipt

    def _refuse_unread(self, item: PendingDelivery, relative: str, refused: DeliveryRefused) -> Receipt:
        """Receipt for a thing in the inbox that was not even copied (a link, a device, too large)."""
        contract = self.contracts.get(item.key)
        receipt_id = f"{item.agency}-{item.feed}-unread-{hash_path(relative):08x}"
        receipt = self._receipt(item, contract, "", item.size, receipt_id, refused)
        commit(self.home, None, None, receipt)
        self._sight(item, relative, "", item.size, receipt_id, False)
        return receipt

    def _receipt(
        self, item: PendingDelivery, layout: Contract | None, sha256: str, size: int, receipt_id: str,
        outcome: Processed | DeliveryRefused,
    ) -> Receipt:  # fmt: skip
        tables = outcome.tables if isinstance(outcome, Processed) else {}
        received = sum(table.received for table in tables.values())
        quarantined = sum(table.quarantined for table in tables.values())
        counts = [table.independent_count for table in tables.values()]
        share = layout.max_quarantined_share if layout else None
        return Receipt(
            receipt_id=receipt_id, agency=item.agency, feed=item.feed,
            contract_version=layout.version if layout else 0, sha256=sha256, size_bytes=size,
            original_name=item.path.name.encode("utf-8", "backslashreplace").decode(), sent_on=item.sent_on,
            known_on=known_day(item.sent_on, self.as_of, self.known_after), landed_as_of=self.as_of,
            status="refused" if isinstance(outcome, DeliveryRefused) else "accepted",
            refusal=_refusal(item, outcome) if isinstance(outcome, DeliveryRefused) else None, tables=tables,
            independent_count=sum(c or 0 for c in counts) if counts and None not in counts else None,
            tolerance_exceeded=share is not None and received > 0 and quarantined / received > share,
        )  # fmt: skip

    def _sight(
        self, item: PendingDelivery, relative: str, sha256: str, size: int, receipt_id: str, duplicate: bool
    ) -> Sighting:
        sighting = Sighting(
            relative, item.size, item.mtime_ns, sha256, receipt_id, duplicate, self.as_of.isoformat(),
            item.sent_on.isoformat() if item.sent_on else None,
        )  # fmt: skip
        append_sightings(self.home, [sighting])
        self.sightings[relative] = sighting
        return sighting

    def _receiver(self, contract: Contract, layout: Contract) -> Receiver:
        if self._connection is None:
            self._connection = duckdb.connect()
            # Session time zone and order must not depend on the machine.
            self._connection.execute("SET TimeZone = 'UTC'")
        held = self._receivers.get((contract.key, layout.version))
        if held is None:
            held = Receiver(layout, self._connection, self.limits)
            self._receivers[(contract.key, layout.version)] = held
        return held

    def stale_ledger(self) -> bool:
        """Whether a crash may have left the ledger behind the receipts."""
        ledger = self.home / "landing" / "receipts.parquet"
        return (self.home / "receipts").stat().st_mtime_ns > ledger.stat().st_mtime_ns

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()


def _refusal(item: PendingDelivery, refused: DeliveryRefused) -> Refusal:
    reason = REFUSALS[refused.code]
    fill = {"what": _printable(refused.what), "want": _printable(refused.want)}
    where = f"{item.agency}/{item.feed} {_printable(item.path.name)}: "
    details = tuple({key: _printable(text) for key, text in detail.items()} for detail in refused.details)
    return Refusal(
        refused.code,
        where + reason.en.format(**fill),
        where + reason.ms.format(**fill),
        reason.remedy,
        details,
    )


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")

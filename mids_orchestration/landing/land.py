"""Landing: every waiting delivery received, refused, or known again; each with a receipt.

Belongs here: ``land``, the order of its steps and the day a delivery counts as known.
Does not belong here: reading (``readers``), judging (``verdict``), what is on disk (``store``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from expectations.contract import Contract
from mids_orchestration.landing.changes import write_changes
from mids_orchestration.landing.delivery import Processed, ReadAhead, Receiver
from mids_orchestration.landing.inbox import PendingDelivery, waiting
from mids_orchestration.landing.limits import DEFAULT_LIMITS, Limits
from mids_orchestration.landing.reasons import REFUSALS, DeliveryRefused
from mids_orchestration.landing.receipts import (
    Receipt,
    Refusal,
    Sighting,
    append_sightings,
    duplicate_receipt,
    hash_path,
    ledger_is_current,
    read_receipt,
    read_receipts,
    read_sightings,
    write_ledger,
)
from mids_orchestration.landing.store import (
    Archived,
    FileChanged,
    Outcome,
    archive,
    commit,
    discard,
    locked,
    make_durable,
    prepare,
    staging,
)

Progress = Callable[[int, int, Receipt], None]

# Small neighbours of one feed are read together: at most this many, and this many bytes.
_GROUP, _GROUP_BYTES = 128, 4 * 1024 * 1024


def land(
    inbox: Path,
    home: Path,
    *,
    as_of: date,
    contracts: Mapping[str, Contract],
    feeds: Collection[str] | None = None,
    known_after: date | None = None,
    progress: Progress | None = None,
    now_ns: int | None = None,
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
        now_ns: the time (nanoseconds since 1970) from which ``settle_seconds`` count back; None takes files as
            they are.
        limits: bounds on what one delivery may ask for.

    Returns:
        Receipts in the order of sending: accepted, refused, or duplicate (same bytes for the same feed as before).

    Running it again changes nothing. A crash at any point leaves nothing half received: the next run clears
    what has no receipt and lands it again.
    """
    wanted = {key: contract for key, contract in contracts.items() if feeds is None or key in feeds}
    with locked(home):
        prepare(home, wanted.values())
        seen = read_sightings(home)
        session = _Session(home, inbox, as_of, wanted, known_after, limits, seen, now_ns)
        known, strays = waiting(inbox, session.sightings, as_of=as_of, contracts=contracts, now_ns=now_ns)
        todo = [item for item in known if item.key in wanted] + (strays if feeds is None else [])
        receipts: list[Receipt] = []
        try:
            for receipt in session.take_all(todo):
                receipts.append(receipt)
                if progress is not None:
                    progress(len(receipts), len(todo), receipt)
        finally:
            session.close()
        if receipts:
            make_durable(home, wanted.values())
        news = bool(receipts) or not ledger_is_current(home)
        refresh(home, contracts, anew=news)
    return receipts


def recover(home: Path, contracts: Mapping[str, Contract]) -> None:
    """Remove what a crash left half received, so that no reader meets it; ``land`` does so by itself."""
    with locked(home):
        prepare(home, contracts.values())
        refresh(home, contracts)


def refresh(home: Path, contracts: Mapping[str, Contract], *, anew: bool = True) -> None:
    """Bring what is derived from receipts and landed records in step: the ledger and the change rows.

    ``anew`` says that something was landed, let in or erased.
    """
    if anew:
        _refresh_ledger(home)
    write_changes(home, contracts, anew=anew)


def _refresh_ledger(home: Path) -> None:
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
class _Arrival:
    """A delivery whose bytes are in the archive."""

    item: PendingDelivery
    relative: str
    kept: Archived | None
    contract: Contract | None
    layout: Contract | None
    receipt_id: str
    ahead: ReadAhead | None = None
    refused: DeliveryRefused | None = None
    sighting: Sighting | None = None


@dataclass
class _Session:
    home: Path
    inbox: Path
    as_of: date
    contracts: Mapping[str, Contract]
    known_after: date | None
    limits: Limits
    sightings: dict[str, Sighting]
    now_ns: int | None = None
    _receivers: dict[tuple[str, int], Receiver] = field(default_factory=dict)
    _connection: duckdb.DuckDBPyConnection | None = None

    def take_all(self, items: Sequence[PendingDelivery]) -> Iterator[Receipt]:
        """Receive deliveries in order, small neighbours of one feed together."""
        group: list[PendingDelivery] = []
        size = 0
        for item in items:
            alone = item.size > _GROUP_BYTES
            if group and (alone or item.key != group[0].key or len(group) >= _GROUP or size > _GROUP_BYTES):
                yield from self._take_group(group)
                group, size = [], 0
            group.append(item)
            size += item.size
        yield from self._take_group(group)

    def _take_group(self, items: Sequence[PendingDelivery]) -> Iterator[Receipt]:
        arrived: list[_Arrival] = []
        for item in items:
            relative = item.path.relative_to(self.inbox).as_posix()
            contract = self.contracts.get(item.key)
            layout = contract.for_day(item.sent_on or self.as_of) if contract else None
            try:
                kept = archive(item.path, self.home, self.limits, self.now_ns)
                receipt_id = f"{item.agency}-{item.feed}-{kept.sha256[:16]}"
                arrived.append(_Arrival(item, relative, kept, contract, layout, receipt_id))
            except (FileChanged, FileNotFoundError):
                continue
            except DeliveryRefused as refused:
                receipt_id = f"{item.agency}-{item.feed}-unread-{hash_path(relative):08x}"
                arrived.append(_Arrival(item, relative, None, contract, layout, receipt_id, refused=refused))
        self._read_ahead(arrived)
        fresh: dict[str, Outcome] = {}
        receipts = []
        for one in arrived:
            known = (
                fresh[one.receipt_id].receipt
                if one.receipt_id in fresh
                else read_receipt(self.home, one.receipt_id)
            )
            duplicate = known is not None and not self._same_path(one.relative, one.receipt_id)
            if known is None:
                outcome = self._receive(one)
                fresh[one.receipt_id], known = outcome, outcome.receipt
            one.sighting = self._sighting(one, duplicate)
            self.sightings[one.relative] = one.sighting
            receipts.append(duplicate_receipt(known, one.sighting) if duplicate else known)
        commit(self.home, list(fresh.values()))
        append_sightings(self.home, [one.sighting for one in arrived if one.sighting is not None])
        yield from receipts

    def _read_ahead(self, arrived: Sequence[_Arrival]) -> None:
        """Read what is small and new; one set of queries for each layout of the feed."""
        layouts: dict[int, list[_Arrival]] = {}
        for one in arrived:
            small = one.kept is not None and 0 < one.kept.size <= _GROUP_BYTES
            if one.layout is not None and small and read_receipt(self.home, one.receipt_id) is None:
                layouts.setdefault(one.layout.version, []).append(one)
        for several in layouts.values():
            first = several[0]
            if first.contract is None or first.layout is None:
                continue
            receiver = self._receiver(first.contract, first.layout)
            for one, read in zip(
                several, receiver.read_ahead([one.kept.path for one in several if one.kept]), strict=True
            ):
                one.ahead = read

    def _same_path(self, relative: str, receipt_id: str) -> bool:
        """Whether this very path had brought these bytes before (touched, or the ledger's line was lost)."""
        seen = self.sightings.get(relative)
        if seen is not None and seen.receipt_id == receipt_id:
            return not seen.duplicate
        return all(sighting.receipt_id != receipt_id for sighting in self.sightings.values())

    def _receive(self, one: _Arrival) -> Outcome:
        result: Processed | DeliveryRefused
        try:
            if one.refused is not None:
                raise one.refused
            if one.contract is None or one.layout is None or one.kept is None:
                raise DeliveryRefused("UNKNOWN_FEED")
            if one.kept.size == 0:
                raise DeliveryRefused("EMPTY_FILE")
            receiver = self._receiver(one.contract, one.layout)
            known_on = known_day(one.item.sent_on, self.as_of, self.known_after)
            result = receiver.receive(
                one.kept.path,
                staging(self.home),
                one.receipt_id,
                known_on,
                shape=one.contract,
                ahead=one.ahead,
            )
        except DeliveryRefused as refused:
            discard(self.home, one.receipt_id)
            result = refused
        one.ahead = None
        return Outcome(
            self._receipt(one, result), one.contract, result.staged if isinstance(result, Processed) else None,
            one.kept.path if one.kept is not None else None,
        )  # fmt: skip

    def _receipt(self, one: _Arrival, result: Processed | DeliveryRefused) -> Receipt:
        item, layout = one.item, one.layout
        tables = result.tables if isinstance(result, Processed) else {}
        received = sum(table.received for table in tables.values())
        quarantined = sum(table.quarantined for table in tables.values())
        counts = [table.independent_count for table in tables.values()]
        share = layout.max_quarantined_share if layout else None
        return Receipt(
            receipt_id=one.receipt_id, agency=item.agency, feed=item.feed,
            contract_version=layout.version if layout else 0, sha256=one.kept.sha256 if one.kept else "",
            size_bytes=one.kept.size if one.kept else item.size,
            original_name=item.path.name.encode("utf-8", "backslashreplace").decode(), sent_on=item.sent_on,
            known_on=known_day(item.sent_on, self.as_of, self.known_after), landed_as_of=self.as_of,
            status="refused" if isinstance(result, DeliveryRefused) else "accepted",
            refusal=_refusal(item, result) if isinstance(result, DeliveryRefused) else None, tables=tables,
            independent_count=sum(c or 0 for c in counts) if counts and None not in counts else None,
            tolerance_exceeded=share is not None and received > 0 and quarantined / received > share,
        )  # fmt: skip

    def _sighting(self, one: _Arrival, duplicate: bool) -> Sighting:
        return Sighting(
            one.relative, one.item.size, one.item.mtime_ns, one.kept.sha256 if one.kept else "", one.receipt_id,
            duplicate, self.as_of.isoformat(), one.item.sent_on.isoformat() if one.item.sent_on else None,
            known_day(one.item.sent_on, self.as_of, self.known_after).isoformat(),
        )  # fmt: skip

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

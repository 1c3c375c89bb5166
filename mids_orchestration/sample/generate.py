"""The one door of the sample: world, views, deliveries, truth, in this order.

Belongs here: the order and the manifest. Not: anything about the world or an agency.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from . import truth
from .agencies.agc import ProsecutionDesk
from .agencies.akps import BorderDesk
from .agencies.apmm import MaritimeDesk
from .agencies.base import FeedView, Links
from .agencies.jim import ImmigrationDesk
from .agencies.jkdm import CustomsDesk
from .agencies.jkm import WelfareDesk
from .agencies.jtk import LabourDesk
from .agencies.kln import ConsularDesk
from .agencies.ngo import PartnerDesk
from .agencies.pdrm import PoliceDesk
from .deliver import Delivery, schedule, send
from .horizon import AS_OF, DEFAULT_WEEKS, began_on
from .streams import Streams
from .world import World, build_world


@dataclass
class SampleManifest:
    """What was written: the files with their record counts, and the overlap of the lists in the truth."""

    seed: int
    scale: float
    weeks: int
    began_on: date
    as_of: date
    files: list[Delivery]
    overlap: dict[str, float]

    def totals(self) -> dict[str, dict[str, int]]:
        """Per `agency.record`: rows written and how many of them are faulty."""
        found: dict[str, dict[str, int]] = {}
        for file in self.files:
            for record, rows in file.rows.items():
                entry = found.setdefault(f"{file.agency}.{record}", {"rows": 0, "invalid": 0})
                entry["rows"] += rows
                entry["invalid"] += file.invalid[record]
        return found

    def as_json(self) -> dict[str, Any]:
        """The manifest as JSON values (truth/manifest.json)."""
        plain = asdict(self)
        plain["began_on"], plain["as_of"] = self.began_on.isoformat(), self.as_of.isoformat()
        for file in plain["files"]:
            file["sent_on"] = file["sent_on"].isoformat()
        plain["totals"] = self.totals()
        return plain


def build_views(world: World, links: Links) -> list[FeedView]:
    """Every agency's view. The order matters: later desks quote the case numbers of earlier ones."""
    police = PoliceDesk(world, links)
    immigration = ImmigrationDesk(world, links, police.number)
    maritime = MaritimeDesk(world, links, police.number, immigration.case_number)
    partners = PartnerDesk(world, links)
    consular = ConsularDesk(world, links, police.number, police.registered, partners.reference)
    customs = CustomsDesk(world, links, police.number)
    labour = LabourDesk(world, links, police.number)
    border = BorderDesk(world, links, police.number)
    number = {**maritime.case_number, **immigration.case_number, **police.number}
    recorded = {**maritime.recorded, **immigration.recorded, **police.registered}
    for smaller in (customs, labour, border):
        number |= smaller.case_number
        recorded |= smaller.recorded
    prosecutors = ProsecutionDesk(world, links, number, recorded)
    welfare = WelfareDesk(world, links, number, recorded, police.orders)
    views: list[FeedView] = []
    for desk in (
        police,
        immigration,
        maritime,
        prosecutors,
        consular,
        partners,
        customs,
        labour,
        border,
        welfare,
    ):
        views += desk.views()
    return views


def generate(
    out: Path,
    *,
    weeks: int = DEFAULT_WEEKS,
    scale: float = 1.0,
    seed: int = 20260629,
    progress: Callable[[str], None] | None = None,
) -> SampleManifest:
    """Write DIR/inbox (feeds as the agencies send them) and DIR/truth (who is who) for ten simulated years.

    `weeks` is the number of weekly deliveries after the opening extract, `scale` multiplies the number of events.
    The same arguments give byte-identical files. Feeds and truth of an earlier call in `out` are replaced; other
    feeds in the inbox stay. Raises ValueError for weeks outside the world or a scale that is not positive.
    """
    if scale <= 0:
        raise ValueError(f"scale must be positive, not {scale}")
    opening = began_on(weeks)
    say = progress or (lambda _: None)
    streams = Streams(seed)
    say("drawing the world")
    world = build_world(streams, scale)
    links = Links()
    say("writing the agencies' views")
    views = build_views(world, links)
    inbox = Path(out) / "inbox"
    files: list[Delivery] = []
    first: dict[tuple[str, str], dict[int, date]] = {}
    for view in views:
        shutil.rmtree(inbox / view.agency / view.feed, ignore_errors=True)
        sent = send(view, schedule(streams, view.agency, weeks), inbox, say)
        files += sent.deliveries
        for record, days in sent.first_sound.items():
            first[view.agency, record] = days
    say("writing the truth")
    record_person = truth.record_persons(links, first)
    manifest = SampleManifest(seed, scale, weeks, opening, AS_OF, files, truth.overlap_shares(record_person))
    tables = {
        "person": truth.persons(world),
        "record_person": record_person,
        "record_case": truth.record_cases(world, links, first),
        "record_order": truth.record_orders(links, first),
        "case": truth.cases(world),
        "weekly_count": truth.weekly_counts(world),
    }
    truth.write(Path(out) / "truth", tables, manifest.as_json())
    return manifest

"""Landing: receive, hash, parse, judge, quarantine, and give a receipt for every delivery.

Belongs here: everything between a file in the inbox and Parquet tables of text with line numbers. The public face
is what this module names; the rest are its rooms.
Does not belong here: typing and renaming (dbt staging), what is expected of a feed (``expectations``), and
anything that knows Dagster.
"""

from mids_orchestration.landing.inbox import PendingDelivery, pending, unsettled
from mids_orchestration.landing.land import land, recover
from mids_orchestration.landing.receipts import Receipt, Refusal, TableCount, read_receipts

__all__ = [
    "PendingDelivery",
    "Receipt",
    "Refusal",
    "TableCount",
    "land",
    "pending",
    "read_receipts",
    "recover",
    "unsettled",
]

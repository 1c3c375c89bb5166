"""Pulling: fetch what a server holds for us and put it into the inbox as if it had been dropped there.

Belongs here: SFTP, HTTP APIs and PostgreSQL tables as ways to come by a delivery; which server (``sources``), how far
each feed has been pulled (``state``), and the steps between a server and the inbox (``run``).
Does not belong here: reading or judging a delivery. Whatever pulls ends as a file in the inbox and takes the same way
as a dropped one: archive, contract, receipt.
"""

from mids_orchestration.landing.pull.errors import Patience, PullError, SourcesError
from mids_orchestration.landing.pull.run import FeedPull, awaiting, chosen, fetch, pull
from mids_orchestration.landing.pull.sources import Source, load_sources

__all__ = [
    "FeedPull", "Patience", "PullError", "Source", "SourcesError", "awaiting", "chosen", "fetch", "load_sources",
    "pull",
]  # fmt: skip

"""What can go wrong on the way to a server, in words that name the feed, the place and what to do.

Belongs here: the two errors of pulling, and patience: how long one pull may wait in all. Not: any transport.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


class SourcesError(ValueError):
    """``sources.yml`` cannot be used; the message says where and what to write."""


class PullError(RuntimeError):
    """One feed could not be pulled now. Nothing is lost: the next pull begins where the last receipt was."""


@dataclass
class Patience:
    """Seconds that one pull may spend waiting in all; past it the pull gives up until the next time."""

    seconds: float
    sleep: Callable[[float], None] = time.sleep
    spent: float = field(default=0.0, init=False)

    def wait(self, seconds: float, why: str) -> None:
        """Wait *seconds*; raises ``PullError`` saying *why* when that is more than is left."""
        if self.spent + seconds > self.seconds:
            left = self.seconds - self.spent
            raise PullError(
                f"{why}; it asks to wait {seconds:.0f} s, this pull had {left:.0f} s left: pull again later"
            )
        self.spent += seconds
        self.sleep(seconds)

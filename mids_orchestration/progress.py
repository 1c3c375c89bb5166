"""Telling a person what is happening: one logger, set up by the command line, silent elsewhere."""

from __future__ import annotations

import logging

_LOGGER = logging.getLogger("mids.progress")


def announce(message: str) -> None:
    """Say one line of progress. Heard only where somebody has asked to hear (:func:`listen`)."""
    _LOGGER.info(message)


def listen(handler: logging.Handler) -> None:
    """Send progress to ``handler`` (the command line gives one that writes to standard error)."""
    _LOGGER.handlers = [handler]
    _LOGGER.setLevel(logging.INFO)
    _LOGGER.propagate = False

"""Rows of a frame for loops that write text. One function, because pandas' own types say nothing about a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of `frame` as named tuples, `Index` first."""
    return iter(frame.itertuples())

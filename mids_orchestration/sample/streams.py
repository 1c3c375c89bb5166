"""Seeded random streams by name. Belongs here: how one seed becomes many; not what is drawn from them.

Every subsystem draws from its own stream, so a change in one (say, more spelling mistakes at the police) leaves
the others as they were (the same cases happen to the same persons).
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Streams:
    """Independent generators derived from one seed and a name."""

    seed: int

    def array(self, name: str) -> np.random.Generator:
        """NumPy generator for bulk draws of the subsystem `name`."""
        return np.random.default_rng(np.random.SeedSequence([self.seed, zlib.crc32(name.encode())]))

    def scalar(self, name: str) -> random.Random:
        """Plain generator for the many single draws of text work (fifty times cheaper per draw than NumPy)."""
        return random.Random(self.seed * 4_294_967_291 + zlib.crc32(name.encode()))

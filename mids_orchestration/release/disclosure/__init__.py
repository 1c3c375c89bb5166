"""Disclosure control: counts of persons leave the house so that no one can be recognised in them.

Belongs here: the policy, suppressing small cells and what would give them away, the attack that proves it, carrying
published years over from release to release. Does not belong here: which tables hold persons (``disclosure: persons``
in a mart's meta), or writing files (tables, build).
"""

from mids_orchestration.release.disclosure.attack import Interval, intervals
from mids_orchestration.release.disclosure.cells import BLOCK, STATUS, SUPPRESSED, VALUE, equations
from mids_orchestration.release.disclosure.policy import Policy, load_policy
from mids_orchestration.release.disclosure.protect import protect, published_blocks

__all__ = [
    "BLOCK",
    "STATUS",
    "SUPPRESSED",
    "VALUE",
    "Interval",
    "Policy",
    "equations",
    "intervals",
    "load_policy",
    "protect",
    "published_blocks",
]

"""Names of the nodes of a crossed hierarchy, and which leaves each adds up.

Belongs here: the naming of nodes, totals over any set of dimensions. Does not belong here: forecasting them.

A leaf is ``root/crime type/state/agency/exploitation[/child]``; a node has ``*`` where it adds up over a dimension,
and trailing ones are left away: ``MY/TIP`` is the whole country, ``MY/TIP/10`` a state, ``MY/TIP/*/PDRM`` an agency,
``MY/TIP/10/*/LABOUR`` forced labour in a state.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

#: Dimensions below the national series, in the order of a leaf's name.
DIMENSIONS = ("state_code", "agency_code", "exploitation_group_code", "is_child_code")
#: Sets of dimensions whose totals are put on record week by week; all others exist for the newest week.
RECORDED: tuple[tuple[str, ...], ...] = (
    (), ("state_code",), ("agency_code",), ("exploitation_group_code",), ("is_child_code",),
    ("exploitation_group_code", "is_child_code"),
)  # fmt: skip
ALL = "ALL"
SHORT = dict(zip(DIMENSIONS, ("STATE", "AGENCY", "EXPLOITATION", "CHILD"), strict=True))


def margins(
    national: str, leaves: Sequence[str], wanted: Sequence[tuple[str, ...]] | None = None
) -> dict[str, np.ndarray]:
    """Return node name -> indices of its leaves, for the dimension sets ``wanted`` (default: every set).

    A dimension in which all leaves are alike makes no nodes of its own: they would repeat others.
    """
    parts = np.array([leaf.split("/")[2:] for leaf in leaves], dtype=object)
    count = parts.shape[1]
    alive = [d for d in range(count) if len(set(parts[:, d])) > 1]
    if wanted is None:
        sets = [c for size in range(len(alive) + 1) for c in combinations(alive, size)]
    else:
        asked = [tuple(DIMENSIONS.index(name) for name in names) for names in wanted]
        sets = [a for a in asked if set(a) <= set(alive)]
    out: dict[str, np.ndarray] = {}
    for chosen in sets:
        keys = [node_name(national, [p[d] if d in chosen else "*" for d in range(count)]) for p in parts]
        names, where = np.unique(np.array(keys, dtype=object), return_inverse=True)
        for i, name in enumerate(names):
            out[str(name)] = np.flatnonzero(where == i)
    return out


def node_name(national: str, values: Sequence[str]) -> str:
    """Return the name of a node from its values by dimension, ``*`` for a total."""
    kept = list(values)
    while kept and kept[-1] == "*":
        kept.pop()
    return "/".join([national, *kept])


def place_of(unique_id: str) -> dict[str, str]:
    """Return what a node counts, by column: crime type, and every dimension (``ALL`` where it is a total)."""
    parts = unique_id.split("/")
    values = [*parts[2:], *["*"] * (len(DIMENSIONS) - len(parts[2:]))]
    found = {name: ALL if v == "*" else v for name, v in zip(DIMENSIONS, values, strict=True)}
    return {"crime_type_code": parts[1], **found}


def level_of(unique_id: str) -> str:
    """Return the level of a node: NATIONAL, or the dimensions it is split by (STATE, AGENCY, EXPLOITATION, CHILD)."""
    split = [SHORT[name] for name, v in place_of(unique_id).items() if name in SHORT and v != ALL]
    return "_".join(split) or "NATIONAL"

"""Stand-ins for this project's macros, for sqlfluff only: a value, or a whole statement for the few that are one."""

from __future__ import annotations

from collections.abc import Callable

STATEMENTS = {"stage", "days", "feeds", "age_bands", "feed_records", "staged_quality", "victim_counts"}
ON_A_RELATION = {"versions", "parts", "calendar_columns"}


def __getattr__(name: str) -> Callable[..., str]:
    """Return a macro of any name, which renders as a column or as a statement."""
    if name.startswith("__"):
        raise AttributeError(name)
    if name == "inlined":
        return lambda: "not materialized"
    if name in ON_A_RELATION:
        return lambda relation, *_arguments: f"select {relation}.* from {relation}"
    text = "select * from a_relation" if name in STATEMENTS else "a_value"
    return lambda *_arguments, **_named: text

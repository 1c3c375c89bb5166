"""Stand-ins for dbt's cross-database macros, for sqlfluff only."""

from __future__ import annotations

from collections.abc import Callable


def __getattr__(name: str) -> Callable[..., str]:
    """Return a macro of any name; those that name a type render as one."""
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *_arguments, **_named: name.removeprefix("type_") if name.startswith("type_") else "a_value"

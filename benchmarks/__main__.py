"""Run the benchmarks: ``python -m benchmarks [NAME …]``; without a name, all of them; ``--list`` names them.

A benchmark is a module of this package with a ``main()`` that prints what it measured. One that cannot run
here (its data is absent) says so and ends; it never prints a number it did not measure.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time

import benchmarks


def names() -> list[str]:
    """Modules of this package that are benchmarks."""
    return sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name[0] != "_"
    )


def main() -> int:
    """Run what the command line names; 2 when a name is unknown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="which ones (default: all)")
    parser.add_argument("--list", action="store_true", help="only list them")
    asked = parser.parse_args()
    known = names()
    unknown = sorted(set(asked.names) - set(known))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known) or 'none yet'}")
    if asked.list:
        print("\n".join(known))
        return 0
    for name in asked.names or known:
        print(f"── {name} ".ljust(100, "─"), flush=True)
        started = time.monotonic()
        sys.argv = [f"benchmarks.{name}"]
        importlib.import_module(f"benchmarks.{name}").main()
        print(f"({time.monotonic() - started:.0f} s)", flush=True)
    if not known:
        print("no benchmark yet")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Which element of an XML document is the record, and what is in it.

Belongs here: counting paths in one pass, and the columns of the chosen element in a second.
Does not belong here: reading records (``readers.markup``, whose parser both passes use).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from expectations.contract import Contract
from mids_orchestration.landing.containers import Member
from mids_orchestration.landing.limits import Limits
from mids_orchestration.landing.readers.markup import Collector, collect
from mids_orchestration.landing.reasons import DeliveryRefused


class _Paths(Collector):
    """Counts every path of elements from the top."""

    def __init__(self, contract: Contract, limits: Limits) -> None:
        super().__init__(contract.records[0], limits)
        self.paths: Counter[str] = Counter()
        self.parents: set[str] = set()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.stack.append(tag.rpartition(" ")[2])
        if len(self.stack) > self.limits.nesting:
            raise DeliveryRefused("UNSAFE_DOCUMENT", f"nested deeper than {self.limits.nesting}")
        path = "/".join(self.stack)
        if path not in self.paths and len(self.paths) > self.limits.columns:
            raise DeliveryRefused("TOO_MANY_COLUMNS", f"> {self.limits.columns}", str(self.limits.columns))
        self.paths[path] += 1
        self.parents.add("/".join(self.stack[:-1]))
        if attributes:
            self.parents.add(path)

    def end(self, _tag: str) -> None:
        self.stack.pop()


def element_shape(member: Member, contract: Contract, limits: Limits) -> tuple[str, dict[str, bool]]:
    """Return the record element and its paths, each with whether every record has it."""
    counting = _Paths(contract, limits)
    for _ in collect(member, contract, counting):
        pass
    where = _record_path(counting.paths, counting.parents)
    record = replace(contract.records[0], records_path=where)
    found: dict[str, int] = {}
    written: set[str] = set()
    records = 0
    for item in collect(member, contract, Collector(record, limits)):
        records += 1
        for path, texts in item["own"].items():
            found[path] = found.get(path, 0) + 1
            if path not in written and any(text and text.strip() for text in texts):
                written.add(path)
        if len(found) > limits.columns:
            raise DeliveryRefused("TOO_MANY_COLUMNS", f"> {limits.columns}", str(limits.columns))
    if not found:
        raise DeliveryRefused("MISSING_RECORDS", want=where)
    # An empty parent is no value of its own where others have children in it; one with attributes may have a text.
    inner = {path[:at] for path in found for at, char in enumerate(path) if char == "/"}
    columns = [path for path in found if path in written or path not in inner]
    return where, {path: found[path] == records for path in columns}


def _record_path(paths: Counter[str], parents: set[str]) -> str:
    repeated = [
        path for path, count in paths.items()
        if count > 1 and path in parents and "/" in path and paths[path.rpartition("/")[0]] == 1
    ]  # fmt: skip
    if repeated:
        chosen = max(repeated, key=lambda path: (paths[path], -path.count("/")))
    else:
        # One record: the deepest element that holds only texts, the top one if need be.
        holders = [path for path in paths if path in parents]
        if not holders:
            raise DeliveryRefused("MISSING_RECORDS", want="any element with children")
        leaves = Counter(path.rpartition("/")[0] for path in paths if path not in parents)
        chosen = max(holders, key=lambda path: (leaves[path] > 0, leaves[path], -path.count("/")))
    steps = chosen.split("/")
    for count in range(1, len(steps) + 1):
        tail = steps[-count:]
        if sum(path.split("/")[-count:] == tail for path in paths) == 1:
            return "/".join(tail)
    return chosen

"""A station to pull to: one home, one inbox, small contracts of the three transports, and what came of a pull."""

from __future__ import annotations

from collections import Counter
from typing import Any

import yaml

from mids_orchestration.landing.pull import FeedPull, Patience, load_sources, pull
from tests.unit.landing.desk import AS_OF, Desk, contract_text
from tests.unit.landing.pull.servers import SECRET

COLUMNS: list[dict[str, Any]] = [
    {"name": "ref", "type": "text", "nullable": False, "key": True},
    {"name": "persons", "type": "integer", "minimum": 0},
    {"name": "updated_at", "type": "timestamp", "nullable": False},
]
SECRETS = {"MIDS_TEST_SECRET": SECRET, "MIDS_TEST_CLIENT": "mids", "MIDS_TEST_WRONG": "wrong"}
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "sftp": ("csv", {"type": "csv"}),
    "postgres": ("csv", {"type": "csv"}),
    "http": ("json", {"type": "json", "records_path": "data"}),
}


class Station(Desk):
    """A desk whose feed is pulled."""

    def connect(self, transport: str, **options: Any) -> None:
        """Agree on a contract of *transport* and write sources.yml with *options*."""
        suffix, form = FORMATS[transport]
        pattern = rf"aaa_things_(?P<sent_on>\d{{8}})(_\w+)?\.{suffix}"
        self.agree(
            contract_text(
                transport=transport, format=form,
                records=[{"name": "things", "ordering": "updated_at", "columns": COLUMNS}],
                delivery={"kind": "delta", "file_pattern": pattern, "sent_on_format": "%Y%m%d"},
            )
        )  # fmt: skip
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "sources.yml").write_text(yaml.safe_dump({"aaa.things": options}))

    def source(self, **secrets: str) -> Any:
        """The one source."""
        return load_sources(self.home, self.contracts, (SECRETS | secrets).get)["aaa.things"]

    def pull(self, patience: float = 20.0, **secrets: str) -> FeedPull:
        """Pull and land."""
        (done,) = pull(
            [self.source(**secrets)],
            home=self.home,
            inbox=self.inbox,
            as_of=AS_OF,
            patience=lambda: Patience(patience),
        )
        return done

    def refs(self) -> Counter[str]:
        """How often each record lies in landing."""
        return Counter(row["ref"] for row in self.rows())

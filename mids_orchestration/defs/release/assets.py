"""The release as an asset: built aside, gated, then one switch. A refused gate leaves the last one standing."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import pandas as pd

from expectations.contract import load_contracts
from mids_orchestration.cycle import data_version
from mids_orchestration.defs.resources import MidsHome, run_as_of
from mids_orchestration.landing import read_receipts
from mids_orchestration.progress import announce
from mids_orchestration.release import (
    GateResult,
    ReleaseRefused,
    build_release,
    exports_from_manifest,
    feed_states,
    switch,
)
from mids_orchestration.release.dashboard.words import say
from mids_orchestration.release.docs_site import docs_page
from mids_orchestration.sample.known import has_truth

PUBLISHED = dg.AssetKey(["release", "published"])
_MARK = {"passed": "✓", "warned": "!", "refused": "✗", "not_assessed": "–"}


def build_release_assets(manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """The one publishing step; it depends on every mart that declares a zone."""
    exports = exports_from_manifest(manifest)
    deps = [dg.AssetKey(export.relation.split(".")) for export in exports]

    @dg.asset(
        key=PUBLISHED,
        deps=deps,
        description="One release: a folder of Parquet, DuckDB, data package, checksums and dashboard, and one "
        "pointer. Built aside, gated, switched whole. / Satu keluaran: dibina berasingan, disemak, ditukar sekali.",
        group_name="release",
        owners=["team:mapo-secretariat"],
        kinds={"duckdb", "parquet", "html"},
        check_specs=[
            dg.AssetCheckSpec(
                "every_gate_passed",
                asset=PUBLISHED,
                description="Watch, owner mapo-secretariat. A gate that refuses stops the step itself; this one "
                "says which gates only warned. Each names its owner and remedy in the metadata.",
            )
        ],
    )
    def published(context: dg.AssetExecutionContext, mids: MidsHome) -> Iterator[Any]:
        settings = mids.settings
        as_of = run_as_of(context, settings)
        announce("release: building aside")
        receipts = read_receipts(settings.home)
        try:
            release = build_release(
                settings.warehouse,
                settings.releases,
                as_of=as_of,
                exports=exports,
                data_version=data_version(receipts),
                feeds=feed_states(
                    pd.read_parquet(settings.landing / "receipts.parquet"), load_contracts(), as_of=as_of
                ),
                # A picture of the page may travel further than its explanation.
                notice=say("simulated") if has_truth(settings.home) else None,
                documentation=docs_page(manifest, exports),
                announce=announce,
            )
        except ReleaseRefused as refusal:
            raise dg.Failure(
                str(refusal), metadata={"gates": _table(refusal.gates)}, allow_retries=False
            ) from refusal
        switch(release)
        announce(f"release: {release.release_id} is current")
        yield dg.MaterializeResult(
            metadata={
                "release_id": release.release_id,
                "path": dg.MetadataValue.path(str(release.path)),
                "dashboard": dg.MetadataValue.path(str(release.dashboard)),
                "dagster/row_count": sum(release.tables.values()),
                "tables": dg.MetadataValue.json(dict(release.tables)),
                "gates": _table(release.gates),
                "stale_feeds": ", ".join(f"{s.agency}/{s.feed}" for s in release.feeds if s.status == "stale")
                or "none",
            }
        )
        unwell = [gate for gate in release.gates if gate.status != "passed"]
        yield dg.AssetCheckResult(
            check_name="every_gate_passed",
            passed=not unwell,
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(f"{gate.name}: {gate.status}, {gate.found}" for gate in unwell),
            metadata={"gates": len(release.gates)},
        )

    return [published]


def _table(gates: tuple[GateResult, ...]) -> dg.MarkdownMetadataValue:
    rows = [f"| {_MARK[g.status]} {g.name} | {g.owner} | {g.found} | {g.remedy} |" for g in gates]
    return dg.MetadataValue.md(
        "\n".join(["| gate | owner | found | what to do |", "|---|---|---|---|", *rows])
    )

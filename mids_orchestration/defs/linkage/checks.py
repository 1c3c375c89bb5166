"""How good the links are, as checks of every run: floors that block, and a watch on groups linked worse than others."""

from typing import Any

import dagster as dg

from mids_orchestration.defs.linkage.keys import LINK
from mids_orchestration.defs.resources import MidsHome
from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.prepare import prepare_persons
from mids_orchestration.linkage.quality import BLOCKING_FLOOR, assess, blocking_recall
from mids_orchestration.sample.known import has_truth, truth_of
from mids_orchestration.warehouse import open_warehouse

_NO_TRUTH = "NOT_ASSESSED: this data home has no known answers beside it (only the sample has)"


def build_linkage_checks() -> list[dg.AssetChecksDefinition]:
    """The one step that judges the links."""
    return [linkage_quality]


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            "links_are_good_enough",
            asset=LINK,
            blocking=True,
            description="Gate, owner data-engineering. Precision and recall over all, by role, nationality and "
            "name form against known answers are not surely below their floors (linkage/quality.py). If it "
            "fails, look at the groups named in the result and at what changed in their feeds; do not publish.",
        ),
        dg.AssetCheckSpec(
            "blocking_finds_the_pairs",
            asset=LINK,
            blocking=True,
            description=f"Gate, owner data-engineering. At least {BLOCKING_FLOOR:.0%} of true pairs are compared at "
            "all. If it fails, a block outgrew its cap or a key column is empty: see "
            "pairs_left_out_by_rule of the run.",
        ),
        dg.AssetCheckSpec(
            "no_group_linked_worse",
            asset=LINK,
            description="Watch, owner data-engineering. No name form, nationality or role is surely more than three "
            "points of recall below the rest. If it warns, its persons are counted twice more often: say so "
            "beside figures.",
        ),
    ],
)
def linkage_quality(mids: MidsHome) -> Any:
    """Judge the links that the warehouse holds."""
    settings = mids.settings
    if not has_truth(settings.home):
        for name in ("links_are_good_enough", "blocking_finds_the_pairs", "no_group_linked_worse"):
            yield _result(name, True, {"status": _NO_TRUTH})
        return
    truth = truth_of(settings.home)
    with open_warehouse(settings, read_only=True) as connection:
        links = connection.execute("select person_record_id, person_key from linked.person_link").df()
        persons = connection.execute("select * from conformed.cnf_person").df()
    by_record = persons.set_index("person_record_id")
    quality = assess(
        links,
        truth,
        {
            "role": by_record["role_code"],
            "nationality": by_record["nationality_code"],
            "name_form": truth.set_index("person_record_id")["name_form"],
        },
    )
    found, interval = blocking_recall(prepare_persons(persons), DEFAULT, truth)
    yield _result(
        "links_are_good_enough",
        not quality.failures,
        {"failures": "; ".join(quality.failures) or "none", "groups": dg.MetadataValue.json(quality.rows)},
    )
    yield _result(
        "blocking_finds_the_pairs",
        interval is None or interval[1] >= BLOCKING_FLOOR,
        {"status": "NOT_ASSESSED: no true pair"}
        if found is None
        else {"found": found, "records_with_known_truth": len(truth)},
    )
    yield _result(
        "no_group_linked_worse",
        not quality.worse,
        {"groups": "; ".join(quality.worse) or "none"},
        severity=dg.AssetCheckSeverity.WARN,
    )


def _result(
    name: str, passed: bool, metadata: dict[str, Any], severity: Any = dg.AssetCheckSeverity.ERROR
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=LINK, check_name=name, passed=passed, metadata=metadata, severity=severity
    )

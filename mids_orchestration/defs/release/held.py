"""When a step before the release fails, readers are told why they see no newer one; the release's own gates tell it
themselves."""

import dagster as dg

from mids_orchestration.defs.release.assets import PUBLISHED
from mids_orchestration.defs.resources import MidsHome, as_of_told
from mids_orchestration.progress import announce
from mids_orchestration.release import GateResult, hold_back

OWNER = "MAPO secretariat, data platform"
REMEDY = "mids status says what was found; the run in mids dev shows the step; mend it and run again"


@dg.failure_hook(name="tell_why_no_newer_release", required_resource_keys={"mids"})
def tell_why_no_newer_release(context: dg.HookContext) -> None:
    """Write the failed gates, or the failed step, beside the releases. Their own words may quote records: not told."""
    if context.op.name == PUBLISHED.to_python_identifier() and isinstance(context.op_exception, dg.Failure):
        return
    mids: MidsHome = context.resources.mids
    run = context.instance.get_run_by_id(context.run_id)
    as_of = as_of_told(run.tags if run else {}, mids.settings)
    if as_of is None:
        return
    found = [
        GateResult(
            gate.check_name,
            OWNER,
            "refused",
            f"this gate on {gate.asset_key.to_user_string()} did not pass",
            REMEDY,
        )
        for gate in _failed_gates(context)
    ]
    step = GateResult("step_failed", OWNER, "refused", f"the step {context.step_key} failed", REMEDY)
    hold_back(mids.settings.releases, as_of, found or [step])
    announce("release: no newer one, and mids release why says so")


def _failed_gates(context: dg.HookContext) -> list[dg.AssetCheckEvaluation]:
    logged = context.instance.all_logs(context.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    told = [entry.dagster_event.event_specific_data for entry in logged if entry.dagster_event]
    return [
        one
        for one in told
        if isinstance(one, dg.AssetCheckEvaluation)
        and not one.passed
        and one.severity == dg.AssetCheckSeverity.ERROR
    ]

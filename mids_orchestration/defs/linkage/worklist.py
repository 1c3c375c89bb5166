"""The case officers' worklist as an asset: two files beside the register of identities, never in a release."""

from typing import Any

import dagster as dg

from mids_orchestration.defs.resources import MidsHome
from mids_orchestration.linkage.worklist import QUERY, counts_by_status, worklist_html, worklist_xlsx
from mids_orchestration.warehouse import open_warehouse


@dg.asset(
    key=dg.AssetKey(["linked", "worklist"]),
    deps=[dg.AssetKey(["linked", "lnk_cross_check"]), dg.AssetKey(["conformed", "cnf_person"])],
    description="One row per reported person and check, most urgent first, as a spreadsheet and a page with "
    "names for case officers. Restricted; stays in the data home.",
    group_name="linked",
    owners=["team:data-engineering"],
    kinds={"python", "excel", "html"},
)
def cross_check_worklist(mids: MidsHome) -> dg.MaterializeResult[Any]:
    """Write the worklist of this week over last week's."""
    settings = mids.settings
    with open_warehouse(settings, read_only=True) as connection:
        rows = connection.execute(QUERY).df()
    folder = settings.identities / "worklist"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in (
        ("worklist.xlsx", worklist_xlsx(rows)),
        ("worklist.html", worklist_html(rows).encode()),
    ):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    counts = counts_by_status(rows).to_dict("records")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rows),
            "path": dg.MetadataValue.path(str(folder)),
            "counts": dg.MetadataValue.json(counts),
        }
    )

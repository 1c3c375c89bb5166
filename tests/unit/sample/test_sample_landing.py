"""The door agrees with the sample: what the contracts refuse is what was made faulty, and nothing else."""

import pytest

from expectations.contract import load_contracts
from mids_orchestration.landing.land import land
from mids_orchestration.sample.generate import generate
from mids_orchestration.sample.horizon import AS_OF


def test_the_door_quarantines_the_faulty_rows_and_only_those(tmp_path):
    manifest = generate(tmp_path, weeks=3, scale=0.15)
    home = tmp_path / "home"
    home.mkdir()
    contracts = {k: c for k, c in load_contracts().items() if c.source_class == "agency"}
    receipts = {r.original_name: r for r in land(tmp_path / "inbox", home, as_of=AS_OF, contracts=contracts)}
    assert len(receipts) == len(manifest.files)
    for file in manifest.files:
        receipt = receipts[file.path.rsplit("/", 1)[1]]
        assert receipt.status == "accepted", (file.path, receipt.refusal)
        for record, table in receipt.tables.items():
            assert table.received == file.rows[record], file.path
            assert table.quarantined == file.invalid[record], file.path
            assert table.accepted == table.received - table.quarantined
    assert sum(sum(f.invalid.values()) for f in manifest.files) >= 10


@pytest.mark.parametrize("feed", ["pdrm.cases", "jim.operations", "agc.prosecutions"])
def test_contracts_mark_what_is_personal(feed):
    contract = load_contracts()[feed]
    classes = {c.standard: c.pii for r in contract.records for c in r.columns}
    direct = {"full_name", "birth_date", "document_no"} & set(classes)
    assert all(classes[c] == "direct" for c in direct)
    case_numbers = {"source_case_no", "investigation_ref", "operation_no", "raid_no"} & set(classes)
    assert case_numbers and all(classes[c] == "indirect" for c in case_numbers)

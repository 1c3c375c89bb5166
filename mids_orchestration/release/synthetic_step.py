"""The synthetic case file as a step and a gate of the build: made when a year has settled, else taken over.

Belongs here: reading the persons, the account of privacy spent, judging the file as written. Does not belong here: how
rows are made (disclosure.synthetic) and kept (disclosure.ledger).

A file is made anew only when the settled years are others than those of the newest one and the budget allows it. When
the budget is spent, the newest file stays for good; the gate says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from mids_orchestration.release.disclosure import load_policy
from mids_orchestration.release.disclosure.ledger import SYNTHETIC, Ledger
from mids_orchestration.release.disclosure.synthetic import FEWEST_PERSONS, as_rows, as_told, synthesise
from mids_orchestration.release.model import Export, GateResult, ReleaseError
from mids_orchestration.release.tables import TableFile, literal, source_of

OWNER = "MAPO secretariat, data protection"
#: The mart's running number and year; every other column is an attribute.
NUMBER, YEAR = "record_no", "hte_year"
#: An attacker who does better than this at telling who was in the data has been given too much.
MOST_AUC = 0.6
ACCOUNT = "SYNTHETIC.json"


@dataclass(frozen=True)
class Synthetic:
    """The file of one release.

    Attributes:
        rows: as they are published.
        told: the ledger's account of it.
        is_new: whether this release is the first to publish it, so that the ledger has to remember it.
        spent: epsilon that all files made so far have cost, this one included.
    """

    rows: pd.DataFrame
    told: Mapping[str, Any]
    is_new: bool
    spent: float


def synthetic_file(
    connection: duckdb.DuckDBPyConnection, exports: Sequence[Export], as_of: date, releases: Path
) -> Synthetic | None:
    """The file that a release of ``as_of`` publishes; None when no mart asks for one.

    Raises:
        ReleaseError: when two marts ask for one, or the mart has not the columns for it.
    """
    asked = [e for e in exports if e.zone == "public" and e.disclosure == "synthetic"]
    if not asked:
        return None
    export = asked[0]
    if len(asked) > 1 or not {NUMBER, YEAR} <= set(export.column_names):
        names = ", ".join(e.name for e in asked)
        raise ReleaseError(f"{names}: one public mart may be synthetic, with the columns {NUMBER} and {YEAR}")
    columns = [c for c in export.column_names if c != NUMBER]
    query = f"select {', '.join(columns)} from {source_of(export)} order by all"
    persons = connection.execute(query).df().astype("str")
    policy, ledger = load_policy(), Ledger(releases)
    settled = persons[[policy.is_settled(date(int(year), 1, 1), as_of) for year in persons[YEAR]]]
    years = sorted(settled[YEAR].unique())
    made = [entry for entry in ledger.entries if entry.kind == SYNTHETIC]
    spent = sum(float(entry.told["epsilon"]) for entry in made)
    newest = made[-1].told if made else None
    affordable = spent + policy.synthetic_epsilon <= policy.synthetic_budget + 1e-9
    due = newest is None or newest["years"] != years or newest["columns"] != columns
    if due and affordable and len(settled) >= FEWEST_PERSONS:
        file, evaluation = synthesise(settled, policy)
        told = as_told(file, evaluation, policy, years)
        return Synthetic(_numbered(told), told, True, spent + policy.synthetic_epsilon)
    if newest is None or newest["columns"] != columns:  # nothing that could be shown under these columns
        empty: dict[str, Any] = {
            "years": [],
            "epsilon": 0.0,
            "evaluation": None,
            "columns": columns,
            "rows": [],
        }
        return Synthetic(_numbered(empty), empty, False, spent)
    return Synthetic(_numbered(newest), newest, False, spent)


def write_account(folder: Path, synthetic: Synthetic | None) -> None:
    """What the file cost and what it is worth, beside the data."""
    if synthetic is None:
        return
    policy = load_policy()
    account = {
        "table": "fct_synthetic_victim",
        "what": {
            "en": "No row is a person. Shares and pairs of attributes are about right; single rows mean nothing.",
            "ms": "Tiada baris mewakili seorang individu. Peratusan dan pasangan atribut lebih kurang tepat; satu "
            "baris tidak bermakna.",
        },
        "rows": len(synthetic.rows),
        "years": synthetic.told["years"],
        "method": "PAC Synth, differentially private marginals of up to two attributes",
        "epsilon": synthetic.told["epsilon"],
        "delta": policy.synthetic_delta,
        "epsilon_spent_by_all_files": synthetic.spent,
        "epsilon_budget": policy.synthetic_budget,
        "evaluation": synthetic.told["evaluation"],
        "reading": {
            "one_way, two_way": "total variation distance to the real victims, mean over attributes and over "
            "pairs; 0 is the same",
            "withheld": "share of values that the maker kept back",
            "unique_matched": "share of victims alone with their values whose values stand in the file",
            "membership_auc": "an attacker's power to tell who was in the data; 0.5 is none",
        },
    }
    (folder / ACCOUNT).write_text(json.dumps(account, indent=2, ensure_ascii=False) + "\n", "utf-8")


def synthetic_gate(tables: Sequence[TableFile], synthetic: Synthetic | None) -> GateResult:
    """The file as written is the one that was accounted for, within budget, and tells nobody who was in the data."""
    name, remedy = (
        "synthetic_protected",
        "do not publish the file; data protection decides on synthetic_budget in disclosure/policy.yml",
    )
    mine = [t for t in tables if t.export.zone == "public" and t.export.disclosure == "synthetic"]
    if not mine or synthetic is None:
        return GateResult(name, OWNER, "not_assessed", "no public table is synthetic", remedy)
    policy = load_policy()
    with duckdb.connect(config={"threads": 1}) as connection:
        written = connection.execute(
            f"from read_parquet({literal(str(mine[0].path))}) order by {NUMBER}"
        ).df()
    if not written.equals(synthetic.rows.astype(written.dtypes.to_dict())):
        return GateResult(name, OWNER, "refused", "rows as written are not those accounted for", remedy)
    if synthetic.spent > policy.synthetic_budget + 1e-9:
        found = (
            f"epsilon {synthetic.spent:g} has been spent, more than the budget of {policy.synthetic_budget:g}"
        )
        return GateResult(name, OWNER, "refused", found, remedy)
    evaluation = synthetic.told["evaluation"]
    if evaluation is None:
        found = f"no file: too few persons (below {FEWEST_PERSONS}) or no budget left for these columns"
        return GateResult(name, OWNER, "not_assessed", found, remedy)
    auc = evaluation["membership_auc"]
    if auc > MOST_AUC:
        found = f"an attacker tells who was in the data with AUC {auc}, more than {MOST_AUC}"
        return GateResult(name, OWNER, "refused", found, remedy)
    told = (
        f"{len(written)} rows on {len(synthetic.told['years'])} years, epsilon {synthetic.spent:g} of "
        f"{policy.synthetic_budget:g} spent, membership attack AUC {auc}, pairs off by {evaluation['two_way']}"
    )
    if not synthetic.is_new and synthetic.spent + policy.synthetic_epsilon > policy.synthetic_budget + 1e-9:
        return GateResult(name, OWNER, "warned", f"{told}; the budget is spent: this file stays", remedy)
    return GateResult(name, OWNER, "passed", told, remedy)


def facts(synthetic: Synthetic | None) -> dict[str, Any] | None:
    """The account for ``release.json``."""
    if synthetic is None:
        return None
    policy = asdict(load_policy())
    return {
        "years": synthetic.told["years"],
        "epsilon": synthetic.told["epsilon"],
        "spent": synthetic.spent,
        "budget": policy["synthetic_budget"],
        "evaluation": synthetic.told["evaluation"],
    }


def _numbered(told: Mapping[str, Any]) -> pd.DataFrame:
    rows = as_rows(told)
    rows.insert(0, NUMBER, range(1, len(rows) + 1))
    return rows

"""The synthetic case file: like the real victims in sum, no copy of them, paid for once, kept for good."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from mids_orchestration.release import (
    Release,
    ReleaseError,
    ReleaseRefused,
    exports_from_manifest,
    synthetic_step,
)
from mids_orchestration.release.disclosure import Policy, load_policy, synthetic
from mids_orchestration.release.tables import TableFile
from release import small_warehouse as small
from release.conftest import build

TABLE = "fct_synthetic_victim"
POLICY = Policy(edition=1, threshold=10, settle_days=90)
AS_OF = date(2026, 6, 29)


def victims(seed: int = 1, many: int = 900) -> pd.DataFrame:
    """Victims whose exploitation follows their gender, in five years; one of them is like nobody else."""
    rng = np.random.default_rng(seed)
    gender = rng.choice(["Feminine", "Masculine"], many, p=[0.6, 0.4])
    sexual = rng.random(many) < np.where(gender == "Feminine", 0.7, 0.05)
    frame = pd.DataFrame(
        {
            "record_no": range(1, many + 1),
            "hte_year": rng.choice([str(y) for y in range(2022, 2027)], many),
            "prs_gender": gender,
            "prs_citizenship": rng.choice(["ID", "BD", "MM", "VN"], many, p=[0.5, 0.25, 0.15, 0.1]),
            "vic_type_of_exploitation": np.where(sexual, "SexualExploitation", "ForcedLabour"),
        }
    )
    frame.loc[0] = [1, "2024", "Masculine", "ZW", "OrganRemoval"]
    return frame


def _built(folder: Path, people: pd.DataFrame, as_of: date = AS_OF) -> Release:
    marts = {**small.tables(), TABLE: people}
    exports = [
        dataclasses.replace(e, disclosure="synthetic", primary_key=("record_no",)) if e.name == TABLE else e
        for e in exports_from_manifest(small.manifest(marts))
    ]
    warehouse = small.write_warehouse(folder / "mids.duckdb", marts)
    return build(warehouse, folder / "releases", exports, as_of=as_of, data_version=str(as_of))


def _rows(release: Release) -> pd.DataFrame:
    with duckdb.connect() as connection:
        return connection.execute(f"from '{release.path}/data/{TABLE}.parquet' order by record_no").df()


def _gate(release: Release) -> Any:
    return next(g for g in release.gates if g.name == "synthetic_protected")


def test_a_file_is_like_the_persons_in_sum_and_tells_nobody_who_was_in_it() -> None:
    people = victims(many=4_000).drop(columns="record_no")
    file, told = synthetic.synthesise(people, POLICY)
    assert list(file.columns) == list(people.columns)
    assert told.one_way < 0.1 and told.two_way < 0.15, "useful"
    assert 0.4 < told.membership_auc < 0.6, "and an attacker is no better than chance"
    women = file[file["prs_gender"] == "Feminine"]["vic_type_of_exploitation"]
    men = file[file["prs_gender"] == "Masculine"]["vic_type_of_exploitation"]
    assert (women == "SexualExploitation").mean() > (men == "SexualExploitation").mean() + 0.4, (
        "ties are kept"
    )
    # The person like nobody else is not there: no noisy count of one passes.
    assert "OrganRemoval" not in set(file["vic_type_of_exploitation"])
    again, _ = synthetic.synthesise(people, POLICY)
    assert not again.equals(file), "noise that could be made again would protect nobody"
    rows = synthetic.as_rows(json.loads(json.dumps(synthetic.as_told(file, told, POLICY, ["2022"]))))
    pd.testing.assert_frame_equal(rows, file)


def test_the_measures_tell_a_copy_from_a_file_that_protects() -> None:
    """Publishing the persons themselves must look dangerous, and noise alone useless: else the figures say nothing."""
    people = victims(many=1_000).drop(columns="record_no").assign(town=[f"T{i // 2}" for i in range(1_000)])
    inside, outside = people[::2], people[1::2].assign(town=lambda f: "U" + f["town"])
    copied = synthetic._evaluated(inside, inside, synthetic._membership(inside, inside, outside))
    assert copied.membership_auc > 0.95 and copied.unique_matched == 1 and copied.two_way == 0
    shuffled = inside.apply(lambda c: c.sample(frac=1, random_state=len(str(c.name))).to_numpy())
    mixed = synthetic._evaluated(inside, shuffled, 0.5)
    assert mixed.one_way == 0 and mixed.two_way > 0.1


def test_a_release_holds_the_synthetic_rows_and_its_account_and_none_of_the_persons(tmp_path: Path) -> None:
    people = victims()
    first = _built(tmp_path, people)
    assert _gate(first).status == "passed" and "epsilon 2 of 8 spent" in _gate(first).found
    rows = _rows(first)
    assert "2026" not in set(rows["hte_year"]), "not settled"
    assert list(rows["record_no"]) == list(range(1, len(rows) + 1))
    account = json.loads((first.path / synthetic_step.ACCOUNT).read_text("utf-8"))
    assert account["epsilon_spent_by_all_files"] == 2 and account["rows"] == len(rows)
    assert account["evaluation"] == first.facts["disclosure"]["synthetic"]["evaluation"]
    assert synthetic_step.ACCOUNT in (first.path / "SHA256SUMS").read_text("utf-8")

    # The next week takes it over byte for byte, though persons came and the release before is gone.
    kept = (first.path / "data" / f"{TABLE}.parquet").read_bytes()
    for path in first.path.rglob("*"):
        path.chmod(0o700)
    shutil.rmtree(first.path)
    second = _built(
        tmp_path, pd.concat([people, people.iloc[:5].assign(record_no=range(901, 906))]), date(2026, 7, 6)
    )
    assert (second.path / "data" / f"{TABLE}.parquet").read_bytes() == kept
    assert second.facts["disclosure"]["synthetic"]["spent"] == 2


def test_privacy_is_spent_year_by_year_until_the_budget_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = dataclasses.replace(load_policy(), synthetic_budget=4.0)
    monkeypatch.setattr(synthetic_step, "load_policy", lambda: policy)
    people = victims(many=1_000)
    spent, files = [], []
    for as_of in (date(2025, 6, 2), date(2026, 6, 1), date(2027, 6, 7)):
        release = _built(tmp_path, people, as_of)
        spent.append(release.facts["disclosure"]["synthetic"]["spent"])
        files.append(_rows(release))
    assert spent == [2, 4, 4]
    assert not files[0].equals(files[1]) and files[1].equals(files[2]), "the last one stays"
    assert _gate(release).status == "warned" and "the budget is spent" in _gate(release).found
    assert "2026" not in set(files[2]["hte_year"]), "the year that settled since is not in it"


def test_rows_that_are_not_those_accounted_for_are_refused(tmp_path: Path) -> None:
    release = _built(tmp_path, victims())
    rows = _rows(release).astype({"hte_year": "str"})
    told = {"years": ["2022"], "epsilon": 2.0, "evaluation": {"membership_auc": 0.5, "two_way": 0.1}}
    export = next(e for e in exports_from_manifest(small.manifest({TABLE: rows})))
    written = TableFile(
        dataclasses.replace(export, disclosure="synthetic"),
        release.path / "data" / f"{TABLE}.parquet",
        1,
        {},
        "",
    )
    whole = synthetic_step.Synthetic(rows, told, True, 2.0)
    assert synthetic_step.synthetic_gate([written], whole).status == "passed"
    for wrong, why in (
        (dataclasses.replace(whole, rows=rows.assign(prs_gender="Masculine")), "not those accounted for"),
        (dataclasses.replace(whole, spent=8.5), "more than the budget"),
        (dataclasses.replace(whole, told={**told, "evaluation": {"membership_auc": 0.7}}), "AUC 0.7"),
    ):
        verdict = synthetic_step.synthetic_gate([written], wrong)
        assert verdict.status == "refused" and why in verdict.found


def test_too_few_persons_give_an_empty_file_and_spend_nothing(tmp_path: Path) -> None:
    release = _built(tmp_path, victims(many=150))
    assert len(_rows(release)) == 0 and _gate(release).status == "not_assessed"
    assert release.facts["disclosure"]["synthetic"]["spent"] == 0


def test_noise_below_nobody_is_an_empty_file_and_not_a_crash() -> None:
    few = victims(many=4).drop(columns="record_no").astype("str")
    # The noise is far larger than four persons: below nobody about every second time.
    files = [synthetic._made(few, load_policy()) for _ in range(40)]
    assert all(list(file.columns) == list(few.columns) for file in files)
    assert any(len(file) == 0 for file in files)


def test_an_empty_file_is_published_accounted_for_and_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic, "_made", lambda persons, _: persons.iloc[:0])
    release = _built(tmp_path, victims())
    assert len(_rows(release)) == 0 and _gate(release).status == "passed"
    told = release.facts["disclosure"]["synthetic"]
    assert told["spent"] == load_policy().synthetic_epsilon
    assert told["evaluation"]["withheld"] == 1.0 and told["evaluation"]["membership_auc"] == 0.5
    monkeypatch.setattr(synthetic, "_made", lambda *_: pytest.fail("the budget is spent once"))
    again = _built(tmp_path, victims(), as_of=AS_OF + timedelta(days=7))
    assert again.facts["disclosure"]["synthetic"]["spent"] == told["spent"]


def test_two_synthetic_marts_are_refused(tmp_path: Path) -> None:
    exports = [
        dataclasses.replace(e, disclosure="synthetic")
        if e.name in {"fct_forecast", "fct_weekly_count"}
        else e
        for e in exports_from_manifest(small.manifest())
    ]
    warehouse = small.write_warehouse(tmp_path / "mids.duckdb")
    with pytest.raises((ReleaseError, ReleaseRefused), match="one public mart may be synthetic"):
        build(warehouse, tmp_path / "releases", exports)

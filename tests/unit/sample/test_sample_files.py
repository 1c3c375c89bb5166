"""The files on disk: readable as declared, counted independently, the same on every call, as the contracts say."""

import csv
import hashlib
import io
import json
import re
import zipfile
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from expectations.contract import load_contracts
from mids_orchestration.sample.deliver import schedule
from mids_orchestration.sample.generate import generate
from mids_orchestration.sample.streams import Streams
from mids_orchestration.sample.writers import csv_bytes, xlsx_bytes

FEEDS = ["pdrm.cases", "pdrm.persons", "jim.operations", "apmm.interceptions", "agc.prosecutions", "kln.consular",
         "ngo.reports", "jkdm.cases", "jtk.complaints", "jkm.protection_orders", "akps.encounters"]  # fmt: skip
CSV = {"pdrm": ("cp1252", ";"), "kln": ("utf-8-sig", ","), "ngo": ("utf-8", ","), "jtk": ("utf-8", ","),
       "jkdm": ("utf-16", "\t")}  # fmt: skip
SHEETS = {"jim": {"operations": "Operasi", "persons": "Orang"},
          "jkm": {"protection_orders": "Perintah", "shelter_stays": "Penempatan"}}  # fmt: skip
LISTS = {"agc": ("cases", "charges", "accused"), "akps": ("data", "persons", "entry_point")}


def digests(root: Path) -> dict[str, str]:
    files = sorted(p for p in root.rglob("*") if p.is_file())
    return {p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def read(path: Path, agency: str) -> dict[str, list[dict]]:
    """Records of a file by record type, read with nothing of the sample's own code."""
    if agency in CSV:
        encoding, delimiter = CSV[agency]
        with path.open(encoding=encoding, newline="") as handle:
            if agency == "jkdm":
                next(handle)  # the title
            return {"": list(csv.DictReader(handle, delimiter=delimiter))}
    if agency in SHEETS:
        book = CalamineWorkbook.from_path(str(path))
        out = {}
        for record, sheet in SHEETS[agency].items():
            rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            out[record] = [dict(zip(rows[2], r, strict=False)) for r in rows[3:] if any(c != "" for c in r)]
        return out
    if agency == "apmm":
        return {"": [json.loads(line) for line in path.read_text("utf-8").splitlines()]}
    document = json.loads(path.read_text("utf-8"))
    listed, inner, _ = LISTS[agency]
    return {"": [c | {"item": x} for c in document[listed] for x in (c[inner] or [None])]}


def test_same_arguments_give_the_same_bytes(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    generate(one, weeks=12, scale=0.02)
    generate(two, weeks=12, scale=0.02)
    assert digests(one) == digests(two)
    generate(two, weeks=12, scale=0.02, seed=7)
    assert digests(one) != digests(two)


def test_workbooks_carry_no_clock(small):
    path = next((small.root / "inbox" / "jim").rglob("*.xlsx"))
    with zipfile.ZipFile(path) as book:
        assert {i.date_time for i in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = book.read("docProps/core.xml").decode()
    sent = datetime.strptime(path.stem[-8:], "%Y%m%d").date().isoformat()
    assert re.findall(r"\d{4}-\d\d-\d\dT", core) == [f"{sent}T"] * 2


def test_a_second_call_replaces_the_feeds_and_leaves_other_files(tmp_path):
    generate(tmp_path, weeks=3, scale=0.02)
    other = tmp_path / "inbox" / "ukho" / "small_boats" / "daily.csv"
    other.parent.mkdir(parents=True)
    other.write_text("kept")
    manifest = generate(tmp_path, weeks=1, scale=0.02)
    files = {
        p.relative_to(tmp_path / "inbox").as_posix() for p in (tmp_path / "inbox").rglob("*") if p.is_file()
    }
    assert files == {f.path for f in manifest.files} | {"ukho/small_boats/daily.csv"}


@pytest.mark.parametrize("feed", FEEDS)
def test_manifest_counts_equal_independent_counts(small, feed):
    agency = feed.split(".")[0]
    files = [f for f in small.manifest.files if f"{f.agency}.{f.feed}" == feed]
    assert files
    for file in files:
        path = small.root / "inbox" / file.path
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
        counted = {k: len(v) for k, v in read(path, agency).items()}
        assert sorted(counted.values()) == sorted(file.rows.values()), file.path
        if agency in SHEETS:
            assert counted == file.rows
    written = json.loads((small.root / "truth" / "manifest.json").read_text())
    assert sum(sum(f["rows"].values()) for f in written["files"] if f["agency"] == agency) > 0


@pytest.mark.parametrize("feed", FEEDS)
def test_headers_are_those_of_the_contract(small, feed):
    contract = load_contracts()[feed]
    file = next(f for f in small.manifest.files if f"{f.agency}.{f.feed}" == feed)
    assert re.fullmatch(contract.file_pattern, Path(file.path).name)
    records = read(small.root / "inbox" / file.path, file.agency)
    for record in contract.records:
        rows = records.get(record.name, records.get(""))
        names = [c.name for c in record.columns]
        if file.agency == "apmm":
            flat = pd.json_normalize(rows)
            assert list(flat.columns) == names or set(flat.columns) == set(names)
        elif file.agency in LISTS:
            _, inner, nested = LISTS[file.agency]
            item = next(r["item"] for r in rows if r["item"])
            assert {n.removeprefix(f"{inner}[].") for n in names if n.startswith(f"{inner}[]")} == set(item)
            assert {n.split(".")[0] for n in names if not n.startswith(f"{inner}[]")} <= set(rows[0])
            assert {f"{nested}.{k}" for k in rows[0][nested]} == {
                n for n in names if n.startswith(f"{nested}.")
            }
        else:
            assert list(rows[0]) == names


def test_police_files_are_windows_1252_with_dos_lines(small):
    seen = b""
    for path in (small.root / "inbox" / "pdrm").rglob("*.csv"):
        data = path.read_bytes()
        assert data.count(b"\n") == data.count(b"\r\n")
        seen += data
    text = seen.decode("cp1252")
    assert "Ñ" in text  # a letter that UTF-8 writes otherwise
    with pytest.raises(UnicodeDecodeError):
        seen.decode("utf-8")


def test_letters_outside_the_encoding_are_an_error_not_a_question_mark():
    with pytest.raises(UnicodeEncodeError):
        csv_bytes(["a"], [{"a": "Nguyễn"}], delimiter=";", encoding="cp1252", newline="\r\n")


def test_immigration_dates_are_partly_cells_and_partly_text(small):
    path = max((small.root / "inbox" / "jim").rglob("*.xlsx"), key=lambda p: p.stat().st_size)
    kinds = [type(r["Tarikh Operasi"]).__name__ for r in read(path, "jim")["operations"]]
    assert 0.5 < kinds.count("date") / len(kinds) < 0.9 and "str" in kinds


def test_days_of_sending():
    mondays = schedule(Streams(20260629), "kln", 104)
    assert mondays[0] == date(2024, 7, 1) and mondays[-1] == date(2026, 6, 29)
    assert all(d.weekday() == 0 for d in mondays)
    gaps = [(b - a).days for a, b in pairwise(mondays)]
    assert 28 in gaps and min(gaps) == 7  # silent for three Mondays
    assert not {date(2025, 3, 24), date(2025, 3, 31), date(2025, 4, 7)} & set(mondays)
    shorter = schedule(Streams(20260629), "kln", 20)
    assert shorter[0] == date(2026, 2, 9) and set(shorter[1:]) <= set(mondays)


@pytest.mark.parametrize("arguments", [{"weeks": -1}, {"weeks": 500}, {"scale": 0.0}])
def test_bad_arguments_are_refused(tmp_path, arguments):
    with pytest.raises(ValueError, match=r"weeks must|scale must"):
        generate(tmp_path, **arguments)
    assert not list(tmp_path.iterdir())


def test_rows_are_never_sent_before_they_were_written(small):
    for file in small.manifest.files:
        if (file.agency, file.feed) != ("pdrm", "cases"):
            continue
        for row in read(small.root / "inbox" / file.path, "pdrm")[""]:
            assert datetime.strptime(row["kemaskini_pada"], "%d/%m/%Y %H:%M").date() < file.sent_on


def test_weekly_files_carry_new_and_changed_rows(small):
    seen: dict[str, str] = {}
    changed = new = 0
    police = [f for f in small.manifest.files if (f.agency, f.feed) == ("pdrm", "cases")]
    for file in sorted(police, key=lambda f: f.sent_on):
        for row in read(small.root / "inbox" / file.path, "pdrm")[""]:
            key = row["no_kertas_siasatan"]
            if file.sent_on > small.manifest.began_on and key:
                changed += key in seen and row["kemaskini_pada"] > ""
                new += key not in seen
            seen[key] = row["kemaskini_pada"]
    assert changed > 20 and new > 10


def test_empty_cells_of_a_workbook_stay_empty():
    data = xlsx_bytes([("S", "t", ["a", "b"], [{"a": "", "b": 1}])], sent_on=date(2026, 6, 29))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name("S").to_python()
    assert rows[3] == ["", 1.0]

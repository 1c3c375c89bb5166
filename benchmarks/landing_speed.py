"""Landing speed: records/s, MB/s and peak memory of receiving one CSV of 20 columns, beside its rivals.

``python -m benchmarks landing_speed`` measures 1 M records; MIDS_BENCH_RECORDS=10000000 another number. Rivals on
the same file: (a) DuckDB ``read_csv`` → Parquet, which checks nothing (the limit); (b) dlt filesystem → DuckDB, as
its documentation shows it and at its fastest (``pip install 'dlt[duckdb,filesystem]'``; left out, saying so, where
it is not installed). Each runs in a process of its own, so that peak memory is its own. A rival is stopped after
MIDS_BENCH_SECONDS (300), saying so: the ratio is then the least it can be. 900 let dlt end as documented at 1 M.
"""

from __future__ import annotations

import csv
import importlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

RECORDS = int(os.environ.get("MIDS_BENCH_RECORDS", "1000000"))
LIMIT = int(os.environ.get("MIDS_BENCH_SECONDS", "300"))
STATES = ("JOHOR", "KEDAH", "KELANTAN", "MELAKA", "PERAK", "SABAH", "SARAWAK", "SELANGOR")
COLUMNS: list[dict[str, object]] = [
    {"name": "case_no", "type": "text", "nullable": False, "key": True, "pattern": r"D3/TIP/\d{5,9}/\d{4}"},
    {"name": "opened_on", "type": "date", "format": "%d/%m/%Y", "nullable": False},
    {"name": "updated_at", "type": "timestamp", "format": "%d/%m/%Y %H:%M", "nullable": False},
    {"name": "state", "type": "text", "vocabulary": list(STATES)},
    {"name": "victims", "type": "integer", "minimum": 0, "maximum": 2000},
    {"name": "amount", "type": "decimal"},
    *({"name": f"code_{number}", "type": "text"} for number in range(7)),
    *({"name": f"text_{number}", "type": "text"} for number in range(5)),
    {"name": "age", "type": "integer", "minimum": 0, "maximum": 120},
    {"name": "closed_on", "type": "date", "format": "%d/%m/%Y"},
]


def write_sample(path: Path, records: int) -> None:
    """Write *records* rows of 20 columns, one in a thousand of them at fault; the same bytes every time."""
    dice = random.Random(20260629)
    days = [(date(2016, 1, 1) + timedelta(days=n)).strftime("%d/%m/%Y") for n in range(3800)]
    words = ["".join(dice.choices("abcdefghij klmnop", k=9)).strip() for _ in range(5000)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";", lineterminator="\n")
        writer.writerow([column["name"] for column in COLUMNS])
        for number in range(records):
            opened = "31/02/2024" if number % 1000 == 7 else days[number % 3800]
            writer.writerow(
                [f"D3/TIP/{number:07d}/2024", opened, f"{days[(number * 7) % 3800]} 08:{number % 60:02d}",
                 STATES[number % 8], number % 50, f"{number % 9999}.50",
                 *(f"K{(number * k) % 97:02d}" for k in range(1, 8)), *dice.choices(words, k=5),
                 number % 90, "" if number % 3 else days[(number * 3) % 3800]]
            )  # fmt: skip


def land_mids(path: Path, folder: Path) -> int:
    """Land the file as a delivery: archived, hashed, judged, counted twice, written as Parquet."""
    from expectations.contract import load_contracts
    from mids_orchestration.landing import land

    contract = {
        "agency": "bench", "feed": "cases", "version": 1, "effective_from": "2016-01-01",
        "title": {"en": "Bench", "ms": "Bench"}, "owner": {"organisation": "Bench", "contact": "bench@example.invalid"},
        "source_class": "agency", "cadence": "adhoc", "transport": "file",
        "delivery": {"kind": "delta", "file_pattern": ".*"}, "format": {"type": "csv", "delimiter": ";"},
        "null_values": [""], "records": [{"name": "cases", "ordering": "updated_at", "columns": COLUMNS}],
    }  # fmt: skip
    target = folder / "expectations" / "feeds" / "bench" / "cases.yml"
    target.parent.mkdir(parents=True)
    target.write_text(yaml.safe_dump(contract, sort_keys=False), encoding="utf-8")
    inbox = folder / "inbox" / "bench" / "cases"
    inbox.mkdir(parents=True)
    (inbox / "cases.csv").hardlink_to(path)
    contracts = load_contracts(folder / "expectations" / "feeds")
    receipt = land(folder / "inbox", folder / "home", as_of=date(2026, 6, 29), contracts=contracts)[0]
    assert receipt.status == "accepted", receipt.refusal
    table = receipt.tables["cases"]
    assert table.balanced and table.independent_count == table.received
    return table.received


def duckdb_alone(path: Path, folder: Path) -> int:
    """Rival (a): DuckDB reads the CSV as text and writes Parquet; nothing is checked, kept or counted."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_csv('{path}', delim=';', header=true, all_varchar=true)) "
            f"TO '{folder / 'out.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
        )
        found = connection.execute(f"SELECT count(*) FROM '{folder / 'out.parquet'}'").fetchone()
    return int(found[0])


def dlt_fast(path: Path, folder: Path) -> int:
    """Rival (b), at its fastest: dlt's filesystem source with its DuckDB CSV reader, Arrow into a DuckDB file."""
    from dlt.sources.filesystem import read_csv_duckdb

    return _dlt(path, folder, read_csv_duckdb(delimiter=";", header=True, use_pyarrow=True))


def dlt_usual(path: Path, folder: Path) -> int:
    """Rival (b) as its documentation shows it: dlt's filesystem source with ``read_csv``, into a DuckDB file."""
    from dlt.sources.filesystem import read_csv

    return _dlt(path, folder, read_csv(sep=";", dtype=str))


def _dlt(path: Path, folder: Path, reader: Any) -> int:
    os.environ["DLT_DATA_DIR"] = str(folder / "dlt")
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt
    from dlt.sources.filesystem import filesystem

    reader = filesystem(bucket_url=path.parent.as_uri(), file_glob=path.name) | reader
    target = dlt.destinations.duckdb(str(folder / "dlt.duckdb"))
    pipeline = dlt.pipeline(
        "bench", destination=target, dataset_name="bench", pipelines_dir=str(folder / "pipelines")
    )
    pipeline.run(reader.with_name("cases"))
    with pipeline.sql_client() as client:
        return int(client.execute_sql("SELECT count(*) FROM cases")[0][0])


RIVALS: dict[str, Callable[[Path, Path], int]] = {
    "mids landing": land_mids,
    "(a) duckdb alone": duckdb_alone,
    "(b) dlt, read_csv": dlt_usual,
    "(b) dlt, duckdb": dlt_fast,
}
# Imported before the clock starts: interpreters are not what is measured.
IMPORTS = {
    # pyarrow loads pandas, where there is one, at its first write.
    "mids landing": ("expectations.contract", "mids_orchestration.landing", "pandas"),
    "(a) duckdb alone": ("duckdb", "pyarrow"),
    "(b) dlt, read_csv": ("dlt", "dlt.sources.filesystem", "dlt.destinations", "pandas", "duckdb"),
    "(b) dlt, duckdb": ("dlt", "dlt.sources.filesystem", "dlt.destinations", "pandas", "duckdb"),
}


def _measured(name: str, path: Path) -> dict[str, float] | str:
    """Run one rival in a process of its own; returns its figures, or why there are none."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.landing_speed", name, str(path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT,
            env=os.environ
            | {"TMPDIR": str(path.parents[1])},  # what a stopped one leaves goes with the sample
        )
    except subprocess.TimeoutExpired:
        return {"stopped": LIMIT}
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1]
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Print the figures of every rival, and the ratios the project aims at."""
    with tempfile.TemporaryDirectory(prefix="mids-bench-") as folder:
        path = Path(folder) / "sample" / "cases.csv"
        path.parent.mkdir()
        write_sample(path, RECORDS)
        size = path.stat().st_size
        print(f"{RECORDS:,} records, 20 columns, {size / 1e6:,.0f} MB ({size / RECORDS:.0f} bytes a record)")
        print(f"{'':<20}{'seconds':>9}{'records/s':>12}{'MB/s':>8}{'peak MiB':>10}")
        speed: dict[str, float] = {}
        stopped: set[str] = set()
        for name in RIVALS:
            found = _measured(name, path)
            if isinstance(found, str):
                print(f"{name:<20}not measured: {found}")
                continue
            if "stopped" in found:
                stopped.add(name)
                speed[name] = RECORDS / LIMIT
                print(
                    f"{name:<20}{f'> {LIMIT}':>9}{f'< {speed[name]:,.0f}':>12}  stopped, had not ended",
                    flush=True,
                )
                continue
            speed[name] = found["records"] / found["seconds"]
            print(
                f"{name:<20}{found['seconds']:>9.1f}{speed[name]:>12,.0f}{size / 1e6 / found['seconds']:>8.0f}"
                f"{found['peak_mib']:>10.0f}",
                flush=True,
            )
        ours = speed.get("mids landing", 0.0) if "mids landing" not in stopped else 0.0
        for rival, aim in (("(a) duckdb alone", 0.6), ("(b) dlt, read_csv", 5.0), ("(b) dlt, duckdb", 5.0)):
            if rival in speed and ours:
                least = "more than " if rival in stopped else ""
                print(f"mids / {rival}: {least}{ours / speed[rival]:.2f} (aim: at least {aim})")


def _one(name: str, path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="mids-bench-") as folder:
        for module in IMPORTS[name]:
            importlib.import_module(module)
        started = time.monotonic()
        records = RIVALS[name](path, Path(folder))
        seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"records": records, "seconds": seconds, "peak_mib": peak}))


if __name__ == "__main__":
    _one(sys.argv[1], Path(sys.argv[2])) if len(sys.argv) > 2 else main()

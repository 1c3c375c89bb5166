"""Source records → marts: dbt's build beside one hand-written DuckDB script of the same star, and pandas.

``python -m benchmarks warehouse_build`` measures 1 M records; MIDS_BENCH_RECORDS=10000000 another number. Records
are landed Parquet of the four largest kinds (investigation papers with corrections, their persons, charges,
operations), the rest of the feeds empty, nobody linked. (a) is ``benchmarks/warehouse_star.sql``: cases, persons,
charges, operations and weekly counts, all rows and columns compared with the marts; dbt builds every model, of
which those are five, and no tests run on either side; dbt has read its project beforehand, as in a deployment. It
also builds everything once on nothing, which bounds what building only the news could save. (b) pandas makes a part
of it. The five tables and (a) are built three times in turns, and their ratio is that of the sums. Each in a process of
its own, DuckDB limited to 2 GiB (MIDS_DUCKDB_MEMORY), so that peak memory is its own and a larger load spills.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from mids_orchestration.warehouse import STORAGE_VERSION

RECORDS = int(os.environ.get("MIDS_BENCH_RECORDS", "1000000"))
MEMORY = os.environ.get("MIDS_DUCKDB_MEMORY", "2GiB")
HERE = Path(__file__).parent
SEEDS = HERE.parent / "dbt_project" / "seeds"
#: Rival's table and the mart; both have the same columns.
COMPARED = {
    "star_case": "fct_case",
    "star_charge": "fct_charge",
    "star_person": "fct_person_in_case",
    "star_operation": "fct_operation",
    "star_weekly": "fct_weekly_count",
}


def write_zone(home: Path, records: int) -> int:
    """A landing zone of about *records* records by arithmetic, the same every time; returns how many."""
    from tests.dbt.conftest import Built, prepare

    prepare(Built(home), {})
    cases, landing = records // 6, home / "landing"
    zone = _Zone(landing)
    state = (
        "['SELANGOR', 'JOHOR', 'Johor Bahru', 'P. PINANG', 'SABAH', 'SARAWAK', 'KEDAH', 'W.P. KUALA LUMPUR']"
    )
    number = "printf('D3/%s/%05d/%d', case when i % 3 = 0 then 'SOM' else 'TIP' end, i, 2016 + i % 10)"
    opened = "(date '2016-01-04' + cast((i % 10) * 365 + (i // 10) % 360 as int))"
    known = "(case when i % 4 = 0 then date '2026-01-05' + 7 * cast((i // 4) % 25 as int) else date '2026-01-05' end)"
    paper = f"""
        {number} as source_case_no,
            case when i % 3 = 0 then 'PENYELUDUPAN MIGRAN' else 'PEMERDAGANGAN ORANG' end as case_type,
        ['Sek. 12 ATIPSOM', 'Seksyen 13', 's 14 Akta 670', 'S.26A Akta 670'][1 + i % 4] as section_text,
        strftime({opened}, '%d/%m/%Y') as occurred_on, strftime({opened} + 2, '%d/%m/%Y') as reported_on,
        strftime({opened} + 3, '%d/%m/%Y') as recorded_on,
        ['BURUH PAKSA', 'EKSPLOITASI SEKSUAL', 'JENAYAH PAKSA', null][case when i % 3 = 0 then 4 else 1 + i % 3 end]
            as exploitation_text,
        case when i % 2 = 0 then printf('SRB/%d', i // 4) end as raid_no,
        case when i % 2 = 0 then strftime({opened} + 1, '%d/%m/%Y') end as raid_on"""
    written = zone.write("pdrm", "cases", f"""
        select {paper}, {state}[1 + i % 8] as state_name, 'SIASATAN' as case_status,
            strftime({opened} + 3, '%d/%m/%Y') || ' 09:00' as updated_at, {known} as _day from range(1,
                {cases} + 1) t(i)
        union all
        select {paper}, {state}[1 + (i + 1) % 8], 'TUDUH', '01/06/2026 09:00', date '2026-06-08' from range(1,
            {cases} + 1) t(i)
        where i % 10 = 1""")  # fmt: skip
    written += zone.write("pdrm", "persons", f"""
        select {number} as source_case_no, cast(j as varchar) as person_no,
            case when j = 3 then 'SUSPEK' when i % 3 = 0 then 'MIGRAN DISELUDUP' else 'MANGSA' end as role,
            printf('CONTOH %d %d', i, j) as full_name, case when (i + j) % 2 = 0 then 'L' else 'P' end as sex,
            strftime(date '1965-01-02' + cast((i * 37 + j * 911) % 18000 as int), '%d/%m/%Y') as birth_date,
            ['INDONESIA', 'MYANMAR', 'BANGLADESH', 'VIETNAM'][1 + (i + j) % 4] as nationality_text,
                'TIADA' as document_type,
            strftime({opened} + 3, '%d/%m/%Y') as recorded_on, strftime({opened} + 3,
                '%d/%m/%Y') || ' 09:00' as updated_at,
            {known} as _day
        from range(1, {cases} + 1) t(i), range(1, 4) u(j)""")  # fmt: skip
    written += zone.write("agc", "charges", f"""
        select printf('AGC/ATIPSOM/%d/%06d', 2016 + i % 10, i) as prosecution_no,
            printf('%s-%d-%d (D3)', case when i % 3 = 0 then 'SOM' else 'TIP' end, i,
                2016 + i % 10) as investigation_ref,
            'PDRM' as investigating_agency, strftime({opened} + 60, '%Y-%m-%d') as opened_on,
            printf('TERTUDUH %d', i) as full_name, 'M' as sex, cast(j as varchar) as charge_no, 'Akta 670' as act_text,
            ['12', '13', '14', '26A'][1 + (i // 4 + j) % 4] as section_text, strftime({opened} + 90,
                '%Y-%m-%d') as charged_on,
            'false' as is_child_victim, ['PENDING', 'CONVICTED', 'ACQUITTED'][1 + i % 3] as charge_outcome,
            case when i % 3 > 0 then strftime({opened} + 400, '%Y-%m-%d') end as outcome_on,
            strftime({opened} + 61, '%Y-%m-%d') as recorded_on, strftime({opened} + 61,
                '%Y-%m-%dT09:00:00') as updated_at,
            {known} as _day
        from range(1, {cases} + 1) t(i), range(1, 3) u(j) where i % 4 = 2""")  # fmt: skip
    written += zone.write("jim", "operations", f"""
        select printf('OPS/%d/%07d', 2016 + i % 10, i) as operation_no, strftime({opened}, '%d-%m-%Y') as occurred_on,
            {state}[1 + i % 8] as state_name, ['Kilang getah', 'Restoran', 'Rumah kongsi', 'Tapak pembinaan'][1 + i % 4]
            as premises_text, cast(i % 90 as varchar) as screened_count, cast(i % 20 as varchar) as arrested_count,
            strftime({opened} + 1, '%d-%m-%Y') as recorded_on, strftime({opened} + 1, '%d-%m-%Y') as updated_at,
                {known} as _day
        from range({max(1, records - written)}) t(i)""")  # fmt: skip
    zone.finish()
    return written


class _Zone:
    """Writes landed Parquet with the contract's column names, and the receipts that go with it."""

    def __init__(self, landing: Path) -> None:
        from expectations.contract import load_contracts

        self.landing, self.contracts, self.receipts = landing, load_contracts(), []
        self.connection = duckdb.connect(
            config={"memory_limit": "2GiB", "temp_directory": str(landing.parent / "spill")}
        )

    def write(self, agency: str, record: str, sql: str) -> int:
        """Write the rows of *sql* (standard names, and the day received as ``_day``)."""
        contract = next(
            c
            for c in self.contracts.values()
            if c.agency == agency and any(r.name == record for r in c.records)
        )
        landed = {c.standard: c.landed_as for r in contract.records if r.name == record for c in r.columns}
        held = [row[0] for row in self.connection.execute(f"describe {sql}").fetchall()]
        names = contract.all_landed_names(record)
        renamed = {landed[name]: name for name in held if name != "_day"}
        columns = ", ".join(
            f'{renamed[n]} as "{n}"' if n in renamed else f'null::varchar as "{n}"' for n in names
        )
        target = self.landing / agency / record / "bench.parquet"
        self.connection.execute(
            f"copy (select {columns}, '{agency}-{record}-' || _day as _receipt_id, row_number() over () as _line_no, "
            f"cast(_day as varchar) as _known_on from ({sql})) to '{target}' (format parquet)"
        )
        days = self.connection.execute(
            f"select _known_on, count(*) from '{target}' group by 1 order by 1"
        ).fetchall()
        for day, rows in days:
            self.receipts.append((f"{agency}-{record}-{day}", agency, contract.feed, record, day, rows))
        return sum(rows for _, rows in days)

    def finish(self) -> None:
        """Write the ledger of receipts."""

        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.landing / "receipts.parquet"
        schema = pq.read_schema(path)
        rows = [
            {"receipt_id": i, "agency": a, "feed": f, "record": r, "status": "accepted", "received": n, "accepted": n,
             "quarantined": 0, **dict.fromkeys(("sent_on", "known_on", "first_sent_on", "first_known_on"),
                 date.fromisoformat(d))}
            for i, a, f, r, d, n in self.receipts
        ]  # fmt: skip
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
        self.connection.close()


def read_project(home: Path) -> None:
    """Let dbt read its project for the zone and for an empty one beside it, as the code location does beforehand.

    MIDS does it once for each change of the project (``prepare_manifest``), so no run pays for it.
    """
    from tests.dbt.conftest import Built, prepare

    prepare(Built(home / "floor"), {})
    for zone in (home, home / "floor"):
        Built(zone).dbt(["parse"])


def build_dbt(home: Path) -> None:
    """All models of the two strides, without data tests."""
    from tests.dbt.conftest import Built

    Built(home).dbt(
        *(["build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test", "--selector", stride]
          for stride in ("to_conformed", "from_linked"))
    )  # fmt: skip


def build_star(home: Path) -> None:
    """Only the five tables that (a) makes, and what they are made of."""
    from tests.dbt.conftest import Built

    wanted = [f"+{mart}" for mart in COMPARED.values()]
    Built(home).dbt(["build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test",
                     "--select", *wanted])  # fmt: skip


def build_floor(home: Path) -> None:
    """The same models when nothing has landed: what every run pays, however little is new."""
    build_dbt(home / "floor")


def build_by_hand(home: Path) -> None:
    """Rival (a)."""
    sql = (HERE / "warehouse_star.sql").read_text("utf-8")
    sql = sql.replace("$landing", str(home / "landing")).replace("$seeds", str(SEEDS))
    settings = {
        "memory_limit": MEMORY,
        "temp_directory": str(home / "hand.spill"),
        "threads": 2,
        "storage_compatibility_version": STORAGE_VERSION,
    }
    target = home / "hand.duckdb"
    target.unlink(missing_ok=True)
    with duckdb.connect(str(target), config=settings) as connection:
        connection.execute(sql)


def build_pandas(home: Path) -> None:
    """Rival (b): current cases and charges with their codes, and their counts by week, in pandas."""
    import pandas as pd

    landing = home / "landing"
    cases = pd.read_parquet(landing / "pdrm" / "cases" / "bench.parquet")
    cases["updated_at"] = pd.to_datetime(cases["kemaskini_pada"], format="%d/%m/%Y %H:%M")
    cases["event_on"] = pd.to_datetime(cases["tarikh_kejadian"], format="%d/%m/%Y")
    spelled = pd.read_csv(SEEDS / "map_state.csv", dtype=str).set_index("spelling")["state_code"]
    plain = cases["negeri"].str.upper().str.replace(r"[^0-9A-Z]+", " ", regex=True).str.strip()
    cases["state_code"] = plain.map(spelled).fillna("XX")
    newest = cases.sort_values(["updated_at", "_known_on"]).drop_duplicates("no_kertas_siasatan", keep="last")
    charges = pd.read_parquet(landing / "agc" / "charges" / "bench.parquet")
    parts = charges["investigation_ref"].str.extract(r"^(\w+)-(\d+)-(\d+)")
    charges["norm"] = "D3/" + parts[0] + "/" + parts[1].str.zfill(5) + "/" + parts[2]
    counted = charges.groupby("norm").agg(charges=("charges_charge_no", "count"))
    star = newest.join(counted, on="no_kertas_siasatan")
    persons = pd.read_parquet(landing / "pdrm" / "persons" / "bench.parquet")
    victims = persons[persons["peranan"] != "SUSPEK"].groupby("no_kertas_siasatan").size().rename("victims")
    star = star.join(victims, on="no_kertas_siasatan")
    weekly = star.groupby([star["event_on"].dt.to_period("W"), "state_code"]).size()
    assert int(weekly.sum()) == len(star)


BUILDERS = {
    "dbt": build_dbt,
    "dbt, the same five": build_star,
    "dbt, nothing landed": build_floor,
    "(a) one SQL script": build_by_hand,
    "(b) pandas, a part": build_pandas,
}


#: Their ratio is the bench's aim, so both are built so many times.
RIVALS = ["dbt, the same five", "(a) one SQL script"]
ROUNDS = 3


def differences(home: Path) -> dict[str, int]:
    """Rows that only one of the two has, by mart."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "4GiB"}) as connection:
        connection.execute(f"attach '{home / 'warehouse.duckdb'}' as dbt (read_only)")
        connection.execute(f"attach '{home / 'hand.duckdb'}' as hand (read_only)")
        found = {}
        for rival, mart in COMPARED.items():
            # Columns meet by name; one that only one of the two has is an error of DuckDB's that names it.
            columns = ", ".join(row[0] for row in connection.execute(f"describe dbt.marts.{mart}").fetchall())
            ours, theirs = (
                f"select {columns} from {table}" for table in (f"dbt.marts.{mart}", f"hand.{rival}")
            )
            row = connection.execute(
                f"select count(*) from (({ours} except all {theirs}) union all ({theirs} except all {ours}))"
            ).fetchone()
            assert row is not None
            found[mart] = int(row[0])
        return found


def main() -> None:
    """Print seconds, records a second and peak memory of each, and whether their rows agree."""
    with tempfile.TemporaryDirectory(prefix="mids-bench-") as folder:
        home = Path(folder)
        records = write_zone(home, RECORDS)
        read_project(home)
        print(f"{records:,} records; DuckDB may use {MEMORY}")
        print(f"{'':<20}{'seconds':>9}{'records/s':>12}{'peak MiB':>10}")
        seconds: dict[str, list[float]] = {name: [] for name in BUILDERS}
        # The two that are set against each other take turns, because machines change their pace.
        for name in [*BUILDERS, *(RIVALS * (ROUNDS - 1))]:
            if name.startswith("(b)") and records > 1_500_000:
                print(f"{name:<20}not measured: pandas is asked at 1 M")
                continue
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.warehouse_build", name, folder],
                capture_output=True, text=True, check=False, env={**os.environ, "MIDS_DUCKDB_MEMORY": MEMORY},
            )  # fmt: skip
            if done.returncode:
                print(f"{name:<20}failed: {done.stderr[-1500:]}")
                raise SystemExit(1)
            one = json.loads(done.stdout.splitlines()[-1])
            seconds[name].append(one["seconds"])
            print(
                f"{name:<20}{one['seconds']:>9.1f}{records / one['seconds']:>12,.0f}{one['peak_mib']:>10.0f}",
                flush=True,
            )
        found = differences(home)
        print("rows that only one has: " + ", ".join(f"{mart} {n}" for mart, n in found.items()))
        ours, script = (seconds[name] for name in RIVALS)
        ratios = [mine / rival for mine, rival in zip(ours, script, strict=True)]
        print(
            f"dbt / (a), the same five tables: {sum(ours) / sum(script):.2f} ({min(ratios):.2f} to {max(ratios):.2f} "
            f"in {ROUNDS} rounds; aim at 10 M: at most 1.5); every table: {seconds['dbt'][0] / script[0]:.2f}"
        )
        everything, floor = seconds["dbt"][0], seconds["dbt, nothing landed"][0]
        print(
            f"{floor:.1f} s of dbt's {everything:.1f} are paid whatever is new: building only what is new could "
            f"save {100 * (1 - floor / everything):.0f} % at most"
        )
        from benchmarks import warehouse_questions

        answers = warehouse_questions.ask(home / "warehouse.duckdb")
        worst = max(answers, key=lambda one: one[1])
        print(
            f"questions: {sum(ms < 500 for _, ms, _ in answers)} of {len(answers)} under 500 ms; "
            f"slowest {worst[0]}, {worst[1]:.0f} ms"
        )
        if any(found.values()):
            raise SystemExit(1)


def _one(name: str, home: Path) -> None:
    started = time.monotonic()
    BUILDERS[name](home)
    seconds = time.monotonic() - started
    who = resource.RUSAGE_CHILDREN if name.startswith("dbt") else resource.RUSAGE_SELF
    print(json.dumps({"seconds": seconds, "peak_mib": resource.getrusage(who).ru_maxrss / 1024}))


if __name__ == "__main__":
    _one(sys.argv[1], Path(sys.argv[2])) if len(sys.argv) > 2 else main()

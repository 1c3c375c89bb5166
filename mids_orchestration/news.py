"""What is new since the warehouse was last built to its end, and whether a run builds only that.

Belongs here: comparing the landing zone with what the last finished build read, the choice between building all and
only the news, and the tables of the schema ``news`` through which dbt learns both (macros/news.sql). Does not belong
here: how a model is brought up to date (dbt_project/), or when (defs/warehouse).

Only additions are news. Whatever else has changed (models, code lists, contracts, a landed file, a receipt, a change
row that is no longer made), or a build that did not reach its end: everything is built.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from expectations.contract import Contract, RecordType
from mids_orchestration.landing.store import CONTRACT_FILE

#: Fewer landed records than this are built anew every time, which is as cheap and simpler (decision 0023; measured by
#: ``python -m benchmarks warehouse_week``).
ONLY_NEWS_FROM = 300_000
#: A larger share of records that is new, or of persons linked otherwise, is not worth the search for what it touches.
LARGEST_SHARE = 0.1

_TABLES = """
create schema if not exists news;
create table if not exists news.build(made_from varchar, only_news boolean, is_finished boolean, reason varchar);
create table if not exists news.file(path varchar, size_bytes bigint, modified_ns bigint);
create table if not exists news.receipt(receipt_id varchar, feed varchar, digest varchar);
create table if not exists news.change(source_table varchar, digest varchar, whole_key varchar);
create table if not exists news.record(source_table varchar, whole_key varchar);
"""


@dataclass(frozen=True)
class Scope:
    """What a run builds: only what is new, or everything; ``reason`` says why, for the log."""

    only_news: bool
    reason: str


def project_hash(*parts: str) -> str:
    """What a warehouse was made from, besides its records: equal hashes mean that old rows would be made alike."""
    return hashlib.sha256("\n".join((*parts, duckdb.__version__)).encode()).hexdigest()


def begin(
    connection: duckdb.DuckDBPyConnection,
    landing: Path,
    contracts: Mapping[str, Contract],
    made_from: str,
    *,
    smallest: int = ONLY_NEWS_FROM,
    largest: float = LARGEST_SHARE,
) -> Scope:
    """Say what the run that starts now builds, and write it for dbt to read.

    ``made_from``: a hash over the dbt project. ``smallest``: landed records from which only news is built;
    ``largest``: share of them that may be new. Until
    :func:`finish` is called the build counts as broken off, and the next one builds everything.
    """
    connection.execute(_TABLES)
    last = connection.execute("select made_from, is_finished from news.build").fetchone()
    _read_landing(connection, landing, contracts)
    scope = _scope(connection, last, made_from, smallest, largest)
    connection.execute("begin")
    connection.execute("delete from news.record")
    if scope.only_news:
        _name_records(connection, landing, contracts)
    for table in ("file", "receipt", "change"):
        connection.execute(f"delete from news.{table}")
        connection.execute(f"insert into news.{table} from now_{table}")
        connection.execute(f"drop table now_{table}")
    connection.execute("delete from news.build")
    connection.execute(
        "insert into news.build values (?, ?, false, ?)", [made_from, scope.only_news, scope.reason]
    )
    connection.execute("commit")
    return scope


def widen(connection: duckdb.DuckDBPyConnection) -> Scope:
    """Build the linked layer and the marts anew if linkage, which ran before, changed its mind about many."""
    connection.execute(_TABLES)
    row = connection.execute("select only_news, reason from news.build").fetchone()
    if row is None or not row[0]:
        return Scope(False, row[1] if row else "nobody asked what is new")
    changed, known = connection.execute(
        """select count(*) filter (where link.person_key is distinct from held.person_key
                or link.model_version is distinct from held.model_version), count(*)
            from linked.lnk_person as held left join linked.person_link as link using (person_record_id)
            where held.is_linked"""
    ).fetchone() or (0, 0)
    if changed > LARGEST_SHARE * known:
        reason = f"{changed} of {known} linked person records are linked otherwise"
        connection.execute("update news.build set only_news = false, reason = ?", [reason])
        return Scope(False, reason)
    return Scope(True, row[1])


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the next run build everything: a part of the tables is built apart from the others."""
    connection.execute(_TABLES)
    connection.execute("delete from news.build")


def finish(connection: duckdb.DuckDBPyConnection) -> None:
    """Say that the build has reached its end. What is built by hand from here on is built whole."""
    connection.execute("update news.build set is_finished = true, only_news = false")


def _scope(
    connection: duckdb.DuckDBPyConnection,
    last: tuple[str, bool] | None,
    made_from: str,
    smallest: int,
    largest: float,
) -> Scope:
    def count(sql: str) -> int:
        row = connection.execute(sql).fetchone()
        return int(row[0] or 0) if row else 0

    if last is None:
        return Scope(False, "no build before this one")
    if not last[1]:
        return Scope(False, "the last build did not reach its end")
    if last[0] != made_from:
        return Scope(False, "models, code lists or contracts have changed")
    for table, what in (
        ("file", "a landed file was changed or taken away"),
        ("receipt", "a receipt was changed or taken away"),
        ("change", "a correction or deletion is no longer made as it was"),
    ):
        if count(f"select count(*) from (select * from news.{table} except select * from now_{table})"):
            return Scope(False, what)
    if count(
        """select count(*) from (select feed, min(split_part(digest, '|', 1)) as began from news.receipt group by feed)
        join (select feed, min(split_part(digest, '|', 1)) as begins from now_receipt group by feed) using (feed)
        where began <> begins"""
    ):
        return Scope(False, "a feed began earlier than was known")
    records = count("select sum(cast(split_part(digest, '|', 2) as bigint)) from now_receipt")
    new = records - count("select sum(cast(split_part(digest, '|', 2) as bigint)) from news.receipt")
    if records < smallest:
        return Scope(False, f"{records:,} records are built anew as fast")
    if new > largest * records:
        return Scope(False, f"{new:,} of {records:,} records are new")
    return Scope(True, f"{new:,} of {records:,} records are new")


def _read_landing(
    connection: duckdb.DuckDBPyConnection, landing: Path, contracts: Mapping[str, Contract]
) -> None:
    """What the landing zone holds now, in the temporary tables now_file, now_receipt and now_change."""
    for table in ("file", "receipt", "change"):
        connection.execute(f"create or replace temp table now_{table} as from news.{table} limit 0")
    files = []
    for contract in contracts.values():
        for kind in contract.records:
            for path in sorted((landing / contract.agency / kind.name).glob("*.parquet")):
                if path.name != CONTRACT_FILE:
                    told = path.stat()
                    files.append((str(path.relative_to(landing)), told.st_size, told.st_mtime_ns))
    if files:
        connection.executemany("insert into now_file values (?, ?, ?)", files)
    if not (landing / "receipts.parquet").exists():
        return
    # The digest opens with the day known and the records accepted, which _scope reads from it.
    connection.execute(
        """insert into now_receipt select receipt_id, agency || '.' || feed, concat_ws('|',
            strftime(known_on, '%Y-%m-%d'), coalesce(accepted, 0), record, coalesce(first_known_on, known_on),
            coalesce(first_sent_on, first_known_on)) from read_parquet($receipts) where status = 'accepted'""",
        {"receipts": str(landing / "receipts.parquet")},
    )
    for contract in contracts.values():
        for kind in contract.records:
            path = landing / "_changes" / contract.agency / f"{kind.name}.parquet"
            if kind.key and path.exists():
                connection.execute(
                    f"""insert into now_change select distinct $source, md5(cast(told as varchar)), {_whole(kind)}
                    from read_parquet($path) as told""",
                    {"source": f"{contract.agency}__{kind.name}", "path": str(path)},
                )


def _name_records(
    connection: duckdb.DuckDBPyConnection, landing: Path, contracts: Mapping[str, Contract]
) -> None:
    """Of what the new files and change rows tell: what belongs together with it is read again (news.record)."""
    new = {
        str(row[0])
        for row in connection.execute(
            "select path from now_file except select path from news.file"
        ).fetchall()
    }
    connection.execute(
        """insert into news.record select distinct source_table, whole_key from now_change
        where digest not in (select digest from news.change)"""
    )
    for contract in contracts.values():
        for kind in contract.records:
            folder = f"{contract.agency}/{kind.name}/"
            paths = sorted(str(landing / path) for path in new if path.startswith(folder))
            if paths and kind.key:
                connection.execute(
                    f"""insert into news.record select distinct $source, {_whole(kind)}
                    from read_parquet($paths, union_by_name = true)""",
                    {"source": f"{contract.agency}__{kind.name}", "paths": paths},
                )


def _whole(kind: RecordType) -> str:
    """The first column of a record's key: the paper of a person, the file of a charge; macro told_key says the same."""
    first = next(column.landed_as for column in kind.columns if column.key)
    return f"coalesce(trim(\"{first.replace(chr(34), chr(34) * 2)}\"), '')"

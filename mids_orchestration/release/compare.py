"""What changed from one release to another: tables, rows, measures, and history with its reasons.

Belongs here: comparing the Parquet files of two releases and saying the result in words. Does not belong here:
building a release (build), finding one (store), or showing the result on the page (dashboard).

History changes for three reasons, told apart by the week in which something became known:

- *late*: records of past weeks that arrived since the earlier release;
- *moved*: since then a record was withdrawn, or counted in another week, state or crime type;
- *restated*: what was already known reads differently now: linkage, a rule or the code has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb

from mids_orchestration.calendar import week_label
from mids_orchestration.release.model import Release
from mids_orchestration.release.tables import TableFile, literal, quoted

TRIANGLE = "fct_weekly_count"
Reason = Literal["late", "moved", "restated"]
_REASONS = {
    "late": "reported late / lewat dilaporkan",
    "moved": "withdrawn or moved / ditarik balik atau dipindahkan",
    "restated": "restated: linkage, rules or code changed / dinyatakan semula: padanan, peraturan atau kod berubah",
}
#: Numbers that identify or order rows, so their sum means nothing.
_NOT_MEASURES = (
    "code",
    "key",
    "_id",
    "year",
    "month",
    "week",
    "quantile",
    "horizon",
    "revision",
    "latitude",
    "longitude",
)


@dataclass(frozen=True)
class Measure:
    """The sum of one numeric column in both releases."""

    column: str
    before: float
    after: float


@dataclass(frozen=True)
class TableChange:
    """One public table in both releases. ``added``, ``removed`` and ``changed`` count keys; None = no key."""

    table: str
    rows_before: int | None
    rows_after: int | None
    added: int | None
    removed: int | None
    changed: int | None
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    measures: tuple[Measure, ...]

    @property
    def same(self) -> bool:
        """True when nothing in the table differs."""
        moved = self.rows_before != self.rows_after or self.added or self.removed or self.changed
        shape = self.columns_added or self.columns_removed
        return not (moved or shape or any(m.before != m.after for m in self.measures))


@dataclass(frozen=True)
class HistoryChange:
    """A past week whose case count reads differently now, by crime type and reason; ``change`` is signed."""

    event_week: date
    crime_type_code: str
    unit_code: str
    before: int
    after: int
    reason: Reason
    change: int


@dataclass(frozen=True)
class Comparison:
    """Everything that differs between two releases, from the earlier to the later."""

    before: str
    after: str
    before_as_of: date
    after_as_of: date
    tables: tuple[TableChange, ...]
    history: tuple[HistoryChange, ...]

    @property
    def same(self) -> bool:
        """True when every public table is the same."""
        return all(table.same for table in self.tables) and not self.history

    def as_dict(self) -> dict[str, Any]:
        """The comparison as plain JSON."""
        told = asdict(self)
        told["before_as_of"], told["after_as_of"] = (
            self.before_as_of.isoformat(),
            self.after_as_of.isoformat(),
        )
        for change in told["history"]:
            change["event_week"] = change["event_week"].isoformat()
        return {"same": self.same, **told}


def compare_releases(before: Release, after: Release) -> Comparison:
    """Compare the public tables of two releases on the shelf."""
    return compare_tables(
        parquet_files(before.path),
        parquet_files(after.path),
        keys=_keys(after.path) | _keys(before.path),
        names=(before.release_id, after.release_id),
        days=(before.as_of, after.as_of),
        closed_week=before.as_of_week,
    )


def changes_since(
    before: Release | None, tables: Sequence[TableFile], release_id: str, as_of: date
) -> Comparison | None:
    """What the tables just written differ in from the release readers see now; None before the first."""
    if before is None:
        return None
    public = [t for t in tables if t.export.zone == "public"]
    return compare_tables(
        parquet_files(before.path),
        {t.export.name: t.path for t in public},
        keys={t.export.name: t.export.primary_key for t in public},
        names=(before.release_id, release_id),
        days=(before.as_of, as_of),
        closed_week=before.as_of_week,
    )


def changes_text(changes: Comparison | None, release_id: str) -> str:
    """The text of ``CHANGES.md``."""
    if changes is None:
        return f"# {release_id}\n\nThe first release of this shelf. / Keluaran pertama.\n"
    return in_words(changes)


def compare_tables(
    before: Mapping[str, Path],
    after: Mapping[str, Path],
    *,
    keys: Mapping[str, tuple[str, ...]],
    names: tuple[str, str],
    days: tuple[date, date],
    closed_week: date,
) -> Comparison:
    """Compare two sets of Parquet files by table name.

    Args:
        keys: primary key by table; a table without one is compared by rows and sums only.
        closed_week: the earlier release's last closed week: history is what happened up to then.
    """
    with duckdb.connect(config={"threads": 1}) as connection:
        tables = tuple(
            _table(connection, name, before.get(name), after.get(name), keys.get(name, ()))
            for name in sorted({*before, *after})
        )
        history: tuple[HistoryChange, ...] = ()
        if TRIANGLE in before and TRIANGLE in after:
            history = _history(connection, before[TRIANGLE], after[TRIANGLE], closed_week)
    return Comparison(*names, *days, tables, history)


def parquet_files(folder: Path) -> dict[str, Path]:
    """The public Parquet files of a release folder, by table."""
    return {path.stem: path for path in sorted((folder / "data").glob("*.parquet"))}


def _keys(folder: Path) -> dict[str, tuple[str, ...]]:
    import json

    described = json.loads((folder / "datapackage.json").read_text("utf-8"))
    return {r["name"]: tuple(r["schema"].get("primaryKey", ())) for r in described["resources"]}


def _table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    before: Path | None,
    after: Path | None,
    key: tuple[str, ...],
) -> TableChange:
    old, new = _columns(connection, before), _columns(connection, after)
    shared = [column for column in new if column in old]
    rows = (_count(connection, before), _count(connection, after))
    added = removed = changed = None
    if before is not None and after is not None and key and set(key) <= set(shared):
        added, removed, changed = _rows_changed(connection, before, after, key, shared)
    measures = []
    for column in shared:
        if _is_measure(column, new[column]) and _is_measure(column, old[column]):
            sums = [_sum(connection, path, column) for path in (before, after) if path is not None]
            measures.append(Measure(column, *sums))
    return TableChange(
        name,
        *rows,
        added,
        removed,
        changed,
        tuple(c for c in new if c not in old) if before is not None else (),
        tuple(c for c in old if c not in new) if after is not None else (),
        tuple(measures),
    )


def _columns(connection: duckdb.DuckDBPyConnection, path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    described = connection.execute(f"describe select * from {_read(path)}").fetchall()
    return {row[0]: row[1] for row in described}


def _is_measure(column: str, kind: str) -> bool:
    numeric = kind in {"BIGINT", "INTEGER", "DOUBLE", "FLOAT"} or kind.startswith("DECIMAL")
    return numeric and not any(part in column for part in _NOT_MEASURES)


def _rows_changed(
    connection: duckdb.DuckDBPyConnection, before: Path, after: Path, key: tuple[str, ...], shared: list[str]
) -> tuple[int, int, int]:
    """Keys only in the later file, only in the earlier, and in both with other values."""
    on = " and ".join(f"b.{quoted(c)} = a.{quoted(c)}" for c in key)
    rest = [c for c in shared if c not in key]
    differs = " or ".join(f"b.{quoted(c)} is distinct from a.{quoted(c)}" for c in rest) or "false"
    b_missing, a_missing = f"b.{quoted(key[0])} is null", f"a.{quoted(key[0])} is null"
    row = connection.execute(
        f"""
        select count(*) filter ({b_missing}), count(*) filter ({a_missing}),
               count(*) filter (not ({b_missing}) and not ({a_missing}) and ({differs}))
        from {_read(before)} as b full join {_read(after)} as a on {on}
        """
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def _history(
    connection: duckdb.DuckDBPyConnection, before: Path, after: Path, closed_week: date
) -> tuple[HistoryChange, ...]:
    """Past weeks of the reporting triangle that read differently, by the reason of the change."""
    rows = connection.execute(
        f"""
        with cells as (
            select event_week, known_week, crime_type_code, unit_code,
                   sum(was)::bigint as was, sum(now)::bigint as now
            from (
                select event_week, known_week, crime_type_code, unit_code, count_value as was, 0 as now
                from {_read(before)}
                union all by name
                select event_week, known_week, crime_type_code, unit_code, 0 as was, count_value as now
                from {_read(after)}
            )
            where event_week <= ?
            group by all
        ),
        known as (select max(known_week) as until from {_read(before)}),
        reasoned as (
            select event_week, crime_type_code, unit_code, was, now,
                   case when known_week <= until then 'restated' when now >= 0 then 'late' else 'moved' end as reason
            from cells cross join known
        ),
        totals as (
            select event_week, crime_type_code, unit_code, sum(was)::bigint as was, sum(now)::bigint as now
            from reasoned group by all
        )
        select r.event_week, r.crime_type_code, r.unit_code, any_value(t.was), any_value(t.now), r.reason,
               sum(r.now - r.was)::bigint as change
        from reasoned as r
        inner join totals as t using (event_week, crime_type_code, unit_code)
        group by r.event_week, r.crime_type_code, r.unit_code, r.reason
        having sum(r.now - r.was) <> 0
        order by r.event_week desc, r.crime_type_code, r.unit_code, r.reason
        """,
        [closed_week],
    ).fetchall()
    return tuple(HistoryChange(*row) for row in rows)


def _count(connection: duckdb.DuckDBPyConnection, path: Path | None) -> int | None:
    if path is None:
        return None
    row = connection.execute(f"select count(*) from {_read(path)}").fetchone()
    return int(row[0]) if row else 0


def _sum(connection: duckdb.DuckDBPyConnection, path: Path, column: str) -> float:
    row = connection.execute(f"select coalesce(sum({quoted(column)}), 0) from {_read(path)}").fetchone()
    return float(row[0]) if row else 0.0


def _read(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"


def in_words(comparison: Comparison, *, most: int = 40) -> str:
    """The comparison as Markdown, English and Malay: what ``CHANGES.md`` holds and ``mids release diff`` prints.

    Args:
        most: how many past weeks are listed; the rest is counted.
    """
    lines = [
        f"# {comparison.before} → {comparison.after}",
        "",
        f"From the release as of {comparison.before_as_of} to the one as of {comparison.after_as_of}. / "
        f"Daripada keluaran setakat {comparison.before_as_of} kepada {comparison.after_as_of}.",
        "",
    ]
    if comparison.same:
        return "\n".join([*lines, "Every public table is the same. / Semua jadual awam sama.", ""])
    lines += [
        "| table / jadual | rows / baris | new / baharu | gone / tiada lagi | changed / berubah | sums / jumlah |",
        "|---|---|--:|--:|--:|---|",
    ]
    lines += [_table_line(table) for table in comparison.tables if not table.same]
    unchanged = [table.table for table in comparison.tables if table.same]
    if unchanged:
        lines += ["", f"Unchanged / Tidak berubah: {', '.join(unchanged)}."]
    lines += ["", "## Past weeks that read differently now / Minggu lalu yang berubah", ""]
    if not comparison.history:
        return "\n".join([*lines, "None. / Tiada.", ""])
    lines += [
        "| week / minggu | crime type / jenis | unit | then / dahulu | now / kini | change / ubah | why / sebab |",
        "|---|---|---|--:|--:|--:|---|",
    ]
    for change in comparison.history[:most]:
        lines.append(
            f"| {week_label(change.event_week)} | {change.crime_type_code} | {change.unit_code} | {change.before} "
            f"| {change.after} | {change.change:+d} | {_REASONS[change.reason]} |"
        )
    if len(comparison.history) > most:
        lines.append(f"\n… and {len(comparison.history) - most} more / lagi.")
    return "\n".join([*lines, ""])


def _table_line(table: TableChange) -> str:
    def told(number: int | None) -> str:
        return "–" if number is None else str(number)

    sums = [f"{m.column} {m.before:,.10g} → {m.after:,.10g}" for m in table.measures if m.before != m.after]
    sums += [f"+ column {column}" for column in table.columns_added]
    sums += [f"− column {column}" for column in table.columns_removed]
    return (
        f"| {table.table} | {told(table.rows_before)} → {told(table.rows_after)} | {told(table.added)} "
        f"| {told(table.removed)} | {told(table.changed)} | {'; '.join(sums)} |"
    )

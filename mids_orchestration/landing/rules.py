"""The contract's rules, compiled to DuckDB SQL over text columns: the one decider on records.

Belongs here: which rules a contract means, each as one SQL condition. Does not belong here: running them
(``verdict``), reading files, and the Great Expectations suite that shows the same rules (``expectations``).

A rule holds for a value when it holds for the value as sent or without the blanks around it: blanks at the edges
of a cell are never meaning. So a first pass over values as sent finds the few candidates, and only those are
looked at again, trimmed and rule by rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from expectations.contract import Column, RecordType

BOOLEAN = ("true", "false", "1", "0")
# Years below this are a slip of the pen: %Y reads 24 as the year 24.
FIRST_YEAR = 1000


@dataclass(frozen=True)
class Rule:
    """One condition under which a record is at fault. ``sql`` has ``{v}`` where the value goes."""

    code: str
    column: Column | None
    sql: str
    want: str = ""

    @property
    def gate(self) -> bool:
        """Whether a breach sends the record to quarantine (else it is only counted)."""
        return self.column is None or self.column.severity == "gate"

    def on(self, value: str) -> str:
        """Return the condition for the SQL expression *value*."""
        return self.sql.replace("{v}", value)


def quoted(text: str) -> str:
    """Return *text* as a SQL string."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """Return *text* as a SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def rules_for(record: RecordType) -> list[Rule]:
    """Return every rule the columns of *record* mean, in column order."""
    rules: list[Rule] = []
    if all(column.nullable for column in record.columns):
        listed = ", ".join(name(column.landed_as) for column in record.columns)
        rules.append(Rule("EMPTY_RECORD", None, f"coalesce({listed}) IS NULL"))
    for column in record.columns:
        rules += _column_rules(column)
    return rules


def _column_rules(column: Column) -> list[Rule]:
    rules = []
    if not column.nullable:
        rules.append(Rule("REQUIRED_MISSING", column, "{v} IS NULL"))
    typed = _type_rule(column)
    if typed:
        rules.append(typed)
    if column.pattern is not None:
        sql = f"NOT regexp_full_match({{v}}, {quoted(column.pattern)})"
        rules.append(Rule("PATTERN_MISMATCH", column, sql, column.pattern))
    if column.vocabulary is not None:
        rules.append(_vocabulary_rule(column))
    if column.minimum is not None or column.maximum is not None:
        rules.append(_range_rule(column))
    return rules


def _type_rule(column: Column) -> Rule | None:
    if column.number_pattern:
        code = f"INVALID_{column.type.upper()}"
        return Rule(code, column, f"NOT regexp_full_match({{v}}, {quoted(column.number_pattern)})")
    if column.type == "boolean":
        listed = ", ".join(quoted(word) for word in BOOLEAN)
        return Rule("INVALID_BOOLEAN", column, f"lower({{v}}) NOT IN ({listed})")
    if column.type in ("date", "timestamp"):
        code = "INVALID_DATE" if column.type == "date" else "INVALID_TIMESTAMP"
        parsed = parsed_moment(column, "{v}")
        # A moment before the first year and one that cannot be read are both faults; null stays unknown.
        sql = f"({{v}} IS NOT NULL AND coalesce({parsed} < TIMESTAMP '{FIRST_YEAR}-01-01', true))"
        return Rule(code, column, sql, ", ".join(column.formats))
    return None


def parsed_moment(column: Column, value: str) -> str:
    """Return SQL that reads *value* as a timestamp in one of the column's forms, null where it cannot."""
    forms = column.formats
    tries = [f"try_strptime({value}, {quoted(form)})" for form in forms]
    # With an offset DuckDB gives a TIMESTAMPTZ; as a naive timestamp in UTC it compares with the others.
    tries = [
        f"CAST({one} AT TIME ZONE 'UTC' AS TIMESTAMP)" if "%z" in form else one
        for one, form in zip(tries, forms, strict=True)
    ]
    return tries[0] if len(tries) == 1 else f"coalesce({', '.join(tries)})"


def _vocabulary_rule(column: Column) -> Rule:
    words = column.vocabulary or ()
    listed = ", ".join(quoted(word) for word in dict.fromkeys(word.strip() for word in words))
    shown = ", ".join(words[:8]) + (f", … {len(words)}" if len(words) > 8 else "")
    want = f"{column.vocabulary_name}: {shown}" if column.vocabulary_name else shown
    if column.separator:
        parts = f"string_split({{v}}, {quoted(column.separator)})"
        sql = f"len(list_filter({parts}, lambda x: trim(x) NOT IN ({listed}))) > 0"
    else:
        sql = f"{{v}} NOT IN ({listed})"
    return Rule("NOT_IN_VOCABULARY", column, sql, want)


def _range_rule(column: Column) -> Rule:
    want = f"{column.minimum or '…'} – {column.maximum or '…'}"
    if column.type in ("date", "timestamp"):
        value = parsed_moment(column, "{v}")
        # What is before the first year has been called unreadable already.
        value = f"nullif({value}, CASE WHEN {value} < TIMESTAMP '{FIRST_YEAR}-01-01' THEN {value} END)"
        low = f"TIMESTAMP '{_moment(column.minimum)}'" if column.minimum else None
        high = f"TIMESTAMP '{_moment(column.maximum)}'" if column.maximum else None
    else:
        plain = f"replace({{v}}, {quoted(column.group_mark)}, '')" if column.group_mark else "{v}"
        if column.decimal_mark != ".":
            plain = f"replace({plain}, {quoted(column.decimal_mark)}, '.')"
        whole = quoted(column.number_pattern or "")
        value = f"CASE WHEN regexp_full_match({{v}}, {whole}) THEN try_cast({plain} AS DOUBLE) END"
        low = f"CAST({float(column.minimum)!r} AS DOUBLE)" if column.minimum else None
        high = f"CAST({float(column.maximum)!r} AS DOUBLE)" if column.maximum else None
    tests = [f"{value} < {low}" for _ in (0,) if low] + [f"{value} > {high}" for _ in (0,) if high]
    return Rule("OUT_OF_RANGE", column, "(" + " OR ".join(tests) + ")", want)


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return (
        moment.replace(tzinfo=None).isoformat(sep=" ")
        if len(text) > 10
        else date.fromisoformat(text).isoformat()
    )

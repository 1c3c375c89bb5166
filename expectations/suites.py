"""The contract as a Great Expectations suite, and what it says of the records that were received.

Belongs here: generating the suite from the contract's columns, and validating a frame of received records with
line numbers of what fails. Does not belong here: deciding on records (landing's rules do; a test proves that
both name the same lines), and reading files.

Great Expectations takes 5-12 s to import, so it is imported inside the functions that need it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from expectations.contract import Column, RecordType

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationSuiteValidationResult

INDEX = ("_receipt_id", "_line_no")
_SHOWN_LINES = 20


@dataclass(frozen=True)
class ExpectationOutcome:
    """What one expectation said. ``failing`` has (receipt id, line number) of every record that fails it."""

    expectation: str
    column: str | None
    code: str
    severity: str
    success: bool
    evaluated: int
    failing: tuple[tuple[str, int], ...]

    def summary(self, names: Mapping[str, str]) -> str:
        """One line for a person, without any value of a record: which lines of which delivery.

        ``names``: what the sender called each delivery, by receipt id; one that is not there is told by its id.
        """
        where = f" {self.column}" if self.column else ""
        by_delivery: dict[str, list[str]] = {}
        for receipt_id, line in self.failing[:_SHOWN_LINES]:
            by_delivery.setdefault(receipt_id, []).append(str(line))
        lines = "; ".join(
            f"{', '.join(some)} of {names.get(receipt_id, receipt_id)}"
            for receipt_id, some in by_delivery.items()
        )
        more = f" … {len(self.failing)} in all" if len(self.failing) > _SHOWN_LINES else ""
        return f"{self.code}{where}: {'ok' if self.success else f'lines {lines}{more}'}"


@dataclass(frozen=True)
class DoorReport:
    """What the suite of one record type said of a frame. ``sampled`` tells that only part was looked at."""

    record: str
    rows: int
    evaluated: int
    outcomes: tuple[ExpectationOutcome, ...] = field(default_factory=tuple)

    @property
    def sampled(self) -> bool:
        """Whether fewer rows were looked at than there are."""
        return self.evaluated < self.rows

    @property
    def success(self) -> bool:
        """Whether every gate expectation holds."""
        return all(outcome.success for outcome in self.outcomes if outcome.severity == "gate")

    @property
    def failing(self) -> set[tuple[str, int]]:
        """(receipt id, line number) of every record that fails a gate expectation."""
        return {line for outcome in self.outcomes if outcome.severity == "gate" for line in outcome.failing}

    def failing_lines(self, names: Mapping[str, str]) -> list[str]:
        """One sentence per rule that failed, gate or watch; ``names`` as in ``ExpectationOutcome.summary``."""
        # A date is expected to be of a form and to be a day: two expectations, one rule.
        return list(dict.fromkeys(outcome.summary(names) for outcome in self.outcomes if outcome.failing))


def prepared(frame: pd.DataFrame, record: RecordType) -> pd.DataFrame:
    """Return *frame* as the suite wants it.

    *frame* has the landed columns as text (absent values missing), ``_receipt_id`` and ``_line_no``. Blanks around
    texts are taken off; numbers and moments get a typed column ``<name>__value`` beside them; ``_is_repeated``
    marks a record that repeats an earlier one of its delivery, word for word.
    """
    out = pd.DataFrame({name: frame[name].reset_index(drop=True) for name in INDEX})
    for column in record.columns:
        text = frame[column.landed_as].reset_index(drop=True).astype(object)
        text = text.where(text.notna(), None)
        trimmed = text.map(lambda value: value.strip(" ") if isinstance(value, str) else None)
        out[column.landed_as] = trimmed.astype(object).where(trimmed.notna(), None)
        if column.type in ("date", "timestamp"):
            out[f"{column.landed_as}__value"] = [_moment(value, column) for value in out[column.landed_as]]
            out[f"{column.landed_as}__value"] = out[f"{column.landed_as}__value"].astype("datetime64[us]")
        elif column.number_pattern and (column.minimum or column.maximum):
            form = re.compile(column.number_pattern)
            numbers = [
                column.plain_number(text) if text is not None and form.fullmatch(text) else None
                for text in out[column.landed_as]
            ]
            out[f"{column.landed_as}__value"] = pd.to_numeric(
                pd.Series(numbers, dtype=object), errors="coerce"
            )
    names = list(record.landed_names)
    if record.key:
        raw = frame[[*names, INDEX[0]]].reset_index(drop=True)
        out["_is_repeated"] = raw.duplicated(keep="first")
    out["_is_empty"] = out[names].isna().all(axis=1)
    return out


def _moment(value: Any, column: Column) -> datetime | None:
    if isinstance(value, str):
        for form in column.formats:
            if "%z" in form and not value[-1:].isdigit():
                continue  # Python reads Z as an offset, the warehouse does not: a form says Z outright
            try:
                moment = datetime.strptime(value, form).replace(tzinfo=None)
            except ValueError:
                continue
            # A year below 1000 is a slip of the pen (24 for 2024), not a date.
            return moment if moment.year >= 1000 else None
    return None


def suite_for(record: RecordType) -> ExpectationSuite:
    """Return the suite that *record*'s columns mean; each expectation carries code, column and severity as meta."""
    import great_expectations as gx

    listed = [
        getattr(gx.expectations, kind)(**arguments, meta=meta)
        for kind, arguments, meta in _expectations(record)
    ]
    return gx.ExpectationSuite(name=f"door_{record.name}", expectations=listed)


def _expectations(record: RecordType) -> list[tuple[str, dict[str, Any], dict[str, str]]]:
    """Name each expectation with its arguments: the whole suite as data, without importing anything."""
    found: list[tuple[str, dict[str, Any], dict[str, str]]] = []
    if all(column.nullable for column in record.columns):
        meta = {"code": "EMPTY_RECORD", "severity": "gate"}
        found.append(("ExpectColumnValuesToBeInSet", {"column": "_is_empty", "value_set": [False]}, meta))
    for column in record.columns:
        for kind, code, arguments in _column_expectations(column):
            meta = {"code": code, "column": column.landed_as, "severity": column.severity}
            found.append((kind, {"column": column.landed_as} | arguments, meta))
    if record.key:
        listed = [INDEX[0], *record.key]
        if record.ordering and record.ordering not in listed:
            listed.append(record.ordering)
        once = {"code": "DUPLICATE_RECORD", "severity": "gate"}
        found.append(("ExpectColumnValuesToBeInSet", {"column": "_is_repeated", "value_set": [False]}, once))
        arguments = {
            "column_list": listed, "ignore_row_if": "never",
            "row_condition": "_is_repeated == False", "condition_parser": "pandas",
        }  # fmt: skip
        meta = {"code": "KEY_CONFLICT", "severity": "gate"}
        found.append(("ExpectCompoundColumnsToBeUnique", arguments, meta))
    return found


def _column_expectations(column: Column) -> list[tuple[str, str, dict[str, Any]]]:
    found: list[tuple[str, str, dict[str, Any]]] = []
    value = f"{column.landed_as}__value"
    regex = "ExpectColumnValuesToMatchRegex"
    if not column.nullable:
        found.append(("ExpectColumnValuesToNotBeNull", "REQUIRED_MISSING", {}))
    if column.number_pattern:
        found.append((regex, f"INVALID_{column.type.upper()}", {"regex": rf"\A{column.number_pattern}\Z"}))
    elif column.type == "boolean":
        found.append((regex, "INVALID_BOOLEAN", {"regex": r"\A(?i:true|false|1|0)\Z"}))
    elif column.type in ("date", "timestamp"):
        code = "INVALID_DATE" if column.type == "date" else "INVALID_TIMESTAMP"
        if len(column.formats) == 1 and "%z" not in column.formats[0]:
            form = {"strftime_format": column.formats[0]}
            found.append(("ExpectColumnValuesToMatchStrftimeFormat", code, form))
        given = {"row_condition": f"`{column.landed_as}`.notna()", "condition_parser": "pandas"}
        found.append(("ExpectColumnValuesToNotBeNull", code, {"column": value} | given))
    if column.pattern is not None:
        found.append((regex, "PATTERN_MISMATCH", {"regex": rf"\A(?a:{column.pattern})\Z"}))
    if column.vocabulary is not None:
        words = list(dict.fromkeys(word.strip() for word in column.vocabulary))
        if column.separator:
            one = rf" *(?:{'|'.join(re.escape(word) for word in words)}) *"
            several = rf"\A{one}(?:{re.escape(column.separator)}{one})*\Z"
            found.append((regex, "NOT_IN_VOCABULARY", {"regex": several}))
        else:
            found.append(("ExpectColumnValuesToBeInSet", "NOT_IN_VOCABULARY", {"value_set": words}))
    bounds = {
        name: _bound(text, column)
        for name, text in (("min_value", column.minimum), ("max_value", column.maximum))
        if text
    }  # fmt: skip
    if bounds:
        found.append(("ExpectColumnValuesToBeBetween", "OUT_OF_RANGE", {"column": value} | bounds))
    return found


def _bound(text: str, column: Column) -> float | datetime:
    if column.type in ("date", "timestamp"):
        return datetime.fromisoformat(text).replace(tzinfo=None)
    return float(text)


def validate(
    frame: pd.DataFrame, record: RecordType, *, max_rows: int = 200_000, seed: int = 20260629
) -> DoorReport:
    """Validate received records against the suite of *record*.

    Args:
        frame: one row per record laid out in columns: the landed columns as text, ``_receipt_id``, ``_line_no``.
        record: the record type of the contract.
        max_rows: with more rows, a sample of this size is looked at, drawn with *seed*; the report says so.
        seed: of the sample.

    Returns:
        One outcome per expectation, with the receipt and line of every record that fails it.
    """
    rows = len(frame)
    frame = _sample(frame, max_rows, seed)
    if not len(frame):
        return DoorReport(record.name, rows, 0)
    results = _run(prepared(frame, record), record).results
    return DoorReport(
        record.name, rows, len(frame), tuple(_outcome(result, len(frame)) for result in results)
    )


def validation_result(
    frame: pd.DataFrame, record: RecordType, *, max_rows: int = 200_000, seed: int = 20260629
) -> ExpectationSuiteValidationResult:
    """Return Great Expectations' own result of the same validation; it holds values of records. See ``validate``."""
    return _run(prepared(_sample(frame, max_rows, seed), record), record)


def _sample(frame: pd.DataFrame, max_rows: int, seed: int) -> pd.DataFrame:
    if len(frame) <= max_rows:
        return frame
    return frame.sample(max_rows, random_state=seed).sort_values(list(INDEX))


def _run(frame: pd.DataFrame, record: RecordType) -> ExpectationSuiteValidationResult:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("received").add_dataframe_asset("records")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    wanted = {
        "result_format": "COMPLETE", "unexpected_index_column_names": list(INDEX),
        "return_unexpected_index_query": False,
    }  # fmt: skip
    # Great Expectations casts to str, which pandas holds in Arrow, whose expressions (RE2) know neither \\Z nor (?a:).
    with pd.option_context("mode.string_storage", "python"):
        return batch.validate(suite_for(record), result_format=wanted)


def _outcome(result: Any, evaluated: int) -> ExpectationOutcome:
    config = result.expectation_config
    meta = config.meta or {}
    info = result.exception_info or {}
    raised = info.get("raised_exception") or any(
        isinstance(one, dict) and one.get("raised_exception") for one in info.values()
    )
    if raised:
        raise RuntimeError(f"{config.type} on {meta.get('column')}: {info}")
    listed = result.result.get("unexpected_index_list") or []
    failing = tuple(sorted((str(row[INDEX[0]]), int(row[INDEX[1]])) for row in listed))
    return ExpectationOutcome(
        config.type, meta.get("column"), meta.get("code", config.type), meta.get("severity", "gate"),
        bool(result.success), evaluated, failing,
    )  # fmt: skip

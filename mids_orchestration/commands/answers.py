"""``mids answers``: run the SQL of a page of documentation on a release and keep the results it shows true.

Belongs here: finding SQL blocks in Markdown, running them, writing the table below each. Does not belong here: the
questions (docs/), opening a release (release/).

A block is fenced with ```` ```sql ````; its result stands below, between ``<!-- result -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from mids_orchestration.commands.release import OK, WRONG, AsJson, Home, _fail, _settings

#: More rows than this are a list, not an answer; the page says how many there are.
MOST_ROWS = 12
_BLOCK = re.compile(
    r"^```sql\n(?P<sql>.*?)^```\n(?:\s*<!-- result -->\n(?P<result>.*?)<!-- end -->\n)?",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Answer:
    """One SQL block of a page.

    Attributes:
        line: where the block starts, from 1.
        shown: the result as the page has it; empty = none yet.
        found: the result as the release gives it, as a Markdown table; empty when ``error`` is told.
        error: why the block could not be run, or empty.
    """

    line: int
    sql: str
    shown: str
    found: str
    error: str

    @property
    def is_true(self) -> bool:
        """True when the page shows what the release answers."""
        return not self.error and self.shown == self.found


def register(app: typer.Typer) -> None:
    """Add the verb to ``mids``."""
    app.command("answers")(answers)


def answers(
    page: Annotated[Path, typer.Argument(help="A Markdown page with SQL blocks, e.g. docs/for-analysts.md.")],
    write: Annotated[bool, typer.Option("--write", help="Write the results into the page.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Run every SQL block of a page on the current release; say which results shown are not true any more."""
    from mids_orchestration.release import ReleaseError, open_release

    try:
        text = page.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"cannot read {page}: {error}")
    try:
        with open_release(_settings(home).releases) as connection:
            found = answered(connection, text)
    except ReleaseError as error:
        _fail(str(error))
    if not found:
        _fail(f"{page} has no block fenced with ```sql")
    wrong = [answer for answer in found if answer.error or not (write or answer.is_true)]
    if write and not wrong:
        page.write_text(rewritten(text, found), "utf-8")
    if as_json:
        told = [{"line": a.line, "true": a.is_true, "error": a.error} for a in found]
        typer.echo(json.dumps({"page": str(page), "blocks": told, "written": write and not wrong}))
    else:
        for answer in wrong:
            what = answer.error or "shows another result than the release gives: --write mends it"
            typer.echo(f"{page}, line {answer.line}: {what}")
        done = "results written" if write and not wrong else f"{len(wrong)} not true"
        typer.echo(f"{page}: {len(found)} SQL blocks run, {done}")
    raise typer.Exit(WRONG if wrong else OK)


def answered(connection: duckdb.DuckDBPyConnection, text: str) -> list[Answer]:
    """Every SQL block of a page with what it shows and what the release answers."""
    found = []
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        result, error = "", ""
        try:
            relation = connection.sql(block["sql"])
            if relation is None:
                error = "is no query"
            else:
                result = markdown(relation.columns, relation.fetchall())
        except duckdb.Error as problem:
            error = f"cannot be run: {str(problem).splitlines()[0]}"
        found.append(Answer(line, block["sql"], (block["result"] or "").strip(), result, error))
    return found


def rewritten(text: str, found: Sequence[Answer]) -> str:
    """The page with each block's result as found."""
    results = iter(found)

    def one(block: re.Match[str]) -> str:
        return f"```sql\n{block['sql']}```\n\n<!-- result -->\n{next(results).found}\n<!-- end -->\n"

    return _BLOCK.sub(one, text)


def markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as a Markdown table: empty for NULL, at most two decimals, a last line where rows were left out."""
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        lines.append(f"\n… and {len(rows) - MOST_ROWS} more rows")
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value).replace("|", "\\|")


__all__ = ["Answer", "answered", "markdown", "register", "rewritten"]

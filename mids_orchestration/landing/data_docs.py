"""Great Expectations Data Docs of the feeds: every suite, and what it said of what was received.

Belongs here: rendering the suites made from contracts and their validation results into pages that open without a
network. Does not belong here: making suites and validating (``expectations.suites``), deciding on records.

The pages hold no value of any record: results are reduced to counts and line numbers before they are rendered. Great
Expectations' pages ask content networks for styles and scripts; those references are taken out, so that nothing on the
page reaches out, and a small style of our own stands instead.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expectations.contract import Contract, RecordType
from expectations.suites import suite_for, validation_result
from mids_orchestration.files import write_atomically
from mids_orchestration.landing.receipts import read_receipts
from mids_orchestration.landing.received import received_frame

# Tags that fetch from elsewhere, scripts that need what was fetched, and an advertisement.
_FETCHING = re.compile(
    r"<script\b.*?</script>|<link\b[^>]*>|<img\b[^>]*>|<footer\b.*?</footer>", re.IGNORECASE | re.DOTALL
)
_SHOWN_LINES = 20
_FETCHED_IN_STYLE = re.compile(r"url\(\s*['\"]?(?:https?:)?//[^)]*\)", re.IGNORECASE)
_STYLE = """<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.35rem .6rem;text-align:left;
vertical-align:top;overflow-wrap:anywhere}.badge{font-family:monospace}
nav ol{display:flex;gap:1rem;list-style:none;padding:0}
a[data-toggle]{display:none}
i.text-success::before{content:"\u2713"}i.text-danger::before{content:"\u2717"}i.text-warning::before{content:"!"}
body:has(#option2:checked) :is(.hide-succeeded-validation-target,:has(>.hide-succeeded-validation-target-child),
:has(>*>.hide-succeeded-validations-column-section-target-child)){display:none}</style>"""


@dataclass(frozen=True)
class Documented:
    """One page pair of one record type. ``success`` is None where nothing was received."""

    feed: str
    record: str
    expectations: int
    rows: int
    success: bool | None


def build_data_docs(
    home: Path,
    contracts: Mapping[str, Contract],
    out: Path,
    *,
    seed: int,
    announce: Callable[[str], None] = lambda _: None,
) -> list[Documented]:
    """Write Data Docs of *contracts* into *out*: ``index.html``, a page per suite and one per validation result.

    Args:
        home: the data home whose received records are validated.
        contracts: by ``agency.feed``.
        out: a folder; made where it is missing, pages in it are replaced.
        seed: of the sample that is looked at where there are very many records.
        announce: hears one line per record type.

    Returns:
        What was written, in the order of the index.
    """
    from great_expectations.render.renderer import ExpectationSuitePageRenderer, ValidationResultsPageRenderer

    receipts = read_receipts(home)
    done = []
    for key, contract in sorted(contracts.items()):
        mine = [r for r in receipts if (r.agency, r.feed) == (contract.agency, contract.feed)]
        for kind in contract.records:
            announce(f"{key} {kind.name}")
            suite = suite_for(kind)
            suite_page = f"{key}.{kind.name}.suite.html"
            _write(out / suite_page, ExpectationSuitePageRenderer().render(suite), suite_page)
            frame = received_frame(home, kind, mine)
            result = validation_result(frame, kind, seed=seed) if len(frame) else None
            if result is not None:
                page = ValidationResultsPageRenderer().render(_without_values(result, contract, kind))
                _write(out / f"{key}.{kind.name}.result.html", page, suite_page)
            done.append(Documented(key, kind.name, len(suite.expectations), len(frame),
                                   None if result is None else bool(result.success)))  # fmt: skip
    write_atomically(out / "index.html", _index(done).encode())
    return done


def _without_values(result: Any, contract: Contract, kind: RecordType) -> Any:
    """The result with counts and lines only: what a record said is never on a page."""
    for one in result.results:
        kept = {name: value for name, value in one.result.items() if name.endswith(("_count", "_percent"))}
        failing = one.result.get("unexpected_index_list") or []
        lines = sorted((str(row["_receipt_id"]), int(row["_line_no"])) for row in failing)
        shown = [f"{receipt_id} line / baris {line}" for receipt_id, line in dict.fromkeys(lines)][
            :_SHOWN_LINES
        ]
        if shown:
            # Where Great Expectations shows values that fail, the lines they stand on are shown.
            kept["partial_unexpected_list"] = shown
            kept["partial_unexpected_counts"] = [{"value": line, "count": 1} for line in shown]
        one.result = kept
    result.meta = {name: value for name, value in result.meta.items() if name != "active_batch_definition"} | {
        "feed": contract.key, "record": kind.name}  # fmt: skip
    return result


def _write(path: Path, document: Any, suite_page: str) -> None:
    from great_expectations.render.view import DefaultJinjaPageView

    page: str = DefaultJinjaPageView().render(document)
    page = _FETCHED_IN_STYLE.sub("none", _FETCHING.sub("", page))
    # Great Expectations has a folder for everything; here all pages lie in one.
    page = re.sub(r'href="[./]+/index\.html"', 'href="index.html"', page)
    page = re.sub(r'href="[./]+/expectations/[^"]*\.html"', f'href="{suite_page}"', page)
    page = page.replace("</head>", f"{_STYLE}</head>", 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, page.encode())


def _index(done: list[Documented]) -> str:
    words = {
        None: "nothing received / tiada penerimaan",
        True: "passed / lulus",
        False: "failing lines / baris gagal",
    }
    rows = []
    for one in done:
        name = html.escape(f"{one.feed}.{one.record}")
        result = words[one.success]
        if one.success is not None:
            result = f'<a href="{name}.result.html">{result}</a>'
        rows.append(
            f'<tr><td>{html.escape(one.feed)}</td><td>{html.escape(one.record)}</td><td><a href="{name}.suite.html">'
            f"{one.expectations}</a></td><td>{one.rows:,}</td><td>{result}</td></tr>"
        )
    head = "".join(
        f"<th>{word}</th>"
        for word in (
            "Feed / Suapan",
            "Record / Rekod",
            "Expectations / Jangkaan",
            "Received / Diterima",
            "Result / Hasil",
        )
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>MIDS Data Docs</title>'
        f"{_STYLE}</head><body><h1>Data Docs</h1><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></body></html>\n"
    )

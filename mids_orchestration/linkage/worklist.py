"""The cross-check as a worklist for case officers: a spreadsheet and a page.

What belongs here: order, labels and form of the list, from rows to bytes. What does not: the statuses (dbt,
`lnk_cross_check`), reading the warehouse or writing files. The list names persons: it never enters a release.
"""

from __future__ import annotations

import io
from datetime import datetime, time
from typing import Any

import jinja2
import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

#: What the list is made of; `full_name` and the record numbers stay inside the house.
QUERY = """
    select
        checked.check_code, checked.urgency_level, checked.change_code, checked.status_code,
        checked.status_code_week_before, checked.is_child_code, checked.is_captive, person.full_name,
        checked.source_case_no, checked.matching_record_nos, checked.match_probability, checked.reasons_en,
        checked.reasons_ms, checked.country_code, checked.case_status_code, checked.first_known_on,
        checked.police_known_on, checked.wisma_known_on, checked.shelter_known_on, checked.person_record_id,
        checked.target_record_id, checked.as_of_on
    from linked.lnk_cross_check as checked
    inner join conformed.cnf_person as person on checked.person_record_id = person.person_record_id
"""

COLUMNS: tuple[tuple[str, str, str, int], ...] = (
    ("urgency_level", "Urgency (1 first)", "Kesegeraan (1 dahulu)", 10),
    ("change_code", "Since last week", "Sejak minggu lepas", 16),
    ("status_code", "Status", "Status", 18),
    ("status_code_week_before", "Status a week ago", "Status minggu lepas", 18),
    ("is_child_code", "Child", "Kanak-kanak", 8),
    ("is_captive", "Still held", "Masih ditahan", 8),
    ("full_name", "Name as reported", "Nama seperti dilaporkan", 30),
    ("source_case_no", "Report number", "Nombor laporan", 22),
    ("matching_record_nos", "Matching record numbers", "Nombor rekod sepadan", 26),
    ("match_probability", "Score", "Skor", 8),
    ("reasons_en", "Reasons", "Sebab (Inggeris)", 60),
    ("reasons_ms", "Reasons (Malay)", "Sebab", 60),
    ("country_code", "Country", "Negara", 8),
    ("case_status_code", "Standing of the report", "Status laporan", 18),
    ("first_known_on", "Report known on", "Laporan diketahui", 14),
    ("police_known_on", "Known to police on", "Diketahui polis", 14),
    ("wisma_known_on", "Known to Wisma Putra on", "Diketahui Wisma Putra", 14),
    ("shelter_known_on", "Known to a place of refuge on", "Diketahui tempat perlindungan", 14),
    ("person_record_id", "Record id (for review)", "Id rekod (untuk semakan)", 36),
    ("target_record_id", "Best match id (for review)", "Id padanan terbaik", 36),
)

_WORDS = {
    "KNOWN_POLICE": "Known to police · Diketahui polis",
    "KNOWN_WISMA": "Known to Wisma Putra · Diketahui Wisma Putra",
    "KNOWN_SHELTER": "Known to a place of refuge · Diketahui tempat perlindungan",
    "BOTH": "Known to both · Diketahui kedua-duanya",
    "LIKELY": "Likely, in review · Mungkin, dalam semakan",
    "NEW": "New · Baharu",
    "NEW_REPORT": "New report · Laporan baharu",
    "STATUS_CHANGED": "Status changed · Status berubah",
    "UNCHANGED": "",
    "Y": "Child · Kanak-kanak",
    "N": "",
    "XX": "Not known · Tidak diketahui",
}
_TITLES = {
    "NGO_REPORT": "Reported by organisations · Dilaporkan organisasi",
    "WISMA_PUTRA_REPORT": "Reported to Wisma Putra · Dilaporkan kepada Wisma Putra",
    "POLICE_VICTIM": "Victims found by the police · Mangsa ditemui polis",
}
_SHEETS = {"NGO_REPORT": "NGO", "WISMA_PUTRA_REPORT": "Wisma Putra", "POLICE_VICTIM": "Police to refuge"}


def order_worklist(rows: pd.DataFrame) -> pd.DataFrame:
    """Most urgent first; within a level what changed, then the newest report. No row is left out."""
    rank = rows["change_code"].map({"NEW_REPORT": 0, "STATUS_CHANGED": 1}).fillna(2)
    return (
        rows.assign(_rank=rank, _day=-pd.to_datetime(rows["first_known_on"]).astype("int64"))
        .sort_values(["check_code", "urgency_level", "_rank", "_day", "person_record_id"], kind="stable")
        .drop(columns=["_rank", "_day"])
        .reset_index(drop=True)
    )


def counts_by_status(rows: pd.DataFrame) -> pd.DataFrame:
    """check_code, status_code, persons, still held, children."""
    grouped = rows.groupby(["check_code", "status_code"], sort=True)
    return pd.DataFrame(
        {
            "persons": grouped.size(),
            "still_held": grouped["is_captive"].sum(),
            "children": grouped["is_child_code"].agg(lambda v: int((v == "Y").sum())),
        }
    ).reset_index()


def worklist_xlsx(rows: pd.DataFrame) -> bytes:
    """The list as a workbook: one sheet per check with a filter on every column, and one with the counts."""
    book = Workbook()
    about = book.active
    about.title = "Summary · Ringkasan"
    about.append(
        [
            "Check · Semakan",
            "Status",
            "Persons · Orang",
            "Still held · Masih ditahan",
            "Children · Kanak-kanak",
        ]
    )
    for row in counts_by_status(rows).to_dict("records"):
        about.append(_count_line(row))
    _head(about, [44, 44, 16, 24, 24])
    for check, of_check in order_worklist(rows).groupby("check_code", sort=True):
        sheet = book.create_sheet(_SHEETS[str(check)])
        sheet.append([f"{english} · {malay}" for _, english, malay, _ in COLUMNS])
        for record in of_check.to_dict("records"):
            sheet.append([_shown(name, record[name]) for name, *_ in COLUMNS])
        # Once for all: to ask a sheet for one of its rows looks through every cell it has.
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    # A name that begins with "=" is a name, never a formula.
                    cell.data_type = "s"
        _head(sheet, [width for *_, width in COLUMNS])
        sheet.auto_filter.ref = sheet.dimensions
    day = rows["as_of_on"].max() if len(rows) else None
    if day is not None:
        book.properties.created = book.properties.modified = datetime.combine(
            pd.Timestamp(day).date(), time()
        )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _count_line(row: dict[Any, Any]) -> list[Any]:
    numbers = [int(row[name]) for name in ("persons", "still_held", "children")]
    return [_TITLES[str(row["check_code"])], _WORDS[str(row["status_code"])], *numbers]


def _head(sheet: Any, widths: list[int]) -> None:
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.cell(1, number).font = Font(bold=True)
        sheet.cell(1, number).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"


def worklist_html(rows: pd.DataFrame) -> str:
    """The list as one page that opens without a network and can be searched."""
    ordered = order_worklist(rows)
    checks = [
        {
            "title": _TITLES[str(check)],
            "rows": [
                [("" if (v := _shown(name, record[name])) is None else v) for name, *_ in COLUMNS]
                for record in part.to_dict("records")
            ],
            "levels": part["urgency_level"].tolist(),
        }
        for check, part in ordered.groupby("check_code", sort=True)
    ]
    counts = [_count_line(row) for row in counts_by_status(rows).to_dict("records")]
    day = str(pd.Timestamp(rows["as_of_on"].max()).date()) if len(rows) else ""
    heads = [(english, malay) for _, english, malay, _ in COLUMNS]
    return _PAGE.render(checks=checks, counts=counts, day=day, heads=heads)


def _shown(name: str, value: Any) -> Any:
    if value is None or value is pd.NaT or (not isinstance(value, str | bool) and pd.isna(value)):
        return None
    if name == "is_captive":
        return "Held · Ditahan" if value else ""
    if name == "match_probability":
        return round(float(value), 3)
    if name.endswith("_on"):
        return str(pd.Timestamp(value).date())
    if name in ("status_code", "status_code_week_before", "change_code", "is_child_code"):
        return _WORDS[str(value)]
    return int(value) if name == "urgency_level" else str(value)


_PAGE = jinja2.Environment(autoescape=True).from_string(
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Cross-check worklist · Senarai kerja semakan silang</title>
<style>
body{font:15px/1.4 system-ui,sans-serif;margin:1.5rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;margin:.5rem 0 2rem}th,td{border:1px solid #bbb;padding:.3rem .5rem;vertical-align:top;
text-align:left}thead th{background:#eef1f4;position:sticky;top:0}
tr[data-level="1"],tr[data-level="2"]{background:#fde8e4}
tr[data-level="3"],tr[data-level="4"]{background:#fff6db}.note{max-width:60rem}input{font:inherit;padding:.3rem;width:24rem}
</style></head><body>
<h1>Cross-check worklist · <span lang="ms">Senarai kerja semakan silang</span></h1>
<p class="note">As of {{ day }}. RESTRICTED: names persons; keep it where case files are kept.
<span lang="ms">TERHAD: mengandungi nama; simpan bersama fail kes.</span></p>
<table><thead><tr><th>Check · Semakan</th><th>Status</th><th>Persons · Orang</th><th>Still held · Masih ditahan</th>
<th>Children · Kanak-kanak</th></tr></thead><tbody>
{%- for row in counts %}<tr>{% for v in row %}<td>{{ v }}</td>{% endfor %}</tr>{% endfor -%}
</tbody></table>
<p><label>Search · Cari <input id="q" type="search" autocomplete="off"></label></p>
{%- for check in checks %}
<h2>{{ check.title }} ({{ check.rows|length }})</h2>
<table class="list"><thead><tr>{% for english, malay in heads %}<th>{{ english }}<br>
<span lang="ms">{{ malay }}</span></th>{%- endfor %}</tr></thead><tbody>
{%- for row in check.rows %}
<tr data-level="{{ check.levels[loop.index0] }}">{% for v in row %}<td>{{ v }}</td>{% endfor %}</tr>
{%- endfor %}
</tbody></table>
{%- endfor %}
<script>
document.getElementById("q").addEventListener("input",e=>{const q=e.target.value.toLowerCase();
document.querySelectorAll("table.list tbody tr").forEach(r=>{r.hidden=!r.textContent.toLowerCase().includes(q)})});
</script></body></html>"""
)

"""The strange files: what is in each, and what a draft must make of it.

Belongs here: bytes and expectations. Does not belong here: hostile or broken input (``battery``).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from tests.unit.landing.battery.cases import zipped
from tests.unit.landing.strange import sheets


@dataclass(frozen=True)
class Strange:
    """One file. ``types``: by column, its type or a part of its contract; ``texts``: what must land as it is."""

    name: str
    data: bytes
    records: int
    types: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, Sequence[str | None]] = field(default_factory=dict)


def table(rows: Sequence[Sequence[object]], delimiter: str = ",", encoding: str = "utf-8", end: str = "\n",
          quoting: int = csv.QUOTE_MINIMAL) -> bytes:  # fmt: skip
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return out.getvalue().encode(encoding)


N = 40
DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(N)]
HEAD = ["id", "tarikh", "negeri", "umur"]
ROWS = [
    [f"K{n:03d}", f"{day:%d/%m/%Y}", ("Johor", "Kedah", "Pulau Pinang")[n % 3], n]
    for n, day in enumerate(DAYS)
]
PLAIN = {"id": "text", "tarikh": {"type": "date", "format": "%d/%m/%Y"}, "umur": "integer"}
OBJECTS = [{"id": f"K{n}", "when": f"{day}T08:30:00+08:00", "n": n} for n, day in enumerate(DAYS)]


def column(name: str, values: Sequence[object], kind: Any, kept: bool = True, **more: Any) -> Strange:
    """A CSV of a number and one column; its texts land as they are."""
    data = table([["no", name], *([n, value] for n, value in enumerate(values))], **more)
    texts = {name: [str(value) for value in values]} if kept else {}
    return Strange(f"{name}.csv", data, len(values), {name: kind}, texts)


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


BROKEN = [f'Baris 1\nbaris "2", {n}\r\nbaris 3' for n in range(N)]
ZONE = timezone(timedelta(hours=8))
TEXTS = [
    Strange("comma.csv", table([HEAD, *ROWS]), N, PLAIN),
    Strange("semicolon.csv", table([HEAD, *ROWS], ";"), N, PLAIN),
    Strange("tabs.tsv", table([HEAD, *ROWS], "\t"), N, PLAIN),
    Strange("pipe.txt", table([HEAD, *ROWS], "|"), N, PLAIN),
    Strange("caret.dat", table([HEAD, *ROWS], "^"), N, PLAIN),
    Strange("all_quoted_crlf.csv", table([HEAD, *ROWS], end="\r\n", quoting=csv.QUOTE_ALL), N, PLAIN),
    Strange("bom_crlf.csv", table([HEAD, *ROWS], encoding="utf-8-sig", end="\r\n"), N, PLAIN),
    Strange("utf16.csv", table([HEAD, *ROWS], "\t", "utf-16", "\r\n"), N, PLAIN),
    Strange("utf16be_no_mark.csv", table([HEAD, *ROWS], ";", "utf-16-be"), N, PLAIN),
    Strange("utf16_empty_rows.csv", table([HEAD, *ROWS, *[[""] * 4] * 5], ";", "utf-16"), N, PLAIN),
    Strange("cp1252.csv", table([["id", "nama"], *([n, f"Renée – “{n}” €"] for n in range(N))], ";", "cp1252"), N,
            texts={"nama": [f"Renée – “{n}” €" for n in range(N)]}),
    Strange("latin1.csv", table([["id", "entité"], *([n, f"Curaçao {n}"] for n in range(N))], ",", "latin-1"), N,
            texts={"entité": [f"Curaçao {n}" for n in range(N)]}),
    Strange("empty_rows_at_end.csv", table([HEAD, *ROWS, *[[""] * 4] * 3]), N, PLAIN),
    Strange("empty_rows_quoted.csv", table([HEAD, *ROWS, *[[""] * 4] * 3], quoting=csv.QUOTE_ALL), N, PLAIN),
    Strange("empty_rows_tabs.tsv", table([HEAD, *ROWS, *[[""] * 4] * 3], "\t"), N, PLAIN),
    Strange("no_header.csv", table(ROWS), N, {"field 2": "date", "field 4": "integer"},
            {"field 1": [row[0] for row in ROWS]}),
    Strange("no_header.tsv", table([[n, day, n % 2] for n, day in enumerate(DAYS)], "\t"), N, {"field 2": "date"}),
    Strange("no_header_text.csv", table([[r[2], "ya" if r[3] % 2 else "tidak"] for r in ROWS]), N),
    Strange("no_header_below_title.csv", b"Senarai kes\n\n" + table(ROWS), N, {"field 2": "date"}),
    Strange("one_record.csv", b"id,nama,tarikh\n7,Ali,2024-01-31\n", 1, {"tarikh": "date"}),
    Strange("no_record.csv", b"id,nama,tarikh\n", 0),
    Strange("one_column.csv", b"nama\nAli\nAbu\n", 2),
    Strange("years_as_names.csv", table([["Negeri", 2021, 2022, 2023], ["Johor", 1, 2, 3], ["Kedah", 4, 5, 6]]), 2,
            {"2021": "integer"}),
    Strange("500_columns.csv", table([[f"soalan {n}" for n in range(500)],
                                      *([n * k for k in range(500)] for n in range(5))]), 5),
    Strange("line_breaks.csv", table([["id", "kenyataan"], *enumerate(BROKEN)]), N, texts={"kenyataan": BROKEN}),
    Strange("scripts.csv", table([["Nama Penuh", "الجنسية", "အမည်", "案件编号", "பெயர்"],
                                  *(["Ali", "ماليزيا", "မောင်", f"案{n}", "ம"] for n in range(N))]), N,
            texts={"案件编号": [f"案{n}" for n in range(N)]}),
    Strange("title_rows.csv", b"JABATAN IMIGRESEN;;;\nLaporan 3/2024;;;\n;;;\n" + table([HEAD, *ROWS], ";"), N, PLAIN),
    Strange("total_row.csv", table([HEAD, *ROWS]) + b"JUMLAH,,,780\n", N + 1),
    Strange("sep_line.csv", b"sep=;\r\n" + table([HEAD, *ROWS], ";", end="\r\n"), N, PLAIN),
    Strange("index_column.csv", table([["", *HEAD], *([n, *r] for n, r in enumerate(ROWS))]), N, PLAIN),
    Strange("same_names.csv", table([["id", "nama", "nama"], *([n, f"a{n}", f"b{n}"] for n in range(N))]), N,
            texts={"nama (2)": [f"b{n}" for n in range(N)]}),
    Strange("apostrophes.csv", table([["id", "nama"], *([n, f"Ng'ang'a D'Souza '{n}'"] for n in range(N))]), N),
    Strange("inches.csv", b"id;barang\n" + b"".join(b'%d;5" paip\n' % n for n in range(N)), N),
    Strange("commas_in_text.csv", table([["id", "alamat"], *([n, f"No. {n}, Jalan 3, Ipoh"] for n in range(N))]), N),
    Strange("no_line_end.csv", table([HEAD, *ROWS]).rstrip(b"\n"), N, PLAIN),
    Strange("old_mac.csv", table([HEAD, *ROWS], end="\r"), N, PLAIN),
    Strange("blank_lines.csv", table([HEAD, *ROWS]).replace(b"\n", b"\n\n"), N, PLAIN),
    column("leading_zeros", [f"{n:05d}" for n in range(N)], "text"),
    column("postcode", [f"{n * 700:05d}" for n in range(3, N)], "text"),
    column("no_telefon", [f"012-{n:07d}" for n in range(N)], {"type": "text", "pii": "direct"}),
    column("mobile phone", [f"+60 12-345 {n:04d}" for n in range(N)], {"type": "text", "pii": "direct"}),
    column("mykad", [f"9{n:02d}10114{n:04d}" for n in range(N)], {"pii": "direct"}),
    column("ic_no", [f"900101-14-{n:04d}" for n in range(N)], {"type": "text", "pii": "direct"}),
    column("warganegara", ["MY", "NA", "NO", "ID"] * 10, "text"),
    column("kod", ["NA"] * N, "text"),
    column("nama", ["None", "null", "Null", "Nan", "NaN", "True", "N/A", "nil", "#N/A", "-"], "text"),
    column("peratus", [f"{n}.5%" for n in range(N)], "text"),
    column("ribu", [f"1,{n:03d},250" for n in range(N)], {"type": "integer", "group_mark": ","}),
    column("ringgit", [f"{n},{n:03d}.50" for n in range(1, N)], {"type": "decimal", "group_mark": ","}),
    column("jumlah_koma", [f"{n},75" for n in range(N)], {"type": "decimal", "decimal_mark": ","}),
    column("negative", [f"-{n}.25" for n in range(N)], "decimal"),
    column("accounting", [f"({n}.25)" for n in range(N)], "text"),
    column("rm", [f"RM {n}.00" for n in range(N)], "text"),
    column("exponent", [f"{n}.5E-3" for n in range(N)], "decimal"),
    column("unit_code", [f"{n}E5" for n in range(N)], "text"),
    column("long_number", [f"1234567890123456789{n:02d}" for n in range(N)], "text"),
    column("mixed_ids", [n if n % 2 else f"A{n}" for n in range(N)], "text"),
    column("ya_tidak", ["Ya", "Tidak"] * 20, "text"),
    column("flag", ["true", "false"] * 20, "boolean"),
    column("nol_satu", [0, 1] * 20, "integer"),
    column("uuid", [f"6f9619ff-8b86-d011-b42d-00c04fc9{n:04d}" for n in range(N)], "text"),
    column("hex", [f"{n:x}e{n}" for n in range(1, N)], "text"),
    column("formula", [f"=1+{n}" for n in range(N)], "text"),
    column("spaces", [f"  {n} x " for n in range(N)], "text"),
    column("iso_date", DAYS, {"type": "date", "format": "%Y-%m-%d"}),
    column("compact_date", [f"{day:%Y%m%d}" for day in DAYS], {"type": "date", "format": "%Y%m%d"}),
    column("us_date", [f"{day:%m/%d/%Y}" for day in DAYS], {"type": "date", "format": "%m/%d/%Y"}),
    column("ambiguous_date", [f"{n % 12 + 1:02d}/{n % 11 + 1:02d}/2024" for n in range(N)],
           {"type": "date", "format": "%d/%m/%Y"}),
    column("short_date", [f"{day.day}/{day.month}/{day:%y}" for day in DAYS], "date"),
    column("named_month", [f"{day:%d %B %Y}" for day in DAYS], {"type": "date", "format": "%d %B %Y"}),
    column("bulan_melayu", [f"{n % 28 + 1} Mac 2024" for n in range(N)], "text"),
    column("dots", [f"{day:%d.%m.%Y}" for day in DAYS], {"type": "date", "format": "%d.%m.%Y"}),
    column("zoned", [f"{day}T08:30:00+08:00" for day in DAYS], {"type": "timestamp", "format": "%Y-%m-%dT%H:%M:%S%z"}),
    column("zulu", [f"{day}T08:30:00.125Z" for day in DAYS], "timestamp"),
    column("twelve_hours", [f"{day:%d/%m/%Y} 08:30 PM" for day in DAYS], "timestamp"),
    column("clock", [f"{n % 24:02d}:30" for n in range(N)], "text"),
    column("year", [2000 + n for n in range(N)], "integer"),
    column("year_month", [f"2024-{n % 12 + 1:02d}" for n in range(N)], "text"),
    column("dates_and_none", [day if n % 5 else "TIADA" for n, day in enumerate(DAYS)],
           {"type": "date", "null_values": ["TIADA"]}, kept=False),
    column("age_and_unknown", [n if n % 5 else "N/A" for n in range(N)], {"type": "integer", "null_values": ["N/A"]},
           kept=False),
]  # fmt: skip

PACKED = [
    Strange("a.csv.gz", gzip.compress(table([HEAD, *ROWS])), N, PLAIN),
    Strange("a.json.gz", gzip.compress(json.dumps(OBJECTS).encode()), N, {"n": "integer"}),
    Strange("a.csv.zst", zstandard.compress(table([HEAD, *ROWS])), N, PLAIN),
    Strange("members.zip", zipped(*((f"{n}.csv", table([HEAD, *ROWS[n * 10 : n * 10 + 10]])) for n in range(4))), N,
            PLAIN),
    Strange("with_readme.zip", zipped(("baca.pdf", b"%PDF-1.7"), ("data/kes.csv", table([HEAD, *ROWS]))), N, PLAIN),
    Strange("mac.zip", zipped(("kes.csv", table([HEAD, *ROWS])), ("__MACOSX/._kes.csv", b"\0\5" + bytes(9))), N, PLAIN),
    Strange("book.zip", zipped(("kes.xlsx", sheets.plain())), sheets.N),
    Strange("lines.zip", zipped(("a.ndjson", b"".join(json.dumps(o).encode() + b"\n" for o in OBJECTS))), N),
]  # fmt: skip

TREES = [
    Strange("list.json", json.dumps(OBJECTS).encode(), N, {"when": "timestamp", "n": "integer"}),
    Strange("under_a_key.json", json.dumps({"meta": {"n": N, "pages": [1, 2]}, "data": {"kes": OBJECTS}}).encode(), N),
    Strange("nested.json", json.dumps([{**o, "orang": {"nama": "A", "alamat": {"poskod": "01000"}}, "tag": ["x", 1]}
                                       for o in OBJECTS]).encode(), N, {"orang.alamat.poskod": "text"},
            {"orang.alamat.poskod": ["01000"] * N, "tag": ['["x",1]'] * N}),
    Strange("not_every_name.json", json.dumps([{"id": n, **({"x": 1} if n % 2 else {})} for n in range(N)]).encode(), N,
            {"x": {"optional": True}}),
    Strange("geo.json", json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"id": n}, "geometry": {"type": "Point", "coordinates": [101.5, n]}}
        for n in range(N)]}).encode(), N, {"properties.id": "integer"}),
    Strange("one.json", json.dumps({"id": "K1", "nama": "Ali", "tag": []}, indent=2).encode(), 1),
    Strange("big_numbers.json", b'[{"v": 12345678901234567890.123456789, "z": 1.10}]', 1,
            texts={"v": ["12345678901234567890.123456789"], "z": ["1.10"]}),
    Strange("truth.json", json.dumps([{"id": n, "ok": n % 2 == 0} for n in range(N)]).encode(), N, {"ok": "boolean"}),
    Strange("bom.json", b"\xef\xbb\xbf" + json.dumps(OBJECTS).encode(), N),
    Strange("lines.ndjson", b"".join(json.dumps(o).encode() + b"\n" for o in OBJECTS), N, {"n": "integer"}),
    Strange("lines_crlf_blank.jsonl", b"\r\n\r\n".join(json.dumps(o).encode() for o in OBJECTS), N),
    Strange("attributes.xml", ('<?xml version="1.0"?><x:d xmlns:x="urn:x">' + "".join(
        f'<x:kes no="{n:03d}"><tarikh>{day}</tarikh><mangsa umur="{n}"/></x:kes>' for n, day in enumerate(DAYS))
        + "</x:d>").encode(), N, {"tarikh": "date", "@no": "text"}, {"@no": [f"{n:03d}" for n in range(N)]}),
    Strange("only_attributes.xml", ("<d>" + "".join(f'<r a="{n}" b="x"/>' for n in range(N)) + "</d>").encode(), N),
    Strange("cdata.xml", ("<d>" + "".join(f"<r><a><![CDATA[<b> & {n}]]></a><c>&lt;{n}</c></r>" for n in range(N))
                          + "</d>").encode(), N,
            texts={"a": [f"<b> & {n}" for n in range(N)], "c": [f"<{n}" for n in range(N)]}),
    Strange("text_and_attribute.xml", ("<d>" + "".join(f'<r><a lang="ms">A{n}</a><b c="1"/></r>' for n in range(N))
                                       + "</d>").encode(), N, {"a/@lang": "text"}, {"a": [f"A{n}" for n in range(N)]}),
    Strange("one.xml", b"<d><r><a>1</a><b>2</b></r></d>", 1),
    Strange("utf16.xml", ('<?xml version="1.0" encoding="UTF-16"?><d>' + "<r><a>é</a></r>" * N + "</d>")
            .encode("utf-16"), N),
]  # fmt: skip

NESTED = pa.array([{"x": n, "y": {"z": "01"}} for n in range(N)])
PARQUETS = [
    Strange("types.parquet", parquet({
        "id": pa.array(range(N), pa.int64()), "code": pa.array([f"{n:03d}" for n in range(N)]).dictionary_encode(),
        "money": pa.array([Decimal(f"{n}.10") for n in range(N)], pa.decimal128(12, 2)),
        "day": pa.array(DAYS), "at": pa.array([datetime(2024, 1, 1, 8, 30, n) for n in range(N)], pa.timestamp("ns")),
        "zoned": pa.array([datetime(2024, 1, 1, 8, 30, n, tzinfo=ZONE) for n in range(N)],
                          pa.timestamp("us", "Asia/Kuala_Lumpur")),
        "ok": pa.array([n % 2 == 0 for n in range(N)]), "f": pa.array([n + 0.5 for n in range(N)], pa.float32()),
        "nothing": pa.nulls(N), "some": pa.array([None if n % 3 else n for n in range(N)]),
        "many": pa.array([[n, n + 1] for n in range(N)]), "n": NESTED,
    }), N, {"money": "decimal", "day": "date", "at": "timestamp", "zoned": "timestamp", "ok": "boolean", "f": "decimal",
            "n.x": "integer", "n.y.z": "text"},
        {"code": [f"{n:03d}" for n in range(N)], "money": [f"{n}.10" for n in range(N)]}),
    Strange("many_places.parquet", parquet({"v": pa.array([Decimal(f"{n}.000000001") for n in range(N)]),
                                           "z": pa.array([Decimal("0.000000000")] * N)}), N,
            {"v": "decimal"}, {"v": [f"{n}.000000001" for n in range(N)], "z": ["0.000000000"] * N}),
    Strange("none.parquet", parquet({"id": pa.array([], pa.int64())}), 0),
    Strange("time_and_bytes.parquet", parquet({
        "t": pa.array([n * 60 for n in range(N)], pa.time32("s")), "b": pa.array([b"abc"] * N),
        "d": pa.array([timedelta(days=n) for n in range(N)])}), N),
    Strange("brotli.parquet", parquet({"id": pa.array(range(N))}, compression="brotli"), N),
    Strange("map.parquet", parquet({"m": pa.array([[("a", 1)]] * N, pa.map_(pa.string(), pa.int64()))}), N),
]  # fmt: skip

BOOKS = [Strange(name, make(), records, types, texts) for name, make, records, types, texts in sheets.BOOKS]
FILES: list[Strange] = [*TEXTS, *PACKED, *TREES, *PARQUETS, *BOOKS]

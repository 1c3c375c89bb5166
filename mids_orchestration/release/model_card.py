"""The model card of a release: how good past forecasts were, by level, and what not to read into the newest.

Belongs here: the card's figures from the release's own tables, its Markdown and HTML. Does not belong here: scoring
(forecast_score), the dashboard.

Every figure is computed from tables of the same release, so whoever doubts one can ask for it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mids_orchestration.calendar import week_label
from mids_orchestration.release.tables import TableFile

HORIZONS = (1, 4, 12)
LEVELS = {
    "NATIONAL": ("country", "negara"),
    "STATE": ("states", "negeri"),
    "AGENCY": ("agencies", "agensi"),
    "EXPLOITATION": ("forms of exploitation", "bentuk eksploitasi"),
}
#: Fewer scored forecasts than this say nothing about a level.
MIN_FORECASTS = 30
NOT_ASSESSED = "NOT_ASSESSED"
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;"
    "background:#fff}table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #767676;"
    "padding:.25rem .6rem;text-align:left}td{font-variant-numeric:tabular-nums}"
)
TABLES = (
    "fct_forecast",
    "fct_forecast_matured",
    "fct_forecast_month_matured",
    "fct_forecast_score",
    "fct_forecast_source",
)


def write_card(
    folder: Path,
    tables: Sequence[TableFile],
    release_id: str,
    as_of: date,
    as_of_week: date,
    data_version: str,
) -> None:
    """Write ``MODEL-CARD.md`` and ``model-card.html`` into ``folder``."""
    frames = {t.export.name: pd.read_parquet(t.path) for t in tables if t.export.name in TABLES}
    text = card(frames, release_id=release_id, as_of=as_of, as_of_week=as_of_week, data_version=data_version)
    (folder / "MODEL-CARD.md").write_text(text, "utf-8")
    (folder / "model-card.html").write_text(as_html(text), "utf-8")


def card(
    frames: Mapping[str, pd.DataFrame], *, release_id: str, as_of: date, as_of_week: date, data_version: str
) -> str:
    """Return the card as Markdown, English and Malay. ``frames``: the release's tables named in :data:`TABLES`."""
    forecast, matured = frames.get("fct_forecast"), frames.get("fct_forecast_matured")
    version = (
        "–"
        if forecast is None or forecast.empty
        else str(forecast.sort_values("as_of_week")["model_version"].iloc[-1])
    )
    lines = [
        "# Model card / Kad model",
        "",
        f"Release {release_id}, as known on {as_of.isoformat()}; last closed week {week_label(as_of_week)}. "
        f"Model version {version}, data version {data_version}.",
        f"Keluaran {release_id}, seperti diketahui pada {as_of.isoformat()}; minggu lengkap terakhir "
        f"{week_label(as_of_week)}. Versi model {version}, versi data {data_version}.",
        "",
        "## How good recorded forecasts were / Ketepatan ramalan yang direkodkan",
        "",
        "Forecasts on record whose weeks are final. WIS: weighted interval score, lower is better; relative: divided "
        "by that of last year's same week (below 1 is better). Coverage: share of counts inside the interval, ties "
        "broken at random.",
        "Ramalan yang minggunya telah muktamad. WIS: skor selang berwajaran, lebih rendah lebih baik; relatif: "
        "dibahagi dengan ramalan naif bermusim (bawah 1 lebih baik). Liputan: bahagian kiraan dalam selang.",
        "",
        *_unmatured(matured),
        *_table(_by_level(matured, HORIZONS, "weeks ahead / minggu ke hadapan")),
        "",
        "Months / Bulan:",
        "",
        *_table(
            _by_level(
                frames.get("fct_forecast_month_matured"), (1, 3, 6, 12), "months ahead / bulan ke hadapan"
            )
        ),
        "",
        "## Backtest: the past year again / Ujian semula: setahun lalu diulang",
        "",
        "Not forecasts on record: what the model would have forecast from each of the past year's weeks with what was "
        "known then, candidates weighed on what was over by then. National series.",
        "Bukan ramalan yang direkodkan: apa yang akan diramal daripada setiap minggu setahun lalu dengan maklumat "
        "ketika itu. Siri negara.",
        "",
        *_table(_replay(frames.get("fct_forecast_score"))),
        "",
        "## What it rests on / Sumber",
        "",
        *_table(_sources(frames.get("fct_forecast_source"))),
        "",
        "## Limits / Had",
        "",
        *(f"- {en}\n  {ms}" for en, ms in LIMITS),
    ]
    return "\n".join(lines) + "\n"


LIMITS = (
    (
        "Counts are what agencies recorded: they follow raids and reporting, not only the crime.",
        "Kiraan ialah apa yang direkodkan agensi; ia mengikut serbuan dan laporan, bukan jenayah semata-mata.",
    ),
    (
        "Nothing here foresees a new law, a lockdown or an operation that nobody announced.",
        "Tiada apa di sini meramal undang-undang baharu, sekatan pergerakan atau operasi yang tidak diumumkan.",
    ),
    (
        "States and agencies hold few cases: read their intervals, not their medians. Months of states are shares of "
        "the country's months.",
        "Negeri dan agensi mempunyai sedikit kes: baca selangnya, bukan mediannya. Bulan bagi negeri ialah bahagian "
        "daripada bulan negara.",
    ),
    (
        "Scenarios and the allocation view are associations under an assumption, never forecasts.",
        "Senario dan paparan peruntukan ialah perkaitan di bawah andaian, bukan ramalan.",
    ),
)


def _unmatured(matured: pd.DataFrame | None) -> list[str]:
    """Return a word of where to look while too few weeks on record are final."""
    held = 0 if matured is None else int((matured["horizon"] == HORIZONS[0]).sum())
    if held >= MIN_FORECASTS:
        return []
    return [
        f"**Too few forecasts on record are final yet ({held}): read the backtest below. `mids backfill` puts past "
        "weeks on record as they would have been projected then.**",
        f"**Terlalu sedikit ramalan direkodkan yang telah muktamad ({held}): baca ujian semula di bawah.**",
        "",
    ]


def _by_level(matured: pd.DataFrame | None, horizons: Sequence[int], what: str) -> list[list[str]]:
    head = ["level / aras", what, "forecasts / ramalan", "WIS", "relative / relatif", "80 %", "95 %"]
    rows = [head]
    for level, (en, ms) in LEVELS.items():
        for horizon in horizons:
            part = matured
            if part is not None:
                part = part[(part["level_code"] == level) & (part["horizon"] == horizon)]
            if part is None or len(part) < MIN_FORECASTS:
                count = 0 if part is None else len(part)
                rows.append([f"{en} / {ms}", str(horizon), str(count), *[NOT_ASSESSED] * 4])
                continue
            naive = float(part["wis_seasonal_naive"].sum())
            rows.append(
                [
                    f"{en} / {ms}", str(horizon), f"{len(part):,}", f"{part['wis'].mean():.2f}",
                    f"{part['wis'].sum() / naive:.2f}" if naive > 0 else NOT_ASSESSED,
                    f"{part['midcoverage_80'].mean():.3f}", f"{part['midcoverage_95'].mean():.3f}",
                ]
            )  # fmt: skip
    return rows


def _replay(scores: pd.DataFrame | None) -> list[list[str]]:
    rows = [
        [
            "series / siri",
            "weeks ahead / minggu",
            "origins / asal",
            "WIS",
            "relative / relatif",
            "80 %",
            "95 %",
        ]
    ]
    if scores is None or scores.empty:
        return [*rows, [NOT_ASSESSED] * 7]
    wanted = (
        "as_of_week",
        "revision",
        "unique_id",
        "model_name",
        "horizon",
        "origins",
        "wis",
        "relative_wis",
    )
    scores = scores.reindex(columns=[*wanted, "midcoverage_80", "midcoverage_95"])
    key = scores[["as_of_week", "revision"]].fillna(0).apply(tuple, axis=1)
    mine = scores[(key == key.max()) & (scores["model_name"] == "mids") & scores["horizon"].isin(HORIZONS)]
    for row in mine.sort_values(["unique_id", "horizon"]).itertuples():
        relative = NOT_ASSESSED if pd.isna(row.relative_wis) else f"{row.relative_wis:.2f}"
        held = [NOT_ASSESSED if pd.isna(v) else f"{v:.3f}" for v in (row.midcoverage_80, row.midcoverage_95)]
        rows.append(
            [str(row.unique_id), str(row.horizon), str(row.origins), f"{row.wis:.2f}", relative, *held]
        )
    return rows


def _sources(sources: pd.DataFrame | None) -> list[list[str]]:
    rows = [
        [
            "crime type / jenis jenayah",
            "agency / agensi",
            "share / bahagian",
            "feed / suapan",
            "last delivery / terkini",
        ]
    ]
    if sources is None or sources.empty:
        return [*rows, [NOT_ASSESSED] * 5]
    for row in sources.sort_values(["crime_type_code", "agency_code"]).to_dict("records"):
        day = pd.to_datetime(row["last_known_on"])
        last = "–" if pd.isna(day) else f"{day:%Y-%m-%d}"
        named = [str(row["crime_type_code"]), str(row["agency_code"])]
        rows.append([*named, f"{float(row['share']):.0%}", str(row["status_code"]), last])
    return rows


def _table(rows: list[list[str]]) -> list[str]:
    head, *body = rows
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(r)} |" for r in body)]


def as_html(markdown: str) -> str:
    """Return the card's Markdown as one page without a script; of two lines together the second is the Malay one."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    for token in tokens:
        if token.type == "th_open":
            token.attrSet("scope", "col")
        elif token.type == "inline" and token.children:
            token.children = _second_language(token.children)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Model card / Kad model</title><style>{STYLE}</style></head><body><main>"
        + parser.renderer.render(tokens, parser.options, {})
        + "</main></body></html>\n"
    )


def _second_language(words: list[Token]) -> list[Token]:
    """Mark what stands after a line's end as Malay."""
    at = next((k for k, word in enumerate(words) if word.type == "softbreak"), None)
    if at is None:
        return words
    begin, end = (Token("html_inline", "", 0, content=tag) for tag in ('<br><span lang="ms">', "</span>"))
    return [*words[:at], begin, *words[at + 1 :], end]

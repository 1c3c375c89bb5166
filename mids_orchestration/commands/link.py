"""``mids link``: any two lists of persons, or one, through the linkage machinery.

What belongs here: reading the lists, the map and the truth; writing pairs, clusters, model and charts; the
messages of this verb. What does not: how persons are linked (``linkage/lists.py``) or the roles of a map
(``linkage/list_roles.py``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import pandas as pd
import typer
import yaml

from mids_orchestration.commands.tables import TableFileError, read_table

_UNUSABLE = 2


def link(
    left: Annotated[Path, typer.Argument(help="CSV list of persons, one row each.")],
    right: Annotated[
        Path | None, typer.Argument(help="Second list; without it LEFT is searched for repeats.")
    ] = None,
    columns: Annotated[
        Path, typer.Option("--columns", metavar="MAP.yml", help="Which column plays which role.")
    ] = ...,  # type: ignore[assignment]
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write the answer into.")] = ...,  # type: ignore[assignment]
    truth: Annotated[
        Path | None,
        typer.Option(metavar="LINKS.csv", help="Known pairs (left_id,right_id): adds precision, recall, F1."),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0.001, max=0.999999, help="Match probability a pair needs (0.5).")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed and rows give the same answer.")] = 1,
    charts: Annotated[bool, typer.Option(help="Draw the model as HTML pages.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Link two lists of persons, or find the repeats in one. No truth and no training data are needed.

    MAP.yml says `id: <column>` and `columns: {<role>: <column>, …}`; roles: full_name, given_name, surname,
    birth_date, sex, nationality, document_no, place, postcode, address, event_date, other. Any subset works;
    a role may take a list of columns.

    Pairs and clusters tell the same: of three records of one person the third pair is listed too, with the lower
    probability it has by itself.

    Writes OUT/pairs.csv, OUT/clusters.csv, OUT/model.json, OUT/summary.json and OUT/charts/*.html. All of it
    is about persons: keep it where the lists may be kept.
    """
    from mids_orchestration.linkage.list_roles import ListMapError
    from mids_orchestration.linkage.lists import link_lists

    try:
        mapping = _read_map(columns)
        lists = read_table(left), read_table(right) if right is not None else None
        known = read_table(truth) if truth is not None else None
        result = link_lists(lists[0], lists[1], mapping, seed=seed, truth=known, threshold=threshold)
    except (ListMapError, TableFileError) as error:
        _fail(str(error))
    try:
        _write(out, result)
        if charts:
            _write_charts(out / "charts", result)
    except OSError as error:
        _fail(f"cannot write into {out}: {error.strerror or error}")
    summary = result.summary | {"out": str(out)}
    if as_json:
        typer.echo(json.dumps(summary, indent=1, ensure_ascii=False))
    else:
        typer.echo(_in_words(summary))


def _read_map(path: Path) -> Any:
    from mids_orchestration.linkage.list_roles import ListMap, ListMapError

    try:
        parsed = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        _fail(f"no map at {path}: --columns takes a file that says which column plays which role")
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"cannot read the map {path}: {error}")
    except yaml.YAMLError as error:
        _fail(f"the map {path} is not YAML: {' '.join(str(error).split())}")
    try:
        return ListMap.from_dict(parsed)
    except ListMapError as error:
        _fail(f"{path}: {error}")


def _write(out: Path, result: Any) -> None:
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    pairs: pd.DataFrame = result.pairs[["left_id", "right_id", "match_probability", "match_weight"]]
    pairs.to_csv(out / "pairs.csv", index=False)
    result.clusters.to_csv(out / "clusters.csv", index=False)
    (out / "model.json").write_text(result.model.to_json(), encoding="utf-8")
    (out / "summary.json").write_text(
        json.dumps(result.summary, indent=1, ensure_ascii=False), encoding="utf-8"
    )


def _write_charts(folder: Path, result: Any) -> None:
    from mids_orchestration.linkage.charts import model_charts

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, page in model_charts(result.model, result.prepared, result.drawable()).items():
        (folder / name).write_text(page, encoding="utf-8")


def _in_words(summary: dict[str, Any]) -> str:
    lists = f"{summary['left']:,} records"
    if summary["right"] is not None:
        lists = f"{summary['left']:,} and {summary['right']:,} records"
    implied = f" and {summary['implied_pairs']:,} that these imply" if summary["implied_pairs"] else ""
    lines = [
        f"{lists}: {summary['pairs'] - summary['implied_pairs']:,} pairs at a match probability of "
        f"{summary['threshold']:g} or more{implied}, {summary['clusters']:,} persons",
        f"compared {summary['blocking_pairs']:,} candidate pairs; model {summary['model_version']}",
    ]
    lines += [f"note: {note}" for note in summary["notes"]]
    if "truth" in summary:
        rates = [
            f"{name} {summary[name]:.4f}" if summary[name] is not None else f"{name} not assessed"
            for name in ("precision", "recall", "f1")
        ]
        lines.append(f"against {summary['truth']['true_pairs']:,} known pairs: {', '.join(rates)}")
    lines.append(f"written to {summary['out']}: pairs.csv, clusters.csv, model.json, summary.json, charts/")
    return "\n".join(lines)


def _fail(message: str) -> NoReturn:
    typer.echo(f"mids link: {message}", err=True)
    raise typer.Exit(_UNUSABLE)

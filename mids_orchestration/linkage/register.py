"""The register of identities: which record has which person key, what changed, and under which model.

Belongs here: keeping and reading these files of the data home (restricted), and the charts of a run. Does not
belong here: deciding anything about them (persons.py, keys.py).

``links.parquet`` is the newest state, ``events.parquet`` every merge, split and move since the beginning,
``model.json`` the trained model, ``models/VERSION.json`` every model that was ever used, ``charts/`` the pages of the
newest run. A later run takes all three up, so that a person keeps the key as long as
no evidence speaks against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mids_orchestration.linkage.model_config import LinkageConfig, TrainedModel
from mids_orchestration.linkage.persons import LinkageResult

_LINKS, _EVENTS, _MODEL = "links.parquet", "events.parquet", "model.json"


@dataclass(frozen=True)
class Register:
    """What an earlier run left: its links and its model; both None before the first run."""

    links: pd.DataFrame | None
    model: TrainedModel | None


def read_register(root: Path, config: LinkageConfig) -> Register:
    """Read the register in ``root``.

    The model is given back only while ``config`` is the one it was trained under: a changed
    configuration is a new model, and the keys alone are carried over.
    """
    links = pd.read_parquet(root / _LINKS) if (root / _LINKS).exists() else None
    model = TrainedModel.from_json((root / _MODEL).read_text()) if (root / _MODEL).exists() else None
    if model is not None and model.config != config:
        model = None
    return Register(links, model)


def write_register(root: Path, result: LinkageResult) -> None:
    """Replace links and model, append events. Each file is replaced whole, the links last."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    if len(result.events):
        known = [pd.read_parquet(root / _EVENTS)] if (root / _EVENTS).exists() else []
        _replace(root / _EVENTS, pd.concat([*known, result.events], ignore_index=True))
    if result.model is not None:
        aside = root / f"{_MODEL}.tmp"
        aside.write_text(result.model.to_json())
        aside.replace(root / _MODEL)
        kept = root / "models" / f"{result.model.version}.json"
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True, mode=0o700)
            kept.write_text(result.model.to_json())
    _replace(root / _LINKS, result.links)


def write_charts(folder: Path, result: LinkageResult) -> list[Path]:
    """Draw the model and the pairs nearest the threshold as pages that open without a network; returns their paths."""
    from mids_orchestration.linkage.charts import model_charts

    if result.model is None:
        return []
    pairs = result.pairs.rename(
        columns={"person_record_id_l": "record_id_l", "person_record_id_r": "record_id_r"}
    )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    out = []
    for name, page in model_charts(result.model, result.prepared, pairs).items():
        out.append(folder / name)
        out[-1].write_text(page, encoding="utf-8")
        out[-1].chmod(0o600)
    return out


def _replace(path: Path, frame: pd.DataFrame) -> None:
    aside = path.with_suffix(".tmp")
    frame.to_parquet(aside, index=False)
    aside.replace(path)

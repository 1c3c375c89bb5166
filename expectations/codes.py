"""Reading YAML as people write it, and the code lists in ``vocabulary/``.

Belongs here: a YAML loader that keeps codes as text, and the loading of one code list by name.
Does not belong here: what a contract is (``contract.py``), the lists themselves (``vocabulary/*.yml``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

VOCABULARY_DIR = Path(__file__).parent / "vocabulary"


# libyaml reads a code list of 250 codes in 4 ms, the pure Python reader in 60 ms.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _ContractLoader(_Base):
    """YAML 1.1 without its surprises: only true/false are booleans, so Norway stays ``NO``."""


class _TextLoader(_Base):
    """Every scalar is text, so the code ``007`` keeps its zeros and ``NO`` is Norway."""


_KEPT_TAGS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:null"}
_ContractLoader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in resolvers if tag in _KEPT_TAGS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_ContractLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_TextLoader.yaml_implicit_resolvers = {}


def _no_duplicate_keys(loader: yaml.SafeLoader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    """Build a mapping and refuse a key written twice (plain YAML silently keeps the last)."""
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=deep)
        if key in mapping:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is written twice", key_node.start_mark
            )
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


_ContractLoader.add_constructor("tag:yaml.org,2002:map", _no_duplicate_keys)


def read_contract_yaml(path: Path) -> Any:
    """Return the YAML document in *path* with dates and codes kept as text.

    Raises ``yaml.YAMLError`` with line and column where the text is not YAML.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_ContractLoader)


@lru_cache(maxsize=256)
def _load(path: Path, _mtime_ns: int) -> tuple[str, ...]:
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=_TextLoader)
    listed = document
    if isinstance(document, dict):
        for name in ("values", "codes", "terms", "items"):
            if name in document:
                listed = document[name]
                break
    if isinstance(listed, dict):  # code -> label or details
        listed = list(listed)
    if not isinstance(listed, list) or not listed:
        raise ValueError(
            f"{path.name}: a vocabulary is a non-empty list, or has one under `values` or `codes`"
        )
    codes: list[str] = []
    for position, item in enumerate(listed, start=1):
        code = item.get("code", item.get("value")) if isinstance(item, dict) else item
        if not isinstance(code, str) or not code:
            raise ValueError(f"{path.name}: item {position} has no `code`")
        codes.append(code)
    doubled = sorted({code for code in codes if codes.count(code) > 1})
    if doubled:
        raise ValueError(f"{path.name}: written twice: {', '.join(doubled)}")
    return tuple(codes)


def load_vocabulary(name: str, root: Path | None = None) -> tuple[str, ...]:
    """Return the allowed texts of the code list *name*, in the order of the file.

    The file is ``<root>/<name>.yml``: a list of texts, or of mappings with ``code``; or a mapping that holds
    such a list under ``values`` or ``codes``. Raises ``FileNotFoundError`` or ``ValueError`` naming the file.
    """
    path = (root or VOCABULARY_DIR) / f"{name}.yml"
    if not path.is_file():
        raise FileNotFoundError(f"vocabulary {name!r}: there is no {path.name} in {path.parent.name}/")
    return _load(path, path.stat().st_mtime_ns)

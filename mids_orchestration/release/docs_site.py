"""dbt's own documentation of the project as one page that opens without a server or a network.

Belongs here: putting a cleaned manifest into the page that dbt ships. Does not belong here: parsing the project
(warehouse), or the dictionary for analysts (dictionary).

This is what ``dbt docs generate --static`` does; here from the manifest at hand, because a second parse costs as much
as the release itself, and because the manifest names folders of the machine it was parsed on, which must not leave it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from mids_orchestration.release.model import Export

PROJECT = "mids"
#: Kept of each node; everything else is dbt's bookkeeping, or a path.
_KEPT = (
    "name", "resource_type", "package_name", "path", "original_file_path", "unique_id", "fqn", "alias",
    "schema", "database", "description", "columns", "meta", "tags", "config", "depends_on", "refs", "sources",
    "raw_code", "language", "access", "group", "contract", "docs", "test_metadata", "column_name",
    "attached_node", "source_name", "source_description", "identifier", "label", "type", "owner", "maturity",
    "url", "patch_path", "type_params", "filter", "measures", "dimensions", "entities",
)  # fmt: skip
# Unit tests and the code of macros are left out: both are full of invented names and case numbers, which the scan for
# real ones would have to tell from them.
_PARTS = ("nodes", "sources", "exposures", "metrics", "semantic_models", "groups", "saved_queries")
_DATABASE = "mids"


def docs_page(manifest: Mapping[str, Any], exports: Sequence[Export]) -> str:
    """The page, with lineage and code of every model and the columns of ``exports``; no time, no path, no host."""
    page = _template()
    for mark, told in (("MANIFEST", cleaned(manifest)), ("CATALOG", _catalogue(manifest, exports))):
        hole = f'"{mark}.JSON INLINE DATA"'
        if hole not in page:
            raise RuntimeError(f"dbt's documentation page has no {hole}: its layout changed, adapt docs_site")
        # A closing script tag in a text would end the script it stands in.
        page = page.replace(hole, json.dumps(told, sort_keys=True, ensure_ascii=False).replace("</", "<\\/"))
    return page


def template_parts() -> tuple[str, ...]:
    """The page's text around what is put into it: a bundled library, the same for every project."""
    return tuple(part for part in re.split(r'"(?:MANIFEST|CATALOG)\.JSON INLINE DATA"', _template()) if part)


def _template() -> str:
    return (files("dbt.task.docs") / "index.html").read_text("utf-8")


def cleaned(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest without times, ids of the run, folders of this machine and other packages' macros."""
    told: dict[str, Any] = {
        "metadata": {
            "project_name": PROJECT,
            "adapter_type": "duckdb",
            "dbt_schema_version": _version(manifest),
        },
        "macros": {
            key: _node(macro)
            for key, macro in manifest.get("macros", {}).items()
            if macro.get("package_name") == PROJECT
        },
        "docs": {},
        "unit_tests": {},
        "disabled": {},
        "selectors": {},
        "parent_map": manifest.get("parent_map", {}),
        "child_map": manifest.get("child_map", {}),
    }
    for part in _PARTS:
        told[part] = {key: _node(node) for key, node in manifest.get(part, {}).items()}
    return told


def _node(node: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: node[key] for key in _KEPT if key in node}
    for where in ("meta", "config"):
        if isinstance(kept.get(where), Mapping):
            kept[where] = _without_location(kept[where])
    if "database" in kept:
        kept["database"] = _DATABASE
    return kept


def _without_location(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_location(value) if isinstance(value, Mapping) else value
        for key, value in told.items()
        if key != "external_location"
    }


def _version(manifest: Mapping[str, Any]) -> str:
    return str(manifest.get("metadata", {}).get("dbt_schema_version", ""))


def _catalogue(manifest: Mapping[str, Any], exports: Sequence[Export]) -> dict[str, Any]:
    ids = {
        f"{node.get('schema')}.{node.get('alias') or node['name']}": key
        for key, node in manifest.get("nodes", {}).items()
        if node.get("resource_type") in ("model", "seed")
    }
    nodes = {}
    for export in exports:
        if export.relation not in ids:
            continue
        schema, name = export.relation.split(".", 1)
        nodes[ids[export.relation]] = {
            "unique_id": ids[export.relation],
            "metadata": {"type": "BASE TABLE", "schema": schema, "name": name, "database": _DATABASE},
            "columns": {
                column.name: {
                    "name": column.name,
                    "type": column.data_type or "",
                    "index": index,
                    "comment": None,
                }
                for index, column in enumerate(export.columns, 1)
            },
            "stats": {},
        }
    return {"metadata": {}, "nodes": nodes, "sources": {}, "errors": None}

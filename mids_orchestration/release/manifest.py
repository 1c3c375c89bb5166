"""Which marts leave the warehouse, and how they are described: read from dbt's manifest.

Belongs here: turning ``manifest.json`` into :class:`Export` values. Does not belong here: reading the
file, or deciding whether what is declared may be published (gates).

A model is exported when its meta says ``zone: public`` or ``zone: restricted``. Meta is read from
``config.meta`` and from the older top-level ``meta``; the first wins. Known keys:

======================  =========================================================================
model ``zone``          ``public`` | ``restricted`` | ``internal`` (never exported, as is a model without)
model ``label_en/_ms``  short title (``label: {en, ms}`` also works)
model ``description_ms``  Malay description
model ``grain``         "One row per …" (default: the description's first sentence)
model ``disclosure``    persons | events | estimates | external | synthetic: what the numbers are of
model ``unit``, ``calendar``  what a fact counts, and by which day
model ``public_where``  SQL condition on the rows that may be public
model ``primary_key``   list, where neither a constraint nor a ``primary_key`` test declares it
column ``label_en/_ms``, ``description_ms``, ``pii`` (none | indirect | direct)
======================  =========================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from mids_orchestration.release.model import Bilingual, Export, ExportColumn, ForeignKey, ReleaseError, Zone

_ZONES = ("public", "restricted")
#: Never leaves the warehouse: said outright by models which hold names or record numbers.
_INTERNAL = "internal"
_DISCLOSURE = ("persons", "events", "estimates", "external", "synthetic")
_PII = ("none", "indirect", "direct")
_REF = re.compile(r"ref\(\s*['\"]([^'\"]+)['\"]")


def exports_from_manifest(manifest: Mapping[str, Any]) -> list[Export]:
    """Return every mart that declares a zone, ordered by name.

    Raises:
        ReleaseError: when a model declares an unknown zone or PII class, or two models share a name.
    """
    nodes: Mapping[str, Any] = manifest.get("nodes", {})
    references, keys = _relationship_tests(nodes), _key_tests(nodes)
    exports: dict[str, Export] = {}
    for unique_id, node in sorted(nodes.items()):
        if node.get("resource_type") not in {"model", "seed", "snapshot"}:
            continue
        meta = _meta(node)
        zone = meta.get("zone")
        if zone in {None, _INTERNAL}:
            continue
        if zone not in _ZONES:
            raise ReleaseError(f"{unique_id}: meta zone is {zone!r}; write public, restricted or internal")
        export = _export(
            unique_id, node, meta, cast(Zone, zone), references.get(unique_id, ()), keys.get(unique_id, ())
        )
        if export.name in exports:
            raise ReleaseError(f"two models are exported as {export.name!r}: give one an alias of its own")
        exports[export.name] = export
    known = set(exports)
    return [_with_known_references(export, known) for export in exports.values()]


def _export(
    unique_id: str,
    node: Mapping[str, Any],
    meta: Mapping[str, Any],
    zone: Zone,
    tested: tuple[ForeignKey, ...],
    key: tuple[str, ...],
) -> Export:
    name = node.get("alias") or node["name"]
    disclosure = meta.get("disclosure")
    if disclosure is not None and disclosure not in _DISCLOSURE:
        raise ReleaseError(
            f"{unique_id}: disclosure is {disclosure!r}; write one of {', '.join(_DISCLOSURE)}"
        )
    columns = tuple(_column(unique_id, column) for column in (node.get("columns") or {}).values())
    description = _one_line(node.get("description", ""))
    return Export(
        name=name,
        relation=f"{node['schema']}.{name}",
        zone=zone,
        columns=columns,
        title=_label(meta, name),
        grain=meta.get("grain") or _grain(description),
        description=description,
        description_ms=_one_line(meta.get("description_ms", "")),
        primary_key=_primary_key(node, meta) or key,
        foreign_keys=_unique([*_constraint_keys(node), *tested]),
        disclosure=disclosure,
        public_where=str(meta.get("public_where") or ""),
        unit=_words(meta.get("unit")),
        calendar=_words(meta.get("calendar")),
    )


def _column(unique_id: str, column: Mapping[str, Any]) -> ExportColumn:
    meta = _meta(column)
    pii = meta.get("pii")
    if pii is not None and pii not in _PII:
        raise ReleaseError(f"{unique_id}, column {column['name']}: pii is {pii!r}; write one of {_PII}")
    return ExportColumn(
        name=column["name"],
        data_type=column.get("data_type"),
        description=_one_line(column.get("description", "")),
        description_ms=_one_line(meta.get("description_ms", "")),
        label=_label(meta, column["name"]),
        pii=pii,
    )


def _meta(thing: Mapping[str, Any]) -> dict[str, Any]:
    config = thing.get("config") or {}
    return {**(thing.get("meta") or {}), **(config.get("meta") or {})}


def _label(meta: Mapping[str, Any], name: str) -> Bilingual:
    """The label told; in the language that is missing, the name itself made readable (fct_x_y: X y)."""
    label = meta.get("label") or meta.get("title")
    if isinstance(label, Mapping):
        english, malay = label.get("en"), label.get("ms")
    else:
        english, malay = meta.get("label_en") or label, meta.get("label_ms")
    readable = re.sub(r"^(fct|dim|bridge|dq)_", "", name).replace("_", " ").capitalize()
    return Bilingual(str(english or readable), str(malay or english or readable))


def _words(told: Any) -> str:
    return str(told or "").replace("per_", "by ")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _grain(description: str) -> str:
    first = re.split(r"(?<=[.;])\s", description, maxsplit=1)[0]
    return first if first.lower().startswith("one row per") else ""


def _primary_key(node: Mapping[str, Any], meta: Mapping[str, Any]) -> tuple[str, ...]:
    for constraint in node.get("constraints") or []:
        if constraint.get("type") == "primary_key" and constraint.get("columns"):
            return tuple(constraint["columns"])
    declared = [
        column["name"]
        for column in (node.get("columns") or {}).values()
        if any(c.get("type") == "primary_key" for c in column.get("constraints") or [])
    ]
    found = meta.get("primary_key") or declared or node.get("primary_key") or ()
    return (found,) if isinstance(found, str) else tuple(found)


def _constraint_keys(node: Mapping[str, Any]) -> list[ForeignKey]:
    keys: list[ForeignKey] = []
    for constraint in node.get("constraints") or []:
        if constraint.get("type") == "foreign_key" and constraint.get("columns"):
            keys += _foreign_key(tuple(constraint["columns"]), constraint)
    for column in (node.get("columns") or {}).values():
        for constraint in column.get("constraints") or []:
            if constraint.get("type") == "foreign_key":
                keys += _foreign_key((column["name"],), constraint)
    return keys


def _foreign_key(columns: tuple[str, ...], constraint: Mapping[str, Any]) -> list[ForeignKey]:
    to, to_columns = constraint.get("to"), constraint.get("to_columns")
    if not (to and to_columns):
        return []
    match = _REF.search(to)
    table = match.group(1) if match else re.sub(r'["`]', "", to).split(".")[-1]
    return [ForeignKey(columns, table, tuple(to_columns))]


def _relationship_tests(nodes: Mapping[str, Any]) -> dict[str, tuple[ForeignKey, ...]]:
    """Foreign keys as ``relationships`` and ``foreign_keys`` tests state them, by the model they are attached to."""
    found: dict[str, list[ForeignKey]] = {}
    for _, node in sorted(nodes.items()):
        told = node.get("test_metadata") or {}
        if told.get("name") not in ("relationships", "foreign_keys") or not node.get("attached_node"):
            continue
        kwargs = told.get("kwargs") or {}
        for column, target in (kwargs.get("keys") or {}).items():
            table, field = target.split(".")
            found.setdefault(node["attached_node"], []).append(ForeignKey((column,), table, (field,)))
        to = _REF.search(str(kwargs.get("to", "")))
        column = kwargs.get("column_name") or node.get("column_name")
        if to and column and kwargs.get("field"):
            key = ForeignKey((column,), to.group(1), (kwargs["field"],))
            found.setdefault(node["attached_node"], []).append(key)
    return {model: tuple(keys) for model, keys in found.items()}


def _key_tests(nodes: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Primary keys as the project's own ``primary_key`` tests state them, by model."""
    found: dict[str, tuple[str, ...]] = {}
    for _, node in sorted(nodes.items()):
        told = node.get("test_metadata") or {}
        columns = (told.get("kwargs") or {}).get("columns")
        if told.get("name") == "primary_key" and columns and node.get("attached_node"):
            found[node["attached_node"]] = tuple(columns)
    return found


def _unique(keys: list[ForeignKey]) -> tuple[ForeignKey, ...]:
    return tuple(sorted(set(keys), key=lambda key: (key.columns, key.reference)))


def _with_known_references(export: Export, known: set[str]) -> Export:
    """Drop references to tables which are not exported: a reader could not follow them."""
    kept = tuple(key for key in export.foreign_keys if key.reference in known)
    return Export(**{**export.__dict__, "foreign_keys": kept})

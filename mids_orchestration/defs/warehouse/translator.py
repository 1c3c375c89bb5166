"""How a dbt resource is shown in Dagster: key, group and owner follow from schema, layer and meta."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

DEFAULT_OWNER = "team:data-engineering"


class MidsTranslator(DagsterDbtTranslator):
    """Asset key = ``[schema, table]``, group = layer, owner = the model's ``meta.owner``."""

    def __init__(self) -> None:
        super().__init__(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """``[schema, table]``; a source may name another asset in ``meta.dagster.asset_key``."""
        declared = (dbt_resource_props.get("meta") or {}).get("dagster", {}).get("asset_key")
        if declared:
            return dg.AssetKey(declared)
        table = dbt_resource_props.get("alias") or dbt_resource_props["name"]
        return dg.AssetKey([dbt_resource_props["schema"], table])

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Add layer as group, and the owner that every model must name."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = self.get_resource_props(manifest, unique_id)
        return spec.replace_attributes(
            group_name=spec.key.path[0],
            owners=[_owner(props)],
            description=props.get("description") or None,
        )


def _owner(props: Mapping[str, Any]) -> str:
    owner = str((props.get("meta") or {}).get("owner") or DEFAULT_OWNER)
    return owner if owner.startswith("team:") or "@" in owner else f"team:{owner.lower().replace(' ', '-')}"

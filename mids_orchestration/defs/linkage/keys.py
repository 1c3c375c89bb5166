"""Names of the linkage step's tables, for the assets and for their checks."""

import dagster as dg

LINK = dg.AssetKey(["linked", "person_link"])
PAIR = dg.AssetKey(["linked", "person_pair"])
ORDER = dg.AssetKey(["linked", "order_pair"])

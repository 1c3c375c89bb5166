"""The linkage step's tables: their names, for the assets and for their checks, and what they hold."""

import dagster as dg

LINK = dg.AssetKey(["linked", "person_link"])
PAIR = dg.AssetKey(["linked", "person_pair"])
ORDER = dg.AssetKey(["linked", "order_pair"])
UNSEEN = dg.AssetKey(["linked", "unseen_estimate"])

SPECS = [
    dg.AssetSpec(
        key=LINK,
        deps=[dg.AssetKey(["conformed", "cnf_person"])],
        description="One row per source record of a person: the person key it was given, how sure we "
        "are, and under which model. Restricted.",
        group_name="linked",
        owners=["team:data-engineering"],
        kinds={"python", "duckdb", "splink"},
    ),
    dg.AssetSpec(
        key=PAIR,
        deps=[dg.AssetKey(["conformed", "cnf_person"])],
        description="One row per pair of source records that the model compared and found likely "
        "enough to keep, with probability and weight. Restricted.",
        group_name="linked",
        owners=["team:data-engineering"],
        kinds={"python", "duckdb", "splink"},
    ),
    dg.AssetSpec(
        key=ORDER,
        deps=[
            dg.AssetKey(["conformed", "cnf_protection_order"]),
            dg.AssetKey(["conformed", "cnf_person"]),
        ],
        description="One row per protection order and person record that may be one person, with "
        "probability and reasons. Restricted.",
        group_name="linked",
        owners=["team:data-engineering"],
        kinds={"python", "duckdb", "splink"},
    ),
    dg.AssetSpec(
        key=UNSEEN,
        deps=[dg.AssetKey(["conformed", "cnf_person"]), dg.AssetKey(["conformed", "cnf_case"])],
        description="One row per population and year: how many persons there are, seen and unseen, from who is "
        "on which lists, or why that cannot be said. Restricted.",
        group_name="linked",
        owners=["team:data-engineering"],
        kinds={"python", "duckdb"},
    ),
]

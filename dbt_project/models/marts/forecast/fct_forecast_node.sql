-- One row per node, target week and quantile of the newest forecast: totals over every set of dimensions.
select
    as_of_week,
    unique_id,
    crime_type_code,
    state_code,
    agency_code,
    exploitation_group_code,
    is_child_code,
    unit_code,
    target_week,
    cast(horizon as {{ dbt.type_bigint() }}) as horizon,
    cast(quantile as double) as quantile,
    cast(value as double) as value
from {{ source('forecast', 'node_week') }}

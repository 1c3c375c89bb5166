-- One row per forecast week, revision, series and week from which its level differs, with its probability.
select
    as_of_week,
    cast(revision as {{ dbt.type_bigint() }}) as revision,
    unique_id,
    crime_type_code,
    coalesce(state_code, 'ALL') as state_code,
    coalesce(agency_code, 'ALL') as agency_code,
    coalesce(exploitation_group_code, 'ALL') as exploitation_group_code,
    coalesce(is_child_code, 'ALL') as is_child_code,
    unit_code,
    change_week,
    change_week_low,
    change_week_high,
    cast(before as double) as before,
    cast(after as double) as after,
    cast(probability as double) as probability,
    method_code
from {{ source('forecast', 'change_point') }}

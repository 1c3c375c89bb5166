-- One row per forecast week, revision, series, recent event week and quantile: the count once late reports are in.
select
    as_of_week,
    cast(revision as {{ dbt.type_bigint() }}) as revision,
    unique_id,
    crime_type_code,
    coalesce(state_code, 'ALL') as state_code,
    coalesce(agency_code, 'ALL') as agency_code,
    coalesce(exploitation_group_code, 'ALL') as exploitation_group_code,
    coalesce(is_child_code, 'ALL') as is_child_code,
    coalesce(unit_code, 'case') as unit_code,
    event_week,
    cast(silent_deliveries as {{ dbt.type_bigint() }}) as silent_deliveries,
    cast(reported as double) as reported,
    cast(quantile as double) as quantile,
    cast(value as double) as value
from {{ source('forecast', 'weekly_nowcast') }}

-- One row per forecast week, revision, series, target week and quantile; forecasts are kept for ever.
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
    target_week,
    cast(horizon as {{ dbt.type_bigint() }}) as horizon,
    cast(quantile as double) as quantile,
    cast(value as double) as value,
    model_name,
    model_version,
    data_version
from {{ source('forecast', 'weekly_forecast') }}

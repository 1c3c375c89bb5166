-- One row per forecast week, series, number of weeks and quantile: the sum over the weeks ahead.
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
    cast(weeks as {{ dbt.type_bigint() }}) as weeks,
    cast(quantile as double) as quantile,
    cast(value as double) as value
from {{ source('forecast', 'weekly_total') }}

-- One row per forecast week, series, number of weeks and quantile: the sum over the weeks ahead.
select
    as_of_week,
    cast(revision as {{ dbt.type_bigint() }}) as revision,
    unique_id,
    crime_type_code,
    state_code,
    agency_code,
    unit_code,
    cast(weeks as {{ dbt.type_bigint() }}) as weeks,
    cast(quantile as double) as quantile,
    cast(value as double) as value
from {{ source('forecast', 'weekly_total') }}

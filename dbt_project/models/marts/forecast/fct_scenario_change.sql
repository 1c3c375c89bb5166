-- One row per scenario and series: how many more or fewer cases over its weeks, and how sure that is.
select
    as_of_week,
    scenario_code,
    name_en,
    name_ms,
    unique_id,
    crime_type_code,
    state_code,
    unit_code,
    cast(weeks as {{ dbt.type_bigint() }}) as weeks,
    cast(baseline_cases as double) as baseline_cases,
    cast(change as double) as change,
    cast(change_low as double) as change_low,
    cast(change_high as double) as change_high,
    cast(p_more as double) as p_more,
    call_code,
    statement_en,
    statement_ms
from {{ source('forecast', 'scenario_change') }}

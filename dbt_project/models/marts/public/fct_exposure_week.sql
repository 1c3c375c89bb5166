-- One row per week, state and agency with operations (raids and inspections too) or boats intercepted.
with events as (

    select
        event_week,
        state_code,
        agency_code,
        1 as operation,
        0 as boat
    from {{ ref('fct_operation') }}
    union all
    select
        event_week,
        state_code,
        agency_code,
        0 as operation,
        1 as boat
    from {{ ref('fct_interception') }}

)

select
    event_week,
    state_code,
    agency_code,
    cast(sum(operation) as {{ dbt.type_bigint() }}) as operation_count,
    cast(sum(boat) as {{ dbt.type_bigint() }}) as boat_count
from events
group by event_week, state_code, agency_code

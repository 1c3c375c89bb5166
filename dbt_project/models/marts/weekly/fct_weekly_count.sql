-- One row per event week, known week, crime type, state, agency and unit in which the count changed.
with change as (

    -- From each week in which something else became known of a case or person, it counts where it now belongs ...
    select
        event_week,
        known_week,
        crime_type_code,
        state_code,
        agency_code,
        unit_code,
        1 as change_value
    from {{ ref('lnk_unit_state') }}
    where is_counted
    union all
    -- ... and no longer where it was thought to belong before.
    select
        event_week,
        until_week as known_week,
        crime_type_code,
        state_code,
        agency_code,
        unit_code,
        -1 as change_value
    from {{ ref('lnk_unit_state') }}
    where is_counted and until_week < cast('9999-12-31' as date)

)

select
    event_week,
    known_week,
    crime_type_code,
    state_code,
    agency_code,
    unit_code,
    cast(sum(change_value) as {{ dbt.type_bigint() }}) as count_value
from change
group by event_week, known_week, crime_type_code, state_code, agency_code, unit_code
having sum(change_value) <> 0

-- One row per event week, known week, crime type, state, agency, exploitation group, child or adult, and unit in
-- which the count changed.
with counted as (

    select
        state.event_week,
        state.known_week,
        state.until_week,
        state.crime_type_code,
        state.state_code,
        state.agency_code,
        exploitation.exploitation_group_code,
        state.is_child_code,
        state.unit_code,
        count(*) as units
    from {{ ref('lnk_unit_state') }} as state
    inner join {{ ref('ref_exploitation') }} as exploitation
        on state.exploitation_code = exploitation.exploitation_code
    where state.is_counted
    group by
        state.event_week, state.known_week, state.until_week, state.crime_type_code, state.state_code,
        state.agency_code, exploitation.exploitation_group_code, state.is_child_code, state.unit_code

),

change as (

    -- From each week in which something else became known of a case or person, it counts where it now belongs ...
    select
        event_week,
        known_week,
        crime_type_code,
        state_code,
        agency_code,
        exploitation_group_code,
        is_child_code,
        unit_code,
        units as change_value
    from counted
    union all
    -- ... and no longer where it was thought to belong before.
    select
        event_week,
        until_week as known_week,
        crime_type_code,
        state_code,
        agency_code,
        exploitation_group_code,
        is_child_code,
        unit_code,
        -units as change_value
    from counted
    where until_week < cast('9999-12-31' as date)

)

select
    event_week,
    known_week,
    crime_type_code,
    state_code,
    agency_code,
    exploitation_group_code,
    is_child_code,
    unit_code,
    cast(sum(change_value) as {{ dbt.type_bigint() }}) as count_value
from change
group by
    event_week, known_week, crime_type_code, state_code, agency_code, exploitation_group_code, is_child_code, unit_code
having sum(change_value) <> 0

-- One row per event week, known week, crime type, state, agency, exploitation group, child or adult, and unit in
-- which the count changed.
with change as (

    -- From each week in which something else became known of a case or person, it counts where it now belongs ...
    select
        state.event_week,
        state.known_week,
        state.crime_type_code,
        state.state_code,
        state.agency_code,
        exploitation.exploitation_group_code,
        state.is_child_code,
        state.unit_code,
        1 as change_value
    from {{ ref('lnk_unit_state') }} as state
    inner join {{ ref('ref_exploitation') }} as exploitation
        on state.exploitation_code = exploitation.exploitation_code
    where state.is_counted
    union all
    -- ... and no longer where it was thought to belong before.
    select
        state.event_week,
        state.until_week as known_week,
        state.crime_type_code,
        state.state_code,
        state.agency_code,
        exploitation.exploitation_group_code,
        state.is_child_code,
        state.unit_code,
        -1 as change_value
    from {{ ref('lnk_unit_state') }} as state
    inner join {{ ref('ref_exploitation') }} as exploitation
        on state.exploitation_code = exploitation.exploitation_code
    where state.is_counted and state.until_week < cast('9999-12-31' as date)

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

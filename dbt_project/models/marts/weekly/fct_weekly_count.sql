-- One row per event week, known week, crime type, state, agency, exploitation group, child or adult, and unit in
-- which the count changed.
with direction as (

    select 1 as change_value
    union all
    select -1 as change_value

),

-- From each week in which something else became known of a case or person, it counts where it now belongs, and no
-- longer where it was thought to belong before.
change as (

    select
        state.event_week,
        case when direction.change_value = 1 then state.known_week else state.until_week end as known_week,
        state.crime_type_code,
        state.state_code,
        state.agency_code,
        exploitation.exploitation_group_code,
        state.is_child_code,
        state.unit_code,
        direction.change_value
    from {{ ref('lnk_unit_state') }} as state
    inner join {{ ref('ref_exploitation') }} as exploitation
        on state.exploitation_code = exploitation.exploitation_code
    cross join direction
    where
        state.is_counted
        and (direction.change_value = 1 or state.until_week < cast('9999-12-31' as date))

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

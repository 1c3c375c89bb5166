-- One row per event week, known week, crime type, state, agency, exploitation group, child or adult, and unit in
-- which the count changed.
with direction as (

    select 1 as change_value
    union all
    select -1 as change_value

),

-- Of most cases and persons one thing was ever known: it stands in their own marts. lnk_unit_state has the others.
state as (

    select
        event_week,
        known_week,
        until_week,
        crime_type_code,
        state_code,
        agency_code,
        exploitation_code,
        is_child_code,
        unit_code
    from {{ ref('lnk_unit_state') }}
    where is_counted
    {% for mart, unit_code, unit_key, is_child_code, is_counted in [
        ('fct_case', 'case', 'case_key', "'NA'", 'true'),
        ('fct_person_in_case', 'person', 'person_key', 'is_child_code', 'is_counted'),
    ] -%}
    union all
    select
        event_week,
        {{ mids.week_start('known_on') }} as known_week,
        cast('9999-12-31' as date) as until_week,
        crime_type_code,
        state_code,
        agency_code,
        exploitation_code,
        {{ is_child_code }} as is_child_code,
        '{{ unit_code }}' as unit_code
    from {{ ref(mart) }}
    where
        {{ is_counted }}
        and {{ unit_key }} not in (
            select moving.unit_key from {{ ref('lnk_record_state') }} as moving
            where moving.unit_code = '{{ unit_code }}'
        )
    {% endfor %}
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
    from state
    inner join {{ ref('ref_exploitation') }} as exploitation
        on state.exploitation_code = exploitation.exploitation_code
    cross join direction
    where direction.change_value = 1 or state.until_week < cast('9999-12-31' as date)

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

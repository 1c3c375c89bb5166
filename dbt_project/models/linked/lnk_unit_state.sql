-- One row per case or person and week from which something else was known of it: in every week the
-- best-placed record that counts then speaks for it; is_counted is false while none does.
{{ config(materialized=mids.brought_up_to_date(), unique_key='unit_key') }}
with state as (

    select * from {{ mids.touched('lnk_record_state', 'unit_key') }}

),

-- Of most cases and persons one thing was ever known; only the others are compared and sorted, which costs most here.
several as (

    select
        unit_code,
        unit_key
    from state
    group by unit_code, unit_key
    having count(*) > 1

),

one_of_several as (

    select state.*
    from state
    inner join several on state.unit_code = several.unit_code and state.unit_key = several.unit_key

),

week as (

    select distinct
        unit_code,
        unit_key,
        from_week as known_week
    from one_of_several

),

counted as (

    select *
    from one_of_several
    where is_counted

),

ranked as (

    select
        week.unit_code,
        week.unit_key,
        week.known_week,
        counted.agency_code,
        counted.event_week,
        counted.crime_type_code,
        counted.state_code,
        counted.exploitation_code,
        counted.is_child_code,
        row_number() over (
            partition by week.unit_code, week.unit_key, week.known_week
            order by counted.record_rank
        ) as preference
    from week
    inner join counted
        on
            week.unit_code = counted.unit_code
            and week.unit_key = counted.unit_key
            and week.known_week >= counted.from_week
            and week.known_week < counted.to_week

),

spoken as (

    select * from ranked
    where preference = 1

)

select
    week.unit_code,
    week.unit_key,
    week.known_week,
    {{ mids.until('week.known_week', 'week.unit_code, week.unit_key') }} as until_week,
    spoken.unit_key is not null as is_counted,
    spoken.agency_code,
    spoken.event_week,
    spoken.crime_type_code,
    spoken.state_code,
    spoken.exploitation_code,
    spoken.is_child_code
from week
left join spoken
    on
        week.unit_code = spoken.unit_code
        and week.unit_key = spoken.unit_key
        and week.known_week = spoken.known_week
union all
select
    state.unit_code,
    state.unit_key,
    state.from_week as known_week,
    cast('9999-12-31' as date) as until_week,
    state.is_counted,
    case when state.is_counted then state.agency_code end as agency_code,
    case when state.is_counted then state.event_week end as event_week,
    case when state.is_counted then state.crime_type_code end as crime_type_code,
    case when state.is_counted then state.state_code end as state_code,
    case when state.is_counted then state.exploitation_code end as exploitation_code,
    case when state.is_counted then state.is_child_code end as is_child_code
from state
left join several on state.unit_code = several.unit_code and state.unit_key = several.unit_key
where several.unit_key is null

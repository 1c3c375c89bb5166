-- One row per case or person and week from which something else was known of it: in every week the
-- best-placed record that counts then speaks for it; is_counted is false while none does.
-- A view: the weekly counts read it once, and most of its rows stand as they are in lnk_record_state.
{{ config(materialized='view') }}
-- Of most cases and persons one thing was ever known; only the others are sorted, which costs most here.
with one_of_several as (

    select * from {{ ref('lnk_record_state') }}
    where not is_alone

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
    unit_code,
    unit_key,
    from_week as known_week,
    cast('9999-12-31' as date) as until_week,
    is_counted,
    case when is_counted then agency_code end as agency_code,
    case when is_counted then event_week end as event_week,
    case when is_counted then crime_type_code end as crime_type_code,
    case when is_counted then state_code end as state_code,
    case when is_counted then exploitation_code end as exploitation_code,
    case when is_counted then is_child_code end as is_child_code
from {{ ref('lnk_record_state') }}
where is_alone

-- One row per case or person and week from which something else was known of it: in every week the
-- best-placed record that counts then speaks for it; is_counted is false while none does.
-- Who is alone is not here (lnk_record_state). A view: the weekly counts read it once.
{{ config(materialized='view') }}
with week as (

    select distinct
        unit_code,
        unit_key,
        from_week as known_week
    from {{ ref('lnk_record_state') }}

),

counted as (

    select * from {{ ref('lnk_record_state') }}
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

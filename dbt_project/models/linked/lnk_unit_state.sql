-- One row per case or person and week from which something else was known of it: in every week the
-- best-placed record that counts then speaks for it.
with week as (

    select distinct
        unit_code,
        unit_key,
        from_week
    from {{ ref('lnk_record_state') }}

),

spoken as (

    select
        week.unit_code,
        week.unit_key,
        week.from_week as known_week,
        state.agency_code,
        state.event_week,
        state.crime_type_code,
        state.state_code,
        state.unit_key is not null as is_counted,
        row_number() over (
            partition by week.unit_code, week.unit_key, week.from_week
            order by state.record_rank
        ) as preference
    from week
    left join {{ ref('lnk_record_state') }} as state
        on
            week.unit_code = state.unit_code
            and week.unit_key = state.unit_key
            and state.is_counted
            and week.from_week >= state.from_week
            and (state.to_week is null or week.from_week < state.to_week)

)

select
    unit_code,
    unit_key,
    known_week,
    lead(known_week) over (partition by unit_code, unit_key order by known_week) as until_week,
    is_counted,
    agency_code,
    event_week,
    crime_type_code,
    state_code
from spoken
where preference = 1

-- One row per day, state and public holiday kept there.
with listed as (

    select
        date_on,
        {{ mids.list_items('state_codes', "';'") }} as kept_in,
        name_en,
        name_ms,
        is_estimated
    from {{ ref('ref_public_holiday') }}

)

select
    listed.date_on,
    state.state_code,
    listed.name_en as holiday_name_en,
    listed.name_ms as holiday_name_ms,
    listed.kept_in = 'MY' as is_national,
    listed.is_estimated
from listed
inner join {{ ref('ref_state') }} as state
    on state.state_code <> 'XX' and (listed.kept_in = 'MY' or listed.kept_in = state.state_code)

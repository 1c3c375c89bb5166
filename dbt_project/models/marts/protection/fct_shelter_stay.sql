-- One row per stay of one protected person in one place of refuge.
with stay as (

    select
        *,
        {{ mids.event_on(['admitted_on', 'recorded_on'], 'known_on') }} as event_on
    from {{ ref('cnf_shelter_stay') }}

),

protection as (

    select
        told.order_no,
        told.interim_on,
        told.order_until,
        fact.protection_order_key,
        fact.case_key,
        fact.person_key
    from {{ ref('cnf_protection_order') }} as told
    inner join {{ ref('fct_protection_order') }} as fact on told.order_record_id = fact.protection_order_key

)

select
    stay.stay_record_id as shelter_stay_key,
    coalesce(protection.protection_order_key, 'XX') as protection_order_key,
    coalesce(protection.case_key, 'XX') as case_key,
    coalesce(protection.person_key, 'XX') as person_key,
    stay.stay_no,
    -- Which place, not where: the places of refuge are kept secret.
    {{ mids.record_id(["'refuge'", mids.plain_text('stay.shelter_name')]) }} as refuge_key,
    stay.event_on,
    {{ mids.week_start('stay.event_on') }} as event_week,
    stay.admitted_on,
    stay.left_on,
    stay.shelter_exit_code,
    {{ mids.lag_days('protection.interim_on', 'stay.admitted_on') }} as days_to_admission,
    {{ mids.lag_days('stay.admitted_on', 'stay.left_on') }} as stay_days,
    stay.left_on is null as is_staying,
    coalesce(stay.left_on > protection.order_until, false) as is_past_order,
    stay.known_on
from stay
left join protection on stay.order_no = protection.order_no

-- One row per interim protection order of one person, with the Magistrate's decision and the stays that followed.
with ordered as (

    select
        told.*,
        link.case_key,
        link.person_key,
        link.person_match_code,
        {{ mids.event_on(['told.interim_on', 'told.recorded_on'], 'told.known_on') }} as event_on
    from {{ ref('cnf_protection_order') }} as told
    inner join {{ ref('lnk_protected_person') }} as link on told.order_record_id = link.order_record_id

),

aged as (

    select
        *,
        case when birth_date <= event_on then {{ mids.age_years('birth_date', 'event_on') }} end as age_years
    from ordered

)

select
    aged.order_record_id as protection_order_key,
    aged.case_key,
    aged.person_key,
    aged.person_match_code,
    coalesce(cases.agency_code, 'XX') as agency_code,
    coalesce(cases.crime_type_code, 'XX') as crime_type_code,
    coalesce(cases.exploitation_code, 'Unknown') as exploitation_code,
    coalesce(cases.state_code, 'XX') as state_code,
    aged.nationality_code,
    aged.sex_code,
    coalesce(age_band.age_band_code, 'XX') as age_band_code,
    {{ mids.child_code('age_band.age_band_code', 'age_band.is_child') }} as is_child_code,
    aged.order_decision_code,
    aged.event_on,
    {{ mids.week_start('aged.event_on') }} as event_week,
    aged.interim_on,
    aged.interim_until,
    aged.decided_on,
    aged.order_until,
    aged.admitted_on,
    aged.left_on,
    aged.stay_count,
    aged.shelter_exit_code,
    {{ mids.lag_days('cases.event_on', 'aged.interim_on') }} as days_to_interim,
    {{ mids.lag_days('aged.interim_on', 'aged.decided_on') }} as days_to_decision,
    {{ mids.lag_days('aged.decided_on', 'aged.order_until') }} as order_days,
    {{ mids.lag_days('aged.admitted_on', 'aged.left_on') }} as refuge_days,
    coalesce(aged.decided_on > aged.interim_until, false) as is_decided_after_interim,
    aged.known_on
from aged
left join {{ ref('fct_case') }} as cases on aged.case_key = cases.case_key
left join {{ ref('ref_age_band') }} as age_band
    on aged.age_years between age_band.age_from and age_band.age_to

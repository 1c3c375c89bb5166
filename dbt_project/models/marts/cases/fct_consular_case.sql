-- One row per person in a consular case abroad.
select
    consular.consular_record_id as consular_case_key,
    coalesce(link.case_key, 'XX') as case_key,
    coalesce(person.person_key, 'XX') as person_key,
    consular.home_state_code,
    consular.country_code,
    consular.exploitation_code,
    consular.case_status_code,
    consular.reported_on,
    {{ mids.week_start('consular.event_on') }} as event_week,
    consular.status_on,
    consular.police_case_no_norm is not null as has_police_report,
    consular.ngo_ref is not null as has_organisation_report,
    consular.known_on
from {{ ref('cnf_consular_case') }} as consular
left join {{ ref('lnk_case') }} as link on consular.consular_record_id = link.case_record_id
left join {{ ref('lnk_person') }} as person on consular.consular_record_id = person.person_record_id

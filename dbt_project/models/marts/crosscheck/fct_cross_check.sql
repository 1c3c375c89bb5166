-- One row per check and reported person: whether the police, the foreign ministry and the places of refuge know of
-- the person.
select
    check_code,
    person_record_id as report_key,
    person_key,
    source_agency_code as agency_code,
    status_code,
    status_code_week_before,
    change_code,
    urgency_level,
    is_child_code,
    is_captive,
    is_open,
    country_code,
    case_status_code,
    match_probability,
    reasons_en,
    reasons_ms,
    target_record_id as best_match_key,
    first_known_on as reported_known_on,
    police_known_on,
    wisma_known_on,
    shelter_known_on,
    as_of_on
from {{ ref('lnk_cross_check') }}

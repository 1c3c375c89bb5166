-- One row per intercepted boat.
select
    boat.interception_record_id as interception_key,
    'APMM' as agency_code,
    link.case_key is not null as has_case,
    boat.event_on,
    boat.event_week,
    boat.state_code,
    -- Rounded to a tenth of a degree (11 km): enough for a map of routes, too coarse to retrace a patrol.
    round(boat.latitude, 1) as latitude,
    round(boat.longitude, 1) as longitude,
    boat.vessel_flag_code,
    boat.migrant_count,
    boat.crew_count,
    boat.outcome_code,
    boat.handed_to_agency_code,
    boat.known_on
from {{ ref('cnf_interception') }} as boat
left join {{ ref('lnk_case') }} as link on boat.interception_record_id = link.case_record_id

-- One row per immigration operation: the exposure against which counts are read.
select
    operation_record_id as operation_key,
    'JIM' as agency_code,
    event_on,
    event_week,
    state_code,
    industry_code,
    screened_count,
    arrested_count,
    employer_count,
    has_case,
    known_on
from {{ ref('cnf_operation') }}

-- One row per duty, agency and period in which the agency held it (type 2 by day of the event).
select
    duty_code,
    agency_code,
    effective_from,
    effective_to,
    effective_to is null as is_held,
    duty_en,
    duty_ms,
    note_en
from {{ ref('ref_agency_duty') }}

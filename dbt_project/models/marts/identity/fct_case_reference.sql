-- One row per record in which an agency writes another's case number, with the case found or why none is.
select
    reference.reference_record_id as reference_key,
    reference.reference_kind_code,
    reference.source_agency_code as agency_code,
    reference.named_agency_code,
    reference.case_key,
    reference.case_key <> 'XX' as is_matched,
    reference.unmatched_reason_code,
    reference.likely_case_key,
    {{ mids.event_on(['reference.referred_on'], 'reference.known_on') }} as event_on,
    {{ mids.week_start(mids.event_on(['reference.referred_on'], 'reference.known_on')) }} as event_week,
    reference.known_on
from {{ ref('lnk_case_reference') }} as reference

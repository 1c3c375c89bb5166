-- One row per case record, as its agency tells it now.
-- A view: writing these rows a second time costs more than choosing them whenever they are read.
{{ config(materialized='view') }}
select
    case_record_id,
    source_agency_code,
    source_record,
    source_record_key,
    case_kind_code,
    source_case_no,
    shared_case_no,
    case_no_norm,
    crime_type_code,
    offence_code,
    exploitation_code,
    event_on,
    {{ mids.week_start('event_on') }} as event_week,
    occurred_on,
    reported_on,
    recorded_on,
    state_code,
    locality_text,
    raid_no,
    raid_on,
    victim_count,
    suspect_count,
    case_status_code,
    updated_at,
    known_on
from {{ ref('cnf_case_version') }}
where is_current and is_case

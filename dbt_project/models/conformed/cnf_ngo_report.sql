-- One row per person reported by one organisation, as it tells it now: a claim, not a finding.
with coded as (

    select
        {{ mids.record_id(["'ngo'", "'reports'", 'report.source_record_key']) }} as report_record_id,
        report.source_record_key,
        report.organisation_name,
        report.exploitation_types,
        report.control_methods,
        report.recruitment_methods,
        coalesce(country.country_code, 'XX') as country_code,
        coalesce(map_state.state_code, 'XX') as state_code,
        report.occurred_on,
        report.reported_on,
        {{ mids.event_on(['report.occurred_on', 'report.reported_on', 'report.recorded_on'], 'report.known_on') }}
            as event_on,
        coalesce(trafficking_status.code, 'XX') as trafficking_status_code,
        coalesce(case_status.code, 'XX') as case_status_code,
        report.recorded_on,
        {{ mids.unmapped([
            ['country_code', 'report.country_code', 'country.country_code'],
            ['case_status', 'report.case_status', 'case_status.code'],
        ]) }} as unmapped,
        coalesce(report.updated_at, cast(report.known_on as {{ dbt.type_timestamp() }})) as updated_at,
        report.known_on,
        report.is_deleted,
        report._effective_at,
        report._sent_on,
        report._receipt_id,
        report._line_no
    from {{ ref('stg_ngo__reports') }} as report
    left join {{ ref('map_country') }} as country
        on {{ mids.plain_text('report.country_code') }} = country.spelling
    left join {{ ref('map_state') }} as map_state
        on report.country_code = 'MY' and {{ mids.plain_text('report.state_name') }} = map_state.spelling
    left join {{ ref('map_code') }} as trafficking_status
        on
            trafficking_status.domain = 'trafficking_status'
            and {{ mids.plain_text('report.trafficking_status') }} = trafficking_status.spelling
    left join {{ ref('map_code') }} as case_status
        on case_status.domain = 'case_status' and {{ mids.plain_text('report.case_status') }} = case_status.spelling

),

versions as (

    {{ mids.versions('coded', ['report_record_id']) }}

)

select
    report_record_id,
    source_record_key,
    organisation_name,
    exploitation_types,
    control_methods,
    recruitment_methods,
    country_code,
    state_code,
    occurred_on,
    reported_on,
    event_on,
    trafficking_status_code,
    case_status_code,
    recorded_on,
    unmapped,
    updated_at,
    known_on
from versions
where is_current

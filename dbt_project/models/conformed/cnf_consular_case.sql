-- One row per person in a consular case, as the foreign ministry tells it now.
with told as (

    select
        *,
        coalesce(updated_at, cast(known_on as {{ dbt.type_timestamp() }})) as last_updated_at
    from {{ ref('stg_kln__consular_cases') }}

),

coded as (

    select
        {{ mids.record_id(["'kln'", "'consular_cases'", 'told.source_record_key']) }} as consular_record_id,
        told.source_record_key,
        told.source_case_no,
        told.reported_on,
        {{ mids.event_on(['told.reported_on', 'told.recorded_on'], 'told.known_on') }} as event_on,
        told.recorded_on,
        coalesce(map_state.state_code, 'XX') as home_state_code,
        coalesce(country.country_code, 'XX') as country_code,
        told.site_text,
        coalesce(map_exploitation.exploitation_code, 'Unknown') as exploitation_code,
        told.informant,
        {{ mids.case_no_norm('told.police_report_no') }} as police_case_no_norm,
        told.ngo_ref,
        coalesce(case_status.code, 'XX') as case_status_code,
        told.status_on,
        {{ mids.unmapped([
            ['state_name', 'told.state_name', 'map_state.state_code'],
            ['country_code', 'told.country_code', 'country.country_code'],
            ['exploitation_text', 'told.exploitation_text', 'map_exploitation.exploitation_code'],
            ['case_status', 'told.case_status', 'case_status.code'],
        ]) }} as unmapped,
        told.last_updated_at as updated_at,
        told.known_on,
        told.is_deleted,
        told._effective_at,
        told._sent_on,
        told._receipt_id,
        told._line_no
    from told
    left join {{ ref('map_state') }} as map_state
        on {{ mids.plain_text('told.state_name') }} = map_state.spelling
    left join {{ ref('map_country') }} as country
        on {{ mids.plain_text('told.country_code') }} = country.spelling
    left join {{ ref('map_exploitation') }} as map_exploitation
        on {{ mids.plain_text('told.exploitation_text') }} = map_exploitation.spelling
    left join {{ ref('map_code') }} as case_status
        on case_status.domain = 'case_status' and {{ mids.plain_text('told.case_status') }} = case_status.spelling

),

versions as (

    {{ mids.versions('coded', ['consular_record_id']) }}

)

select
    consular_record_id,
    source_record_key,
    source_case_no,
    reported_on,
    event_on,
    recorded_on,
    home_state_code,
    country_code,
    site_text,
    exploitation_code,
    informant,
    police_case_no_norm,
    ngo_ref,
    case_status_code,
    status_on,
    unmapped,
    updated_at,
    known_on
from versions
where is_current

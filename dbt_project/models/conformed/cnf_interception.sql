-- One row per intercepted boat, as the maritime agency tells it now.
with coded as (

    select
        {{ mids.record_id(["'apmm'", "'interceptions'", 'boat.source_record_key']) }} as interception_record_id,
        boat.source_record_key,
        boat.incident_no,
        boat.occurred_at,
        {{ mids.event_on(['cast(boat.occurred_at as date)', 'cast(boat.reported_at as date)'], 'boat.known_on') }}
            as event_on,
        boat.latitude,
        boat.longitude,
        boat.sea_sector,
        boat.vessel_type,
        coalesce(flag.country_code, 'XX') as vessel_flag_code,
        boat.migrant_count,
        boat.crew_count,
        boat.nationality_counts,
        coalesce(outcome.code, 'XX') as outcome_code,
        coalesce(handed_to.code, 'XX') as handed_to_agency_code,
        {{ mids.case_no_norm('boat.case_ref') }} as case_no_norm,
        coalesce(map_state.state_code, 'XX') as state_code,
        {{ mids.unmapped([
            ['vessel_flag', 'boat.vessel_flag', 'flag.country_code'],
            ['outcome', 'boat.outcome', 'outcome.code'],
            ['handed_to', 'boat.handed_to', 'handed_to.code'],
            ['state_name', 'boat.state_name', 'map_state.state_code'],
        ]) }} as unmapped,
        boat.revision_no,
        coalesce(boat.updated_at, cast(boat.known_on as {{ dbt.type_timestamp() }})) as updated_at,
        boat.known_on,
        boat.is_deleted,
        boat._effective_at,
        boat._sent_on,
        boat._receipt_id,
        boat._line_no
    from {{ ref('stg_apmm__interceptions') }} as boat
    left join {{ ref('map_country') }} as flag
        on {{ mids.plain_text('boat.vessel_flag') }} = flag.spelling
    left join {{ ref('map_code') }} as outcome
        on
            outcome.domain = 'interception_outcome'
            and {{ mids.plain_text('boat.outcome') }} = outcome.spelling
    left join {{ ref('map_code') }} as handed_to
        on handed_to.domain = 'agency' and {{ mids.plain_text('boat.handed_to') }} = handed_to.spelling
    left join {{ ref('map_state') }} as map_state
        on {{ mids.plain_text('boat.state_name') }} = map_state.spelling

),

versions as (

    {{ mids.versions('coded', ['interception_record_id']) }}

)

select
    interception_record_id,
    source_record_key,
    incident_no,
    occurred_at,
    event_on,
    {{ mids.week_start('event_on') }} as event_week,
    latitude,
    longitude,
    sea_sector,
    vessel_type,
    vessel_flag_code,
    migrant_count,
    crew_count,
    nationality_counts,
    outcome_code,
    handed_to_agency_code,
    case_no_norm,
    state_code,
    unmapped,
    revision_no,
    updated_at,
    known_on
from versions
where is_current

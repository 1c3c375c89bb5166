-- One row per immigration operation, as Immigration tells it now: the exposure against which counts are read.
with coded as (

    select
        {{ mids.record_id(["'jim'", "'operations'", 'operation.source_record_key']) }} as operation_record_id,
        operation.source_record_key,
        operation.operation_no,
        operation.occurred_on,
        {{ mids.event_on(['operation.occurred_on', 'operation.recorded_on'], 'operation.known_on') }} as event_on,
        operation.recorded_on,
        coalesce(map_state.state_code, 'XX') as state_code,
        operation.premises_text,
        operation.screened_count,
        operation.arrested_count,
        operation.employer_count,
        operation.source_case_no is not null as has_case,
        {{ mids.unmapped([['state_name', 'operation.state_name', 'map_state.state_code']]) }} as unmapped,
        coalesce(
            cast(operation.updated_at as {{ dbt.type_timestamp() }}),
            cast(operation.known_on as {{ dbt.type_timestamp() }})
        ) as updated_at,
        operation.known_on,
        operation._received_on,
        operation._receipt_id,
        operation._line_no
    from {{ ref('stg_jim__operations') }} as operation
    left join {{ ref('map_state') }} as map_state
        on {{ mids.plain_text('operation.state_name') }} = map_state.spelling

),

versions as (

    {{ mids.versions('coded', 'operation_record_id') }}

)

select
    operation_record_id,
    source_record_key,
    operation_no,
    event_on,
    {{ mids.week_start('event_on') }} as event_week,
    recorded_on,
    state_code,
    premises_text,
    screened_count,
    arrested_count,
    employer_count,
    has_case,
    unmapped,
    updated_at,
    known_on
from versions
where is_current

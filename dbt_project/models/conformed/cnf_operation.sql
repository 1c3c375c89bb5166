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

-- Places are free text: their opening words tell the business; the longest words that match speak.
place as (

    select
        coded.premises_text,
        map_premises.industry_code,
        row_number() over (
            partition by coded.premises_text
            order by {{ dbt.length('map_premises.pattern') }} desc
        ) as preference
    from (select distinct premises_text from coded) as coded
    inner join {{ ref('map_premises') }} as map_premises
        on {{ mids.plain_text('coded.premises_text') }} like {{ dbt.concat(['map_premises.pattern', "'%'"]) }}

),

versions as (

    {{ mids.versions('coded', 'operation_record_id') }}

)

select
    versions.operation_record_id,
    versions.source_record_key,
    versions.operation_no,
    versions.event_on,
    {{ mids.week_start('versions.event_on') }} as event_week,
    versions.recorded_on,
    versions.state_code,
    versions.premises_text,
    coalesce(place.industry_code, 'XX') as industry_code,
    versions.screened_count,
    versions.arrested_count,
    versions.employer_count,
    versions.has_case,
    versions.unmapped,
    versions.updated_at,
    versions.known_on
from versions
left join place on versions.premises_text = place.premises_text and place.preference = 1
where versions.is_current

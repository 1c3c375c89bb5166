-- One row per immigration operation, labour inspection carried out, or encounter at an entry point, as its agency
-- tells it now: with the raids of investigation papers, the exposure against which counts are read.
{{ config(materialized=mids.brought_up_to_date(), unique_key='operation_record_id') }}
with jim as (

    select
        'JIM' as source_agency_code,
        'operations' as source_record,
        'OPERATION' as operation_kind_code,
        source_record_key,
        operation_no,
        occurred_on,
        recorded_on,
        state_name,
        premises_text,
        screened_count,
        arrested_count,
        employer_count,
        cast(null as {{ dbt.type_bigint() }}) as worker_count,
        cast(null as {{ dbt.type_bigint() }}) as refused_count,
        source_case_no is not null as has_case,
        cast(updated_at as {{ dbt.type_timestamp() }}) as updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_jim__operations') }}

),

jtk as (

    -- A complaint is an inspection once somebody has been there.
    select
        'JTK' as source_agency_code,
        'complaints' as source_record,
        'INSPECTION' as operation_kind_code,
        source_record_key,
        complaint_no as operation_no,
        inspected_on as occurred_on,
        recorded_on,
        state_name,
        sector_text as premises_text,
        cast(null as {{ dbt.type_bigint() }}) as screened_count,
        cast(null as {{ dbt.type_bigint() }}) as arrested_count,
        cast(null as {{ dbt.type_bigint() }}) as employer_count,
        worker_count,
        cast(null as {{ dbt.type_bigint() }}) as refused_count,
        coalesce(finding = 'FORCED LABOUR', false) as has_case,
        updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_jtk__complaints') }}
    where inspected_on is not null

),

akps_rows as (

    -- The feed has a row per person; the encounter stands on each of them.
    {{ mids.parts(mids.told('stg_akps__encounters'), 'encounter_no') }}

),

akps as (

    select
        'AKPS' as source_agency_code,
        'encounters' as source_record,
        'ENCOUNTER' as operation_kind_code,
        encounter_no as source_record_key,
        encounter_no as operation_no,
        cast(occurred_at as date) as occurred_on,
        recorded_on,
        state_name,
        cast(null as {{ dbt.type_string() }}) as premises_text,
        cast(null as {{ dbt.type_bigint() }}) as screened_count,
        cast(null as {{ dbt.type_bigint() }}) as arrested_count,
        cast(null as {{ dbt.type_bigint() }}) as employer_count,
        cast(null as {{ dbt.type_bigint() }}) as worker_count,
        refused_count,
        source_case_no is not null as has_case,
        updated_at,
        known_on,
        is_whole_deleted as is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from akps_rows
    where part_no = 1

),

told as (

    select * from jim
    union all
    select * from jtk
    union all
    select * from akps

),

coded as (

    select
        {{ mids.record_id(['lower(told.source_agency_code)', 'told.source_record', 'told.source_record_key']) }}
            as operation_record_id,
        told.source_agency_code,
        told.source_record,
        told.operation_kind_code,
        told.source_record_key,
        told.operation_no,
        {{ mids.event_on(['told.occurred_on', 'told.recorded_on'], 'told.known_on') }} as event_on,
        told.recorded_on,
        coalesce(map_state.state_code, 'XX') as state_code,
        told.premises_text,
        told.screened_count,
        told.arrested_count,
        told.employer_count,
        told.worker_count,
        told.refused_count,
        told.has_case,
        {{ mids.unmapped([['state_name', 'told.state_name', 'map_state.state_code']]) }} as unmapped,
        coalesce(told.updated_at, cast(told.known_on as {{ dbt.type_timestamp() }})) as updated_at,
        told.known_on,
        told.is_deleted,
        told._effective_at,
        told._sent_on,
        told._receipt_id,
        told._line_no
    from told
    left join {{ ref('map_state') }} as map_state
        on {{ mids.plain_text('told.state_name') }} = map_state.spelling

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
    versions.source_agency_code,
    versions.source_record,
    versions.operation_kind_code,
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
    versions.worker_count,
    versions.refused_count,
    versions.has_case,
    versions.unmapped,
    versions.updated_at,
    versions.known_on
from versions
left join place on versions.premises_text = place.premises_text and place.preference = 1
where versions.is_current

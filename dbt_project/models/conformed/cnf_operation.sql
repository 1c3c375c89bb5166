-- One row per immigration operation, labour inspection carried out, or encounter at an entry point, as its agency
-- tells it now: with the raids of investigation papers, the exposure against which counts are read.
{{ config(materialized=mids.brought_up_to_date(), unique_key='operation_record_id') }}
with jim as {{ mids.inlined() }} (

    select
        'JIM' as source_agency_code,
        'operations' as source_record,
        'OPERATION' as operation_kind_code,
        source_record_key,
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

jtk as {{ mids.inlined() }} (

    -- A complaint is an inspection once somebody has been there.
    select
        'JTK' as source_agency_code,
        'complaints' as source_record,
        'INSPECTION' as operation_kind_code,
        source_record_key,
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

akps_rows as {{ mids.inlined() }} (

    -- The feed has a row per person; the encounter stands on each of them.
    {{ mids.parts(mids.told('stg_akps__encounters'), 'encounter_no') }}

),

akps as {{ mids.inlined() }} (

    select
        'AKPS' as source_agency_code,
        'encounters' as source_record,
        'ENCOUNTER' as operation_kind_code,
        encounter_no as source_record_key,
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

told as {{ mids.inlined() }} (

    select * from jim
    union all
    select * from jtk
    union all
    select * from akps

),

versions as (

    {{ mids.versions('told', ['source_agency_code', 'source_record', 'source_record_key']) }}

),

coded as (

    select
        {{ mids.record_id(['lower(told.source_agency_code)', 'told.source_record', 'told.source_record_key']) }}
            as operation_record_id,
        told.source_agency_code,
        told.source_record,
        told.operation_kind_code,
        told.source_record_key,
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
        told.is_current
    from versions as told
    left join {{ ref('map_state') }} as map_state
        on {{ mids.plain_text('told.state_name') }} = map_state.spelling

),

-- Places are free text: their opening words tell the business; the longest words that match speak.
place as (

    select
        told.premises_text,
        map_premises.industry_code,
        row_number() over (
            partition by told.premises_text
            order by {{ dbt.length('map_premises.pattern') }} desc
        ) as preference
    from (select distinct premises_text from told) as told
    inner join {{ ref('map_premises') }} as map_premises
        on {{ mids.plain_text('told.premises_text') }} like {{ dbt.concat(['map_premises.pattern', "'%'"]) }}

)

select
    coded.operation_record_id,
    coded.source_agency_code,
    coded.source_record,
    coded.operation_kind_code,
    coded.source_record_key,
    coded.event_on,
    {{ mids.week_start('coded.event_on') }} as event_week,
    coded.recorded_on,
    coded.state_code,
    coded.premises_text,
    coalesce(place.industry_code, 'XX') as industry_code,
    coded.screened_count,
    coded.arrested_count,
    coded.employer_count,
    coded.worker_count,
    coded.refused_count,
    coded.has_case,
    coded.unmapped,
    coded.updated_at,
    coded.known_on
from coded
left join place on coded.premises_text = place.premises_text and place.preference = 1
where coded.is_current

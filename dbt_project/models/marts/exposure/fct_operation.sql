-- One row per immigration operation, raid, labour inspection or encounter at an entry point: the exposure against
-- which counts are read.
{{ config(materialized=mids.brought_up_to_date(), unique_key='operation_key') }}
with raid as (

    -- A raid that opened several papers is one raid; it is of a crime type while its papers agree on one.
    select
        {{ mids.record_id(["'raid'", 'source_agency_code', 'raid_no']) }} as operation_key,
        source_agency_code as agency_code,
        case when min(crime_type_code) = max(crime_type_code) then min(crime_type_code) else 'XX' end
            as crime_type_code,
        min(raid_on) as event_on,
        case when min(state_code) = max(state_code) then min(state_code) else 'XX' end as state_code,
        min(known_on) as known_on
    from {{ mids.touched('cnf_case', 'case_record_id') }}
    where case_kind_code = 'INVESTIGATION' and raid_no is not null and raid_on is not null
    group by source_agency_code, raid_no

)

select
    operation_record_id as operation_key,
    source_agency_code as agency_code,
    operation_kind_code,
    'XX' as crime_type_code,
    event_on,
    event_week,
    state_code,
    industry_code,
    screened_count,
    arrested_count,
    employer_count,
    worker_count,
    refused_count,
    has_case,
    known_on
from {{ mids.touched('cnf_operation', 'operation_record_id') }}
union all
select
    operation_key,
    agency_code,
    'RAID' as operation_kind_code,
    crime_type_code,
    event_on,
    {{ mids.week_start('event_on') }} as event_week,
    state_code,
    'XX' as industry_code,
    cast(null as {{ dbt.type_bigint() }}) as screened_count,
    cast(null as {{ dbt.type_bigint() }}) as arrested_count,
    cast(null as {{ dbt.type_bigint() }}) as employer_count,
    cast(null as {{ dbt.type_bigint() }}) as worker_count,
    cast(null as {{ dbt.type_bigint() }}) as refused_count,
    true as has_case,
    known_on
from raid
where event_on between cast('{{ var("calendar_from") }}' as date) and cast('{{ var("calendar_to") }}' as date)

-- One row per case record and delivery, as one agency tells it: police papers, operations and
-- interceptions that led to a case, consular cases, Customs seizures, labour complaints found to be forced labour,
-- and encounters at entry points that led to a case.
{{ config(materialized=mids.brought_up_to_date(), unique_key='case_record_id') }}
with pdrm as (

    select
        'PDRM' as source_agency_code,
        'cases' as source_record,
        'INVESTIGATION' as case_kind_code,
        source_record_key,
        source_case_no,
        source_case_no as shared_case_no,
        true as is_case,
        case_type,
        section_text,
        exploitation_text,
        occurred_on,
        reported_on,
        recorded_on,
        state_name,
        district_name as district_text,
        sector_text as site_text,
        raid_no,
        raid_on,
        victim_count,
        suspect_count,
        case_status,
        updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_pdrm__cases') }}

),

jim as (

    -- Every version of an operation that ever had a case number: a number taken back ends the case.
    select
        'JIM' as source_agency_code,
        'operations' as source_record,
        'OPERATION' as case_kind_code,
        source_record_key,
        source_case_no,
        source_case_no as shared_case_no,
        source_case_no is not null as is_case,
        case_type,
        section_text,
        cast(null as {{ dbt.type_string() }}) as exploitation_text,
        occurred_on,
        cast(null as date) as reported_on,
        recorded_on,
        state_name,
        cast(null as {{ dbt.type_string() }}) as district_text,
        cast(null as {{ dbt.type_string() }}) as site_text,
        operation_no as raid_no,
        occurred_on as raid_on,
        cast(null as {{ dbt.type_bigint() }}) as victim_count,
        cast(null as {{ dbt.type_bigint() }}) as suspect_count,
        cast(null as {{ dbt.type_string() }}) as case_status,
        cast(updated_at as {{ dbt.type_timestamp() }}) as updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_jim__operations') }}
    where source_record_key in (
        select with_case.source_record_key
        from {{ mids.told('stg_jim__operations') }} as with_case
        where with_case.source_case_no is not null
    )

),

apmm as (

    select
        'APMM' as source_agency_code,
        'interceptions' as source_record,
        'INTERCEPTION' as case_kind_code,
        source_record_key,
        coalesce(case_ref, incident_no) as source_case_no,
        case_ref as shared_case_no,
        case_ref is not null as is_case,
        'SOM' as case_type,
        cast(null as {{ dbt.type_string() }}) as section_text,
        cast(null as {{ dbt.type_string() }}) as exploitation_text,
        cast(occurred_at as date) as occurred_on,
        cast(reported_at as date) as reported_on,
        cast(reported_at as date) as recorded_on,
        state_name,
        cast(null as {{ dbt.type_string() }}) as district_text,
        cast(null as {{ dbt.type_string() }}) as site_text,
        incident_no as raid_no,
        cast(occurred_at as date) as raid_on,
        migrant_count as victim_count,
        crew_count as suspect_count,
        cast(null as {{ dbt.type_string() }}) as case_status,
        updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_apmm__interceptions') }}
    where source_record_key in (
        select with_case.source_record_key
        from {{ mids.told('stg_apmm__interceptions') }} as with_case
        where with_case.case_ref is not null
    )

),

kln as (

    select
        'KLN' as source_agency_code,
        'consular_cases' as source_record,
        'CONSULAR' as case_kind_code,
        source_record_key,
        source_case_no,
        coalesce(police_report_no, source_case_no) as shared_case_no,
        true as is_case,
        'JOBSCAM' as case_type,
        cast(null as {{ dbt.type_string() }}) as section_text,
        exploitation_text,
        cast(null as date) as occurred_on,
        reported_on,
        recorded_on,
        state_name,
        cast(null as {{ dbt.type_string() }}) as district_text,
        site_text,
        cast(null as {{ dbt.type_string() }}) as raid_no,
        cast(null as date) as raid_on,
        1 as victim_count,
        cast(null as {{ dbt.type_bigint() }}) as suspect_count,
        case_status,
        updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_kln__consular_cases') }}

),

jkdm_lines as (

    -- The return has a line per person; the case stands on each of them.
    {{ mids.parts(mids.told('stg_jkdm__cases'), 'source_case_no') }}

),

jkdm as (

    select
        'JKDM' as source_agency_code,
        'cases' as source_record,
        'SEIZURE' as case_kind_code,
        source_case_no as source_record_key,
        source_case_no,
        coalesce(police_case_no, source_case_no) as shared_case_no,
        true as is_case,
        case_type,
        cast(null as {{ dbt.type_string() }}) as section_text,
        cast(null as {{ dbt.type_string() }}) as exploitation_text,
        occurred_on,
        cast(null as date) as reported_on,
        recorded_on,
        state_name,
        cast(null as {{ dbt.type_string() }}) as district_text,
        cast(null as {{ dbt.type_string() }}) as site_text,
        cast(null as {{ dbt.type_string() }}) as raid_no,
        cast(null as date) as raid_on,
        victim_count,
        suspect_count,
        cast(null as {{ dbt.type_string() }}) as case_status,
        updated_at,
        known_on,
        is_whole_deleted as is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from jkdm_lines
    where part_no = 1

),

jtk as (

    -- Every version of a complaint in which forced labour was ever found: a finding taken back ends the case.
    select
        'JTK' as source_agency_code,
        'complaints' as source_record,
        'LABOUR' as case_kind_code,
        source_record_key,
        coalesce(source_case_no, complaint_no) as source_case_no,
        coalesce(source_case_no, complaint_no) as shared_case_no,
        finding = 'FORCED LABOUR' as is_case,
        'TIP' as case_type,
        cast(null as {{ dbt.type_string() }}) as section_text,
        'FORCED LABOUR' as exploitation_text,
        cast(null as date) as occurred_on,
        reported_on,
        recorded_on,
        state_name,
        cast(null as {{ dbt.type_string() }}) as district_text,
        cast(null as {{ dbt.type_string() }}) as site_text,
        cast(null as {{ dbt.type_string() }}) as raid_no,
        inspected_on as raid_on,
        cast(null as {{ dbt.type_bigint() }}) as victim_count,
        cast(null as {{ dbt.type_bigint() }}) as suspect_count,
        cast(null as {{ dbt.type_string() }}) as case_status,
        updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_jtk__complaints') }}
    where source_record_key in (
        select found.source_record_key
        from {{ mids.told('stg_jtk__complaints') }} as found
        where found.finding = 'FORCED LABOUR'
    )

),

akps_rows as (

    -- The feed has a row per person; the encounter stands on each of them.
    {{ mids.parts(mids.told('stg_akps__encounters'), 'encounter_no') }}

),

akps as (

    select
        'AKPS' as source_agency_code,
        'encounters' as source_record,
        'ENCOUNTER' as case_kind_code,
        encounter_no as source_record_key,
        coalesce(source_case_no, encounter_no) as source_case_no,
        source_case_no as shared_case_no,
        source_case_no is not null as is_case,
        case_type,
        cast(null as {{ dbt.type_string() }}) as section_text,
        cast(null as {{ dbt.type_string() }}) as exploitation_text,
        cast(occurred_at as date) as occurred_on,
        cast(null as date) as reported_on,
        recorded_on,
        state_name,
        cast(null as {{ dbt.type_string() }}) as district_text,
        cast(null as {{ dbt.type_string() }}) as site_text,
        encounter_no as raid_no,
        cast(occurred_at as date) as raid_on,
        cast(null as {{ dbt.type_bigint() }}) as victim_count,
        cast(null as {{ dbt.type_bigint() }}) as suspect_count,
        cast(null as {{ dbt.type_string() }}) as case_status,
        updated_at,
        known_on,
        is_whole_deleted as is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from akps_rows
    where
        part_no = 1
        and encounter_no in (
            select with_case.encounter_no
            from {{ mids.told('stg_akps__encounters') }} as with_case
            where with_case.source_case_no is not null
        )

),

told as (

    select * from pdrm
    union all
    select * from jim
    union all
    select * from apmm
    union all
    select * from kln
    union all
    select * from jkdm
    union all
    select * from jtk
    union all
    select * from akps

),

coded as (

    select
        {{ mids.record_id(['lower(told.source_agency_code)', 'told.source_record', 'told.source_record_key']) }}
            as case_record_id,
        told.source_agency_code,
        told.source_record,
        told.source_record_key,
        told.case_kind_code,
        told.source_case_no,
        told.shared_case_no,
        {{ mids.case_no_norm('told.shared_case_no') }} as case_no_norm,
        told.is_case and not told.is_deleted as is_case,
        coalesce(exploitation.crime_type_code, crime_type.code, 'XX') as crime_type_code,
        coalesce(offence.offence_code, 'XX') as offence_code,
        coalesce(
            map_exploitation.exploitation_code,
            case when crime_type.code = 'SOM' then 'NotApplicable' else 'Unknown' end
        ) as exploitation_code,
        {{ mids.event_on(['told.occurred_on', 'told.reported_on', 'told.recorded_on'], 'told.known_on') }} as event_on,
        told.occurred_on,
        told.reported_on,
        told.recorded_on,
        coalesce(map_state.state_code, 'XX') as state_code,
        -- The police write the compound abroad where the kind of premises stands at home.
        case
            when
                told.source_agency_code = 'PDRM'
                and coalesce(map_exploitation.exploitation_code, 'Unknown') <> 'ForcedCriminality'
                then told.district_text
            else told.site_text
        end as locality_text,
        told.raid_no,
        told.raid_on,
        told.victim_count,
        told.suspect_count,
        coalesce(case_status.code, 'XX') as case_status_code,
        {{ mids.unmapped([
            ['case_type', 'told.case_type', 'crime_type.code'],
            ['section_text', 'told.section_text', 'offence.offence_code'],
            ['exploitation_text', 'told.exploitation_text', 'map_exploitation.exploitation_code'],
            ['state_name', 'told.state_name', 'map_state.state_code'],
            ['case_status', 'told.case_status', 'case_status.code'],
        ]) }} as unmapped,
        coalesce(told.updated_at, cast(told.known_on as {{ dbt.type_timestamp() }})) as updated_at,
        told.known_on,
        told.is_deleted,
        told._effective_at,
        told._sent_on,
        told._receipt_id,
        told._line_no
    from told
    left join {{ ref('map_code') }} as crime_type
        on crime_type.domain = 'crime_type' and {{ mids.plain_text('told.case_type') }} = crime_type.spelling
    left join {{ ref('map_code') }} as case_status
        on case_status.domain = 'case_status' and {{ mids.plain_text('told.case_status') }} = case_status.spelling
    left join {{ ref('map_state') }} as map_state
        on {{ mids.plain_text('told.state_name') }} = map_state.spelling
    left join {{ ref('map_exploitation') }} as map_exploitation
        on {{ mids.plain_text('told.exploitation_text') }} = map_exploitation.spelling
    left join {{ ref('ref_exploitation') }} as exploitation
        on map_exploitation.exploitation_code = exploitation.exploitation_code
    left join {{ ref('cnf_offence_text') }} as offence
        on {{ mids.plain_text('told.section_text') }} = offence.offence_text

)

{{ mids.versions('coded', ['case_record_id']) }}

-- One row per person record and delivery, as one agency tells it. What is told now also has a place: state, town, event
-- and raid come from that agency's own case record where the person's record does not have them, for an accused from
-- the investigation's. They stand here, so that these rows are written once: cnf_person is a view.
{{ config(materialized=mids.brought_up_to_date(), unique_key='person_record_id') }}
{% set placed = [
    'placed_state_code', 'placed_locality_text', 'placed_event_on', 'placed_case_no_norm', 'placed_raid_no',
] -%}
{% set only_news = mids.only_news() -%}
{% set told_case = mids.touched('cnf_case_version', 'case_record_id', by='cnf_touched') -%}
with pdrm as {{ mids.inlined() }} (

    select
        'PDRM' as source_agency_code,
        'persons' as source_record,
        source_record_key,
        source_case_no,
        source_case_no as case_source_key,
        source_case_no as shared_case_no,
        role,
        full_name,
        sex as sex_text,
        birth_date,
        age_years,
        nationality_text,
        document_type as document_text,
        document_no,
        cast(null as {{ dbt.type_string() }}) as state_name,
        cast(null as {{ dbt.type_string() }}) as locality_text,
        'MY' as country_text,
        cast(null as {{ dbt.type_string() }}) as exploitation_text,
        cast(null as date) as occurred_on,
        cast(null as date) as reported_on,
        recorded_on,
        protection_order,
        cast(null as {{ dbt.type_string() }}) as trafficking_status,
        updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_pdrm__persons') }}

),

jim as {{ mids.inlined() }} (

    select
        'JIM' as source_agency_code,
        'persons' as source_record,
        source_record_key,
        operation_no as source_case_no,
        operation_no as case_source_key,
        cast(null as {{ dbt.type_string() }}) as shared_case_no,
        role,
        full_name,
        sex as sex_text,
        birth_date,
        cast(null as {{ dbt.type_bigint() }}) as age_years,
        nationality_text,
        cast(null as {{ dbt.type_string() }}) as document_text,
        document_no,
        cast(null as {{ dbt.type_string() }}) as state_name,
        cast(null as {{ dbt.type_string() }}) as locality_text,
        'MY' as country_text,
        cast(null as {{ dbt.type_string() }}) as exploitation_text,
        cast(null as date) as occurred_on,
        cast(null as date) as reported_on,
        recorded_on,
        cast(null as {{ dbt.type_string() }}) as protection_order,
        cast(null as {{ dbt.type_string() }}) as trafficking_status,
        cast(updated_at as {{ dbt.type_timestamp() }}) as updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_jim__persons') }}

),

agc_accused as {{ mids.inlined() }} (

    -- The feed has a row per charge; the accused stands on each of them.
    {{ mids.parts(mids.told('stg_agc__charges'), 'prosecution_no') }}

),

agc as {{ mids.inlined() }} (

    select
        'AGC' as source_agency_code,
        'charges' as source_record,
        prosecution_no as source_record_key,
        prosecution_no as source_case_no,
        cast(null as {{ dbt.type_string() }}) as case_source_key,
        investigation_ref as shared_case_no,
        'ACCUSED' as role,
        full_name,
        sex as sex_text,
        birth_date,
        cast(null as {{ dbt.type_bigint() }}) as age_years,
        nationality_code as nationality_text,
        cast(null as {{ dbt.type_string() }}) as document_text,
        document_no,
        cast(null as {{ dbt.type_string() }}) as state_name,
        cast(null as {{ dbt.type_string() }}) as locality_text,
        'MY' as country_text,
        cast(null as {{ dbt.type_string() }}) as exploitation_text,
        cast(null as date) as occurred_on,
        opened_on as reported_on,
        recorded_on,
        cast(null as {{ dbt.type_string() }}) as protection_order,
        cast(null as {{ dbt.type_string() }}) as trafficking_status,
        updated_at,
        known_on,
        is_whole_deleted as is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from agc_accused
    where part_no = 1

),

kln as {{ mids.inlined() }} (

    select
        'KLN' as source_agency_code,
        'consular_cases' as source_record,
        source_record_key,
        source_case_no,
        source_case_no as case_source_key,
        coalesce(police_report_no, source_case_no) as shared_case_no,
        'MISSING ABROAD' as role,
        full_name,
        sex as sex_text,
        birth_date,
        cast(null as {{ dbt.type_bigint() }}) as age_years,
        'MY' as nationality_text,
        case when mykad_no is not null then 'MYKAD' when passport_no is not null then 'PASPORT' else 'TIADA' end
            as document_text,
        coalesce(mykad_no, passport_no) as document_no,
        state_name,
        cast(null as {{ dbt.type_string() }}) as locality_text,
        country_code as country_text,
        exploitation_text,
        cast(null as date) as occurred_on,
        reported_on,
        recorded_on,
        cast(null as {{ dbt.type_string() }}) as protection_order,
        cast(null as {{ dbt.type_string() }}) as trafficking_status,
        updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_kln__consular_cases') }}

),

ngo as {{ mids.inlined() }} (

    -- HTCDS lists several values with semicolons; the first is the one the organisation put first.
    select
        'NGO' as source_agency_code,
        'reports' as source_record,
        source_record_key,
        source_case_no,
        cast(null as {{ dbt.type_string() }}) as case_source_key,
        cast(null as {{ dbt.type_string() }}) as shared_case_no,
        case when country_code <> 'MY' then 'MISSING ABROAD' else 'VICTIM' end as role,
        nullif(trim(concat_ws(' ', first_name, second_name)), '') as full_name,
        gender as sex_text,
        birth_date,
        age_years,
        nullif(trim({{ dbt.split_part('nationality_codes', "';'", 1) }}), '') as nationality_text,
        cast(null as {{ dbt.type_string() }}) as document_text,
        document_no,
        case when country_code = 'MY' then state_name end as state_name,
        city_text as locality_text,
        country_code as country_text,
        nullif(trim({{ dbt.split_part('exploitation_types', "';'", 1) }}), '') as exploitation_text,
        occurred_on,
        reported_on,
        recorded_on,
        cast(null as {{ dbt.type_string() }}) as protection_order,
        trafficking_status,
        updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_ngo__reports') }}

),

jkdm as {{ mids.inlined() }} (

    select
        'JKDM' as source_agency_code,
        'cases' as source_record,
        source_record_key,
        source_case_no,
        source_case_no as case_source_key,
        coalesce(police_case_no, source_case_no) as shared_case_no,
        role,
        full_name,
        sex as sex_text,
        birth_date,
        cast(null as {{ dbt.type_bigint() }}) as age_years,
        nationality_text,
        cast(null as {{ dbt.type_string() }}) as document_text,
        document_no,
        cast(null as {{ dbt.type_string() }}) as state_name,
        cast(null as {{ dbt.type_string() }}) as locality_text,
        'MY' as country_text,
        cast(null as {{ dbt.type_string() }}) as exploitation_text,
        cast(null as date) as occurred_on,
        cast(null as date) as reported_on,
        recorded_on,
        cast(null as {{ dbt.type_string() }}) as protection_order,
        cast(null as {{ dbt.type_string() }}) as trafficking_status,
        updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_jkdm__cases') }}
    where person_no > 0

),

jtk as {{ mids.inlined() }} (

    -- A complainant is a victim once forced labour is found; before, the part played is unknown.
    select
        'JTK' as source_agency_code,
        'complaints' as source_record,
        source_record_key,
        coalesce(source_case_no, complaint_no) as source_case_no,
        complaint_no as case_source_key,
        coalesce(source_case_no, complaint_no) as shared_case_no,
        case when finding = 'FORCED LABOUR' then 'VICTIM' end as role,
        full_name,
        sex as sex_text,
        birth_date,
        cast(null as {{ dbt.type_bigint() }}) as age_years,
        nationality_code as nationality_text,
        cast(null as {{ dbt.type_string() }}) as document_text,
        document_no,
        cast(null as {{ dbt.type_string() }}) as state_name,
        cast(null as {{ dbt.type_string() }}) as locality_text,
        'MY' as country_text,
        'FORCED LABOUR' as exploitation_text,
        cast(null as date) as occurred_on,
        reported_on,
        recorded_on,
        cast(null as {{ dbt.type_string() }}) as protection_order,
        cast(null as {{ dbt.type_string() }}) as trafficking_status,
        updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_jtk__complaints') }}
    where full_name is not null

),

akps as {{ mids.inlined() }} (

    select
        'AKPS' as source_agency_code,
        'encounters' as source_record,
        source_record_key,
        coalesce(source_case_no, encounter_no) as source_case_no,
        encounter_no as case_source_key,
        source_case_no as shared_case_no,
        role,
        full_name,
        sex as sex_text,
        birth_date,
        cast(null as {{ dbt.type_bigint() }}) as age_years,
        nationality_code as nationality_text,
        cast(null as {{ dbt.type_string() }}) as document_text,
        document_no,
        cast(null as {{ dbt.type_string() }}) as state_name,
        cast(null as {{ dbt.type_string() }}) as locality_text,
        'MY' as country_text,
        cast(null as {{ dbt.type_string() }}) as exploitation_text,
        cast(null as date) as occurred_on,
        cast(null as date) as reported_on,
        recorded_on,
        cast(null as {{ dbt.type_string() }}) as protection_order,
        cast(null as {{ dbt.type_string() }}) as trafficking_status,
        updated_at,
        known_on,
        is_deleted,
        _effective_at,
        _sent_on,
        _receipt_id,
        _line_no
    from {{ mids.told('stg_akps__encounters') }}
    where person_no is not null

),

told as {{ mids.inlined() }} (

    select * from pdrm
    union all
    select * from jim
    union all
    select * from agc
    union all
    select * from kln
    union all
    select * from ngo
    union all
    select * from jkdm
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
            as person_record_id,
        told.source_agency_code,
        told.source_record,
        told.source_record_key,
        -- Most agencies' number is the key of their own case, which need not be written twice.
        nullif(told.source_case_no, told.case_source_key) as other_case_no,
        told.case_source_key,
        told.shared_case_no,
        -- Only the accused's is needed yet.
        case
            when told.source_agency_code = 'AGC' then {{ mids.case_no_norm('told.shared_case_no') }}
        end as case_no_norm,
        coalesce(role.code, 'XX') as role_code,
        told.full_name,
        coalesce(sex.code, 'U') as sex_code,
        told.birth_date,
        told.age_years,
        coalesce(nationality.country_code, 'XX') as nationality_code,
        {{ mids.document_type('told.document_no', 'document.code') }} as document_type,
        told.document_no,
        coalesce(map_state.state_code, 'XX') as state_code,
        told.locality_text,
        coalesce(country.country_code, 'XX') as country_code,
        coalesce(map_exploitation.exploitation_code, 'Unknown') as exploitation_code,
        {{ mids.event_on(['told.occurred_on', 'told.reported_on', 'told.recorded_on'], 'told.known_on') }} as event_on,
        coalesce(protection_order.code, 'NONE') as protection_order_code,
        coalesce(trafficking_status.code, 'XX') as trafficking_status_code,
        {{ mids.unmapped([
            ['role', 'told.role', 'role.code'],
            ['sex', 'told.sex_text', 'sex.code'],
            ['nationality', 'told.nationality_text', 'nationality.country_code'],
            ['document_type', 'told.document_text', 'document.code'],
            ['state_name', 'told.state_name', 'map_state.state_code'],
            ['country_code', 'told.country_text', 'country.country_code'],
            ['exploitation', 'told.exploitation_text', 'map_exploitation.exploitation_code'],
            ['protection_order', 'told.protection_order', 'protection_order.code'],
            ['trafficking_status', 'told.trafficking_status', 'trafficking_status.code'],
        ]) }} as unmapped,
        coalesce(told.updated_at, cast(told.known_on as {{ dbt.type_timestamp() }})) as updated_at,
        told.known_on,
        told.is_deleted,
        told._effective_at,
        told._sent_on,
        told._receipt_id,
        told._line_no,
        told.version_no,
        told.version_count,
        told.is_current,
        told.took_effect
    from versions as told
    left join {{ ref('map_code') }} as role
        on role.domain = 'role' and {{ mids.plain_text('told.role') }} = role.spelling
    left join {{ ref('map_code') }} as sex
        on sex.domain = 'sex' and {{ mids.plain_text('told.sex_text') }} = sex.spelling
    left join {{ ref('map_code') }} as document
        on document.domain = 'document' and {{ mids.plain_text('told.document_text') }} = document.spelling
    left join {{ ref('map_code') }} as protection_order
        on
            protection_order.domain = 'protection_order'
            and {{ mids.plain_text('told.protection_order') }} = protection_order.spelling
    left join {{ ref('map_code') }} as trafficking_status
        on
            trafficking_status.domain = 'trafficking_status'
            and {{ mids.plain_text('told.trafficking_status') }} = trafficking_status.spelling
    left join {{ ref('map_country') }} as nationality
        on {{ mids.plain_text('told.nationality_text') }} = nationality.spelling
    left join {{ ref('map_country') }} as country
        on {{ mids.plain_text('told.country_text') }} = country.spelling
    left join {{ ref('map_state') }} as map_state
        on {{ mids.plain_text('told.state_name') }} = map_state.spelling
    left join {{ ref('map_exploitation') }} as map_exploitation
        on {{ mids.plain_text('told.exploitation_text') }} = map_exploitation.spelling

),

{% if only_news -%}
-- Of whose case something new was told: as they were, but placed anew.
kept as (

    select
        * exclude ({{ placed | join(', ') }}),
        cast(null as {{ dbt.type_string() }}) as shared_case_no
    from {{ this }}
    where
        person_record_id not in (select touched.touched_key from {{ ref('cnf_touched') }} as touched)
        and (
            (source_agency_code, case_source_key) in (
                select (told_case.source_agency_code, told_case.source_record_key)
                from {{ told_case }} as told_case
            )
            or (
                source_agency_code = 'AGC'
                and case_no_norm in (select told_case.case_no_norm from {{ told_case }} as told_case)
            )
        )

),

{% endif -%}
person as (

    select * from coded
    {% if only_news -%}
    union all by name
    select * from kept
    {%- endif %}

),

-- The investigations that accused stand in; which of them are still accused is not asked.
accused as (

    select {{ mids.case_no_norm('investigation_ref') }} as case_no_norm
    from (select distinct investigation_ref from {{ mids.told('stg_agc__charges') }}) as told
    {% if only_news -%}
    union all
    select case_no_norm from kept
    where source_agency_code = 'AGC'
    {%- endif %}

),

ranked as (

    select
        cases.case_no_norm,
        cases.state_code,
        cases.locality_text,
        cases.event_on,
        cases.raid_no,
        row_number() over (
            partition by cases.case_no_norm
            order by agency.case_precedence, cases.case_record_id
        ) as preference
    from {{ ref('cnf_case') }} as cases
    inner join {{ ref('ref_agency') }} as agency on cases.source_agency_code = agency.agency_code
    where cases.case_no_norm in (select accused.case_no_norm from accused)

),

investigation as (

    select * from ranked
    where preference = 1

)

-- Only what is told now has a place: where the case is now.
select
    person.person_record_id,
    person.source_agency_code,
    person.source_record,
    person.source_record_key,
    person.other_case_no,
    person.case_source_key,
    -- Most write the number as their case does, so that it need not be read a second time.
    coalesce(
        person.case_no_norm,
        case
            when person.shared_case_no = own_case.shared_case_no then own_case.case_no_norm
            else {{ mids.case_no_norm('person.shared_case_no') }}
        end
    ) as case_no_norm,
    person.role_code,
    person.full_name,
    person.sex_code,
    person.birth_date,
    person.age_years,
    person.nationality_code,
    person.document_type,
    person.document_no,
    person.state_code,
    person.locality_text,
    person.country_code,
    person.exploitation_code,
    person.event_on,
    person.protection_order_code,
    person.trafficking_status_code,
    person.unmapped,
    person.updated_at,
    person.known_on,
    person.is_deleted,
    person._effective_at,
    person._sent_on,
    person._receipt_id,
    person._line_no,
    person.version_no,
    person.version_count,
    person.is_current,
    person.took_effect,
    case
        when person.is_current and person.state_code <> 'XX' then person.state_code
        when person.is_current then coalesce(own_case.state_code, investigation.state_code, 'XX')
    end as placed_state_code,
    case
        when person.is_current
            then coalesce(person.locality_text, own_case.locality_text, investigation.locality_text)
    end as placed_locality_text,
    case
        when person.is_current then coalesce(own_case.event_on, investigation.event_on, person.event_on)
    end as placed_event_on,
    case
        when coalesce(person.case_no_norm, person.shared_case_no) is null then own_case.case_no_norm
    end as placed_case_no_norm,
    coalesce(own_case.raid_no, investigation.raid_no) as placed_raid_no
from person
left join {{ ref('cnf_case') }} as own_case
    on
        person.source_agency_code = own_case.source_agency_code
        and case when person.is_current then person.case_source_key end = own_case.source_record_key
left join investigation
    on
        case when person.is_current and person.source_agency_code = 'AGC' then person.case_no_norm end
        = investigation.case_no_norm

-- One row per charge against one accused, as the Attorney General's Chambers tell it now.
{{ config(materialized=mids.brought_up_to_date(), unique_key='charge_record_id') }}
with coded as (

    select
        {{ mids.record_id(["'agc'", "'charges'", 'charge.source_record_key']) }} as charge_record_id,
        {{ mids.record_id(["'agc'", "'charges'", 'charge.prosecution_no']) }} as person_record_id,
        charge.source_record_key,
        charge.prosecution_no,
        charge.charge_no,
        {{ mids.case_no_norm('charge.investigation_ref') }} as case_no_norm,
        coalesce(agency.code, 'XX') as investigating_agency_code,
        charge.court_name,
        charge.opened_on,
        offence.act_code,
        coalesce(offence.offence_code, 'XX') as offence_code,
        charge.charged_on,
        charge.is_child_victim,
        coalesce(outcome.code, 'XX') as charge_outcome_code,
        charge.outcome_on,
        charge.sentence_months,
        charge.recorded_on,
        {{ mids.unmapped([
            ['investigating_agency', 'charge.investigating_agency', 'agency.code'],
            ['section_text', 'charge.section_text', 'offence.offence_code'],
            ['charge_outcome', 'charge.charge_outcome', 'outcome.code'],
        ]) }} as unmapped,
        coalesce(charge.updated_at, cast(charge.known_on as {{ dbt.type_timestamp() }})) as updated_at,
        charge.known_on,
        charge.is_deleted,
        charge._effective_at,
        charge._sent_on,
        charge._receipt_id,
        charge._line_no
    from {{ mids.told('stg_agc__charges') }} as charge
    left join {{ ref('map_code') }} as agency
        on agency.domain = 'agency' and {{ mids.plain_text('charge.investigating_agency') }} = agency.spelling
    left join {{ ref('map_code') }} as outcome
        on outcome.domain = 'charge_outcome' and {{ mids.plain_text('charge.charge_outcome') }} = outcome.spelling
    left join {{ ref('cnf_offence_text') }} as offence
        on {{ mids.plain_text("concat_ws(' ', charge.section_text, charge.act_text)") }} = offence.offence_text

),

versions as (

    {{ mids.versions('coded', ['charge_record_id']) }}

),

files as (

    select * from versions
    where is_current

),

-- A file without charges is one row without charge number; it ends when a charge is framed.
framed as (

    select distinct prosecution_no
    from files
    where
        charge_no is not null
        and prosecution_no in (
            select blank.prosecution_no
            from files as blank
            where blank.charge_no is null
        )

)

select
    files.charge_record_id,
    files.person_record_id,
    files.source_record_key,
    files.prosecution_no,
    files.charge_no,
    files.case_no_norm,
    files.investigating_agency_code,
    files.court_name,
    files.opened_on,
    files.act_code,
    case when files.charge_no is null then 'NOTCHARGED' else files.offence_code end as offence_code,
    files.charged_on,
    files.is_child_victim,
    files.charge_outcome_code,
    files.outcome_on,
    files.sentence_months,
    files.recorded_on,
    files.unmapped,
    files.updated_at,
    files.known_on
from files
left join framed on files.prosecution_no = framed.prosecution_no
where files.charge_no is not null or framed.prosecution_no is null

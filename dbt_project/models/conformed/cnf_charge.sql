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

    {{ mids.versions('coded', 'charge_record_id') }}

),

files as (

    -- A file without charges is one row without charge number; it ends when a charge is framed.
    select
        *,
        max(charge_no) over (partition by prosecution_no) as last_charge_no
    from versions
    where is_current

)

select
    charge_record_id,
    person_record_id,
    source_record_key,
    prosecution_no,
    charge_no,
    case_no_norm,
    investigating_agency_code,
    court_name,
    opened_on,
    act_code,
    case when charge_no is null then 'NOTCHARGED' else offence_code end as offence_code,
    charged_on,
    is_child_victim,
    charge_outcome_code,
    outcome_on,
    sentence_months,
    recorded_on,
    unmapped,
    updated_at,
    known_on
from files
where charge_no is not null or last_charge_no is null

-- One row per charge against one accused; while no charge is framed, one row for the file.
{{ config(materialized=mids.brought_up_to_date(), unique_key='charge_key') }}
with shared_case as (

    select
        case_no_norm,
        case_key
    from {{ mids.touched('lnk_case', 'case_record_id') }}
    where record_rank = 1

)

select
    charge.charge_record_id as charge_key,
    coalesce(shared_case.case_key, 'XX') as case_key,
    coalesce(person.person_key, 'XX') as person_key,
    charge.investigating_agency_code,
    offence.offence_key,
    charge.charge_no is not null as is_charged,
    charge.opened_on,
    charge.charged_on,
    case
        when charge.charge_no is null then 'NA'
        when charge.is_child_victim is null then 'XX'
        when charge.is_child_victim then 'Y'
        else 'N'
    end as child_victim_code,
    case when charge.charge_no is null then 'NA' else charge.charge_outcome_code end as charge_outcome_code,
    charge.outcome_on,
    charge.sentence_months,
    cast({{ dbt.datediff('charge.charged_on', 'charge.outcome_on', 'day') }} as {{ dbt.type_bigint() }})
        as days_to_outcome,
    charge.known_on
from {{ mids.touched('cnf_charge', 'charge_record_id') }} as charge
left join shared_case on charge.case_no_norm = shared_case.case_no_norm
left join {{ mids.touched('fct_case', 'case_key') }} as cases on shared_case.case_key = cases.case_key
-- The law of the day of the offence applies: the case's day, and the day charged only where no case is found.
inner join {{ ref('dim_offence') }} as offence
    on
        charge.offence_code = offence.offence_code
        and coalesce(cases.event_on, charge.charged_on, charge.opened_on, charge.known_on) >= offence.match_from
        and coalesce(cases.event_on, charge.charged_on, charge.opened_on, charge.known_on) < offence.match_to
left join {{ mids.touched('lnk_person', 'person_record_id') }} as person
    on charge.person_record_id = person.person_record_id

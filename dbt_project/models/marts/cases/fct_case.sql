-- One row per case, whichever agencies hold records of it.
{{ config(materialized=mids.brought_up_to_date(), unique_key='case_key') }}
with several as (

    -- record_rank tells a case's records apart: the first one speaks for it. Most cases have one record.
    select
        link.case_key,
        min(link.record_rank) as first_rank,
        count(*) as record_count,
        count(distinct link.source_agency_code) as agency_count,
        min(link.first_known_on) as first_known_on
    from {{ mids.touched('cnf_case', 'case_record_id') }} as cases
    inner join {{ mids.touched('lnk_case', 'case_record_id') }} as link on cases.case_record_id = link.case_record_id
    where link.records_in_case > 1
    group by link.case_key

),

lead_record as (

    select
        cases.*,
        link.case_key,
        {{ mids.record_id(["'raid'", 'cases.source_agency_code', 'cases.raid_no']) }} as raid_key,
        coalesce(several.record_count, 1) as record_count,
        coalesce(several.agency_count, 1) as agency_count,
        coalesce(several.first_known_on, link.first_known_on) as first_known_on
    from {{ mids.touched('cnf_case', 'case_record_id') }} as cases
    inner join {{ mids.touched('lnk_case', 'case_record_id') }} as link on cases.case_record_id = link.case_record_id
    left join several on link.case_key = several.case_key and link.record_rank = several.first_rank
    where link.records_in_case = 1 or several.case_key is not null

),

-- A person with several records in the case is one.
person as (

    select
        case_key,
        is_counted
    from {{ mids.touched('lnk_person', 'person_record_id') }}
    where records_of_person = 1
    union all
    select
        case_key,
        is_counted
    from (
        select distinct
            case_key,
            is_counted,
            person_key
        from {{ mids.touched('lnk_person', 'person_record_id') }}
        where records_of_person > 1
    ) as linked

),

persons as (

    select
        case_key,
        count(case when is_counted then 1 end) as victims_identified,
        count(case when not is_counted then 1 end) as suspects_identified
    from person
    group by case_key

),

shared_case as (

    select
        case_no_norm,
        case_key
    from {{ mids.touched('lnk_case', 'case_record_id') }}
    where record_rank = 1

),

charges as (

    select
        shared_case.case_key,
        count(charge.charge_no) as charge_count,
        sum(case when charge.charge_outcome_code = 'CONVICTED' then 1 else 0 end) as conviction_count,
        min(charge.charged_on) as first_charged_on
    from {{ mids.touched('cnf_charge', 'charge_record_id') }} as charge
    inner join shared_case on charge.case_no_norm = shared_case.case_no_norm
    group by shared_case.case_key

)

select
    lead_record.case_key,
    lead_record.source_agency_code as agency_code,
    lead_record.case_kind_code,
    lead_record.crime_type_code,
    offence.offence_key,
    lead_record.exploitation_code,
    lead_record.state_code,
    lead_record.event_on,
    lead_record.event_week,
    lead_record.occurred_on,
    lead_record.reported_on,
    lead_record.recorded_on,
    lead_record.first_known_on as known_on,
    lead_record.case_status_code,
    lead_record.raid_on,
    case
        -- A join would build its table of the wide cases.
        when
            lead_record.raid_key in (
                select raid.operation_key
                from {{ mids.touched('fct_operation', 'operation_key') }} as raid
                where raid.operation_kind_code = 'RAID'
            )
            then lead_record.raid_key
        else 'XX'
    end as operation_key,
    lead_record.victim_count,
    lead_record.suspect_count,
    coalesce(persons.victims_identified, 0) as victims_identified,
    coalesce(persons.suspects_identified, 0) as suspects_identified,
    coalesce(charges.charge_count, 0) as charge_count,
    cast(coalesce(charges.conviction_count, 0) as {{ dbt.type_bigint() }}) as conviction_count,
    charges.first_charged_on,
    lead_record.record_count,
    lead_record.agency_count
from lead_record
inner join {{ ref('dim_offence') }} as offence
    on
        lead_record.offence_code = offence.offence_code
        and lead_record.event_on >= offence.match_from
        and lead_record.event_on < offence.match_to
left join persons on lead_record.case_key = persons.case_key
left join charges on lead_record.case_key = charges.case_key

-- One row per case record, with the case it belongs to: records of several agencies which write the same
-- case number, each in its own way, are one case; a consular case whose person is in a police case of the
-- job-scam kind is that case, number or not.
{{ config(materialized=mids.brought_up_to_date(), unique_key='case_record_id') }}
with told as (

    select
        case_record_id,
        max(version_no) as last_version_no,
        min(known_on) as first_known_on
    from {{ mids.touched('cnf_case_version', 'case_record_id') }}
    where is_case
    group by case_record_id

),

last_told as (

    select
        version.case_record_id,
        version.source_agency_code,
        version.source_record_key,
        version.case_kind_code,
        version.case_no_norm,
        version.event_on,
        told.first_known_on
    from {{ mids.touched('cnf_case_version', 'case_record_id') }} as version
    inner join told
        on version.case_record_id = told.case_record_id and version.version_no = told.last_version_no

),

-- The job-scam cases of the police in which linked persons are named.
named as (

    select
        link.person_key,
        cases.case_no_norm,
        cases.event_on
    from {{ mids.touched('cnf_person', 'person_record_id') }} as person
    inner join {{ source('linked', 'person_link') }} as link
        on person.person_record_id = link.person_record_id
    inner join {{ mids.touched('cnf_case', 'case_record_id') }} as cases
        on person.source_agency_code = cases.source_agency_code and person.source_case_no = cases.source_case_no
    where person.source_agency_code = 'PDRM' and cases.crime_type_code = 'JOBSCAM'

),

-- A consular case is one person's: both records have the same key.
through_person as (

    select
        last_told.case_record_id,
        min(named.case_no_norm) as case_no_norm
    from last_told
    inner join {{ source('linked', 'person_link') }} as link
        on last_told.case_record_id = link.person_record_id
    inner join named on link.person_key = named.person_key
    where
        last_told.case_kind_code = 'CONSULAR'
        and abs({{ dbt.datediff('named.event_on', 'last_told.event_on', 'day') }}) <= 365
    group by last_told.case_record_id

),

police_number as (

    select distinct case_no_norm
    from last_told
    where case_kind_code <> 'CONSULAR'

),

keyed as (

    select
        last_told.case_record_id,
        last_told.source_agency_code,
        last_told.source_record_key,
        last_told.first_known_on,
        case
            -- A number that the police know stands; the person speaks only where there is none.
            when police_number.case_no_norm is null and through_person.case_no_norm is not null
                then through_person.case_no_norm
            else coalesce(last_told.case_no_norm, last_told.case_record_id)
        end as case_no_norm,
        agency.case_precedence
    from last_told
    inner join {{ ref('ref_agency') }} as agency on last_told.source_agency_code = agency.agency_code
    left join through_person on last_told.case_record_id = through_person.case_record_id
    left join police_number on last_told.case_no_norm = police_number.case_no_norm

)

select
    case_record_id,
    source_agency_code,
    source_record_key,
    case_no_norm,
    first_known_on,
    {{ mids.record_id(["'case'", 'case_no_norm']) }} as case_key,
    -- 1 leads: its agency, crime type and dates stand for the case once it is known.
    row_number() over (
        partition by case_no_norm
        order by case_precedence, first_known_on, case_record_id
    ) as record_rank,
    count(*) over (partition by case_no_norm) as records_in_case
from keyed

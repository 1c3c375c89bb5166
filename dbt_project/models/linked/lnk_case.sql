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
    where is_case and version_count > 1
    group by case_record_id

),

-- Most records were told once.
last_told as (

    select
        version.case_record_id,
        version.source_agency_code,
        version.source_record_key,
        version.case_kind_code,
        version.case_no_norm,
        version.event_on,
        coalesce(told.first_known_on, version.known_on) as first_known_on,
        told.case_record_id is null as is_told_once
    from {{ mids.touched('cnf_case_version', 'case_record_id') }} as version
    left join told
        on version.case_record_id = told.case_record_id and version.version_no = told.last_version_no
    where told.case_record_id is not null or (version.version_count = 1 and version.is_case)

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

-- A consular case is one person's: both records have the same key. A number that the police know stands; the person
-- speaks only where there is none.
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
        and not exists (
            select 1
            from last_told as police
            where police.case_kind_code <> 'CONSULAR' and police.case_no_norm = last_told.case_no_norm
        )
    group by last_told.case_record_id

),

keyed as (

    select
        last_told.case_record_id,
        last_told.source_agency_code,
        last_told.source_record_key,
        last_told.first_known_on,
        last_told.is_told_once,
        coalesce(through_person.case_no_norm, last_told.case_no_norm, last_told.case_record_id) as case_no_norm,
        agency.case_precedence
    from last_told
    inner join {{ ref('ref_agency') }} as agency on last_told.source_agency_code = agency.agency_code
    left join through_person on last_told.case_record_id = through_person.case_record_id

),

-- Most cases have one record; only the others are sorted, which costs most here.
several as (

    select
        case_no_norm,
        count(*) as records_in_case
    from keyed
    group by case_no_norm
    having count(*) > 1

),

ranked as (

    select
        keyed.case_record_id,
        several.records_in_case,
        row_number() over (
            partition by keyed.case_no_norm
            order by keyed.case_precedence, keyed.first_known_on, keyed.case_record_id
        ) as record_rank
    from keyed
    inner join several on keyed.case_no_norm = several.case_no_norm

)

select
    keyed.case_record_id,
    keyed.source_agency_code,
    keyed.source_record_key,
    keyed.case_no_norm,
    keyed.first_known_on,
    {{ mids.record_id(["'case'", 'keyed.case_no_norm']) }} as case_key,
    -- 1 leads: its agency, crime type and dates stand for the case once it is known.
    coalesce(ranked.record_rank, 1) as record_rank,
    coalesce(ranked.records_in_case, 1) as records_in_case,
    keyed.is_told_once and ranked.case_record_id is null as is_alone
from keyed
left join ranked on keyed.case_record_id = ranked.case_record_id

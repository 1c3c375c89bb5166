-- One row per person record, as its agency tells it now; place, event and raid come from that agency's own
-- case record where the person's record does not have them, for an accused from the investigation's.
{{ config(materialized=mids.brought_up_to_date(), unique_key='person_record_id') }}
with person as (

    select
        *,
        case when source_agency_code = 'AGC' then case_no_norm end as investigation_no
    from {{ mids.touched_persons() }}
    where is_current

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
    where cases.case_no_norm in (
        -- Read again, so that the persons above need not be held while they are placed.
        select accused.case_no_norm
        from {{ mids.touched_persons() }} as accused
        where accused.is_current and accused.source_agency_code = 'AGC'
    )

),

investigation as (

    select * from ranked
    where preference = 1

),

placed as (

    select
        person.person_record_id,
        person.source_agency_code,
        person.source_record,
        person.source_case_no,
        person.case_source_key,
        coalesce(person.case_no_norm, own_case.case_no_norm) as case_no_norm,
        person.role_code,
        person.full_name,
        person.sex_code,
        person.birth_date,
        person.age_years,
        person.nationality_code,
        person.document_type,
        person.document_no,
        case
            when person.state_code <> 'XX' then person.state_code
            else coalesce(own_case.state_code, investigation.state_code, 'XX')
        end as state_code,
        person.country_code,
        coalesce(person.locality_text, own_case.locality_text, investigation.locality_text) as locality_text,
        coalesce(own_case.event_on, investigation.event_on, person.event_on) as event_on,
        coalesce(own_case.raid_no, investigation.raid_no) as raid_no,
        person.exploitation_code,
        person.protection_order_code,
        person.trafficking_status_code,
        person.version_count,
        person.known_on
    from person
    left join {{ ref('cnf_case') }} as own_case
        on
            person.source_agency_code = own_case.source_agency_code
            and person.case_source_key = own_case.source_record_key
    left join investigation on person.investigation_no = investigation.case_no_norm

)

select
    person_record_id,
    source_agency_code,
    source_record,
    source_case_no,
    case_source_key,
    case_no_norm,
    role_code,
    full_name,
    sex_code,
    birth_date,
    -- Officers write 1 January when only the year is known.
    case
        when birth_date is null then 'unknown'
        when extract(month from birth_date) = 1 and extract(day from birth_date) = 1 then 'year'
        else 'day'
    end as birth_date_precision,
    cast(
        case
            when age_years is not null then age_years
            when birth_date <= event_on then {{ mids.age_years('birth_date', 'event_on') }}
        end as {{ dbt.type_bigint() }}
    ) as age_years,
    nationality_code,
    document_type,
    document_no,
    state_code,
    country_code,
    locality_text,
    event_on,
    raid_no,
    exploitation_code,
    protection_order_code,
    trafficking_status_code,
    version_count,
    known_on
from placed

-- One row per person record, with the person and the case it belongs to; a record that was not linked is a
-- person of its own, so nothing is lost.
{{ config(materialized=mids.brought_up_to_date(), unique_key='person_record_id') }}
-- Most persons have one record; only the others are sorted, which costs most here.
with several as (

    select
        link.person_key,
        count(*) as records_of_person
    from {{ mids.touched('cnf_person', 'person_record_id') }} as person
    inner join {{ source('linked', 'person_link') }} as link
        on person.person_record_id = link.person_record_id
    group by link.person_key
    having count(*) > 1

),

ranked as (

    select
        person.person_record_id,
        several.records_of_person,
        row_number() over (
            partition by link.person_key
            order by agency.case_precedence, person.known_on, person.person_record_id
        ) as record_rank
    from {{ mids.touched('cnf_person', 'person_record_id') }} as person
    inner join {{ source('linked', 'person_link') }} as link
        on person.person_record_id = link.person_record_id
    inner join several on link.person_key = several.person_key
    inner join {{ ref('ref_agency') }} as agency on person.source_agency_code = agency.agency_code

)

select
    person.person_record_id,
    coalesce(link.person_key, {{ dbt.concat(["'unlinked-'", 'person.person_record_id']) }}) as person_key,
    coalesce(own_case.case_key, shared_case.case_key, 'XX') as case_key,
    person.source_agency_code,
    person.role_code,
    role.is_counted and person.trafficking_status_code <> 'NOT_A_VICTIM' as is_counted,
    person.sex_code,
    person.age_years,
    person.nationality_code,
    person.state_code,
    person.country_code,
    person.exploitation_code,
    person.protection_order_code,
    person.trafficking_status_code,
    person.event_on,
    person.known_on,
    link.match_probability,
    link.match_weight,
    link.model_version,
    coalesce(link.cluster_size, 1) as cluster_size,
    link.person_key is not null as is_linked,
    -- 1 leads: what it tells of the person stands where records differ.
    coalesce(ranked.record_rank, 1) as record_rank,
    coalesce(ranked.records_of_person, 1) as records_of_person,
    -- One thing was ever known of the person and, since no later week, of the case.
    ranked.person_record_id is null
    and person.version_count = 1
    and case
        when own_case.case_key is null then shared_case.case_key is null
        else
            own_case.is_alone
            and {{ mids.week_start('own_case.first_known_on') }} <= {{ mids.week_start('person.known_on') }}
    end as is_alone
from {{ mids.touched('cnf_person', 'person_record_id') }} as person
left join {{ source('linked', 'person_link') }} as link
    on person.person_record_id = link.person_record_id
left join ranked on person.person_record_id = ranked.person_record_id
inner join {{ ref('ref_role') }} as role on person.role_code = role.role_code
left join {{ mids.touched('lnk_case', 'case_record_id') }} as own_case
    on
        person.source_agency_code = own_case.source_agency_code
        and person.case_source_key = own_case.source_record_key
left join {{ mids.touched('lnk_case', 'case_record_id') }} as shared_case
    -- Asked only of who has no own case, which is few.
    on
        case when own_case.case_key is null then person.case_no_norm end = shared_case.case_no_norm
        and shared_case.record_rank = 1

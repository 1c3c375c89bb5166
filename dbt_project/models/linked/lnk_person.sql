-- One row per person record, with the person and the case it belongs to; a record that was not linked is a
-- person of its own, so nothing is lost.
{{ config(materialized=mids.brought_up_to_date(), unique_key='person_record_id') }}
with linked as (

    select
        person.*,
        coalesce(link.person_key, {{ dbt.concat(["'unlinked-'", 'person.person_record_id']) }}) as person_key,
        link.match_probability,
        link.match_weight,
        link.model_version,
        coalesce(link.cluster_size, 1) as cluster_size,
        link.person_key is not null as is_linked
    from {{ mids.touched('cnf_person', 'person_record_id') }} as person
    left join {{ source('linked', 'person_link') }} as link
        on person.person_record_id = link.person_record_id

),

told as (

    select
        version.person_record_id,
        version.case_source_key,
        version.exploitation_code,
        version.protection_order_code,
        version.trafficking_status_code
    from {{ mids.touched('cnf_person_version', 'person_record_id') }} as version
    where version.is_current

),

-- Most persons have one record; only the others are sorted, which costs most here.
ranked as (

    select
        linked.person_record_id,
        row_number() over (
            partition by linked.person_key
            order by agency.case_precedence, linked.known_on, linked.person_record_id
        ) as record_rank
    from linked
    inner join {{ ref('ref_agency') }} as agency on linked.source_agency_code = agency.agency_code
    where linked.person_key in (
        select several.person_key
        from linked as several
        group by several.person_key
        having count(*) > 1
    )

),

shared_case as (

    select
        case_no_norm,
        min(case_key) as case_key
    from {{ mids.touched('lnk_case', 'case_record_id') }}
    where case_no_norm is not null
    group by case_no_norm

)

select
    linked.person_record_id,
    linked.person_key,
    coalesce(own_case.case_key, shared_case.case_key, 'XX') as case_key,
    own_case.case_record_id,
    linked.source_agency_code,
    linked.role_code,
    role.is_counted and told.trafficking_status_code <> 'NOT_A_VICTIM' as is_counted,
    linked.sex_code,
    linked.age_years,
    linked.nationality_code,
    linked.state_code,
    linked.country_code,
    told.exploitation_code,
    told.protection_order_code,
    told.trafficking_status_code,
    linked.event_on,
    linked.known_on,
    linked.match_probability,
    linked.match_weight,
    linked.model_version,
    linked.cluster_size,
    linked.is_linked,
    -- 1 leads: what it tells of the person stands where records differ.
    coalesce(ranked.record_rank, 1) as record_rank
from linked
inner join told on linked.person_record_id = told.person_record_id
left join ranked on linked.person_record_id = ranked.person_record_id
inner join {{ ref('ref_role') }} as role on linked.role_code = role.role_code
left join {{ mids.touched('lnk_case', 'case_record_id') }} as own_case
    on
        linked.source_agency_code = own_case.source_agency_code
        and told.case_source_key = own_case.source_record_key
left join shared_case on linked.case_no_norm = shared_case.case_no_norm

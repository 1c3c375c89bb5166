-- One row per person, case and role; persons are de-identified.
{{ config(materialized=mids.brought_up_to_date(), unique_key='person_key') }}
with linked as (

    select * from {{ mids.touched('lnk_person', 'person_record_id') }}
    where records_of_person > 1

),

records as (

    -- record_rank tells a person's records apart: the first one speaks, the first counted one is counted.
    select
        person_key,
        case_key,
        role_code,
        count(*) as record_count,
        count(distinct source_agency_code) as agency_count,
        min(known_on) as known_on,
        min(record_rank) as first_rank,
        min(case when is_counted then record_rank end) as counted_rank,
        max(case protection_order_code when 'PO' then 2 when 'IPO' then 1 else 0 end) as order_level
    from linked
    group by person_key, case_key, role_code

),

-- A person is counted once, whatever the number of cases and roles.
counted as (

    select
        person_key,
        min(counted_rank) as counted_rank
    from records
    group by person_key

),

-- Most persons have one record, which speaks for itself.
person as (

    select
        *,
        protection_order_code as order_code,
        known_on as first_known_on,
        is_counted as is_counted_here,
        cast(1 as {{ dbt.type_bigint() }}) as record_count,
        cast(1 as {{ dbt.type_bigint() }}) as agency_count
    from {{ mids.touched('lnk_person', 'person_record_id') }}
    where records_of_person = 1
    union all
    select
        linked.*,
        case records.order_level when 2 then 'PO' when 1 then 'IPO' else linked.protection_order_code end as order_code,
        records.known_on as first_known_on,
        coalesce(records.counted_rank = counted.counted_rank, false) as is_counted_here,
        records.record_count,
        records.agency_count
    from linked
    inner join records
        on
            linked.person_key = records.person_key
            and linked.record_rank = records.first_rank
    inner join counted on linked.person_key = counted.person_key

),

age_band as (

    {{ mids.age_bands() }}

)

select
    person.person_key,
    person.case_key,
    person.role_code,
    person.source_agency_code as agency_code,
    coalesce(nullif(cases.crime_type_code, 'XX'), role.crime_type_code) as crime_type_code,
    coalesce(nullif(cases.exploitation_code, 'Unknown'), person.exploitation_code) as exploitation_code,
    coalesce(nullif(person.state_code, 'XX'), cases.state_code, 'XX') as state_code,
    person.country_code,
    person.nationality_code,
    person.sex_code,
    coalesce(age_band.age_band_code, 'XX') as age_band_code,
    {{ mids.child_code('age_band.age_band_code', 'age_band.is_child') }} as is_child_code,
    person.event_on,
    {{ mids.week_start('person.event_on') }} as event_week,
    person.first_known_on as known_on,
    person.order_code as protection_order_code,
    person.trafficking_status_code,
    person.is_counted_here as is_counted,
    person.record_count,
    person.agency_count
from person
inner join {{ ref('ref_role') }} as role on person.role_code = role.role_code
left join {{ mids.touched('fct_case', 'case_key') }} as cases on person.case_key = cases.case_key
left join age_band on person.age_years = age_band.age_years

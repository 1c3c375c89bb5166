-- One row per person, case and role; persons are de-identified.
with counted as (

    select
        *,
        row_number() over (
            partition by person_key
            order by case when is_counted then 0 else 1 end, record_rank
        ) as count_preference,
        row_number() over (
            partition by person_key, case_key, role_code
            order by record_rank
        ) as preference
    from {{ ref('lnk_person') }}

),

records as (

    select
        person_key,
        case_key,
        role_code,
        count(*) as record_count,
        count(distinct source_agency_code) as agency_count,
        min(known_on) as known_on,
        max(case when is_counted and count_preference = 1 then 1 else 0 end) = 1 as is_counted,
        max(case protection_order_code when 'PO' then 2 when 'IPO' then 1 else 0 end) as order_level
    from counted
    group by person_key, case_key, role_code

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
    records.known_on,
    case records.order_level when 2 then 'PO' when 1 then 'IPO' else person.protection_order_code end
        as protection_order_code,
    person.trafficking_status_code,
    records.is_counted,
    records.record_count,
    records.agency_count
from counted as person
inner join records
    on
        person.person_key = records.person_key
        and person.case_key = records.case_key
        and person.role_code = records.role_code
inner join {{ ref('ref_role') }} as role on person.role_code = role.role_code
left join {{ ref('fct_case') }} as cases on person.case_key = cases.case_key
left join {{ ref('ref_age_band') }} as age_band
    on person.age_years between age_band.age_from and age_band.age_to
where person.preference = 1

-- One row per year of the event, crime type, check and status: persons whom one source reported, and who else knows of
-- them. A person reported twice in a year is counted once, by the report that most people know of.
with reported as (

    select
        checked.check_code,
        checked.person_key,
        cast({{ dbt.date_trunc('year', 'person.event_on') }} as date) as year_start,
        role.crime_type_code,
        checked.status_code,
        row_number() over (
            partition by
                checked.check_code,
                checked.person_key,
                cast({{ dbt.date_trunc('year', 'person.event_on') }} as date)
            order by
                case checked.status_code when 'BOTH' then 0 when 'NEW' then 3 when 'LIKELY' then 2 else 1 end,
                checked.report_key
        ) as preference
    from {{ ref('fct_cross_check') }} as checked
    inner join {{ ref('cnf_person') }} as person on checked.report_key = person.person_record_id
    inner join {{ ref('ref_role') }} as role on person.role_code = role.role_code

),

years as (

    select distinct year_start
    from reported

),

combinations as (

    select distinct
        crime_type_code,
        check_code,
        status_code
    from reported

),

counted as (

    select
        year_start,
        crime_type_code,
        check_code,
        status_code,
        count(*) as persons
    from reported
    where preference = 1
    group by year_start, crime_type_code, check_code, status_code

)

select
    years.year_start,
    combinations.crime_type_code,
    combinations.check_code,
    combinations.status_code,
    cast(coalesce(counted.persons, 0) as {{ dbt.type_bigint() }}) as count_value,
    'published' as count_status
from years
cross join combinations
left join counted
    on
        years.year_start = counted.year_start
        and combinations.crime_type_code = counted.crime_type_code
        and combinations.check_code = counted.check_code
        and combinations.status_code = counted.status_code

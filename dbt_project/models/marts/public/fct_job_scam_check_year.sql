-- One row per year of the report, check and status: persons reported held abroad, and who already knows of them.
with reports as (

    select
        cast({{ dbt.date_trunc('year', 'reported_known_on') }} as date) as year_start,
        check_code,
        status_code
    from {{ ref('fct_cross_check') }}
    where country_code <> 'MY' and country_code <> 'XX'

),

years as (

    select distinct year_start
    from reports

),

combinations as (

    select distinct
        check_code,
        status_code
    from reports

),

counted as (

    select
        year_start,
        check_code,
        status_code,
        count(*) as reported
    from reports
    group by year_start, check_code, status_code

)

select
    years.year_start,
    'JOBSCAM' as crime_type_code,
    combinations.check_code,
    combinations.status_code,
    cast(coalesce(counted.reported, 0) as {{ dbt.type_bigint() }}) as count_value,
    'published' as count_status
from years
cross join combinations
left join counted
    on
        years.year_start = counted.year_start
        and combinations.check_code = counted.check_code
        and combinations.status_code = counted.status_code

-- One row per year of the event, crime type and stage that cases have reached.
with cases as (

    select
        cast({{ dbt.date_trunc('year', 'event_on') }} as date) as year_start,
        crime_type_code,
        charge_count,
        conviction_count
    from {{ ref('fct_case') }}

),

stages as (

    select
        year_start,
        crime_type_code,
        'OPENED' as stage_code,
        1 as stage_order,
        count(*) as case_count
    from cases
    group by year_start, crime_type_code
    union all
    select
        year_start,
        crime_type_code,
        'CHARGED' as stage_code,
        2 as stage_order,
        sum(case when charge_count > 0 then 1 else 0 end) as case_count
    from cases
    group by year_start, crime_type_code
    union all
    select
        year_start,
        crime_type_code,
        'CONVICTED' as stage_code,
        3 as stage_order,
        sum(case when conviction_count > 0 then 1 else 0 end) as case_count
    from cases
    group by year_start, crime_type_code

)

select
    year_start,
    crime_type_code,
    stage_code,
    cast(stage_order as {{ dbt.type_bigint() }}) as stage_order,
    cast(case_count as {{ dbt.type_bigint() }}) as case_count
from stages

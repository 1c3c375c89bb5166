-- One row per year of the event, crime type and step of the way, of the cases that have taken it.
with steps as (

    select
        cast({{ dbt.date_trunc('year', 'event_on') }} as date) as year_start,
        crime_type_code,
        'TO_CHARGE' as lag_code,
        {{ mids.lag_days('reported_on', 'charged_on') }} as days
    from {{ ref('fct_case_lifecycle') }}
    union all
    select
        cast({{ dbt.date_trunc('year', 'event_on') }} as date) as year_start,
        crime_type_code,
        'TO_DECISION' as lag_code,
        days_to_decision as days
    from {{ ref('fct_case_lifecycle') }}

),

ranked as (

    select
        year_start,
        crime_type_code,
        lag_code,
        days,
        row_number() over (partition by year_start, crime_type_code, lag_code order by days) as place,
        count(*) over (partition by year_start, crime_type_code, lag_code) as cases
    from steps
    where days >= 0

),

-- Quartiles by nearest rank, which every engine computes alike; of fewer than five cases they say nothing.
placed as (

    select
        year_start,
        crime_type_code,
        lag_code,
        cases,
        case when cases >= 5 and place >= 0.25 * cases then days end as upper_three_quarters,
        case when cases >= 5 and place >= 0.5 * cases then days end as upper_half,
        case when cases >= 5 and place >= 0.75 * cases then days end as upper_quarter
    from ranked

)

select
    year_start,
    crime_type_code,
    lag_code,
    cast(max(cases) as {{ dbt.type_bigint() }}) as case_count,
    cast(min(upper_three_quarters) as {{ dbt.type_bigint() }}) as days_lower_quartile,
    cast(min(upper_half) as {{ dbt.type_bigint() }}) as days_median,
    cast(min(upper_quarter) as {{ dbt.type_bigint() }}) as days_upper_quartile
from placed
group by year_start, crime_type_code, lag_code

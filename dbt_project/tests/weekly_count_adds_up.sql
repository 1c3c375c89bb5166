-- The increments of each unit sum to the cases and counted persons that the other facts hold.
{{ config(meta={'dagster': {'ref': {'name': 'fct_weekly_count'}}}) }}
with triangle as (

    select
        unit_code,
        sum(count_value) as total
    from {{ ref('fct_weekly_count') }}
    group by unit_code

),

held as (

    select
        'case' as unit_code,
        count(*) as total
    from {{ ref('fct_case') }}
    union all
    select
        'person' as unit_code,
        count(*) as total
    from {{ ref('fct_person_in_case') }}
    where is_counted

)

select
    held.unit_code,
    held.total as held_total,
    triangle.total as triangle_total
from held
left join triangle on held.unit_code = triangle.unit_code
where held.total <> coalesce(triangle.total, 0)

-- Every case and every counted person is in its bridges: a join through one loses nobody.
{{ config(meta={'dagster': {'ref': {'name': 'bridge_victim_exploitation'}}}) }}
with missing as (

    select
        'case_offence' as bridge,
        count(*) as lost
    from {{ ref('fct_case') }} as cases
    left join {{ ref('bridge_case_offence') }} as bridge on cases.case_key = bridge.case_key
    where bridge.case_key is null
    {% for name in ['exploitation', 'control_method', 'recruitment_method'] -%}
    union all
    select
        '{{ name }}' as bridge,
        count(*) as lost
    from {{ ref('fct_person_in_case') }} as person
    left join {{ ref('bridge_victim_' ~ name) }} as bridge on person.person_key = bridge.person_key
    where person.is_counted and bridge.person_key is null
    {% endfor %}

)

select
    bridge,
    lost
from missing
where lost > 0

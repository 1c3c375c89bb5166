-- One row per conformed model, column and text that no code list knows.
{% set coded = [
    'cnf_case_version', 'cnf_person_version', 'cnf_operation', 'cnf_interception', 'cnf_charge',
    'cnf_consular_case', 'cnf_ngo_report', 'cnf_protection_order', 'cnf_shelter_stay', 'cnf_comparator',
] -%}
with unmapped as (

    {% for model in coded -%}
    select
        '{{ model }}' as model_name,
        {{ mids.list_items('unmapped', 'chr(31)') }} as unmapped_text
    from {{ ref(model) }}
    where unmapped is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

total as (

    {% for model in coded -%}
    select
        '{{ model }}' as model_name,
        count(*) as row_count
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

counted as (

    select
        model_name,
        {{ dbt.split_part('unmapped_text', "'='", 1) }} as column_name,
        {{ dbt.right('unmapped_text', dbt.length('unmapped_text') ~ ' - ' ~ dbt.position("'='", 'unmapped_text')) }}
            as value_text,
        count(*) as value_count
    from unmapped
    group by unmapped_text, model_name

)

select
    counted.model_name,
    counted.column_name,
    counted.value_text,
    counted.value_count,
    total.row_count,
    cast(counted.value_count as double) / total.row_count as value_share
from counted
inner join total on counted.model_name = total.model_name

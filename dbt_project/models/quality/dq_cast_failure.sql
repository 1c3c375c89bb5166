-- One row per staging model and column in which a text could not be read as its type.
{% set staged = [
    'stg_pdrm__cases', 'stg_pdrm__persons', 'stg_jim__operations', 'stg_jim__persons',
    'stg_apmm__interceptions', 'stg_agc__charges', 'stg_kln__consular_cases', 'stg_ngo__reports',
    'stg_ctdc__victims', 'stg_iom__missing_migrants_europe', 'stg_iom__missing_migrants_export',
    'stg_ukho__small_boats',
] -%}
with failure as (

    {% for model in staged -%}
    select
        '{{ model }}' as model_name,
        {{ mids.list_items('cast_failures', 'chr(31)') }} as failure_text
    from {{ ref(model) }}
    where cast_failures is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

total as (

    {% for model in staged -%}
    select
        '{{ model }}' as model_name,
        count(*) as row_count
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    failure.model_name,
    {{ dbt.split_part('failure.failure_text', "'='", 1) }} as column_name,
    count(*) as failure_count,
    total.row_count,
    cast(count(*) as double) / total.row_count as failure_share
from failure
inner join total on failure.model_name = total.model_name
group by failure.model_name, {{ dbt.split_part('failure.failure_text', "'='", 1) }}, total.row_count

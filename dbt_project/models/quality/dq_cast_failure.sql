-- One row per staging model and column in which a text could not be read as its type.
{% set staged = [
    'stg_pdrm__cases', 'stg_pdrm__persons', 'stg_jim__operations', 'stg_jim__persons',
    'stg_apmm__interceptions', 'stg_agc__charges', 'stg_kln__consular_cases', 'stg_ngo__reports',
    'stg_jkdm__cases', 'stg_jtk__complaints', 'stg_jkm__protection_orders', 'stg_jkm__shelter_stays',
    'stg_akps__encounters', 'stg_ctdc__victims', 'stg_iom__missing_migrants_europe', 'stg_iom__missing_migrants_export',
    'stg_ukho__small_boats',
] -%}
with staged as (

    {% for model in staged -%}
    select
        '{{ model }}' as model_name,
        cast_failures,
        count(*) as row_count
    from {{ ref(model) }}
    where not is_deleted
    group by cast_failures
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

total as (

    select
        model_name,
        sum(row_count) as row_count
    from staged
    group by model_name

),

failure as (

    select
        model_name,
        row_count,
        {{ mids.list_items('cast_failures', 'chr(31)') }} as failure_text
    from staged
    where cast_failures is not null

),

counted as (

    select
        model_name,
        {{ dbt.split_part('failure_text', "'='", 1) }} as column_name,
        sum(row_count) as failure_count
    from failure
    group by model_name, {{ dbt.split_part('failure_text', "'='", 1) }}

)

select
    counted.model_name,
    counted.column_name,
    cast(counted.failure_count as {{ dbt.type_bigint() }}) as failure_count,
    cast(total.row_count as {{ dbt.type_bigint() }}) as row_count,
    cast(counted.failure_count as double) / total.row_count as failure_share
from counted
inner join total on counted.model_name = total.model_name

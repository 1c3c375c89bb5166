{# Values of a fact's keys that are no member of their dimension: one query for what `relationships` would ask in
   several. `keys` maps a column to dimension.column. A release declares the same keys (mids_orchestration/release). #}
{% test foreign_keys(model, keys) %}
{% for column, target in keys.items() -%}
{%- set table, field = target.split('.') %}
select
    '{{ column }}' as column_name,
    cast(fact.{{ column }} as {{ dbt.type_string() }}) as value_text,
    count(*) as times
from {{ model }} as fact
left join {{ ref(table) }} as dimension on fact.{{ column }} = dimension.{{ field }}
where fact.{{ column }} is not null and dimension.{{ field }} is null
group by cast(fact.{{ column }} as {{ dbt.type_string() }})
{{ 'union all' if not loop.last }}
{%- endfor %}
{% endtest %}

{# The key of a record in MIDS: a hash of who wrote it, which record type, and the writer's own key. #}
{% macro record_id(parts) -%}
    {%- set texts = [] -%}
    {%- for part in parts -%}
        {%- do texts.append("coalesce(cast(" ~ part ~ " as " ~ dbt.type_string() ~ "), '')") -%}
        {%- if not loop.last %}{% do texts.append("'|'") %}{% endif -%}
    {%- endfor -%}
    {{ dbt.hash(dbt.concat(texts)) }}
{%- endmacro %}

{# A number that stands for some columns within one statement: equal for equal values, by chance also for others. #}
{% macro narrow_hash(columns) -%}
    {{ return(adapter.dispatch('narrow_hash', 'mids')(columns)) }}
{%- endmacro %}

{% macro default__narrow_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__narrow_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}

{# Between "as" and the query of a common table expression: it is worked out wherever it is read, each time only as far
   as it is needed there. DuckDB would else write down what is read more than once; Spark never does. #}
{% macro inlined() -%}
    {{ return(adapter.dispatch('inlined', 'mids')()) }}
{%- endmacro %}

{% macro default__inlined() -%}
not materialized
{%- endmacro %}

{% macro spark__inlined() -%}
{%- endmacro %}

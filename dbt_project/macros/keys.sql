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

{# Between "as" and the query of a common table expression that is large and read more than once: it is worked out
   wherever it is read, as far as it is needed there, which is cheaper than writing it down. Of news it is the other way
   round: they are few, and searched out of all that has landed. Spark never writes such a thing down. #}
{% macro inlined() -%}
    {{ return(adapter.dispatch('inlined', 'mids')()) }}
{%- endmacro %}

{% macro default__inlined() -%}
    {{ 'materialized' if mids.only_news() else 'not materialized' }}
{%- endmacro %}

{% macro spark__inlined() -%}
{%- endmacro %}

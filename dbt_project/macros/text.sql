{# Texts compared with code lists: upper case, every run of other characters one space, no outer spaces. #}
{% macro plain_text(expression) -%}
    trim({{ mids.replace_all("upper(" ~ expression ~ ")", '[^0-9A-Z]+', ' ') }})
{%- endmacro %}

{% macro replace_all(expression, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_all', 'mids')(expression, pattern, replacement)) }}
{%- endmacro %}

{% macro default__replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{% macro duckdb__replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{# The first match of a pattern; NULL when there is none (both dialects say '' instead). #}
{% macro first_match(expression, pattern, group=0) -%}
    nullif(regexp_extract({{ expression }}, '{{ pattern }}', {{ group }}), '')
{%- endmacro %}

{# One row per item of a separated list, trimmed; the list's row is repeated for each. #}
{% macro list_items(expression, separator) -%}
    {{ return(adapter.dispatch('list_items', 'mids')(expression, separator)) }}
{%- endmacro %}

{% macro default__list_items(expression, separator) -%}
    explode(split({{ expression }}, {{ separator }}))
{%- endmacro %}

{% macro duckdb__list_items(expression, separator) -%}
    unnest(string_split({{ expression }}, {{ separator }}))
{%- endmacro %}

{# The values of a group in one text, in order; dialects differ in how a list is sorted. #}
{% macro sorted_list(expression, separator) -%}
    {{ return(adapter.dispatch('sorted_list', 'mids')(expression, separator)) }}
{%- endmacro %}

{% macro default__sorted_list(expression, separator) -%}
    {{ dbt.listagg(expression, separator, 'order by ' ~ expression) }}
{%- endmacro %}

{% macro spark__sorted_list(expression, separator) -%}
    concat_ws({{ separator }}, sort_array(collect_list({{ expression }})))
{%- endmacro %}

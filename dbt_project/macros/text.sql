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

{# The first match of a pattern, which may not match nothing; NULL when there is none. #}
{% macro first_match(expression, pattern, group=0) -%}
    {{ return(adapter.dispatch('first_match', 'mids')(expression, pattern, group)) }}
{%- endmacro %}

{% macro default__first_match(expression, pattern, group) -%}
    nullif(regexp_extract({{ expression }}, '{{ pattern }}', {{ group }}), '')
{%- endmacro %}

{# DuckDB works out nullif's argument, which stands in it twice, even in branches not taken: half the time of case_no_norm. #}
{% macro duckdb__first_match(expression, pattern, group) -%}
    list_extract(regexp_extract_all({{ expression }}, '{{ pattern }}', {{ group }}), 1)
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

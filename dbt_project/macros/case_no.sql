{# A case number in the one form under which agencies' ways of writing it meet: series/number/year.
     D3/TIP/00123/2024 · TIP-123-2024 (D3) · IP D3 TIP 00123/2024 · D3/TIP/123/24   ->  PDRM TIP/123/2024
     JIM/ATIPSOM/2024/0012 · ATIPSOM-12-2024 (JIM) · JIM/ATIPSOM/12/24              ->  JIM/12/2024
     MMEA/KES/2024/012 · APMM 12/2024 · KES-12-2024 (MMEA)                          ->  APMM/12/2024
     JKDM/KES/2024/0012 · JKDM 12/2024 · KES-12-2024 (JKDM)                         ->  JKDM/12/2024, also JTK, AKPS
   A number in no known series keeps its letters and digits and meets only those written alike. #}
{% macro case_no_norm(expression) -%}
    {%- set words = "concat(' ', " ~ mids.plain_text(expression) ~ ", ' ')" -%}
    {%- set long_year = mids.first_match(words, ' (20[0-9][0-9]) ', 1) -%}
    {%- set short_year = mids.first_match(words, ' ([0-9][0-9]) $', 1) -%}
    {%- set number = mids.first_match(
        mids.replace_all(words, ' 20[0-9][0-9] ', ' '), ' 0*([0-9]+) ', 1) -%}
    {#- The police write the number before the year, so that paper 2016 of 2024 is not taken for a year. -#}
    {%- set police = words ~ " like '% TIP %' or " ~ words ~ " like '% SOM %'" -%}
    {%- set before_year = mids.first_match(words, ' 0*([0-9]+ 20[0-9][0-9]) ', 1) -%}
    coalesce(
        case
            when {{ words }} like '% TIP %' then 'PDRM TIP'
            when {{ words }} like '% SOM %' then 'PDRM SOM'
            when {{ words }} like '% ATIPSOM %' or {{ words }} like '% JIM %' then 'JIM'
            when {{ words }} like '% MMEA %' or {{ words }} like '% APMM %' then 'APMM'
            when {{ words }} like '% JKDM %' then 'JKDM'
            when {{ words }} like '% JTK %' then 'JTK'
            when {{ words }} like '% AKPS %' then 'AKPS'
        end
        || '/' || coalesce(
            case when {{ police }} then replace({{ before_year }}, ' ', '/') end,
            {{ number }} || '/' || coalesce({{ long_year }}, '20' || {{ short_year }})
        ),
        {{ mids.plain_text(expression) }}
    )
{%- endmacro %}

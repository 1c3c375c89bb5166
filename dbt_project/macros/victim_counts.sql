{# Counted victims, migrants and missing persons by year, crime type and `columns`; a combination seen in any year has a row in
   every year, so that zero is said and not left out. Who may see which count is decided when a release is made. #}
{% macro victim_counts(columns=[]) -%}
with persons as (

    select
        cast({{ dbt.date_trunc('year', 'event_on') }} as date) as year_start,
        *
    from {{ ref('fct_person_in_case') }}
    where is_counted

),

years as (

    select distinct year_start
    from persons

),

combinations as (

    select distinct
        crime_type_code
        {%- for column in columns %},
        {{ column }}
        {%- endfor %}
    from persons

),

counted as (

    select
        year_start,
        crime_type_code,
        {% for column in columns -%}
            {{ column }},
        {% endfor -%}
        count(*) as persons
    from persons
    group by
        year_start,
        crime_type_code
        {%- for column in columns %},
        {{ column }}
        {%- endfor %}

)

select
    years.year_start,
    combinations.crime_type_code,
    {% for column in columns -%}
        combinations.{{ column }},
    {% endfor -%}
    cast(coalesce(counted.persons, 0) as {{ dbt.type_bigint() }}) as count_value,
    'published' as count_status
from years
cross join combinations
left join counted
    on
        years.year_start = counted.year_start
        and combinations.crime_type_code = counted.crime_type_code
        {%- for column in columns %}
        and combinations.{{ column }} = counted.{{ column }}
        {%- endfor %}
{%- endmacro %}

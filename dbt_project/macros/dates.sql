{# One row per day from one day to another, both included, as column date_on. #}
{% macro days(first, last) -%}
    {{ return(adapter.dispatch('days', 'mids')(first, last)) }}
{%- endmacro %}

{% macro duckdb__days(first, last) -%}
    select cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date) as date_on
{%- endmacro %}

{% macro spark__days(first, last) -%}
    select explode(sequence({{ first }}, {{ last }}, interval 1 day)) as date_on
{%- endmacro %}

{# Days between two dates. #}
{% macro plus_days(expression, days) -%}
    cast({{ dbt.dateadd('day', days, expression) }} as date)
{%- endmacro %}

{# A whole number as text of two digits. #}
{% macro two_digits(expression) -%}
    lpad(cast({{ expression }} as {{ dbt.type_string() }}), 2, '0')
{%- endmacro %}

{# The dates and names that follow from a day (column `date_on` of a relation); see dim_date for their meaning. #}
{% macro calendar_columns(relation) -%}
    select
        {{ relation }}.date_on,
        {{ mids.week_start(relation ~ '.date_on') }} as week_start,
        -- An ISO week belongs to the year of its Thursday.
        cast(extract(year from {{ mids.plus_days(mids.week_start(relation ~ '.date_on'), 3) }}) as {{ dbt.type_bigint() }})
            as iso_year,
        cast(
            floor((extract(doy from {{ mids.plus_days(mids.week_start(relation ~ '.date_on'), 3) }}) - 1) / 7) + 1
            as {{ dbt.type_bigint() }}
        ) as iso_week,
        cast(
            {{ dbt.datediff(mids.week_start(relation ~ '.date_on'), relation ~ '.date_on', 'day') }} + 1
            as {{ dbt.type_bigint() }}
        ) as iso_weekday,
        cast(extract(year from {{ relation }}.date_on) as {{ dbt.type_bigint() }}) as year_number,
        cast(extract(quarter from {{ relation }}.date_on) as {{ dbt.type_bigint() }}) as quarter_number,
        cast(extract(month from {{ relation }}.date_on) as {{ dbt.type_bigint() }}) as month_number,
        cast({{ dbt.date_trunc('month', relation ~ '.date_on') }} as date) as month_start,
        cast({{ dbt.date_trunc('quarter', relation ~ '.date_on') }} as date) as quarter_start,
        -- The US Trafficking in Persons Report of a year covers April of the year before to March.
        cast(
            extract(year from {{ relation }}.date_on)
            + case when extract(month from {{ relation }}.date_on) >= 4 then 1 else 0 end
            as {{ dbt.type_bigint() }}
        ) as us_tip_year
    from {{ relation }}
{%- endmacro %}

{# Days from one day to a later one; NULL where either is missing or they stand the wrong way round. #}
{% macro lag_days(earlier, later) -%}
    cast(
        case when {{ later }} >= {{ earlier }} then {{ dbt.datediff(earlier, later, 'day') }} end
        as {{ dbt.type_bigint() }}
    )
{%- endmacro %}

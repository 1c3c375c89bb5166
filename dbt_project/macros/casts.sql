{# Reading typed values from the landing zone's text. A text that cannot be read becomes NULL, never an
   error: staging counts it (see `cast_failures`) and the landing zone still holds the text.
   One dispatched macro per type, because dialects differ here and nowhere else. #}

{% macro try_read(expression, type, formats=[]) -%}
    {{ return(adapter.dispatch('try_read', 'mids')(expression, type, formats)) }}
{%- endmacro %}

{% macro duckdb__try_read(expression, type, formats) -%}
    {#- ISO forms need no pattern, and a cast drops an offset such as +08:00: agencies write local time,
        and local time is what we keep. -#}
    {%- set local = [] -%}
    {%- for format in formats if not format.startswith('%Y-%m-%d') %}{% do local.append(format) %}{% endfor -%}
    {%- if type == 'date' and local -%}
        coalesce(cast(try_strptime({{ expression }}, {{ local }}) as date), try_cast({{ expression }} as date))
    {%- elif type == 'timestamp' and local -%}
        coalesce(cast(try_strptime({{ expression }}, {{ local }}) as timestamp), try_cast({{ expression }} as timestamp))
    {%- elif type == 'boolean' -%}
        {{ mids.read_boolean(expression) }}
    {%- elif type == 'text' -%}
        {{ expression }}
    {%- else -%}
        try_cast({{ expression }} as {{ mids.sql_type(type) }})
    {%- endif -%}
{%- endmacro %}

{% macro spark__try_read(expression, type, formats) -%}
    {#- The offset is dropped here too: after minutes or seconds, for 24-02-2022 ends like one. -#}
    {%- set offset = "(:[0-9]{2}([.][0-9]+)?) *(Z|[+-][0-9]{2}:?[0-9]{2})$" -%}
    {%- set plain = "regexp_replace(" ~ expression ~ ", '" ~ offset ~ "', '$1')" -%}
    {#- Spark reads no names of weekdays; the date says which it is. -#}
    {%- if '%a' in formats | join(' ') -%}
        {%- set plain = "regexp_replace(" ~ plain ~ ", '^[A-Za-z]+, *', '')" -%}
    {%- endif -%}
    {%- if type in ('date', 'timestamp') -%}
        coalesce(
            {%- for format in formats %}
            cast(try_to_timestamp({{ plain }}, '{{ mids.java_pattern(format) }}') as {{ type }}),
            {%- endfor %}
            try_cast({{ plain }} as {{ type }})
        )
    {%- elif type == 'boolean' -%}
        {{ mids.read_boolean(expression) }}
    {%- elif type == 'text' -%}
        {{ expression }}
    {%- else -%}
        try_cast({{ expression }} as {{ mids.sql_type(type) }})
    {%- endif -%}
{%- endmacro %}

{% macro read_boolean(expression) -%}
    case
        when lower({{ expression }}) in ('true', 't', 'yes', 'y', 'ya', '1', '1.0') then true
        when lower({{ expression }}) in ('false', 'f', 'no', 'n', 'tidak', '0', '0.0') then false
    end
{%- endmacro %}

{% macro sql_type(type) -%}
    {{ return({'text': 'varchar', 'integer': 'bigint', 'decimal': 'double', 'date': 'date',
               'timestamp': 'timestamp', 'boolean': 'boolean'}[type]) }}
{%- endmacro %}

{% macro java_pattern(format) -%}
    {{ return(format | replace('T', "''T''") | replace('%z', '') | replace('%Y', 'yyyy') | replace('%y', 'yy')
              | replace('%m', 'MM') | replace('%d', 'dd') | replace('%H', 'HH') | replace('%M', 'mm')
              | replace('%S', 'ss') | replace('%B', 'MMMM') | replace('%b', 'MMM') | replace('%a, ', '')) }}
{%- endmacro %}

{# A staging model's whole body: one row per landed record, renamed and cast as its feed contract says.
   Names, types and formats come from the contract through the generated source declaration
   (models/staging/_landing_sources.yml), so they stand in one place; the SQL that results is in
   target/compiled. Besides the contract's columns every staging model has:
     source_record_key  the writer's own key, or receipt and line where the feed has none
     cast_failures      "column=text" for each value that could not be read, separated by U+001F; NULL when all could
     known_on           when MIDS came to know the row (see macro known_on)
     _receipt_id, _line_no, _received_on   where the row was landed from
   With the variable as_of, only what was known on that day is read: every later layer is then as of that day.
   `recorded_on` names the column that tells when the agency typed the record in. #}
{% macro stage(table, recorded_on=none) -%}
{%- set landed = source('landing', table) -%}
{%- set receipts = source('landing', 'receipts') -%}
{%- if not execute -%}
select * from {{ landed }} cross join {{ receipts }}
{%- else -%}
{%- set declaration = graph.sources['source.mids.landing.' ~ table] -%}
{%- set about = declaration.config.meta -%}
{%- set columns = [] -%}
{%- for column in declaration.columns.values() if column.config.meta.get('standard') -%}
    {%- set formats = column.config.meta.get('formats', []) -%}
    {%- do columns.append({
        'raw': 'landed.' ~ adapter.quote(column.name),
        'name': column.config.meta.standard,
        'type': column.config.meta.type,
        'key': column.config.meta.get('key', false),
        'sql': mids.try_read('landed.' ~ adapter.quote(column.name), column.config.meta.type, formats)
    }) -%}
{%- endfor -%}
{%- set keys = columns | selectattr('key') | list -%}
{%- set typed = columns | rejectattr('type', 'equalto', 'text') | list -%}
with landed as (

    select * from {{ landed }}

),

feed as (

    select cast(min(known_on) as date) as began_on
    from {{ receipts }}
    where agency = '{{ about.agency }}' and feed = '{{ about.feed }}' and status = 'accepted'

),

typed as (

    select
        {% for column in columns -%}
        {{ column.sql }} as {{ column.name }},
        {% endfor -%}
        {% if keys -%}
        {% set texts = [] -%}
        {% for column in keys -%}
            {%- do texts.append("coalesce(" ~ column.raw ~ ", '')") -%}
            {%- if not loop.last %}{% do texts.append("'|'") %}{% endif -%}
        {%- endfor -%}
        {{ dbt.concat(texts) }} as source_record_key,
        {%- else -%}
        {{ dbt.concat(["landed._receipt_id", "'|'", "cast(landed._line_no as " ~ dbt.type_string() ~ ")"]) }} as source_record_key,
        {%- endif %}
        {% if typed -%}
        nullif(concat_ws(
            chr(31),
            {% for column in typed -%}
            case
                when {{ column.raw }} is not null and {{ column.sql }} is null
                    then {{ dbt.concat(["'" ~ column.name ~ "='", column.raw]) }}
            end{{ ',' if not loop.last }}
            {% endfor -%}
        ), '') as cast_failures,
        {%- else -%}
        cast(null as {{ dbt.type_string() }}) as cast_failures,
        {%- endif %}
        landed._receipt_id,
        landed._line_no,
        cast(landed._known_on as date) as _received_on
    from landed

),

staged as (

select
    typed.source_record_key,
    {% for column in columns -%}
    typed.{{ column.name }},
    {% endfor -%}
    typed.cast_failures,
    {% if recorded_on -%}
    {{ mids.known_on('typed._received_on', 'feed.began_on', 'typed.' ~ recorded_on) }} as known_on,
    {%- else -%}
    typed._received_on as known_on,
    {%- endif %}
    typed._receipt_id,
    typed._line_no,
    typed._received_on
from typed
cross join feed

)

select * from staged
{% if var('as_of') -%}
where known_on <= cast('{{ var("as_of") }}' as date)
{%- endif %}
{%- endif -%}
{%- endmacro %}

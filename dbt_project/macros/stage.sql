{# A staging model's whole body: one row per landed record, renamed and cast as its feed contract says.
   Names, types and formats come from the contract through the generated source declaration
   (models/staging/_landing_sources.yml), so they stand in one place; the SQL that results is in
   target/compiled. Besides the contract's columns every staging model has:
     source_record_key  the writer's own key, or receipt and line where the feed has none
     cast_failures      "column=text" for each value that could not be read, separated by U+001F; NULL when all could
     known_on           when MIDS came to know the row (see macro known_on)
     is_deleted         whether the row says that the record is deleted: by its own words, by a tombstone, or because
                        a newer snapshot left it out; its columns then tell what was known before
     _effective_at      what versions of a record are ordered by: the contract's ordering column; for snapshots, and
                        where there is none, when it was sent
     _receipt_id, _line_no, _received_on, _sent_on   where the row was landed from
   Beside the landed records stand the change rows that landing derives from other deliveries (landing/_changes).
   With the variable as_of, only what was known on that day is read: every later layer is then as of that day.
   Which column tells when the agency typed the record in is said beside the staging model (`recorded_on`).
   `only_news`: see macro told. #}
{% macro stage(table, only_news=false) -%}
{%- set landed = source('landing', table) -%}
{%- set receipts = source('landing', 'receipts') -%}
{%- if not execute -%}
select * from {{ landed }} cross join {{ receipts }}
{%- else -%}
{%- set declaration = graph.sources['source.mids.landing.' ~ table] -%}
{%- set about = declaration.config.meta -%}
{%- set recorded_on = graph.nodes['model.mids.stg_' ~ table].config.meta.get('recorded_on') -%}
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
{%- set ordering = namespace(sql=none) -%}
{%- for column in declaration.columns.values() if column.name == about.get('ordering') -%}
    {%- set type = column.config.meta.type -%}
    {%- set read = mids.try_read('landed.' ~ adapter.quote(column.name), type, column.config.meta.get('formats', [])) -%}
    {%- if type in ('date', 'timestamp') -%}
        {%- set ordering.sql = 'cast(' ~ read ~ ' as ' ~ dbt.type_timestamp() ~ ')' -%}
    {%- elif type in ('integer', 'decimal') -%}
        {#- A number that counts up is a moment, in seconds. -#}
        {%- set ordering.sql = dbt.dateadd('second', 'cast(' ~ read ~ ' as ' ~ dbt.type_bigint() ~ ')',
            "cast('1970-01-01' as " ~ dbt.type_timestamp() ~ ')') -%}
    {%- endif -%}
{%- endfor -%}
with sending as (

    -- The first sending of the same bytes counts.
    select
        receipt_id,
        max(cast(coalesce(first_sent_on, first_known_on) as date)) as sent_on,
        max(cast(first_known_on as date)) as known_on
    from {{ receipts }}
    where status = 'accepted'
    group by receipt_id

),

landed as (

    select
        record.*,
        case
            when record._change is null then coalesce(sending.known_on, cast(record._known_on as date))
            else cast(record._known_on as date)
        end as _delivered_on,
        coalesce(cast(record._sent_on as date), sending.sent_on, cast(record._known_on as date)) as _dispatched_on
    from {{ landed }} as record
    left join sending on record._receipt_id = sending.receipt_id
    {%- if only_news %}
    where {{ mids.told_key(declaration) }} in (
        select whole_key from news.record where source_table = '{{ table }}'
    )
    {%- endif %}

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
            {%- do texts.append("coalesce(trim(" ~ column.raw ~ "), '')") -%}
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
                when landed._change is null and {{ column.raw }} is not null and {{ column.sql }} is null
                    then {{ dbt.concat(["'" ~ column.name ~ "='", column.raw]) }}
            end{{ ',' if not loop.last }}
            {% endfor -%}
        ), '') as cast_failures,
        {%- else -%}
        cast(null as {{ dbt.type_string() }}) as cast_failures,
        {%- endif %}
        coalesce(landed._change = 'deletion', false)
        {%- if about.get('deleted_when') %}
        or coalesce(trim(landed.{{ adapter.quote(about.deleted_when['column']) }}) in (
            {%- for word in about.deleted_when['values'] %}'{{ word | replace("'", "''") }}'{{ ', ' if not loop.last }}{% endfor -%}
        ), false)
        {%- endif %} as is_deleted,
        landed._change is not null as is_change,
        {% if ordering.sql and about.delivery_kind != 'snapshot' %}{{ ordering.sql }}
        {%- else %}cast(landed._dispatched_on as {{ dbt.type_timestamp() }}){% endif %} as ordered_at,
        landed._receipt_id,
        landed._line_no,
        landed._delivered_on as _received_on,
        landed._dispatched_on as _sent_on
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
    case
        when typed.is_change then typed._received_on
        else {{ mids.known_on('typed._received_on', 'feed.began_on', 'typed.' ~ recorded_on) }}
    end as known_on,
    {%- else -%}
    typed._received_on as known_on,
    {%- endif %}
    typed.is_deleted,
    typed.ordered_at,
    typed._receipt_id,
    typed._line_no,
    typed._received_on,
    typed._sent_on
from typed
cross join feed

)

select
    source_record_key,
    {% for column in columns -%}
    {{ column.name }},
    {% endfor -%}
    cast_failures,
    known_on,
    is_deleted,
    coalesce(ordered_at, cast(known_on as {{ dbt.type_timestamp() }})) as _effective_at,
    _receipt_id,
    _line_no,
    _received_on,
    _sent_on
from staged
{% if var('as_of') -%}
where known_on <= cast('{{ var("as_of") }}' as date)
{%- endif %}
{%- endif -%}
{%- endmacro %}

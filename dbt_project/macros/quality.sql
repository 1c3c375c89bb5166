{# Every record type that has a contract, as rows: agency, feed, record. A feed may send several. #}
{% macro feed_records() -%}
{%- if not execute -%}
select
    cast(null as {{ dbt.type_string() }}) as agency_code,
    cast(null as {{ dbt.type_string() }}) as feed_code,
    cast(null as {{ dbt.type_string() }}) as record_code
{%- else -%}
{%- set rows = [] -%}
{%- for source in graph.sources.values() if source.source_name == 'landing' and source.config.meta.get('feed') -%}
    {%- set meta = source.config.meta -%}
    {%- do rows.append([meta.agency | upper, meta.feed, source.name.split('__')[1]]) -%}
{%- endfor -%}
{%- for agency, feed, record in rows | sort %}
select
    '{{ agency }}' as agency_code,
    '{{ feed }}' as feed_code,
    '{{ record }}' as record_code
{{ 'union all' if not loop.last }}
{%- endfor -%}
{%- endif -%}
{%- endmacro %}

{# One row per staging model, week received and check: records assessed and passed, for the checks that a record
   answers alone. Which columns a record should have filled is said in the staging model's `meta.expects`; a feed's
   opening extract, which sends ten years at once, says nothing of punctuality. #}
{% macro staged_quality(models) -%}
{%- for name in models -%}
{%- set meta = graph.nodes['model.mids.' ~ name].config.meta if execute else {} -%}
{%- set expects = meta.get('expects', []) -%}
{%- set told_at = meta.get('told_at', none) -%}
{%- set agency, record = name[4:].split('__') %}
select
    '{{ agency | upper }}' as agency_code,
    '{{ record }}' as record_code,
    {{ mids.week_start('staged._received_on') }} as week_start,
    count(*) as record_count,
    {{ expects | length }} * count(*) as fields_expected,
    {% if expects -%}
    {% for column in expects -%}
    count(staged.{{ column }}){{ ' + ' if not loop.last }}
    {%- endfor %} as fields_filled,
    {%- else -%}
    0 as fields_filled,
    {%- endif %}
    count(*) - count(staged.cast_failures) as records_read,
    {% if told_at -%}
    count(case when staged._received_on > began.began_on then staged.{{ told_at }} end) as records_timed,
    count(
        case
            when
                staged._received_on > began.began_on
                and {{ dbt.datediff('cast(staged.' ~ told_at ~ ' as date)', 'staged._received_on', 'day') }}
                    <= began.lateness_days
                then 1
        end
    ) as records_in_time
    {%- else -%}
    0 as records_timed,
    0 as records_in_time
    {%- endif %}
from {{ ref(name) }} as staged
inner join began on began.agency_code = '{{ agency | upper }}' and began.record_code = '{{ record }}'
where not staged.is_deleted
group by {{ mids.week_start('staged._received_on') }}
{{ 'union all' if not loop.last }}
{%- endfor -%}
{%- endmacro %}

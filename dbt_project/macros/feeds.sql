{# Every feed that has a contract, as rows: agency, feed, cadence, lateness_days. Read from the generated source
   declarations, so that a feed which never delivered is listed too. #}
{% macro feeds() -%}
{%- if not execute -%}
select
    cast(null as {{ dbt.type_string() }}) as agency_code,
    cast(null as {{ dbt.type_string() }}) as feed_code,
    cast(null as {{ dbt.type_string() }}) as cadence,
    cast(null as {{ dbt.type_bigint() }}) as lateness_days
{%- else -%}
{%- set seen = {} -%}
{%- for source in graph.sources.values() if source.source_name == 'landing' and source.config.meta.get('feed') -%}
    {%- do seen.update({source.config.meta.agency ~ '.' ~ source.config.meta.feed: source.config.meta}) -%}
{%- endfor -%}
{%- for feed in seen | sort %}
select
    '{{ seen[feed].agency }}' as agency_code,
    '{{ seen[feed].feed }}' as feed_code,
    '{{ seen[feed].cadence }}' as cadence,
    cast({{ seen[feed].lateness_days if seen[feed].lateness_days is not none else 'null' }} as {{ dbt.type_bigint() }}) as lateness_days
{{ 'union all' if not loop.last }}
{%- endfor -%}
{%- endif -%}
{%- endmacro %}

-- One row per record that is brought up to date because something new was told of it or of what belongs together with
-- it; empty when everything is built anew.
{% set wholes = {'agc__charges': 'prosecution_no', 'jkdm__cases': 'source_case_no', 'akps__encounters': 'encounter_no'} -%}
{% set read = ['agc__charges', 'akps__encounters', 'apmm__interceptions', 'jim__operations', 'jim__persons', 'jkdm__cases',
    'jtk__complaints', 'kln__consular_cases', 'ngo__reports', 'pdrm__cases', 'pdrm__persons'] -%}
{% if mids.only_news() -%}
{% for table in read -%}
select {{ mids.record_id(["'" ~ table.split('__')[0] ~ "'", "'" ~ table.split('__')[1] ~ "'", 'source_record_key']) }} as touched_key
from {{ mids.told('stg_' ~ table) }} as told
union
{% if table in wholes -%}
select {{ mids.record_id(["'" ~ table.split('__')[0] ~ "'", "'" ~ table.split('__')[1] ~ "'", wholes[table]]) }} as touched_key
from {{ mids.told('stg_' ~ table) }} as told
union
{% endif -%}
{% endfor -%}
{% endif -%}
select cast(null as {{ dbt.type_string() }}) as touched_key
where 1 = 0
{%- for table in read %}
-- depends_on: {{ ref('stg_' ~ table) }}
{%- endfor %}

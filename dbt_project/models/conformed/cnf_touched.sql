-- One row per record that is brought up to date because something new was told of it or of what belongs together with
-- it; empty when everything is built anew.
{% set read = {
    'agc__charges': ['source_record_key', 'prosecution_no'],
    'akps__encounters': ['source_record_key', 'encounter_no'],
    'apmm__interceptions': ['source_record_key'],
    'jim__operations': ['source_record_key'],
    'jim__persons': ['source_record_key'],
    'jkdm__cases': ['source_record_key', 'source_case_no'],
    'jtk__complaints': ['source_record_key'],
    'kln__consular_cases': ['source_record_key'],
    'ngo__reports': ['source_record_key'],
    'pdrm__cases': ['source_record_key'],
    'pdrm__persons': ['source_record_key'],
} -%}
{% set only_news = mids.only_news() -%}
{% for table, keys in read.items() -%}
{% set agency, record = table.split('__') -%}
{% set told = mids.told('stg_' ~ table) -%}
{% for key in keys if only_news -%}
select {{ mids.record_id(["'" ~ agency ~ "'", "'" ~ record ~ "'", key]) }} as touched_key
from {{ told }}
union
{% endfor -%}
{% endfor -%}
select cast(null as {{ dbt.type_string() }}) as touched_key
where 1 = 0

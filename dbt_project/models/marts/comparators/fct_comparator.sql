-- One row per source, measure, period, country, region and nationality of an international comparator.
select
    source_code,
    measure_code,
    period_start,
    country_code,
    region_name,
    nationality_code,
    cast(sum(measure_value) as {{ dbt.type_bigint() }}) as measure_value,
    cast(sum(value_as_sent) as {{ dbt.type_bigint() }}) as value_as_sent,
    count(*) as record_count,
    max(known_on) as known_on
from {{ ref('cnf_comparator') }}
group by source_code, measure_code, period_start, country_code, region_name, nationality_code

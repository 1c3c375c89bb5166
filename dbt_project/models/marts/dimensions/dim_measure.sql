-- One row per source and measure of the international comparators.
select
    source_code,
    measure_code,
    agency_code,
    unit_en,
    unit_ms,
    period_code,
    calendar_en,
    calendar_ms,
    name_en as measure_name_en,
    name_ms as measure_name_ms
from {{ ref('ref_measure') }}

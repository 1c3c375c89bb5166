-- One row per district, and one for unknown.
select
    district_code,
    name_ms as district_name_ms,
    state_code
from {{ ref('ref_district') }}
union all
select
    'XX' as district_code,
    name_ms as district_name_ms,
    state_code
from {{ ref('ref_state') }}
where state_code = 'XX'

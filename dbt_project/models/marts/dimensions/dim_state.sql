-- One row per state or federal territory, and one for unknown.
select
    state_code,
    name_ms as state_name_ms,
    name_en as state_name_en,
    coalesce(iso_3166_2_code, 'XX') as iso_3166_2_code,
    region_code
from {{ ref('ref_state') }}

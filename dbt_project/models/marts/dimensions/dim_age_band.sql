-- One row per age band, and one for age not known.
select
    age_band_code,
    age_from,
    age_to,
    name_en as age_band_name_en,
    name_ms as age_band_name_ms,
    coalesce(is_child, false) as is_child
from {{ ref('ref_age_band') }}

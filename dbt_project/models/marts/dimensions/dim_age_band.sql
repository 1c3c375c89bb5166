-- One row per age band, and one for age not known.
select
    age_band_code,
    age_from,
    age_to,
    name_en as age_band_name_en,
    name_ms as age_band_name_ms,
    -- Of an age not known nobody can say; counted as adults they would be lost among them.
    case when age_band_code = 'XX' then 'XX' when is_child then 'Y' else 'N' end as is_child_code
from {{ ref('ref_age_band') }}

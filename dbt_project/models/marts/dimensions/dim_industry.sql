-- One row per section of the International Standard Industrial Classification, with members for not applicable and
-- not known.
select
    industry_code,
    coalesce(htcds_code, 'XX') as htcds_code,
    name_en as industry_name_en,
    name_ms as industry_name_ms
from {{ ref('ref_industry') }}

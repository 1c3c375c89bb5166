-- One row per method of recruitment, with members for not applicable and not known.
select
    recruitment_method_code,
    coalesce(htcds_code, 'XX') as htcds_code,
    name_en as recruitment_method_name_en,
    name_ms as recruitment_method_name_ms
from {{ ref('ref_recruitment_method') }}

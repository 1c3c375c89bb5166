-- One row per means of control over a victim, with members for not applicable and not known.
select
    control_method_code,
    coalesce(htcds_code, 'XX') as htcds_code,
    name_en as control_method_name_en,
    name_ms as control_method_name_ms
from {{ ref('ref_control_method') }}

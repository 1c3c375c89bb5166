-- One row per stage of a case's life, in order.
select
    stage_code,
    stage_rank,
    name_en as stage_name_en,
    name_ms as stage_name_ms,
    is_open
from {{ ref('ref_stage') }}

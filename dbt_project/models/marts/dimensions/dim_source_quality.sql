-- One row per grade of what a source tells, and one for unknown.
select
    source_quality_code,
    rank as quality_rank,
    name_en as source_quality_name_en,
    name_ms as source_quality_name_ms
from {{ ref('ref_source_quality') }}

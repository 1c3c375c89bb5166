-- One row per agency or other source, and one for unknown.
select
    agency_code,
    name_en as agency_name_en,
    name_ms as agency_name_ms,
    role_en,
    role_ms,
    source_class,
    source_quality_code,
    valid_from
from {{ ref('ref_agency') }}

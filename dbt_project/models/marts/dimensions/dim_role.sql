-- One row per role of a person in a case, and one for unknown.
select
    role_code,
    name_en as role_name_en,
    name_ms as role_name_ms,
    is_counted
from {{ ref('ref_role') }}

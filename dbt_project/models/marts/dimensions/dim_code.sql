-- One row per small code list and code, with its names.
select
    domain as domain_code,
    code,
    name_en,
    name_ms
from {{ ref('ref_code') }}

-- One row per country of ISO 3166-1, and one for unknown or stateless.
select
    country_code as nationality_code,
    iso3_code,
    name_en as country_name_en,
    name_ms as country_name_ms
from {{ ref('ref_country') }}

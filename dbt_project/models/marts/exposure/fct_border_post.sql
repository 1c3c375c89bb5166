-- One row per entry point held by the border agency: since when it has recorded encounters, and until when so far.
select
    entry_point_code,
    'AKPS' as agency_code,
    state_code,
    first_week,
    last_week,
    known_on
from {{ ref('cnf_border_post') }}

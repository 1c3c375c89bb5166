-- One row per crime type and agency that the newest forecast rests on: whether its feed is fresh.
select
    as_of_week,
    crime_type_code,
    agency_code,
    status_code,
    last_known_on,
    cast(lateness_days as {{ dbt.type_bigint() }}) as lateness_days,
    cast(share as double) as share,
    treatment_code
from {{ source('forecast', 'source_state') }}

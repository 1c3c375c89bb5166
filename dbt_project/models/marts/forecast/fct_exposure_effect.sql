-- One row per crime type and exposure: how cases move with operations and border posts; an association.
select
    as_of_week,
    crime_type_code,
    exposure_code,
    cast(elasticity as double) as elasticity,
    cast(low as double) as low,
    cast(high as double) as high,
    cast(p_value as double) as p_value,
    cast(spread_between_states as double) as spread_between_states,
    cast(events as double) as events,
    cast(weeks as {{ dbt.type_bigint() }}) as weeks,
    cast(states as {{ dbt.type_bigint() }}) as states,
    call_code,
    statement_en,
    statement_ms
from {{ source('forecast', 'exposure_effect') }}

-- One row per crime type and state: the cases one more operation in the next four weeks would bring to light.
select
    as_of_week,
    crime_type_code,
    state_code,
    cast(rank as {{ dbt.type_bigint() }}) as rank,
    cast(operations_per_week as double) as operations_per_week,
    cast(expected_cases as double) as expected_cases,
    cast(extra_cases as double) as extra_cases,
    cast(extra_low as double) as extra_low,
    cast(extra_high as double) as extra_high,
    cast(p_positive as double) as p_positive,
    cast(p_best as double) as p_best,
    call_code
from {{ source('forecast', 'allocation') }}

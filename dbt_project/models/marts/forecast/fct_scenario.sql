-- One row per scenario, series, target week and quantile, with the baseline beside; a scenario is not a forecast.
select
    as_of_week,
    scenario_code,
    name_en,
    name_ms,
    unique_id,
    crime_type_code,
    state_code,
    unit_code,
    is_scenario,
    target_week,
    cast(horizon as {{ dbt.type_bigint() }}) as horizon,
    cast(quantile as double) as quantile,
    cast(value as double) as value,
    cast(baseline_value as double) as baseline_value
from {{ source('forecast', 'scenario_week') }}

-- One row per recorded national forecast of a week whose count has become final.
select
    as_of_week,
    cast(revision as {{ dbt.type_bigint() }}) as revision,
    unique_id,
    target_week,
    cast(horizon as {{ dbt.type_bigint() }}) as horizon,
    model_name,
    cast(count_value as double) as count_value,
    cast(wis as double) as wis,
    cast(dispersion as double) as dispersion,
    cast(overprediction as double) as overprediction,
    cast(underprediction as double) as underprediction,
    cast(absolute_error as double) as absolute_error,
    cast(pit as double) as pit,
    cast(coverage_50 as double) as coverage_50,
    cast(coverage_80 as double) as coverage_80,
    cast(coverage_95 as double) as coverage_95,
    cast(wis_seasonal_naive as double) as wis_seasonal_naive,
    cast(relative_wis as double) as relative_wis
from {{ source('forecast', 'matured_score') }}

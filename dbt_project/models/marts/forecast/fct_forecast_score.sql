-- One row per forecast week, revision, series, model and horizon: how the model did on past weeks.
select
    as_of_week,
    cast(revision as {{ dbt.type_bigint() }}) as revision,
    unique_id,
    model_name,
    cast(horizon as {{ dbt.type_bigint() }}) as horizon,
    cast(origins as {{ dbt.type_bigint() }}) as origins,
    cast(wis as double) as wis,
    cast(wis_seasonal_naive as double) as wis_seasonal_naive,
    cast(relative_wis as double) as relative_wis,
    cast(coverage_50 as double) as coverage_50,
    cast(coverage_80 as double) as coverage_80,
    cast(coverage_95 as double) as coverage_95,
    cast(midcoverage_80 as double) as midcoverage_80,
    cast(midcoverage_95 as double) as midcoverage_95
from {{ source('forecast', 'backtest_score') }}

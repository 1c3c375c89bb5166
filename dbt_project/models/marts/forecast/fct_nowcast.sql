-- One row per forecast week, revision, series, recent event week and quantile: the count once late reports are in.
select
    as_of_week,
    cast(revision as {{ dbt.type_bigint() }}) as revision,
    unique_id,
    event_week,
    cast(reported as double) as reported,
    cast(quantile as double) as quantile,
    cast(value as double) as value
from {{ source('forecast', 'weekly_nowcast') }}

-- One row per intervention and outcome: the step at its date, against its control series.
select
    intervention_code,
    effective_on,
    outcome_code,
    control_code,
    kind_code,
    cast(effect as double) as effect,
    cast(low as double) as low,
    cast(high as double) as high,
    cast(p_value as double) as p_value,
    cast(p_placebo as double) as p_placebo,
    cast(placebos as {{ dbt.type_bigint() }}) as placebos,
    cast(periods_before as {{ dbt.type_bigint() }}) as periods_before,
    cast(periods_after as {{ dbt.type_bigint() }}) as periods_after,
    cast(events_before as double) as events_before,
    cast(events_after as double) as events_after,
    call_code,
    statement_en,
    statement_ms
from {{ source('forecast', 'intervention_effect') }}

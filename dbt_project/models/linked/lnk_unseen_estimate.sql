-- One row per population and year of the event: how many persons there are, seen and unseen, or why that cannot be
-- said from the lists.
select
    population_code,
    year_start,
    list_names,
    cast(observed_count as {{ dbt.type_bigint() }}) as observed_count,
    cast(shared_count as {{ dbt.type_bigint() }}) as shared_count,
    cast(estimate_count as {{ dbt.type_bigint() }}) as estimate_count,
    cast(lower_count as {{ dbt.type_bigint() }}) as lower_count,
    cast(upper_count as {{ dbt.type_bigint() }}) as upper_count,
    is_refused,
    reason_text,
    model_text
from {{ source('linked', 'unseen_estimate') }}

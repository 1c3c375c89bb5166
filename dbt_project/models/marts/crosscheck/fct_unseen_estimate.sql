-- One row per population and year of the event: how many persons there are, seen and unseen, or why that cannot be
-- said from the lists.
select
    population_code,
    year_start,
    list_names,
    observed_count,
    shared_count,
    estimate_count,
    lower_count,
    upper_count,
    is_refused,
    reason_text,
    model_text
from {{ ref('lnk_unseen_estimate') }}

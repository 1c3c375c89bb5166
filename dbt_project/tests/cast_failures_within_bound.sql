-- Columns in which more than the allowed share of texts could not be read: correct type or format in the contract.
{{ config(meta={'dagster': {'ref': {'name': 'dq_cast_failure'}}}) }}
select
    model_name,
    column_name,
    failure_share
from {{ ref('dq_cast_failure') }}
where failure_share > {{ var('max_cast_failure_share') }}

-- Columns in which more than the allowed share of values is in no code list: add the spellings to the seed.
{{ config(meta={'dagster': {'ref': {'name': 'dq_unmapped_code'}}}) }}
select
    model_name,
    column_name,
    sum(value_share) as unmapped_share
from {{ ref('dq_unmapped_code') }}
group by model_name, column_name
having sum(value_share) > {{ var('max_unmapped_share') }}

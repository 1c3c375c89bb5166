-- Of each case and counted person, either one thing was ever known or there are states of it, never both or neither:
-- the weekly counts take the ones from their marts and the others from their states.
{{ config(meta={'dagster': {'ref': {'name': 'lnk_record_state'}}}) }}
with unit as (

    select
        'case' as unit_code,
        case_key as unit_key,
        is_alone
    from {{ ref('lnk_case') }}
    union all
    select
        'person' as unit_code,
        person_key as unit_key,
        is_alone
    from {{ ref('lnk_person') }}
    where is_counted

),

moving as (

    select distinct
        unit_code,
        unit_key
    from {{ ref('lnk_record_state') }}

)

select
    unit.unit_code,
    unit.unit_key,
    unit.is_alone
from unit
left join moving on unit.unit_code = moving.unit_code and unit.unit_key = moving.unit_key
where unit.is_alone = (moving.unit_key is not null)

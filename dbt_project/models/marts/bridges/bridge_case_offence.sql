-- One row per case and offence named in its records or charges; the weights of a case sum to one.
{{ config(materialized=mids.brought_up_to_date(), unique_key='case_key') }}
with named as (

    select
        case_key,
        offence_key
    from {{ mids.touched('fct_case', 'case_key') }}
    union
    select
        case_key,
        offence_key
    from {{ mids.touched('fct_charge', 'case_key') }}
    where case_key <> 'XX' and is_charged

),

told as (

    select
        named.case_key,
        named.offence_key,
        offence.offence_code <> 'XX' as is_known,
        max(case when offence.offence_code <> 'XX' then 1 else 0 end) over (partition by named.case_key) as any_known
    from named
    inner join {{ ref('dim_offence') }} as offence on named.offence_key = offence.offence_key

)

select
    case_key,
    offence_key,
    cast(1.0 as double) / count(*) over (partition by case_key) as weight
from told
-- Not stated is a member only while nothing is stated.
where is_known or any_known = 0

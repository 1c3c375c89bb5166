-- One row per case and agency that has a record in it: of the case, a person, a charge or a protection order.
with told as (

    select
        case_key,
        source_agency_code as agency_code
    from {{ ref('lnk_case') }}
    union all
    select
        case_key,
        source_agency_code as agency_code
    from {{ ref('lnk_person') }}
    union all
    select
        case_key,
        'AGC' as agency_code
    from {{ ref('fct_charge') }}
    union all
    select
        case_key,
        'JKM' as agency_code
    from {{ ref('fct_protection_order') }}

)

select distinct
    told.case_key,
    told.agency_code
from told
inner join {{ ref('fct_case') }} as cases on told.case_key = cases.case_key

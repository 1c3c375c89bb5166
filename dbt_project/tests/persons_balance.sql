-- Every person record sent is a version in conformed, and every current one is in linked, once.
{{ config(meta={'dagster': {'ref': {'name': 'lnk_person'}}}) }}
with balance as (

    select
        'persons sent' as step,
        (select count(*) from {{ ref('stg_pdrm__persons') }})
        + (select count(*) from {{ ref('stg_jim__persons') }})
        + (select count(*) from {{ ref('stg_kln__consular_cases') }})
        + (select count(*) from {{ ref('stg_ngo__reports') }})
        + (
            select count(*) from {{ ref('stg_jkdm__cases') }}
            where person_no > 0
        )
        + (
            select count(*) from {{ ref('stg_jtk__complaints') }}
            where full_name is not null
        )
        + (
            select count(*) from {{ ref('stg_akps__encounters') }}
            where person_no is not null
        ) as rows_in,
        (
            select count(*)
            from {{ ref('cnf_person_version') }}
            where source_agency_code <> 'AGC'
        ) as rows_out
    union all
    select
        'persons linked' as step,
        (select count(*) from {{ ref('cnf_person') }}) as rows_in,
        (select count(*) from {{ ref('lnk_person') }}) as rows_out

)

select
    step,
    rows_in,
    rows_out
from balance
where rows_in <> rows_out

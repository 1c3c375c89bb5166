-- Every current record of an organisation and of the foreign ministry, and every victim of the police's lists, is in
-- the cross-check, once each.
{{ config(meta={'dagster': {'ref': {'name': 'lnk_cross_check'}}}) }}
with balance as (

    select
        'NGO' as source_agency_code,
        (
            select count(*) from {{ ref('cnf_person') }}
            where source_agency_code = 'NGO'
        ) as rows_in,
        (
            select count(*) from {{ ref('lnk_cross_check') }}
            where check_code = 'NGO_REPORT'
        ) as rows_out
    union all
    select
        'KLN' as source_agency_code,
        (
            select count(*) from {{ ref('cnf_person') }}
            where source_agency_code = 'KLN'
        ) as rows_in,
        (
            select count(*) from {{ ref('lnk_cross_check') }}
            where check_code = 'WISMA_PUTRA_REPORT'
        ) as rows_out
    union all
    select
        'PDRM' as source_agency_code,
        (
            select count(*) from {{ ref('cnf_person') }}
            where source_agency_code = 'PDRM' and role_code = 'VICTIM'
        ) as rows_in,
        (
            select count(*) from {{ ref('lnk_cross_check') }}
            where check_code = 'POLICE_VICTIM'
        ) as rows_out

)

select
    source_agency_code,
    rows_in,
    rows_out
from balance
where rows_in <> rows_out

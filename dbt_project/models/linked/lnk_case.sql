-- One row per case record, with the case it belongs to: records of several agencies which write the same
-- case number, each in its own way, are one case.
with last_told as (

    select
        version.*,
        row_number() over (partition by version.case_record_id order by version.version_no desc) as age,
        min(version.known_on) over (partition by version.case_record_id) as first_known_on
    from {{ ref('cnf_case_version') }} as version
    where version.is_case

),

keyed as (

    select
        last_told.case_record_id,
        last_told.source_agency_code,
        last_told.source_record_key,
        last_told.case_no_norm,
        last_told.first_known_on,
        {{ mids.record_id(["'case'", 'coalesce(last_told.case_no_norm, last_told.case_record_id)']) }} as case_key,
        agency.case_precedence
    from last_told
    inner join {{ ref('ref_agency') }} as agency on last_told.source_agency_code = agency.agency_code
    where last_told.age = 1

)

select
    case_record_id,
    source_agency_code,
    source_record_key,
    case_no_norm,
    first_known_on,
    case_key,
    -- 1 leads: its agency, crime type and dates stand for the case once it is known.
    row_number() over (
        partition by case_key
        order by case_precedence, first_known_on, case_record_id
    ) as record_rank,
    count(*) over (partition by case_key) as records_in_case
from keyed

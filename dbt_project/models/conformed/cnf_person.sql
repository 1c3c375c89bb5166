-- One row per person record, as its agency tells it now, with the place of its case.
-- A view: writing these rows a second time costs more than choosing them whenever they are read.
{{ config(materialized='view') }}
select
    person_record_id,
    source_agency_code,
    source_record,
    coalesce(other_case_no, case_source_key) as source_case_no,
    case_source_key,
    coalesce(case_no_norm, placed_case_no_norm) as case_no_norm,
    role_code,
    full_name,
    sex_code,
    birth_date,
    -- Officers write 1 January when only the year is known.
    case
        when birth_date is null then 'unknown'
        when extract(month from birth_date) = 1 and extract(day from birth_date) = 1 then 'year'
        else 'day'
    end as birth_date_precision,
    cast(
        case
            when age_years is not null then age_years
            when birth_date <= placed_event_on then {{ mids.age_years('birth_date', 'placed_event_on') }}
        end as {{ dbt.type_bigint() }}
    ) as age_years,
    nationality_code,
    document_type,
    document_no,
    placed_state_code as state_code,
    country_code,
    placed_locality_text as locality_text,
    placed_event_on as event_on,
    placed_raid_no as raid_no,
    exploitation_code,
    protection_order_code,
    trafficking_status_code,
    version_count,
    known_on
from {{ ref('cnf_person_version') }}
where is_current
